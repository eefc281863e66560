/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CHECK_EXTRACT_H
#define EROFS_CHECK_EXTRACT_H

#include <sys/stat.h>

#include <erofs/check.h>

#include "lib/check/check_nodes.h"
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
	uint64_t reported;
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

/* ---- extract.c ---------------------------------------------------------------------------------------------------------- */

/* Reports "PATH: text" (place NULL: the directory of the innermost level), remembers the first error, returns `err`. */
int erofs_extract_failed(struct erofs_extract *extract, const struct erofs_extract_place *place, int err,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));

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
