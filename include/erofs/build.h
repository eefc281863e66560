/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_BUILD_H
#define EROFS_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>
#include <erofs/diag.h>
#include <erofs/fingerprint.h>
#include <erofs/superblock.h>
#include <erofs/tree.h>

/*
 * Building an image from a normalized tree. The same tree and options give the same bytes, whatever the number of workers;
 * only a random UUID and an unset time differ from build to build.
 */

enum erofs_inode_form {
	EROFS_INODE_FORM_AUTO,	   /* compact where nothing is lost */
	EROFS_INODE_FORM_COMPACT,  /* always; other mtimes than the image's become it, and are counted */
	EROFS_INODE_FORM_EXTENDED, /* always */
};

enum erofs_uuid_rule {
	EROFS_UUID_RANDOM,
	EROFS_UUID_CONTENT, /* derived from everything else in the image, contents included */
	EROFS_UUID_GIVEN,
};

enum erofs_build_stage {
	EROFS_STAGE_PACK,
	EROFS_STAGE_EMIT,
};

struct erofs_build_progress {
	enum erofs_build_stage stage;
	uint64_t files, files_total; /* regular files read */
	uint64_t bytes, bytes_total; /* of their contents */
};

struct erofs_build_options {
	unsigned int blkszbits; /* log2 of the block size, 9..12 */
	unsigned int workers;	/* threads that read and hash; 0: the caller's */

	enum erofs_digest fingerprint; /* EROFS_DIGEST_NONE: no fingerprints */
	const char *fingerprint_name;  /* NULL: trusted.erofs.fingerprint */

	bool dedupe_files;	/* regular files of equal content share their blocks */
	bool inline_data;	/* the last part of a regular file may lie behind its inode */
	bool xattr_name_filter; /* write the filter that speeds up lookups of absent xattrs */
	bool sb_checksum;
	enum erofs_inode_form inode_form;
	int shared_xattr_users; /* an xattr is stored once if more than this many inodes have it; < 0: never */
	const char *const *xattr_prefixes; /* long prefixes to use, such as "trusted.overlay." */
	size_t xattr_prefix_count;

	char volume_name[EROFS_VOLUME_NAME_MAX + 1];
	enum erofs_uuid_rule uuid_rule;
	uint8_t uuid[16];   /* for EROFS_UUID_GIVEN */
	int64_t build_time; /* seconds since 1970 */

	uint64_t offset; /* bytes to leave alone in front of the image */

	const volatile int *cancel; /* not 0: stop with -ECANCELED. May be NULL; may be set by a signal handler */
	/* Called now and then, by one thread at a time. May be NULL. */
	void (*progress)(void *ctx, const struct erofs_build_progress *progress);
	void *progress_ctx;
};

struct erofs_build_summary {
	uint64_t inodes, regular_files, directories;
	uint64_t source_bytes; /* sum of the sizes of regular files */
	uint64_t image_bytes;
	uint64_t data_bytes;	 /* blocks with contents of regular files */
	uint64_t metadata_bytes; /* everything else */
	uint64_t fingerprinted_files;
	uint64_t distinct_fingerprints;
	uint64_t shared_files;	/* regular files whose blocks are another one's, too */
	uint64_t saved_bytes;	/* by that */
	uint64_t lost_times;	/* inodes whose mtime EROFS_INODE_FORM_COMPACT did not keep */
	uint64_t shared_xattrs; /* distinct xattrs in the shared zone */
	uint8_t uuid[16];
};

/* Sensible defaults: 4 KiB blocks, files stored once, everything compact and inline that can be, a random UUID. */
EROFS_API void erofs_build_defaults(struct erofs_build_options *options);

/*
 * Writes the image to `output`: a regular file, which appears under its name only when complete, or a block device. Reports
 * failures by path; a file that is not what it was when it was scanned is one.
 */
EROFS_API int erofs_build(const struct erofs_tree *tree, const char *output, const struct erofs_build_options *options,
			  struct erofs_build_summary *summary, const struct erofs_diag *diag);

#endif
