#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""property_tree.py SEED DIR: makes a random tree in DIR and prints random options for an image of it.

The same seed gives the same tree and options, but for what needs root, which is left out without it.
"""
import os
import random
import stat
import sys

SIZES = (0, 1, 31, 511, 512, 513, 4095, 4096, 4097, 65536, 100000, 524288, 524289, 700000, 1048577, 2097153)
TIMES = (0, 1, 1600000000, 1700000000)


class Maker:
    def __init__(self, seed, top):
        self.random = random.Random(seed)
        self.is_root = os.geteuid() == 0
        self.dirs = [top]
        self.files = []
        os.mkdir(top)

    def name(self):
        length = self.random.choice((1, 3, 8, 40, 255))
        first = "%06d" % self.random.randrange(1000000)
        return (first + "n" * 255)[:max(length, 6)]

    def path(self):
        while True:
            path = os.path.join(self.random.choice(self.dirs), self.name())
            if len(path) < 3000 and not os.path.lexists(path):
                return path

    def content(self, size):
        kind = self.random.randrange(4)
        if kind == 0:
            return self.random.randbytes(size)
        if kind == 1:
            return bytes(size)
        word = self.random.randbytes(self.random.choice((3, 100, 5000)))
        text = (word * (size // len(word) + 1))[:size]
        if kind == 3:
            half = size // 2
            return text[:half] + self.random.randbytes(size - half)
        return text

    def regular(self):
        path = self.path()
        size = self.random.choice(SIZES) + self.random.randrange(3)
        with open(path, "wb") as file:
            file.write(self.content(size))
        self.files.append(path)

    def duplicate(self):
        if not self.files:
            return
        with open(self.random.choice(self.files), "rb") as file:
            content = bytearray(file.read())
        # Sometimes one that only begins like the other.
        if content and self.random.randrange(3) == 0:
            content[-1] ^= 1
        path = self.path()
        with open(path, "wb") as file:
            file.write(content)
        self.files.append(path)

    def sparse(self):
        path = self.path()
        size = self.random.choice((70000, 1000000, 5000000))
        with open(path, "wb") as file:
            for _ in range(self.random.randrange(4)):
                file.seek(self.random.randrange(size))
                file.write(self.random.randbytes(self.random.choice((1, 4096, 30000))))
            file.truncate(size)
        self.files.append(path)

    def directory(self):
        path = self.path()
        os.mkdir(path)
        self.dirs.append(path)

    def link(self):
        if self.files:
            os.link(self.random.choice(self.files), self.path())

    def symlink(self):
        os.symlink("t" * self.random.choice((1, 30, 100, 3000)), self.path())

    def special(self):
        os.mkfifo(self.path())
        if not self.is_root:
            return
        kind = self.random.choice((stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK))
        os.mknod(self.path(), kind | 0o600, os.makedev(self.random.randrange(4096), self.random.randrange(1 << 20)))

    def many_names(self):
        path = self.path()
        os.mkdir(path)
        for i in range(self.random.choice((3, 60, 400))):
            with open(os.path.join(path, "name-%d" % i), "wb") as file:
                file.write(b"%d" % (i % 7))

    def decorate(self, path):
        is_link = os.path.islink(path)
        if self.is_root:
            for _ in range(self.random.choice((0, 0, 0, 1, 4))):
                name = self.random.choice(("trusted.a", "trusted.overlay.opaque", "security.b" + "c" * 40, "trusted.d"))
                os.setxattr(path, name, b"v" * self.random.choice((0, 1, 20, 300)), follow_symlinks=False)
            owner = self.random.choice((0, 0, 1000, 70000))
            os.chown(path, owner, owner, follow_symlinks=False)
        if not is_link:
            mode = self.random.choice((0o644, 0o755, 0o600, 0o4755 if self.is_root else 0o700))
            os.chmod(path, mode | (0o700 if os.path.isdir(path) else 0o400))
        time = self.random.choice(TIMES)
        os.utime(path, ns=(0, time * 1000000000 + self.random.choice((0, 0, 1))), follow_symlinks=False)

    def make(self):
        kinds = (self.regular,) * 8 + (self.duplicate,) * 5 + (self.directory,) * 2 + (
            self.sparse, self.sparse, self.link, self.symlink, self.special, self.many_names)
        for _ in range(self.random.choice((1, 15, 30))):
            self.random.choice(kinds)()
        for top, dirs, files in os.walk(self.dirs[0], topdown=False):
            dirs.sort()
            for name in sorted(files) + dirs:
                self.decorate(os.path.join(top, name))
        self.decorate(self.dirs[0])

    def options(self):
        choice = self.random.choice
        bits = choice((512, 1024, 2048, 4096, 4096, 4096))
        options = ["-b%d" % bits]
        compression = choice((None, None, "lz4", "lz4hc,3", "deflate,1", "zstd,1", "lzma,0"))
        if compression:
            options.append("-z" + compression)
            if self.random.randrange(3) == 0:
                options += ["-E48bit", "--extent-size=%d" % choice((4096, 65536, 131072))]
            else:
                options += [choice(("-C%d" % bits, "-C65536", "-C16384")), choice(("-Efull-index", "-E^full-index"))]
            options += choice(([], ["-Ededupe"], ["-Ededupe,fragments"]))
        options += choice(([], ["--ishare-fingerprint=sha256"], ["--ishare-fingerprint=sha256"],
                           ["--ishare-fingerprint=sha512"]))
        options += choice(([], ["--dedupe-files=0"]))
        options += choice(([], ["-Enoinline_data"]))
        options += choice(([], ["-x-0"], ["-x1"], ["--xattr-prefix=trusted.overlay."]))
        options += choice(([], ["-Eforce-inode-extended"]))
        return [option for option in options if option != "-x-0"]


def main():
    maker = Maker(int(sys.argv[1]), sys.argv[2])
    maker.make()
    print(" ".join(maker.options()))


main()
