/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_DIRENT_H
#define EROFS_FORMAT_DIRENT_H

#include <stddef.h>
#include <stdint.h>

#define EROFS_DIRENT_SIZE 12u

/*
 * Our readers take no compressed directory whose extents decode to more than so many times what they take, but for what stays empty
 * behind them: it would be there to keep them busy. The most that directories have been seen to shrink, 20,000 long names of one file,
 * is 120 with Zstandard, 300 with LZMA.
 */
#define EROFS_DIRECTORY_RATIO_MAX 256u

/* One entry of a directory block's array, without its name. */
struct erofs_dirent_record {
	uint64_t nid;
	uint16_t nameoff;  /* bytes from the start of the block */
	uint8_t file_type; /* enum erofs_file_type */
	uint8_t reserved;  /* 0 */
};

void erofs_dirent_encode(const struct erofs_dirent_record *record, uint8_t out[EROFS_DIRENT_SIZE]);
void erofs_dirent_decode(struct erofs_dirent_record *out, const uint8_t in[EROFS_DIRENT_SIZE]);

/* Order of names in a directory: unsigned bytes, a prefix before its extensions. Like memcmp: <0, 0, >0. */
int erofs_name_compare(const void *a, size_t a_len, const void *b, size_t b_len);

#endif
