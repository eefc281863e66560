/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_OPTIONS_TABLE_H
#define EROFS_MKFS_OPTIONS_TABLE_H

#include <getopt.h>

/* The spellings of all options, for getopt_long(). */

/* Long options without a letter. */
enum {
	OPT_FIRST = 256,
	OPT_ALL_ROOT,
	OPT_ALL_TIME,
	OPT_AUFS,
	OPT_COMPRESS_HINTS,
	OPT_DEDUPE_FILES,
	OPT_EXCLUDE_PATH,
	OPT_EXCLUDE_REGEX,
	OPT_EXTENT_SIZE,
	OPT_FILE_CONTEXTS,
	OPT_FORCE_GID,
	OPT_FORCE_UID,
	OPT_GID_OFFSET,
	OPT_HARD_DEREFERENCE,
	OPT_IGNORE_MTIME,
	OPT_ISHARE_FINGERPRINT,
	OPT_MAX_EXTENT_BYTES,
	OPT_MIN_KERNEL,
	OPT_MKFS_TIME,
	OPT_MOUNT_POINT,
	OPT_OCI,
	OPT_OFFSET,
	OPT_OVLFS_STRIP,
	OPT_PRESERVE_MTIME,
	OPT_QUIET,
	OPT_RESTAMP,
	OPT_SORT,
	OPT_TAR,
	OPT_UID_OFFSET,
	OPT_UNGZIP,
	OPT_UNXZ,
	OPT_UNBUILT, /* known, refused by name */
	OPT_WORKERS,
	OPT_XATTR_INODE_DIGEST,
	OPT_XATTR_PREFIX,
};

extern const char mkfs_short_options[];
extern const struct option mkfs_long_options[];

#endif
