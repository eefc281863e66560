/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_UNIT_SMALL_IMAGE_H
#define TESTS_UNIT_SMALL_IMAGE_H

#include <erofs/check.h>

/*
 * A sound image in memory with one object of each kind, put together from the encoders of lib/format, for tests that spoil
 * one thing in it. Blocks of 4096 bytes: 0 superblock and prefix table, 1 shared xattrs, 2 inodes, 3 the root directory, 4-5
 * data of a, 6 data of s. Every regular file has its fingerprint.
 *
 *	/a /b	5000 bytes, flat, two names, shared xattr user.tag
 *	/d/c	100 bytes inline; d is inline, too
 *	/e	empty, compact
 *	/f	a FIFO
 *	/l	a symlink to "target"
 *	/s	3 chunks: a hole, a block, a hole
 */

#define SMALL_BLOCK   4096u
#define SMALL_BLOCKS  8u
#define SMALL_PREFIX  2048u /* byte of the prefix table */
#define SMALL_SHARED  (1u * SMALL_BLOCK)
#define SMALL_INODES  (2u * SMALL_BLOCK)
#define SMALL_ROOTDIR (3u * SMALL_BLOCK)
#define SMALL_DATA_A  (4u * SMALL_BLOCK)
#define SMALL_DATA_S  (6u * SMALL_BLOCK)
#define SMALL_SIZE_A  5000u
#define SMALL_SIZE_C  100u

/* 256 bytes for each inode. */
#define SMALL_STEP 8u
enum small_nid {
	NID_ROOT = 0 * SMALL_STEP,
	NID_A = 1 * SMALL_STEP,
	NID_D = 2 * SMALL_STEP,
	NID_E = 3 * SMALL_STEP,
	NID_F = 4 * SMALL_STEP,
	NID_L = 5 * SMALL_STEP,
	NID_S = 6 * SMALL_STEP,
	NID_C = 7 * SMALL_STEP,
	NID_FREE = 8 * SMALL_STEP, /* the first one not in use */
};

struct small_image {
	struct erofs_superblock sb; /* written by small_check() and small_open() */
	bool spoil_checksum;
	uint8_t bytes[SMALL_BLOCKS * SMALL_BLOCK];
};

struct small_entry {
	const char *name;
	uint64_t nid;
	uint8_t type;
};

void small_build(struct small_image *image);

/* Where an inode, or what stands behind its body, lies in image->bytes. */
uint8_t *small_inode(struct small_image *image, uint64_t nid);
uint8_t *small_behind(struct small_image *image, uint64_t nid);

/* Reads an inode back, to change it and put it again. */
struct erofs_inode small_get(struct small_image *image, uint64_t nid);
void small_put(struct small_image *image, const struct erofs_inode *inode);

/* Writes a directory block; returns its bytes. */
size_t small_directory(uint8_t *out, const struct small_entry *entries, size_t count);
/* The root's, ended by a name of NULL, with the root's size. */
void small_root(struct small_image *image, const struct small_entry *entries);

/* Writes an xattr area with its right name filter behind the inode's body; entries as struct small_xattr, ended by none. */
struct small_xattr {
	uint8_t index; /* as stored */
	const char *suffix;
	const void *value; /* NULL: no more */
	uint16_t size;
};
void small_xattrs(struct small_image *image, uint64_t nid, const struct small_xattr *xattrs, bool shared_tag);

/* The fingerprint value of some bytes. */
#define SMALL_VALUE_SIZE 39u
void small_fingerprint(uint8_t out[SMALL_VALUE_SIZE], const void *data, size_t size);

/* Opens the image as it is now, even with a bad checksum. */
struct erofs_image *small_open(struct small_image *image, const struct erofs_diag *diag);

/* Messages of one run, each with a newline. */
struct small_report {
	char text[65536];
	struct erofs_check_summary summary;
	int ret;
};
void small_check(struct small_report *report, struct small_image *image, const struct erofs_check_options *options);

/* Checks with fingerprints and expects exactly these messages, each with a newline; "" if the image is sound. */
void small_expect(struct small_image *image, const char *messages);

/* Adds messages to a struct small_report. */
void small_message(void *ctx, enum erofs_severity severity, const char *text);

#endif
