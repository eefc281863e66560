#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""Extents of zeros in full indexes: makes a tree that has some, shows their marks, sets wrong ones.

zero_extents.py tree DIR
zero_extents.py show IMAGE NID         "BLOCK OFFSET-IN-CLUSTER LENGTH PARTIAL" of each marked head
zero_extents.py garbage|unmark|mark|inside IMAGE NID OUT
zero_extents.py elsewhere IMAGE NID OUT BLOCK
"""
import os
import random
import struct
import sys

MARK, PARTIAL = 0x4000, 0x8000
MIB = 1 << 20


def make_tree(top):
    random.seed(7)
    numbers = "".join("%d\n" % random.randrange(10**9) for _ in range(60000)).encode()
    noise = random.randbytes(70000)
    files = {
        "whole": [bytes(MIB + 123)],
        "small": [bytes(4200)],
        "block": [bytes(4096)],
        "begin": [bytes(2 * MIB), numbers[:5]],
        "end": [numbers[:123457], bytes(2 * MIB)],
        "middle": [numbers[:300001], bytes(2 * MIB + 77), numbers, noise],
        "noise": [noise[:4096], bytes(2 * MIB), noise[4096:], bytes(1000)],
        # What "middle" has, for -Ededupe, and zeros in another place.
        "repeats": [noise, numbers, bytes(2 * MIB), numbers[1000:200000]],
        "none": [numbers[:70000], bytes(9000), noise[:9000]],
    }
    os.makedirs(top)
    for name, parts in files.items():
        with open(os.path.join(top, name), "wb") as out:
            out.write(b"".join(parts))


class Index:
    def __init__(self, path, nid):
        with open(path, "rb") as image:
            self.data = bytearray(image.read())
        self.block = 1 << self.data[1024 + 12]
        inode = struct.unpack_from("<I", self.data, 1024 + 0x28)[0] * self.block + 32 * nid
        form, xattrs = struct.unpack_from("<HH", self.data, inode)
        assert form >> 1 & 7 == 1, "no full index"
        self.size = struct.unpack_from("<Q" if form & 1 else "<I", self.data, inode + 8)[0]
        end = inode + (64 if form & 1 else 32) + (12 + 4 * (xattrs - 1) if xattrs else 0)
        self.at = (end + 7 & ~7) + 16
        self.heads = [(i, *entry) for i, entry in enumerate(self.entries()) if entry[0] & 3 != 2]

    def entries(self):
        count = -(-self.size // self.block)
        return struct.iter_unpack("<HHI", self.data[self.at:self.at + 8 * count])

    def put(self, number, advise, offset, block):
        struct.pack_into("<HHI", self.data, self.at + 8 * number, advise, offset, block)

    def start(self, k):
        if k == len(self.heads):
            return self.size
        return self.heads[k][0] * self.block + self.heads[k][2]


def show(index):
    for k, (_, advise, offset, block) in enumerate(index.heads):
        if advise & MARK:
            print(block, offset, index.start(k + 1) - index.start(k), int(bool(advise & PARTIAL)))


def spoil(index, how):
    marked = [head for head in index.heads if head[1] & MARK]
    number, advise, offset, block = marked[0]
    if how == "garbage":
        index.data[block * index.block:(block + 1) * index.block] = b"\xa5" * index.block
    elif how == "elsewhere":
        index.put(number, advise, offset, int(sys.argv[5]))
    elif how == "unmark":
        for head in marked:
            index.put(head[0], head[1] & ~MARK, *head[2:])
    elif how == "mark":
        # The zeros in front of the first that are marked.
        index.put(number - 32, advise | PARTIAL, offset, block)
    else:
        # Zeros that begin inside a cluster, and name what they named before.
        index.put(number, advise | PARTIAL, 1000, block)


def main():
    if sys.argv[1] == "tree":
        make_tree(sys.argv[2])
        return
    index = Index(sys.argv[2], int(sys.argv[3]))
    if sys.argv[1] == "show":
        show(index)
        return
    spoil(index, sys.argv[1])
    with open(sys.argv[4], "wb") as out:
        out.write(index.data)


main()
