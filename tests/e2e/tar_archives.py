#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# tar_archives.py make DIR: archives that tar programs do not make, in DIR/good and DIR/bad; beside each good one, NAME.expect has
# the lines of what has to come out.
# tar_archives.py list DIR: a tree as such lines: "TYPE MODE UID:GID MTIME[.NSEC] PATH[ -> TARGET][ = CONTENT][ @ DEVICE]"
import os
import stat
import sys

BLOCK = 512


def line(path, shown):
    found = os.lstat(path)
    kind = {stat.S_IFREG: b'f', stat.S_IFDIR: b'd', stat.S_IFLNK: b'l', stat.S_IFCHR: b'c', stat.S_IFBLK: b'b',
            stat.S_IFIFO: b'p'}[stat.S_IFMT(found.st_mode)]
    seconds, nsec = divmod(found.st_mtime_ns, 10 ** 9)
    time = b'%d.%09d' % (seconds, nsec) if nsec else b'%d' % seconds
    text = b'%s %o %d:%d %s %s' % (kind, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, time, shown)
    if kind == b'f':
        with open(path, 'rb') as file:
            text += b' = ' + file.read().replace(b'\0', b'\\0')
    elif kind == b'l':
        text += b' -> ' + os.readlink(path)
    elif kind in b'cb':
        text += b' @ %d:%d' % (os.major(found.st_rdev), os.minor(found.st_rdev))
    return text + b'\n'


def show(path, shown):
    sys.stdout.buffer.write(line(path, shown or b'/'))
    if not os.path.islink(path) and os.path.isdir(path):
        here = os.open('.', os.O_RDONLY)
        os.chdir(path)
        for name in os.listdir(b'.'):
            show(name, shown + b'/' + name)
        os.chdir(here)
        os.close(here)


if sys.argv[1] == 'list':
    show(os.fsencode(sys.argv[2]), b'')
    sys.exit()
out = sys.argv[2]
os.makedirs(out + '/good')
os.makedirs(out + '/bad')


def octal(value, size):
    return b'%0*o\0' % (size - 1, value)


def binary(value, size):
    return b'\x80' + value.to_bytes(size - 1, 'big') if value >= 0 else value.to_bytes(size, 'big', signed=True)


def number(value, size):
    if isinstance(value, bytes):
        return value.ljust(size, b'\0')
    return octal(value, size) if 0 <= value < 8 ** (size - 1) else binary(value, size)


def header(name, type=b'0', size=0, mode=0o644, uid=0, gid=0, mtime=0, link=b'', magic=b'ustar\x0000', prefix=b'', dev=(0, 0),
           rest=b''):
    block = (name.ljust(100, b'\0') + number(mode, 8) + number(uid, 8) + number(gid, 8) + number(size, 12) +
             number(mtime, 12) + b' ' * 8 + type + link.ljust(100, b'\0') + magic.ljust(8, b'\0') + b'\0' * 64 +
             number(dev[0], 8) + number(dev[1], 8) + (rest or prefix)).ljust(BLOCK, b'\0')
    return block[:148] + b'%06o\0 ' % sum(block) + block[156:]


def padded(data):
    return data + b'\0' * (-len(data) % BLOCK)


def member(name, data=b'', **more):
    return header(name, size=more.pop('size', len(data)), **more) + padded(data)


def record(key, value):
    length = len(key) + len(value) + 3
    total = length
    while len(str(total)) + length != total:
        total = len(str(total)) + length
    return b'%d %s=%s\n' % (total, key, value)


def pax(*records, type=b'x', name=b'pax'):
    body = b''.join(record(key, value) for key, value in records)
    return member(name, body, type=type)


def long_name(text, type=b'L'):
    return member(b'././@LongLink', text + b'\0', type=type, magic=b'ustar  \0')


END = b'\0' * (2 * BLOCK)


def good(name, archive, *expected):
    with open('%s/good/%s.tar' % (out, name), 'wb') as file:
        file.write(archive)
    with open('%s/good/%s.expect' % (out, name), 'wb') as file:
        file.write(b''.join(line + b'\n' for line in expected))


