/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_DUMP_H
#define EROFS_DUMP_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/image.h>

#include "common/json.h"
#include "dump/options.h"

/* What every view gets. */
struct dump {
	const struct dump_options *options;
	const struct erofs_image *image;
	const struct erofs_diag *diag;
	struct json_writer *json;	 /* NULL: text */
	const struct erofs_inode *inode; /* the one asked for, or the root */
	const char *path;		 /* its path from the root, starting with a slash; "" when asked for by nid */
	const char *subject;		 /* what messages call it: the path or "nid N" */
	const char *asked;		 /* the path that was asked for, if links lead from it to `path`; else NULL */
	bool many;			 /* it is one of several paths that a pattern stands for */
};

/*
 * The views. Each prints itself as text or as members of the open JSON object and returns 0, or a negative errno when
 * something could not be shown; it has been reported then.
 */
int dump_superblock(const struct dump *dump);
int dump_statistics(const struct dump *dump);
int dump_inode(const struct dump *dump);
int dump_extents(const struct dump *dump);
int dump_list(const struct dump *dump);
/* The line above the rows of dump_list(), if these are text. */
void dump_list_head(const struct dump *dump);
int dump_fingerprints(const struct dump *dump);

/* All views that were asked for, of what was asked for. */
int dump_show(struct dump *dump);

/* A row about the metabox of an image that has one, and the same as a member of an object. */
void dump_metabox_row(const struct dump *dump);
void dump_metabox_add(const struct dump *dump, struct json_object *object);

/* The file's bytes, and nothing else, on stdout. */
int dump_cat(const struct dump *dump);

/* 1: the target of that link is in `target`; 0: not a link; negative: reported about `path`. */
int dump_read_target(const struct dump *dump, const struct erofs_inode *inode, const char *path,
		     char target[EROFS_SYMLINK_MAX + 1], size_t *size);

/* Reports an error and returns `err`. */
int dump_error(const struct dump *dump, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));
void dump_warning(const struct dump *dump, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same about a path, with the reason that `err` stands for. */
int dump_path_error(const struct dump *dump, int err, const char *path, const char *what);

/* ... and without it, where the message says all. */
int dump_path_misuse(const struct dump *dump, int err, const char *path, const char *what);

/* What an errno means about an image. */
const char *dump_reason(int err);
#endif
