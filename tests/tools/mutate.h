/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_TOOLS_MUTATE_H
#define TESTS_TOOLS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Damages an EROFS image in memory, in a way that depends on the seed alone: one to four times a byte, a bit, an integer of
 * 2, 4 or 8 bytes, a row of zeros, a block put in the place of another, or the end cut off. Nine times in ten inside the
 * metadata; three times in four the superblock's checksum is made right again, or it would hide everything behind it.
 * Returns the image's new size, never more than `size`.
 */
size_t mutate_image(uint8_t *image, size_t size, uint64_t seed);

/* Makes the superblock's checksum right again, if the superblock has one and lies inside. */
void mutate_repair_checksum(uint8_t *image, size_t size);

#endif