def bad(name, archive):
    with open('%s/bad/%s.tar' % (out, name), 'wb') as file:
        file.write(archive)


ROOT = b'd 755 0:0 0 /'
f = member
good('empty', b'', ROOT)
good('no-mark', f(b'a', b'1'), ROOT, b'f 644 0:0 0 /a = 1')
# As every other reader takes it.
good('lone-zero-block', f(b'a', b'1') + b'\0' * BLOCK + f(b'b', b'1') + END, ROOT, b'f 644 0:0 0 /a = 1')
good('duplicates', f(b'a', b'first') + f(b'b', b'second') + f(b'a', b'third', mode=0o600) + END,
     ROOT, b'f 600 0:0 0 /a = third', b'f 644 0:0 0 /b = second')
good('missing-parents', f(b'x/y/z', b'data') + f(b'x', type=b'5', mode=0o700, uid=3) + END,
     ROOT, b'd 700 3:0 0 /x', b'd 755 0:0 0 /x/y', b'f 644 0:0 0 /x/y/z = data')
good('absolute', f(b'/etc//./name', b'1') + f(b'./', type=b'5', mode=0o711) + END,
     b'd 711 0:0 0 /', b'd 755 0:0 0 /etc', b'f 644 0:0 0 /etc/name = 1')
good('below-symlink', f(b'a', type=b'2', link=b'/etc') + f(b'a/passwd', b'1') + END,
     ROOT, b'l 777 0:0 0 /a -> /etc', b'd 755 0:0 0 /etc', b'f 644 0:0 0 /etc/passwd = 1')
good('link-to-replaced', f(b'a', b'old') + f(b'b', type=b'1', link=b'a') + f(b'a', b'new') + END,
     ROOT, b'f 644 0:0 0 /a = new', b'f 644 0:0 0 /b = old')
good('link-to-itself', f(b'a', b'old') + f(b'./a', type=b'1', link=b'a') + END, ROOT, b'f 644 0:0 0 /a = old')
good('link-to-symlink', f(b'a', type=b'2', link=b'/x') + f(b'b', type=b'1', link=b'./a') + END,
     ROOT, b'l 777 0:0 0 /a -> /x', b'l 777 0:0 0 /b -> /x')
good('directory-over-file', f(b'a', b'old') + f(b'a', type=b'5', mode=0o755) + f(b'a/b', b'1') + END,
     ROOT, b'd 755 0:0 0 /a', b'f 644 0:0 0 /a/b = 1')
good('file-over-directory', f(b'a/b', b'old') + f(b'a', b'1') + END, ROOT, b'f 644 0:0 0 /a = 1')
good('directory-over-directory', f(b'a/b', b'1') + f(b'a/', type=b'5', mode=0o500, mtime=7) + END,
     ROOT, b'd 500 0:0 7 /a', b'f 644 0:0 0 /a/b = 1')
good('v7', f(b'dir/', mode=0o755, magic=b'', type=b'\0') + f(b'dir/file', b'1', magic=b'', type=b'\0') + END,
     ROOT, b'd 755 0:0 0 /dir', b'f 644 0:0 0 /dir/file = 1')
good('v7-directory-with-size', header(b'd/', size=1, mode=0o755, magic=b'', type=b'\0') + f(b'e/', type=b'5', mode=0o700) + END,
     ROOT, b'd 755 0:0 0 /d', b'd 700 0:0 0 /e')
good('prefix', f(b'file', b'1', prefix=b'a/b') + END, ROOT, b'd 755 0:0 0 /a', b'd 755 0:0 0 /a/b', b'f 644 0:0 0 /a/b/file = 1')
good('base-256', f(b'a', b'1', uid=0xfffffffe, gid=3000000, mtime=-1) + f(b'b', b'2', mtime=2 ** 40) + END,
     ROOT, b'f 644 4294967294:3000000 -1 /a = 1', b'f 644 0:0 1099511627776 /b = 2')
good('times', pax((b'mtime', b'-1.25')) + f(b'a') + pax((b'mtime', b'1234567890.123456789123')) + f(b'b') +
     pax((b'mtime', b'-7')) + f(b'c') + pax((b'mtime', b'-0.0000000001')) + f(b'd') + END,
     ROOT, b'f 644 0:0 -2.750000000 /a = ', b'f 644 0:0 1234567890.123456789 /b = ', b'f 644 0:0 -7 /c = ',
     b'f 644 0:0 -1.999999999 /d = ')
