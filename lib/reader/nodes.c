/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/reader/nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/text.h>

#include "lib/util/array.h"

/* A path in a message: a hostile tree may be a million levels deep, and its findings ten thousand. */
#define PATH_SHOWN 4096u

void erofs_reader_nodes_release(struct erofs_nodes *nodes)
{
	free(nodes->items);
	erofs_arena_release(&nodes->names);
	erofs_index_release(&nodes->by_nid);
	*nodes = (struct erofs_nodes){ 0 };
}

int erofs_reader_nodes_add(struct erofs_nodes *nodes, uint32_t *number, uint64_t nid, uint32_t parent, const char *name,
			   size_t name_len)
{
	char stored[1 + EROFS_NAME_MAX];
	char *copy;
	int err;

	if (name_len > EROFS_NAME_MAX)
		return -EINVAL;
	if (nodes->count >= EROFS_NODE_NONE)
		return -EFBIG;
	err = erofs_array_reserve(&nodes->items, &nodes->capacity, nodes->count + 1);
	if (err)
		return err;
	stored[0] = (char)name_len;
	memcpy(stored + 1, name, name_len);
	copy = erofs_arena_copy(&nodes->names, stored, 1 + name_len);
	if (!copy)
		return -ENOMEM;
	err = erofs_index_add(&nodes->by_nid, nid, (uint32_t)nodes->count);
	if (err)
		return err;
	*number = (uint32_t)nodes->count;
	nodes->items[nodes->count++] = (struct erofs_node){ .nid = nid, .name = copy, .parent = parent };
	return 0;
}

static bool same_nid(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_nodes *nodes = ctx;
	const uint64_t *nid = key;

	return nodes->items[number].nid == *nid;
}

uint32_t erofs_reader_nodes_find(const struct erofs_nodes *nodes, uint64_t nid)
{
	return erofs_index_find(&nodes->by_nid, nid, same_nid, nodes, &nid);
}

#define CUT "..."

/* A path is put together from its end, because that is how the links run. In front there is always room for CUT. */
struct backwards {
	char text[sizeof(CUT) - 1 + PATH_SHOWN];
	size_t start;
};

static void prepend(struct backwards *to, const char *bytes, size_t size)
{
	to->start -= size;
	memcpy(to->text + to->start, bytes, size);
}

/* False if there is no room for all of it. */
static bool prepend_name(struct backwards *to, const char *slash, const char *name, size_t name_len)
{
	if (strlen(slash) + name_len + sizeof(CUT) - 1 > to->start)
		return false;
	prepend(to, name, name_len);
	prepend(to, slash, strlen(slash));
	return true;
}

char *erofs_reader_nodes_path(const struct erofs_nodes *nodes, uint32_t node, const char *name, size_t name_len)
{
	struct backwards path = { .start = sizeof(path.text) };
	bool whole = !name || prepend_name(&path, "/", name, name_len);

	while (whole && node != EROFS_NODE_NONE) {
		const struct erofs_node *at = &nodes->items[node];
		const char *slash = at->parent == EROFS_NODE_NONE ? "" : "/";

		whole = prepend_name(&path, slash, at->name + 1, (uint8_t)at->name[0]);
		node = at->parent;
	}
	if (!whole)
		prepend(&path, CUT, sizeof(CUT) - 1);
	else if (path.start == sizeof(path.text))
		prepend(&path, "/", 1);
	return erofs_escape(path.text + path.start, sizeof(path.text) - path.start);
}
