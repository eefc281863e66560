# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""Images with one stored extent, of any size, at any place, in a file of holes; see stored_extents.sh.

stored_extents.py IMAGE EXTENTS BLOCK COUNT OUT: COUNT images OUT-0 ... with and without rotation ("interlaced"). EXTENTS is
what dump.erofs --json -e says of the file, whose index has room for records of 16 bytes.
"""
import json
import random
import struct
import sys

SUPER_CHECKSUM = 1024 + 8  # the lowest bit there says that the superblock has one
EXTENTS, RECORDS_OF_16, INTERLACED = 0x1, 0x4, 0x10
DATA = 16384  # here is something


def choose(numbers, block):
    start = numbers.choice([0, block, 2 * block, 3 * block, 100, block + numbers.randrange(block),
                            numbers.randrange(6 * block)])
    size = numbers.choice([block, 2 * block, 3 * block, 8 * block, numbers.randrange(1, 5 * block)])
    place = DATA + numbers.choice([0, block, 3 * block, numbers.randrange(4 * block)])
    length = numbers.choice([size, size, max(1, size - numbers.randrange(size))])
    hole = [(0, 0, 0)] if start else []
    return hole + [(start, size, place), (start + length, 0, 0)]


def write_index(image, at, records, advice):
    struct.pack_into('<IHH', image, at, len(records), advice, 0)
    at = (at + 8 + 15) // 16 * 16
    for start, size, place in records:
        struct.pack_into('<4I', image, at, size, place, 0, start)
        at += 16


def main():
    with open(sys.argv[1], 'rb') as file:
        original = bytearray(file.read())
    with open(sys.argv[2]) as file:
        inode = json.load(file)['inode']
    original[SUPER_CHECKSUM] &= 0xfe
    header = (inode['offset'] + inode['inode_size'] + inode['xattr_size'] + 7) // 8 * 8
    numbers = random.Random(5)
    for number in range(int(sys.argv[4])):
        image = bytearray(original)
        advice = EXTENTS | RECORDS_OF_16 | (INTERLACED if number % 3 else 0)
        write_index(image, header, choose(numbers, int(sys.argv[3])), advice)
        with open('%s-%d' % (sys.argv[5], number), 'wb') as file:
            file.write(image)


main()
