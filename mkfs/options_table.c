/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/options_table.h"

#include <stddef.h>

#define NO   no_argument
#define MUST required_argument
#define MAY  optional_argument

const char mkfs_short_options[] = ":b:C:d:E:hL:m:T:U:Vx:z:";
const struct option mkfs_long_options[] = {
	{ "MZ", MAY, NULL, OPT_UNBUILT },
	{ "all-root", NO, NULL, OPT_ALL_ROOT },
	{ "all-time", NO, NULL, OPT_ALL_TIME },
	{ "async-queue-limit", MUST, NULL, OPT_UNBUILT },
	{ "aufs", NO, NULL, OPT_AUFS },
	{ "blobdev", MUST, NULL, OPT_UNBUILT },
	{ "chunksize", MUST, NULL, OPT_UNBUILT },
	{ "clean", MAY, NULL, OPT_UNBUILT },
	{ "compress-hints", MUST, NULL, OPT_COMPRESS_HINTS },
	{ "dedupe-files", MUST, NULL, OPT_DEDUPE_FILES },
	{ "device", MUST, NULL, OPT_DEVICE },
	{ "dsunit", MUST, NULL, OPT_UNBUILT },
	{ "exclude-path", MUST, NULL, OPT_EXCLUDE_PATH },
	{ "exclude-regex", MUST, NULL, OPT_EXCLUDE_REGEX },
	{ "extent-size", MUST, NULL, OPT_EXTENT_SIZE },
	{ "file-contexts", MUST, NULL, OPT_FILE_CONTEXTS },
	{ "force", NO, NULL, OPT_FORCE },
	{ "force-gid", MUST, NULL, OPT_FORCE_GID },
	{ "force-uid", MUST, NULL, OPT_FORCE_UID },
	{ "fs-config-file", MUST, NULL, OPT_UNBUILT },
	{ "fsalignblks", MUST, NULL, OPT_UNBUILT },
	{ "gid-offset", MUST, NULL, OPT_GID_OFFSET },
	{ "hard-dereference", NO, NULL, OPT_HARD_DEREFERENCE },
	{ "help", NO, NULL, 'h' },
	{ "ignore-mtime", NO, NULL, OPT_IGNORE_MTIME },
	{ "incremental", MAY, NULL, OPT_UNBUILT },
	{ "ishare-fingerprint", MUST, NULL, OPT_ISHARE_FINGERPRINT },
	{ "max-extent-bytes", MUST, NULL, OPT_MAX_EXTENT_BYTES },
	{ "min-kernel", MUST, NULL, OPT_MIN_KERNEL },
	{ "mkfs-time", NO, NULL, OPT_MKFS_TIME },
	{ "mount-point", MUST, NULL, OPT_MOUNT_POINT },
	{ "oci", MUST, NULL, OPT_OCI },
	{ "no-fsync", NO, NULL, OPT_NO_FSYNC },
	{ "offset", MUST, NULL, OPT_OFFSET },
	{ "ovlfs-strip", MAY, NULL, OPT_OVLFS_STRIP },
	{ "preserve-mtime", NO, NULL, OPT_PRESERVE_MTIME },
	{ "product-out", MUST, NULL, OPT_UNBUILT },
	{ "quiet", NO, NULL, OPT_QUIET },
	{ "restamp", NO, NULL, OPT_RESTAMP },
	{ "root-xattr-isize", MUST, NULL, OPT_UNBUILT },
	{ "sort", MUST, NULL, OPT_SORT },
	{ "tar", MUST, NULL, OPT_TAR },
	{ "uid-offset", MUST, NULL, OPT_UID_OFFSET },
	{ "ungzip", MAY, NULL, OPT_UNGZIP },
	{ "unxz", MAY, NULL, OPT_UNXZ },
	{ "version", NO, NULL, 'V' },
	{ "vmdk-desc", MUST, NULL, OPT_UNBUILT },
	{ "workers", MUST, NULL, OPT_WORKERS },
	{ "xattr-inode-digest", MAY, NULL, OPT_XATTR_INODE_DIGEST },
	{ "xattr-prefix", MUST, NULL, OPT_XATTR_PREFIX },
	{ "zD", MAY, NULL, OPT_UNBUILT },
	{ 0 },
};