good('global', pax((b'mtime', b'77.5'), (b'uid', b'1000'), type=b'g') + f(b'a', b'1') + pax((b'uid', b'5')) + f(b'b') +
     pax((b'uid', b''),) + f(b'c', uid=9) + pax((b'comment', b'x'), type=b'g') + f(b'd') + END,
     ROOT, b'f 644 1000:0 77.500000000 /a = 1', b'f 644 5:0 77.500000000 /b = ', b'f 644 9:0 77.500000000 /c = ',
     b'f 644 1000:0 77.500000000 /d = ')
odd = b'latin1-\xe9-bad-\xff\xfe\xc3(\x80'
good('bytes', f(odd, b'1') + pax((b'path', odd + b'-' + b'y' * 120)) + f(b'short', b'2') +
     pax((b'path', 'utf8-\u00e9\u4e2d'.encode()), (b'hdrcharset', b'BINARY')) + f(b'short', b'3') + END,
     ROOT, b'f 644 0:0 0 /' + odd + b' = 1', b'f 644 0:0 0 /' + odd + b'-' + b'y' * 120 + b' = 2',
     b'f 644 0:0 0 /' + 'utf8-\u00e9\u4e2d'.encode() + b' = 3')
deep = b'/'.join([b'n' * 255] * 20)
good('long', long_name(deep) + long_name(b't' * 4095, b'K') + f(b'x', type=b'2', link=b'cut') + END,
     ROOT, *[b'd 755 0:0 0 /' + b'/'.join([b'n' * 255] * i) for i in range(1, 20)],
     b'l 777 0:0 0 /' + deep + b' -> ' + b't' * 4095)
good('devices', f(b'c', type=b'3', dev=(4095, 0xfffff), mode=0o600) + f(b'b', type=b'4', dev=(8, 1)) + f(b'p', type=b'6') +
     f(b'zero', type=b'7') + END,
     ROOT, b'b 644 0:0 0 /b @ 8:1', b'c 600 0:0 0 /c @ 4095:1048575', b'p 644 0:0 0 /p', b'f 644 0:0 0 /zero = ')
good('volume-label', f(b'label', type=b'V') + f(b'd', b'x\0y\0', type=b'D', mode=0o755) + f(b'd/a', b'1') + END,
     ROOT, b'd 755 0:0 0 /d', b'f 644 0:0 0 /d/a = 1')
good('only-end', END, ROOT)
good('one-zero-block', f(b'a', b'1') + b'\0' * BLOCK, ROOT, b'f 644 0:0 0 /a = 1')
good('trailing', f(b'a', b'1') + END + b'whatever' * 1000, ROOT, b'f 644 0:0 0 /a = 1')
good('size-of-a-link', f(b'a', b'1') + header(b'b', type=b'1', link=b'a', size=1) + header(b'c', type=b'2', link=b'a', size=9) +
     header(b'd', type=b'5', size=4096, mode=0o755) + END,
     ROOT, b'f 644 0:0 0 /a = 1', b'f 644 0:0 0 /b = 1', b'l 777 0:0 0 /c -> a', b'd 755 0:0 0 /d')
sparse = [(b'GNU.sparse.size', b'9'), (b'GNU.sparse.numblocks', b'2'), (b'GNU.sparse.offset', b'0'), (b'GNU.sparse.numbytes', b'2'),
          (b'GNU.sparse.offset', b'5'), (b'GNU.sparse.numbytes', b'1')]
good('sparse-0.0', pax(*sparse) + f(b'a', b'xyz') + END, ROOT, b'f 644 0:0 0 /a = xy\\0\\0\\0z\\0\\0\\0')
good('sparse-0.1', pax((b'GNU.sparse.size', b'9'), (b'GNU.sparse.map', b'0,2,5,1,9,0'), (b'GNU.sparse.name', b'real')) +
     f(b'GNUSparseFile.0/a', b'xyz') + END, ROOT, b'f 644 0:0 0 /real = xy\\0\\0\\0z\\0\\0\\0')
