/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_STATISTICS_H
#define EROFS_DUMP_STATISTICS_H

#include <erofs/compress.h>

#include "dump/dump.h"

#define STATISTICS_TYPES   8  /* by enum erofs_file_type */
#define STATISTICS_LAYOUTS 5  /* by enum erofs_data_layout */
#define STATISTICS_SIZES   65 /* by the number of bits in the size */

/* The extents that one algorithm made. */
struct statistics_algorithm {
	uint64_t extents;
	uint64_t decoded_bytes;
	uint64_t encoded_bytes;
};

/* What -S counts. Inodes count once, whatever the number of their names. */
struct statistics {
	uint64_t names; /* directory entries but . and .., and the top */
	uint64_t inodes;
	uint64_t types[STATISTICS_TYPES];
	uint64_t layouts[STATISTICS_LAYOUTS];	   /* of inodes with data */
	uint64_t layout_bytes[STATISTICS_LAYOUTS]; /* sizes of regular files */
	uint64_t compact, extended;

	uint64_t with_xattrs;
	uint64_t xattr_bytes; /* inline areas */

	/* Regular files. */
	uint64_t file_bytes; /* sizes */
	uint64_t empty_files;
	uint64_t sizes[STATISTICS_SIZES];
	uint64_t hole_bytes;
	uint64_t stored_bytes;	 /* what their extents and compressed blocks take, each counted for each file */
	uint64_t distinct_bytes; /* ... each byte on a device counted once */

	/* Compressed regular files, and the packed inode where it is in use. */
	struct statistics_algorithm algorithms[EROFS_ALGORITHM_COUNT];
	uint64_t encoded_extents;
	uint64_t extent_sizes[STATISTICS_SIZES]; /* of encoded extents, decoded */
	uint64_t inline_tails;			 /* ... those in the metadata */
	uint64_t plain_extents;			 /* stored as they are */
	uint64_t plain_bytes;
	uint64_t fragments;
	uint64_t fragment_bytes;
	uint64_t packed_bytes; /* size of the packed inode */

	uint64_t fingerprints;		/* files that have one */
	uint64_t distinct_fingerprints; /* with their sizes */
	uint64_t repeated_bytes;	/* sizes of files whose fingerprint an earlier one has */
};

/* Walks the tree. Damage is reported and left out; the first such error is returned. */
int statistics_collect(struct statistics *out, const struct dump *dump);

#endif
