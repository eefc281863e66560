/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_AREAS_H
#define EROFS_DUMP_AREAS_H

#include <erofs/image.h>

/* What lies where on an image's own device, by words. */

enum area_kind {
	AREA_START, /* in front of the superblock */
	AREA_SUPERBLOCK,
	AREA_DATA,
	AREA_DIRECTORY, /* a directory's entries */
	AREA_INODE,
	AREA_XATTRS, /* behind an inode */
	AREA_SHARED_XATTR,
	AREA_INDEX, /* of compressed data or chunks, behind an inode */
	AREA_TAIL,  /* the end of a file, behind its inode */
	AREA_PADDING,
	AREA_KINDS
};

struct area {
	uint64_t start, end;
	enum area_kind kind;
	uint64_t nid;
	bool indexed;	  /* an inode that has an index behind it */
	const char *path; /* of the file that it belongs to; NULL: of none */
};

struct areas {
	struct area *items; /* by start */
	size_t count, room;
	char **paths; /* path_count of them */
	size_t path_count, path_room;
	uint64_t end; /* of the image's own device */
	const struct erofs_image *image;
	const char *current;
	int result; /* first error that did not end the walk: what is damaged has no name */
};

/* Reads the tree. -ENOMEM. */
int areas_collect(struct areas *out, const struct erofs_image *image);
void areas_release(struct areas *areas);

/* What lies at this byte, cut from it on: from the byte to where something else begins. */
struct area areas_find(const struct areas *areas, uint64_t offset);

/* "the inode of /x", to be freed; NULL when out of memory. */
char *areas_describe(const struct area *area);

/* One or two words for the kind: "inode", "directory block", ... */
const char *areas_word(enum area_kind kind);

#endif
