/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_DIFF_H
#define EROFS_DUMP_DIFF_H

#include <json-c/json.h>

#include <erofs/image.h>

#include "dump/options.h"

/* What --diff compares: the trees of two images, or what manifests say of them. */

#define DIFF_TROUBLE 2 /* exit status: not all could be compared */

struct diff_entry {
	char *path; /* owned; path_size bytes and a NUL */
	size_t path_size;
	char *fingerprint; /* owned; as text_fingerprint() has it, NULL: none */
	uint64_t nid;
	uint64_t size;
	int64_t mtime;
	uint32_t mtime_nsec;
	uint32_t uid, gid, nlink, rdev;
	uint16_t mode;
	bool compressed;
	bool has_xattrs;
	bool first; /* no other name of this inode came before */
};

struct diff_figures {
	uint64_t files;	     /* inodes of non-empty regular files */
	uint64_t bytes;	     /* sum of their sizes */
	uint64_t page_bytes; /* page cache, nothing shared */
	uint64_t shared_page_bytes;
};

struct diff_side {
	const char *name; /* as given */
	const struct erofs_diag *diag;
	struct erofs_image *image;  /* NULL: a manifest */
	struct diff_entry *entries; /* by path, a directory in front of what is in it */
	size_t count, room;
	char uuid[37];	      /* "": a manifest that does not say */
	uint64_t image_bytes; /* 0: a manifest */
	bool fingerprinted;
	struct diff_figures figures;
	int result; /* first error that did not keep the rest from being read */
};

enum diff_what {
	DIFF_TYPE,
	DIFF_CONTENT,
	DIFF_SIZE,
	DIFF_TARGET,
	DIFF_DEVICE,
	DIFF_MODE,
	DIFF_OWNER,
	DIFF_TIME,
	DIFF_LINKS,
	DIFF_XATTRS,
	DIFF_WHATS
};

/* An attribute that is not the same on both sides. */
struct diff_xattr {
	char sign; /* '+', '-' or '~' */
	char *name;
	size_t size;
};

struct diff_change {
	const struct diff_entry *a, *b; /* NULL: it is not on that side */
	unsigned int what;		/* 1 << enum diff_what each; with both sides only */
	struct diff_xattr *xattrs;	/* xattr_count of them */
	size_t xattr_count;
};

struct diff {
	const struct dump_options *options;
	const struct erofs_diag *diag;
	struct diff_side a, b;
	bool partial; /* manifests know non-empty regular files only, so nothing else is compared */
	struct diff_change *changes;
	size_t count, room;
	uint64_t added, removed, changed;
	uint64_t added_bytes, removed_bytes; /* of regular files */
	uint64_t whats[DIFF_WHATS];
	uint64_t unknown;	  /* files of one size whose contents could not be compared */
	uint64_t kinds;		  /* files that are compressed on one side and plain on the other */
	struct diff_figures both; /* page cache of both sides together */
	int result;		  /* first error that did not end it */
};

/* Compares two inputs and shows what came of it. The exit status: 0 the same, 1 different, DIFF_TROUBLE. */
int diff_run(const struct dump_options *options, const struct erofs_diag *diag);

/* Why two images of one tree are not the same bytes. The same status. */
int diff_layout_run(const struct dump_options *options, const struct erofs_diag *diag);

/* Reads an input. Reports. Released in any case. */
int diff_side_read(struct diff_side *side, const char *name, const struct erofs_diag *diag);
void diff_side_release(struct diff_side *side);

/* For the readers: takes `path` and `fingerprint` over, in any case. */
int diff_side_add(struct diff_side *side, const struct diff_entry *entry);
/* Reads a manifest from `fd`; reports. */
int diff_read_manifest(struct diff_side *side, int fd);

/* Reports an error about the input; returns `err`. */
int diff_error(const struct erofs_diag *diag, int err, const char *name, const char *path, const char *what);

/* Order of paths: a directory comes right in front of what is in it. */
int diff_order(const struct diff_entry *a, const struct diff_entry *b);

/* Fills in all changes and their counts. -ENOMEM. */
int diff_compare(struct diff *diff);

/* Whether the bytes of two files of one size are equal: 1, 0, or an error, which has been reported. */
int diff_same_contents(const struct diff *diff, const struct diff_entry *a, const struct diff_entry *b);

/* Whether two links point to the same; the same results. */
int diff_same_targets(const struct diff *diff, const struct diff_entry *a, const struct diff_entry *b);

/* Compares the attributes but the fingerprints; 0 or an error, which has been reported. */
int diff_compare_xattrs(const struct diff *diff, struct diff_change *change);

/* Page cache of each side and of both. -ENOMEM. */
int diff_count_pages(struct diff *diff);

void diff_print_text(const struct diff *diff);
void diff_print_json(const struct diff *diff);
/* The page goes to options->html. 0 or a negative errno. */
int diff_write_html(const struct diff *diff);

/* "content", "size", ... */
const char *diff_word(enum diff_what what);

/* What changed, in words such as "mode 0644 -> 0755, owner 0:0 -> 1:1"; to be freed, NULL when out of memory. */
char *diff_describe(const struct diff_change *change);

/* Page cache that `b` needs on top of `a`, with sharing. */
uint64_t diff_extra_pages(const struct diff *diff);

#endif
