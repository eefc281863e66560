/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_STATISTICS_H
#define EROFS_DUMP_STATISTICS_H

#include "dump/dump.h"

#define STATISTICS_TYPES   8  /* by enum erofs_file_type */
#define STATISTICS_LAYOUTS 5  /* by enum erofs_data_layout */
#define STATISTICS_SIZES   65 /* by the number of bits in the size */

/* What -S counts. Inodes count once, whatever the number of their names. */
struct statistics {
	uint64_t names; /* directory entries but . and .., and the top */
	uint64_t inodes;
	uint64_t types[STATISTICS_TYPES];
	uint64_t layouts[STATISTICS_LAYOUTS]; /* of inodes with data */
	uint64_t compact, extended;

	uint64_t with_xattrs;
	uint64_t xattr_bytes; /* inline areas */

	/* Regular files. */
	uint64_t file_bytes; /* sizes */
	uint64_t empty_files;
	uint64_t sizes[STATISTICS_SIZES];
	uint64_t hole_bytes;
	uint64_t stored_bytes;	 /* what their extents and compressed blocks take, each counted for each file */
	uint64_t distinct_bytes; /* ... each byte on a device counted once; of compressed files, all */

	uint64_t fingerprints;		/* files that have one */
	uint64_t distinct_fingerprints; /* with their sizes */
	uint64_t repeated_bytes;	/* sizes of files whose fingerprint an earlier one has */
};

/* Walks the tree. Damage is reported and left out; the first such error is returned. */
int statistics_collect(struct statistics *out, const struct dump *dump);

#endif