good('sparse-1.0', pax((b'GNU.sparse.major', b'1'), (b'GNU.sparse.minor', b'0'), (b'GNU.sparse.realsize', b'9'),
                       (b'GNU.sparse.name', b'real')) +
     f(b'GNUSparseFile.0/a', padded(b'2\n0\n2\n5\n1\n') + b'xyz') + END, ROOT, b'f 644 0:0 0 /real = xy\\0\\0\\0z\\0\\0\\0')
good('two-extended', pax((b'path', b'first'), (b'uid', b'7')) + pax((b'mtime', b'5')) + f(b'a', b'1') + f(b'b') + END,
     ROOT, b'f 644 0:0 5 /a = 1', b'f 644 0:0 0 /b = ')
good('unknown-keywords', pax((b'VENDOR.thing', b'x'), (b'atime', b'1'), (b'SCHILY.ino', b'5'), (b'size', b'1')) +
     header(b'a', size=0) + padded(b'1') + END, ROOT, b'f 644 0:0 0 /a = 1')
for name in ('signed-checksum',):
    block = bytearray(header(b'\xe9\xe9\xe9', size=0))
    block[148:156] = b' ' * 8
    total = sum(byte - 256 if byte > 127 else byte for byte in block)
    block[148:156] = b'%06o\0 ' % total
    good(name, bytes(block) + END, ROOT, b'f 644 0:0 0 /\xe9\xe9\xe9 = ')

bad('garbage', bytes(range(256)) * 40)
bad('short', b'x' * 100)
bad('cut-in-data', f(b'a', b'1' * 5000)[:2000])
bad('cut-in-header', f(b'a', b'1') + header(b'b')[:100])
bad('checksum', f(b'a') + header(b'b')[:-1] + b'x' + END)
bad('dotdot', f(b'a/../../etc/passwd', b'1') + END)
bad('dotdot-link', f(b'a', b'1') + f(b'b', type=b'1', link=b'../a') + END)
bad('dotdot-pax', pax((b'path', b'../x')) + f(b'a') + END)
bad('missing-link', f(b'b', type=b'1', link=b'a') + f(b'a', b'1') + END)
bad('link-to-directory', f(b'a', type=b'5') + f(b'b', type=b'1', link=b'a') + END)
bad('below-looping-symlink', f(b'a', type=b'2', link=b'a') + f(b'a/passwd', b'1') + END)
bad('below-file', f(b'a', b'1') + f(b'a/b', b'1') + END)
bad('name-too-long', pax((b'path', b'n' * 256)) + f(b'a') + END)
bad('target-too-long', long_name(b't' * 4096, b'K') + f(b'a', type=b'2') + END)
bad('empty-target', f(b'a', type=b'2') + END)
bad('root-is-a-file', f(b'./', b'1', type=b'1', link=b'x') + END)
bad('root-is-a-link', f(b'.', type=b'2', link=b'x') + END)
bad('unknown-type', f(b'a', type=b'?') + END)
bad('multi-volume', f(b'a', b'1', type=b'M') + END)
bad('huge-size', header(b'a', size=2 ** 62) + END)
bad('negative-size', header(b'a', size=-1) + END)
bad('huge-number', header(b'a', uid=b'\x80\xff\xff\xff\xff\xff\xff\xff') + END)
bad('time-2-to-64-less-5', header(b'a', mtime=2 ** 64 - 5) + END)
bad('time-2-to-63', header(b'a', mtime=2 ** 63) + END)
bad('no-number', header(b'a', mtime=b'99999999999') + END)
bad('uid', f(b'a', uid=2 ** 32) + END)
bad('negative-uid', pax((b'uid', b'-1')) + f(b'a') + END)
bad('device', f(b'a', type=b'3', dev=(4096, 0)) + END)
bad('huge-pax', header(b'pax', type=b'x', size=2 ** 40) + END)
bad('huge-long-name', header(b'L', type=b'L', size=2 ** 33) + END)
bad('pax-of-17-megabytes', pax((b'comment', b'x' * 17000000)) + f(b'a') + END)
bad('pax-at-the-end', pax((b'path', b'x')) + END)
for name, body in (('length', b'5 a=b\n'), ('length-0', b'0 a=b\n'), ('no-newline', b'6 a=bc'), ('no-equals', b'6 abc\n'),
                   ('no-length', b'a=b\n'), ('huge-length', b'99999999999999999999999999 a=b\n'), ('time', record(b'mtime', b'1.x')),
                   ('number', record(b'size', b'99999999999999999999')), ('nul-in-name', record(b'path', b'a\0b')),
                   ('acl', record(b'SCHILY.acl.access', b'user::rwx,nonsense')),
                   ('acl-no-mask', record(b'SCHILY.acl.access', b'user::rwx,user:5:r--,group::r-x,other::---')),
                   ('xattr-too-large', record(b'SCHILY.xattr.user.x', b'x' * 65536)),
                   ('xattr-name-too-long', record(b'SCHILY.xattr.user.' + b'x' * 256, b'x')),
                   ('base64', record(b'LIBARCHIVE.xattr.user.x', b'****')),
                   ('sparse-unknown', record(b'SUN.holesdata', b' 0 1 2')),
                   ('sparse-major', record(b'GNU.sparse.major', b'2')),
                   ('sparse-no-offset', record(b'GNU.sparse.numbytes', b'2')),
                   ('sparse-overlap', record(b'GNU.sparse.map', b'0,5,3,5') + record(b'GNU.sparse.size', b'9')),
                   ('sparse-sum', record(b'GNU.sparse.map', b'0,5') + record(b'GNU.sparse.size', b'9')),
                   ('sparse-behind-end', record(b'GNU.sparse.map', b'8,1') + record(b'GNU.sparse.size', b'8')),
                   ('sparse-no-size', record(b'GNU.sparse.map', b'0,1'))):
    bad('pax-' + name, member(b'pax', body, type=b'x') + f(b'a', b'1') + END)
