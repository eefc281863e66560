/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_EXTENT_LIST_H
#define EROFS_WRITER_EXTENT_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/util/buffer.h"

/*
 * The extents of compressed files between pack, which makes them, and emit, which writes an index of them: a few bytes each,
 * one list for each distinct content, because files of equal content share it.
 */

enum erofs_extent_form {
	EROFS_FORM_STORED,
	EROFS_FORM_ENCODED,
	EROFS_FORM_ZEROS,    /* takes no room on the device */
	EROFS_FORM_FRAGMENT, /* the last one: lies in the packed inode */
	EROFS_FORM_GAP,	     /* no extent: unused room on the device in front of the next one */
};

/* One extent. They follow each other in the file, and on the device, too, but for those that are elsewhere. */
struct erofs_list_extent {
	uint64_t length; /* bytes of the file */
	uint32_t plen;	 /* on the device, in the unit of the list's maker; 0 but for zeros: a packed tail */
	enum erofs_extent_form form;
	uint64_t place; /* not 0: an extent that another list has, too, stored or encoded; it is there, in that unit */
	bool partial;	/* only its first part: it decodes to more */
};

/* Units that the extent takes behind the ones before it. */
static inline uint32_t erofs_writer_extent_room(const struct erofs_list_extent *extent)
{
	return extent->place ? 0 : extent->plen;
}

/* Appends an extent to a list in the making. -ENOMEM. */
int erofs_writer_extents_append(struct erofs_buffer *extents, const struct erofs_list_extent *extent);

/* What counts for a list as a whole. */
struct erofs_extent_list {
	uint64_t start; /* on the device */
	uint64_t plen;	/* sum over the extents that are not elsewhere */
	uint64_t count; /* without gaps */
	uint64_t gaps;
	uint8_t method;	 /* number of the file's method */
	bool uneven;	 /* extents that are not all of the method's size */
	bool has_shared; /* some are elsewhere, so that the index of clusters is a full one */
	bool has_zeros;	 /* some are zeros */
	/*
	 * The last extent may be a packed tail: encoded or stored bytes that stand behind the index, 0: there is none. Each file
	 * that shares the list has a copy.
	 */
	uint32_t tail_size;
	uint64_t tail_at; /* where they wait in the tail store */
	/* Or it is a fragment, which all of them share. */
	bool has_fragment;
	uint32_t fragment; /* its number */
};

/* Adds a finished list to all lists; `*at` is where. -ENOMEM. */
int erofs_writer_extent_lists_add(struct erofs_buffer *lists, uint64_t *at, const struct erofs_extent_list *list,
				  const struct erofs_buffer *extents);

/* Goes through a list. */
struct erofs_extent_cursor {
	const uint8_t *at;
	uint64_t left; /* extents and gaps */
};

void erofs_writer_extent_lists_open(const struct erofs_buffer *lists, uint64_t at, struct erofs_extent_list *list,
				    struct erofs_extent_cursor *cursor);
/* False at the end. */
bool erofs_writer_extents_next(struct erofs_extent_cursor *cursor, struct erofs_list_extent *extent);

#endif
