/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CHECK_H
#define EROFS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>
#include <erofs/diag.h>
#include <erofs/image.h>

/*
 * Checking and unpacking an image. The checks go beyond what Linux does when it mounts: reserved fields, blocks in range,
 * overlapping metadata, directory order, link counts, shared xattr ids, name filters, cycles, fingerprints.
 */

/* What a check is about. */
enum erofs_check_stage {
	EROFS_CHECK_TREE,     /* structure and metadata: all directories and inodes */
	EROFS_CHECK_CONTENTS, /* where the data of each file lie; they are read if that was asked for */
};

struct erofs_check_progress {
	enum erofs_check_stage stage;
	/*
	 * TREE: inodes found, and how many the superblock counts, which may be wrong. CONTENTS: regular files done, and all of them.
	 */
	uint64_t files, files_total;
	/* CONTENTS: of the files, holes among them, and of all that are to be read; 0 where nothing is, or that is not known. */
	uint64_t bytes, bytes_total;
};

struct erofs_check_options {
	size_t size;		  /* of this struct */
	bool verify_fingerprints; /* hash every non-empty regular file and compare: missing, duplicate, malformed and
				   * wrong values are findings, and so is an image without the ISHARE_XATTRS bit */
	/*
	 * Read every file's data even without verify_fingerprints. Files that have a sound fingerprint are compared with it;
	 * that others have none is no finding.
	 */
	bool read_data;
	bool ignore_checksum; /* the superblock's */
	/* Contents (not the structure) are checked of this file only, or of all below this directory; NULL: everywhere. */
	const char *path;
	uint64_t nid; /* ... or by nid when use_nid is set */
	bool use_nid;
	unsigned int workers; /* threads that read and hash; 0: the caller's */
	/*
	 * Called now and then, by one thread at a time, not always the caller's: after each directory, each file, and each MiB of a
	 * file. It should look at a clock before it does more. May be NULL.
	 */
	void (*progress)(void *ctx, const struct erofs_check_progress *progress);
	void *progress_ctx;
};

/* Nothing is asked for; see <erofs/api.h>. */
static inline struct erofs_check_options erofs_check_options_init(void)
{
	EROFS_OPTIONS_INIT(struct erofs_check_options);
}

struct erofs_check_summary {
	uint64_t findings; /* defects reported */
	uint64_t inodes;   /* distinct inodes reached from the root */
	uint64_t directories;
	uint64_t regular_files;
	uint64_t data_bytes;   /* sum of the sizes of regular files */
	uint64_t hashed_files; /* fingerprints compared with content */
	uint64_t hashed_bytes;
	uint64_t absent_files; /* with data on a device that was not given: not checked */
};

/*
 * Checks a whole image. Each defect is one EROFS_SEV_ERROR message that names the path (or "superblock", ...) and the cause:
 * first those of the superblock, then of the tree level by level, then link counts and overlaps, then data; the same messages
 * in the same order whatever the number of workers. The first 10000 are listed, all are counted. Memory is bounded by the
 * image's size; no more than 16 TiB + 1024 times that size are read or hashed, files beyond that are findings. Returns 0 if
 * the check ran to its end, with or without findings (summary->findings tells; it may be NULL); negative, reported, when it could
 * not: -ENOMEM, -EIO on the device, -ENOENT for a path that is not there, -EOPNOTSUPP if there are inodes that the reader
 * cannot read, -ENXIO if contents are to be read and some lie on a device that was not given. The latter two are counted in one message
 * each, everything else is checked. Where contents are not to be read, data on other devices are only worth a warning.
 */
EROFS_API int erofs_check_image(const struct erofs_image *image, const struct erofs_check_options *options,
				struct erofs_check_summary *summary, const struct erofs_diag *diag);

/* How much has been unpacked. */
struct erofs_extract_progress {
	uint64_t files; /* regular files, with hard links as one */
	uint64_t bytes; /* of them, holes among them */
};

struct erofs_extract_options {
	size_t size;	  /* of this struct */
	const char *path; /* sub-tree to extract, NULL: everything */
	uint64_t nid;	  /* ... or by nid when use_nid is set */
	bool use_nid;
	bool overwrite; /* replace existing non-directories; else they are an error */
	bool preserve_owner;
	bool preserve_perms; /* mode bits; else the umask applies and set-id bits are dropped */
	bool preserve_xattrs;
	bool restore_fingerprints; /* with preserve_xattrs: the fingerprints, too, which are left out otherwise */
	/* What the caller has not the privilege to set is counted in one warning each instead of an error each time. */
	bool lenient_owner, lenient_perms, lenient_xattrs;
	/* Called by the caller's thread, after each regular file and each MiB of one. May be NULL. */
	void (*progress)(void *ctx, const struct erofs_extract_progress *progress);
	void *progress_ctx;
};

/* Nothing is asked for; see <erofs/api.h>. */
static inline struct erofs_extract_options erofs_extract_options_init(void)
{
	EROFS_OPTIONS_INIT(struct erofs_extract_options);
}

/*
 * Unpacks into directory `target` (made if missing): data with their holes, modes, owners, times, hard links, xattrs and
 * device nodes. Never writes outside `target`, whatever names and links the image holds, and never follows a symbolic link
 * there. Files with a fingerprint are compared with it; what does not match is unpacked and reported (-EUCLEAN). An xattr in no
 * namespace, which Linux hides, is left out. What cannot be restored is reported by path; the first error is returned after everything else has been tried, but a full disk
 * ends it at once. If the sub-tree is a single non-directory, `target` becomes it.
 */
EROFS_API int erofs_extract(const struct erofs_image *image, const char *target,
			    const struct erofs_extract_options *options, const struct erofs_diag *diag);

#endif
