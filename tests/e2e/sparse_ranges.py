# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""sparse_ranges.py COUNT STRIDE OUT: an archive with a sparse file of COUNT ranges of 512 bytes, one every STRIDE bytes."""
import sys

BLOCK = 512


def header(name, size, typeflag):
    block = bytearray(BLOCK)
    block[0:len(name)] = name.encode()
    for at, width, value in ((100, 8, 0o644), (108, 8, 0), (116, 8, 0), (124, 12, size), (136, 12, 0)):
        block[at:at + width] = b'%0*o\0' % (width - 1, value)
    block[148:156] = b' ' * 8
    block[156:157] = typeflag
    block[257:265] = b'ustar\00000'
    block[148:156] = b'%06o\0 ' % sum(block)
    return bytes(block)


def padded(data):
    return data + bytes(-len(data) % BLOCK)


def record(key, value):
    length = len(key) + len(value) + 3
    total = length + len(str(length))
    total += len(str(total)) - len(str(length))
    return ('%d %s=%s\n' % (total, key, value)).encode()


def main():
    count, stride = int(sys.argv[1]), int(sys.argv[2])
    sparse_map = ','.join('%d,%d' % (i * stride, BLOCK) for i in range(count))
    sparse_map += ',%d,0' % (count * stride)  # without it, GNU tar ends the file with its last data
    pax = record('GNU.sparse.major', '0') + record('GNU.sparse.minor', '1') + record('GNU.sparse.name', 'sparse')
    pax += record('GNU.sparse.size', str(count * stride)) + record('GNU.sparse.numblocks', str(count + 1))
    pax += record('GNU.sparse.map', sparse_map)
    with open(sys.argv[3], 'wb') as out:
        out.write(header('pax', len(pax), b'x') + padded(pax))
        out.write(header('sparse', count * BLOCK, b'0'))
        for i in range(count):
            out.write(b'%-512d' % i)
        out.write(bytes(2 * BLOCK))


main()