bad('sparse-map-cut', pax((b'GNU.sparse.major', b'1'), (b'GNU.sparse.minor', b'0'), (b'GNU.sparse.realsize', b'9')) +
    f(b'a', padded(b'5\n0\n2\n') + b'xyz') + END)
bad('sparse-map-text', pax((b'GNU.sparse.major', b'1'), (b'GNU.sparse.minor', b'0'), (b'GNU.sparse.realsize', b'9')) +
    f(b'a', padded(b'x\n') + b'xyz') + END)
bad('sparse-old-endless', header(b'a', type=b'S', magic=b'ustar  \0',
                                 rest=(b'\0' * 41 + b'\0' * 96 + b'\x01' + octal(9, 12))) +
    (b'\0' * 504 + b'\x01' + b'\0' * 7) * 100 + END)

# Attributes, for the shell to look at: written twice as bsdtar does, forged fingerprints, ACLs.
good('attributes',
     pax((b'SCHILY.xattr.user.bin', b'\0\n=\xff'), (b'LIBARCHIVE.xattr.user.bin', b'AAo9/w'),
         (b'LIBARCHIVE.xattr.user.%61%3d', b'dmFsdWU='), (b'SCHILY.xattr.user.b%3Dc%25d%41', b''),
         (b'SCHILY.xattr.trusted.erofs.fingerprint', b'sha256:' + b'\0' * 32),
         (b'LIBARCHIVE.xattr.trusted.erofs.fingerprint', b'c2hhMjU2Og'), (b'SCHILY.xattr.com.apple.x', b'gone'),
         (b'SCHILY.fflags', b'nodump'),
         (b'SCHILY.acl.access', b'user::rw-,user:name:r--:1000,group::r--,mask::rw-,other::---,group:12:rw-\t#effective:r--\n')) +
     f(b'a', b'1', mode=0o660) +
     pax((b'SCHILY.acl.default', b'user::rwx\ngroup::r-x\nother::r-x\n'), (b'SCHILY.acl.access', b'u::rwx,g::r-x,o::r-x')) +
     f(b'd', type=b'5', mode=0o755) + END,
     ROOT, b'f 660 0:0 0 /a = 1', b'd 755 0:0 0 /d')
