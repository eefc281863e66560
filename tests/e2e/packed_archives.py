#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""An archive packed in every way, whole and damaged.

packed_archives.py TAR DIR N  DIR/good/NAME must give what TAR gives, DIR/bad/NAME must be refused; DIR/flip/FORMAT.N has one wrong
                              bit: refused, or, where nothing depends on it, what TAR gives; N: 1 for many, more for fewer
Of formats whose program is not there, nothing is made.
"""
import bz2
import gzip
import lzma
import os
import shutil
import struct
import subprocess
import sys
import zlib

with open(sys.argv[1], 'rb') as file:
    TAR = file.read()
OUT = sys.argv[2]
STEP = int(sys.argv[3])
for folder in ('good', 'bad', 'flip'):
    os.makedirs(f'{OUT}/{folder}')


def run(*command):
    return lambda data: subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def lzip(data):
    raw = lzma.compress(data, lzma.FORMAT_RAW, filters=[{'id': lzma.FILTER_LZMA1, 'lc': 3, 'lp': 0, 'pb': 2,
                                                         'dict_size': 1 << 20}])
    return b'LZIP\1\x14' + raw + struct.pack('<IQQ', zlib.crc32(data), len(data), len(raw) + 26)


def put(folder, name, data):
    with open(f'{OUT}/{folder}/{name}', 'wb') as out:
        out.write(data)


def flipped(data, at, bit=1):
    data = bytearray(data)
    data[at] ^= bit
    return bytes(data)


def skippable(size, mark=0):
    return struct.pack('<II', 0x184d2a50 + mark, size) + b'x' * size


FORMATS = {
    'gzip': lambda data: gzip.compress(data, mtime=0),
    'bzip2': bz2.compress,
    'xz': lambda data: lzma.compress(data, check=lzma.CHECK_CRC64),
    'xz-crc32': lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    'xz-sha256': lambda data: lzma.compress(data, check=lzma.CHECK_SHA256),
    'lzip': lzip,
    'lzma': lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    'zstd': run('zstd', '-qc', '--check'),
    'lz4': run('lz4', '-qc', '--content-size', '-B4', '-BX'),
    'lz4-legacy': run('lz4', '-qcl'),
}
# Nothing in them would tell a wrong byte.
UNCHECKED = ('lzma', 'lz4-legacy')
SINGLE = ('lzma',)

for name, pack in FORMATS.items():
    program = name.split('-')[0]
    if program in ('zstd', 'lz4') and not shutil.which(program):
        print(f'skip - no {program}')
        continue
    data = pack(TAR)
    third = len(TAR) // 3
    first, second = pack(TAR[:third]), pack(TAR[third:])
    put('good', name, data)
    cuts = [*range(1, 13), *range(13, len(data), max(1, len(data) // 12)), len(data) - 4]
    for at in [*cuts[::STEP], len(data) - 1]:
        # Legacy lz4 has no mark at its end: its first mark alone is an empty stream.
        if name != 'lz4-legacy' or at != 4:
            put('bad', f'{name}-cut-at-{at}', data[:at])
    put('bad', f'{name}-garbage', data + b'garbage')
    put('bad', f'{name}-one-byte-behind', data + b'\1')
    put('bad', f'{name}-zeros-and-garbage', data + bytes(512) + b'x')
    put('good', f'{name}-zeros', data + bytes(10240))
    if name not in SINGLE:
        put('good', f'{name}-members', first + second)
        put('good', f'{name}-empty-member', pack(b'') + first + pack(b'') + second + pack(b''))
        put('bad', f'{name}-member-cut', first + second[:-1 if name != 'lz4-legacy' else -3])
        put('bad', f'{name}-member-without-end', first + second[:3])
    if name not in UNCHECKED:
        put('bad', f'{name}-second-member-damaged', first + flipped(second, len(second) // 2))
        put('bad', f'{name}-first-member-damaged', flipped(first, len(first) // 2) + second)
        spots = [*range(20), *range(20, len(data) - 24, max(1, len(data) // 60)), *range(len(data) - 24, len(data))]
        for at in spots[::STEP]:
            put('flip', f'{name}.{at}', flipped(data, at, 1 << at % 8))
    other = FORMATS['bzip2' if name == 'gzip' else 'gzip'](TAR[third:])
    put('bad', f'{name}-other-format-behind', first + other)

whole = FORMATS['gzip'](TAR)
put('bad', 'gzip-crc', flipped(whole, len(whole) - 8))
put('bad', 'gzip-size', flipped(whole, len(whole) - 4))
put('bad', 'gzip-without-crc', whole[:-8])
put('bad', 'gzip-zeros-then-member', FORMATS['gzip'](TAR[:1024]) + bytes(8) + FORMATS['gzip'](TAR[1024:]))
header = bytearray(whole[:10])
header[3] = 2
put('good', 'gzip-header-crc', bytes(header) + struct.pack('<H', zlib.crc32(header) & 0xffff) + whole[10:])
put('bad', 'gzip-wrong-header-crc', bytes(header) + struct.pack('<H', ~zlib.crc32(header) & 0xffff) + whole[10:])
header[3] = 8
for flag in 0x20, 0x40, 0x80:
    put('bad', 'gzip-reserved-flag-%x' % flag, whole[:3] + bytes([whole[3] | flag]) + whole[4:])
put('bad', 'gzip-other-method', whole[:2] + b'\7' + whole[3:])
put('good', 'gzip-name', bytes(header) + b'name.tar\0' + whole[10:])
xz = FORMATS['xz'](TAR)
put('good', 'xz-padding', xz + bytes(8) + FORMATS['xz'](b'') + bytes(4))
put('bad', 'xz-wrong-padding', xz + bytes(7) + FORMATS['xz'](b''))
put('bad', 'xz-wrong-padding-at-end', xz + bytes(3))
put('bad', 'xz-index', flipped(xz, len(xz) - 16))
put('good', 'xz-without-check', lzma.compress(TAR, check=lzma.CHECK_NONE))
put('bad', 'lzma-twice', FORMATS['lzma'](TAR[:1024]) + FORMATS['lzma'](TAR[1024:]))
for name, mark in (('zstd', 0), ('lz4', 9)):
    if not shutil.which(name):
        continue
    data = FORMATS[name](TAR)
    put('good', f'{name}-skippable-first', skippable(4, mark) + skippable(0) + skippable(300000, 15) + data)
    put('good', f'{name}-skippable-behind', data + skippable(20, mark))
    half = FORMATS[name](TAR[:2048])
    put('good', f'{name}-skippable-between', half + skippable(7, mark) + FORMATS[name](TAR[2048:]))
    put('bad', f'{name}-skippable-cut', data + skippable(20)[:-1])
    put('bad', f'{name}-skippable-header-cut', data + skippable(20)[:6])
put('bad', 'skippable-and-tar', skippable(4) + TAR)
put('bad', 'skippable-and-gzip', skippable(4) + whole)
if shutil.which('lz4'):
    put('good', 'lz4-both-kinds', FORMATS['lz4-legacy'](TAR[:2048]) + FORMATS['lz4'](TAR[2048:]))
for name, start in (('compress', b'\x1f\x9d\x90'), ('lzop', b'\x89LZO\0\r\n\x1a\n'), ('zip', b'PK\3\4'), ('cpio', b'070701'),
                    ('ar', b'!<arch>\n'), ('lrzip', b'LRZI\0\6')):
    put('bad', f'stranger-{name}', start + TAR[len(start):])
