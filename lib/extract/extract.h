/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_EXTRACT_EXTRACT_H
#define EROFS_EXTRACT_EXTRACT_H

#include <sys/stat.h>

#include <erofs/check.h>

#include "lib/reader/nodes.h"
#include "lib/codec/hasher.h"
#include "lib/util/buffer.h"

/*
 * Unpacking. Every step into the target goes one component at a time, from a directory that is held open, and never through
 * a symbolic link; a file is always made new (O_EXCL). The way up is "..", believed only if it leads to the directory that
 * the way down came from. So neither names nor links of the image, nor anything that stood in the target, lead out of it.
 *
 * Functions that return int: 0 or a negative errno that has been reported; only -ENOMEM, -ENOSPC and the like end the walk,
 * see erofs_extract_is_fatal().
 */

/* An open level of the walk: a directory from the target down to where the work is. */
struct erofs_extract_level {
	uint32_t node;
	dev_t dev;
	ino_t ino;
	mode_t made_mode; /* permission bits that it was made with or had */
};

/* The digest of the file that is being unpacked, and what is kept for the next one. */
struct erofs_extract_digest {
	struct erofs_hasher *hashers[EROFS_DIGEST_COUNT]; /* by enum erofs_digest, made when first needed */
	struct erofs_hasher *current;			       /* NULL: the file has no fingerprint */
	uint64_t at;					       /* bytes of the file so far */
	uint64_t hashed;				       /* of all files */
	size_t size;
	uint8_t stored[EROFS_DIGEST_MAX];
	struct erofs_fingerprint value;
};

/* What a caller without privilege cannot set. */
enum erofs_extract_kind { EROFS_EXTRACT_OWNER, EROFS_EXTRACT_MODE, EROFS_EXTRACT_XATTR, EROFS_EXTRACT_KINDS };

struct erofs_extract_missing {
	uint64_t count;
	char *first; /* "PATH: text" */
};

struct erofs_extract {
	const struct erofs_image *image;
	const struct erofs_extract_options *options;
	const struct erofs_diag *diag;
	struct erofs_nodes nodes;    /* directories, and the first name of each file with several */
	uint64_t budget;	     /* bytes of directories still allowed */
	int root;		     /* the target */
	int here;		     /* directory of the innermost level */
	struct erofs_buffer levels;  /* of struct erofs_extract_level */
	struct erofs_buffer pending; /* uint32_t: directories to be made, the next one last */
	int link_dir;		     /* directory that the last hard link led to ... */
	uint32_t link_node;	     /* ... its node */
	uint8_t *buffer;	     /* EROFS_EXTRACT_BUFFER bytes */
	struct erofs_extract_digest digest;
	struct erofs_extract_missing missing[EROFS_EXTRACT_KINDS];
	uint64_t reported;
	struct erofs_extract_progress done; /* files that are whole */
	int err; /* the first one */
};

#define EROFS_EXTRACT_BUFFER ((size_t)1024 * 1024)

/* What is being made: entry `name` of the directory open as `dir`, which is node `parent`. */
struct erofs_extract_place {
	int dir;
	uint32_t parent; /* EROFS_NODE_NONE: the target itself */
	const char *name;
	size_t name_len;
};

/* ---- extract_report.c, below all others here -------------------------------------------------------------------------- */

/* Reports "PATH: text" (place NULL: the directory of the innermost level), remembers the first error, returns `err`. */
int erofs_extract_failed(struct erofs_extract *extract, const struct erofs_extract_place *place, int err,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * The same for what the caller may lack the privilege for: unless the options are lenient about it, and `err` says that this is
 * why, it is a failure. Otherwise it is counted for the warning at the end, and the result is 0.
 */
int erofs_extract_not_set(struct erofs_extract *extract, const struct erofs_extract_place *place,
			  enum erofs_extract_kind kind, int err, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The warnings at the end: what was not set. */
void erofs_extract_report_missing(const struct erofs_extract *extract);

/* Whether there is no point in going on with other files. */
bool erofs_extract_is_fatal(int err);

/* ---- extract_walk.c ------------------------------------------------------------------------------------------------------- */

/* Unpacks a directory into extract->root. */
int erofs_extract_tree(struct erofs_extract *extract, const struct erofs_inode *inode);

/* ---- extract_file.c ------------------------------------------------------------------------------------------------------- */

/* Makes room for a new object: removes what may be replaced. */
int erofs_extract_clear(struct erofs_extract *extract, const struct erofs_extract_place *place);

/* Makes anything but a directory, with all its attributes. */
int erofs_extract_object(struct erofs_extract *extract, const struct erofs_extract_place *place,
			 const struct erofs_inode *inode);

/* Copies a file's data into an empty file; holes stay holes. */
int erofs_extract_data(struct erofs_extract *extract, const struct erofs_extract_place *place, int fd,
		       const struct erofs_inode *inode);

/* ---- extract_verify.c ----------------------------------------------------------------------------------------------------- */

/*
 * A file with one sound fingerprint is hashed as it is written, in the order of its bytes; what is left out in between is a
 * hole. A wrong fingerprint is reported at the end and is no error of that call.
 */
int erofs_extract_begin_digest(struct erofs_extract *extract, const struct erofs_extract_place *place,
			       const struct erofs_inode *inode);
int erofs_extract_append_digest(struct erofs_extract *extract, const struct erofs_extract_place *place,
				const void *data, size_t size, uint64_t offset);
int erofs_extract_end_digest(struct erofs_extract *extract, const struct erofs_extract_place *place,
			     const struct erofs_inode *inode);
void erofs_extract_release_digest(struct erofs_extract *extract);

/* ---- extract_link.c ------------------------------------------------------------------------------------------------------- */

/* Makes another name for node `first`. -EMLINK, not reported, if the file system allows no more of them. */
int erofs_extract_link(struct erofs_extract *extract, const struct erofs_extract_place *place, uint32_t first);

/* ---- extract_meta.c ------------------------------------------------------------------------------------------------------- */

/*
 * Owner, attributes, mode and times, in the one order in which none undoes another. `fd` is the object (regular files and
 * directories) or -1; `made_mode` the permission bits it has now.
 */
int erofs_extract_meta(struct erofs_extract *extract, const struct erofs_extract_place *place, int fd,
		       const struct erofs_inode *inode, mode_t made_mode);

#endif
