/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SHARE_SHARE_PLACES_H
#define EROFS_SHARE_SHARE_PLACES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/util/buffer.h"
#include "lib/util/index.h"

/*
 * The paths of a set: directories, and the places of regular files in them, with the values found at each. Names are bytes;
 * a hostile image may put anything into them. Zero-initialised it is empty and ready.
 */

#define EROFS_PLACE_ROOT 0u
#define EROFS_PLACE_NONE UINT32_MAX

struct erofs_share_folder {
	uint32_t parent;	  /* a lower number; EROFS_PLACE_NONE: the root */
	uint32_t name, name_size; /* in names */
	uint64_t page_bytes;	  /* of the files directly in it */
	uint64_t shared_page_bytes;
	uint64_t differing_page_bytes;
};

struct erofs_share_place {
	uint32_t folder;
	uint32_t name, name_size;
	uint32_t versions; /* a list of values found here, the last one first, some more than once */
	uint32_t files;	   /* with a value; stays at UINT32_MAX */
};

/* A value at a place: the number that stands for it, and the next one of the list. */
struct erofs_share_version {
	uint32_t value;
	uint32_t next;
};

struct erofs_share_places {
	struct erofs_buffer folders, places, versions;
	size_t folder_count, place_count, version_count;
	struct erofs_buffer names;
	struct erofs_index folder_index, place_index;
	uint64_t seed; /* of hashes: names may be chosen to collide */
	/* The path added last, and where its folders' names end in it. */
	struct erofs_buffer path;
	struct erofs_buffer open; /* of struct erofs_share_open */
};

void erofs_share_places_release(struct erofs_share_places *places);

static inline struct erofs_share_folder *erofs_share_folder(const struct erofs_share_places *places, uint32_t number)
{
	return (struct erofs_share_folder *)(void *)places->folders.data + number;
}

static inline struct erofs_share_place *erofs_share_place(const struct erofs_share_places *places, uint32_t number)
{
	return (struct erofs_share_place *)(void *)places->places.data + number;
}

static inline struct erofs_share_version *erofs_share_version(const struct erofs_share_places *places, uint32_t number)
{
	return (struct erofs_share_version *)(void *)places->versions.data + number;
}

/*
 * The place of a path: `kept` bytes of the path before it and the `added` bytes of `text`. Begin each input with kept 0.
 * -ENOMEM, -EFBIG when there are too many.
 */
int erofs_share_places_add(struct erofs_share_places *places, uint32_t *number, uint32_t kept, const void *text,
			   uint32_t added);

/* Notes that a file with this value is there. -ENOMEM, -EFBIG. */
int erofs_share_places_note(struct erofs_share_places *places, uint32_t place, uint32_t value);

/* The path of a place, or of a folder, allocated with a NUL behind it; NULL when out of memory. */
char *erofs_share_place_path(const struct erofs_share_places *places, uint32_t place, size_t *size);
char *erofs_share_folder_path(const struct erofs_share_places *places, uint32_t folder, size_t *size);

#endif
