/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_UNIT_RAW_IMAGE_H
#define TESTS_UNIT_RAW_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/image.h>

/*
 * An image in memory that a test of the reader lays out by hand, sound or not. Blocks of 512 bytes; block 0-3 hold the
 * superblock and tables, the inode zone starts at block 4.
 */

#define RAW_BITS  9u
#define RAW_BLOCK (1u << RAW_BITS)
#define RAW_ZONE  4u
#define RAW_SIZE  (64u * 1024)

struct raw_image {
	struct erofs_superblock sb;
	uint8_t bytes[RAW_SIZE];
	size_t size; /* what the reader gets to see, RAW_SIZE at first */
};

/* Zeros with a superblock in sb; the root is nid 0. */
void raw_init(struct raw_image *image);

/* Writes an inode and returns what stands behind its body. */
uint8_t *raw_inode(struct raw_image *image, const struct erofs_inode *inode);

/* Writes names, in this order, as a directory block; returns the bytes in use. Entry i has nid 100 + i, a regular file. */
size_t raw_names(uint8_t *out, const char *const names[], size_t count);

/* Bytes of a block. */
uint8_t *raw_block(struct raw_image *image, uint32_t block);

/* Writes the superblock with its checksum and opens the image. */
int raw_try_open(struct erofs_image **out, struct raw_image *image, const struct erofs_image_options *options);
struct erofs_image *raw_open(struct raw_image *image);

#endif
