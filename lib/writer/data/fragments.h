/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_FRAGMENTS_H
#define EROFS_WRITER_FRAGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/io/output.h"
#include "lib/tree/tree.h"
#include "lib/util/index.h"
#include "lib/util/pool.h"

/*
 * Fragments: tails and small files that will lie together in the packed inode. They wait here, as they are, until all are known,
 * and then get their places: alike beside alike. Some MiB stay in memory, the rest goes behind the end of the output, or where that
 * has no room of its own to a file without a name in TMPDIR; if there is no room there either, it stays in memory.
 *
 * Commits add, one at a time; when all is arranged, any thread may read.
 */
#define EROFS_FRAGMENT_NAME  6u
#define EROFS_FRAGMENT_FRONT 26u

struct erofs_fragment {
	uint64_t at; /* where its bytes wait */
	uint64_t size;
	uint64_t offset; /* in the packed inode; EROFS_FRAGMENT_UNUSED until it is arranged */
	/* What it is ordered by: alike are of one kind, begin their names alike, begin alike. */
	uint64_t kind;
	uint8_t name[EROFS_FRAGMENT_NAME];
	uint8_t front[EROFS_FRAGMENT_FRONT];
};

#define EROFS_FRAGMENT_NONE   UINT32_MAX
#define EROFS_FRAGMENT_UNUSED UINT64_MAX

struct fragment_page;

struct erofs_fragments {
	struct erofs_output *output; /* NULL: everything stays in memory */
	uint64_t scratch_at;	     /* offset in the output from which on it may be used */
	int fd;			     /* of a file in TMPDIR, if the output has no scratch space */
	bool has_file, no_room;
	struct fragment_page *pages;
	size_t page_count, page_room, resident;
	uint64_t waiting; /* bytes that wait */

	struct erofs_fragment *items;
	uint32_t count;
	size_t room;
	struct erofs_index index; /* by content */
	uint32_t *order;	  /* numbers of those that are used, by offset */
	uint32_t used;
	uint64_t size; /* of the packed inode */
};

void erofs_writer_fragments_release(struct erofs_fragments *fragments);

/* Begins a fragment of this file, of no bytes yet; those at `data` will be its first ones. -ENOMEM, -EOVERFLOW. */
int erofs_writer_fragments_begin(struct erofs_fragments *fragments, uint32_t *number,
				 const struct erofs_tree_inode *inode, const void *data, size_t size);

/* Adds bytes to the last one. -ENOMEM. */
int erofs_writer_fragments_append(struct erofs_fragments *fragments, const void *data, size_t size);

/* A fragment with these bytes: one that is there, if `once`, or a new one. */
int erofs_writer_fragments_add(struct erofs_fragments *fragments, uint32_t *number,
			       const struct erofs_tree_inode *inode, const void *data, size_t size, bool once);

/* Says that a file needs a fragment. Those that none needs will not be in the packed inode. */
void erofs_writer_fragments_use(struct erofs_fragments *fragments, uint32_t number);

/* Puts those in use in order, by kind and name. -ENOMEM. */
int erofs_writer_fragments_sort(struct erofs_fragments *fragments);

/* Moves each behind the one in front of it that has most in common with it: the same with any number of workers. -ENOMEM, -EIO. */
int erofs_writer_fragments_group(struct erofs_fragments *fragments, struct erofs_pool *pool);

/* Gives those in use their places, in that order. */
void erofs_writer_fragments_arrange(struct erofs_fragments *fragments);

/* Reads bytes where they wait; any thread may when all are there. -EIO. */
int erofs_writer_fragments_fetch(const struct erofs_fragments *fragments, uint8_t *out, size_t size, uint64_t at);

/* Reads from the packed inode's data. -EIO. */
int erofs_writer_fragments_read(const struct erofs_fragments *fragments, void *out, size_t length, uint64_t offset);

#endif
