/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_READER_NODES_H
#define EROFS_READER_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/inode.h>

#include "lib/util/arena.h"
#include "lib/util/index.h"

/*
 * The inodes found so far, each once, with the name and the directory that it was first found under: enough to render a path
 * for a message, and the set of those already seen. Zero-initialised it is empty and ready. One thread at a time may add;
 * reading is safe from several.
 */

#define EROFS_NODE_NONE UINT32_MAX

struct erofs_node {
	uint64_t nid;
	const char *name; /* length in the first byte, because a name on a hostile image may contain NUL */
	uint32_t parent;  /* EROFS_NODE_NONE: it begins a path */
	uint32_t nlink;	  /* as the inode says */
	uint32_t links;	  /* references found; directories: 2 + subdirectories */
	uint8_t type;	  /* enum erofs_file_type; EROFS_FT_UNKNOWN if the inode cannot be used */
	bool internal;	  /* has no place in the tree: the packed inode */
	bool chosen;	  /* its contents are to be checked */
};

struct erofs_nodes {
	struct erofs_node *items;
	size_t count, capacity;
	struct erofs_arena names;
	struct erofs_index by_nid;
};

void erofs_reader_nodes_release(struct erofs_nodes *nodes);

/* Adds an inode that erofs_reader_nodes_find() does not know. `*number` is its place. -ENOMEM, -EFBIG when there are too many. */
int erofs_reader_nodes_add(struct erofs_nodes *nodes, uint32_t *number, uint64_t nid, uint32_t parent, const char *name,
			   size_t name_len);

/* EROFS_NODE_NONE if there is none. */
uint32_t erofs_reader_nodes_find(const struct erofs_nodes *nodes, uint64_t nid);

/*
 * The path of entry `name` in directory `node` (name NULL: of the node itself), escaped for one line; its front is cut off
 * where it is very long. NULL when out of memory; freed by the caller.
 */
char *erofs_reader_nodes_path(const struct erofs_nodes *nodes, uint32_t node, const char *name, size_t name_len);

#endif
