# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""Images in which the encoded extents of a file are holes from the fourth one on and stand in any order.

reorder_extents.py IMAGE EXTENTS COUNT OUT: COUNT images OUT-0 ... EXTENTS is what dump.erofs --json -e says of the file.
"""
import json
import random
import struct
import sys

RECORD = 16  # bytes: size, place, its upper half, start in the file
KEPT = 3
SUPER_CHECKSUM = 1024 + 8  # the lowest bit there says that the superblock has one


def find_records(image, extents):
    for at in range(0, len(image) - RECORD * len(extents), RECORD):
        records = [struct.unpack_from('<4I', image, at + RECORD * i) for i in range(len(extents))]
        if all(r[1] == e['physical'] and r[3] == e['logical'] for r, e in zip(records, extents)):
            return at
    sys.exit('no records of %d bytes' % RECORD)


def main():
    with open(sys.argv[1], 'rb') as file:
        image = bytearray(file.read())
    with open(sys.argv[2]) as file:
        said = json.load(file)
    extents, size = said['extents'], said['inode']['size']
    at = find_records(image, extents)
    image[SUPER_CHECKSUM] &= 0xfe
    numbers = random.Random(3)
    for count in range(int(sys.argv[3])):
        for i in range(KEPT, len(extents)):
            struct.pack_into('<I', image, at + RECORD * i, 0)
            start = numbers.randrange(1, size) if i > KEPT else extents[i]['logical']
            struct.pack_into('<I', image, at + RECORD * i + 12, start)
        with open('%s-%d' % (sys.argv[4], count), 'wb') as file:
            file.write(image)


main()
