/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_oci_hidden.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/array.h"
#include "lib/util/path.h"
#include "lib/util/seed.h"

/* Numbers of layers; 0: none. Since numbers rise, the first one is the uppermost. */
struct hidden_name {
	struct hidden_name *dir;
	const char *name;
	uint32_t first, last; /* that have it at all */
	uint32_t covers;      /* the first that has something else than a directory here */
	uint32_t is_opaque;   /* the first that hides all below */
	uint32_t wants;	      /* the first that has a hard link to it */
};

struct hidden_key {
	const struct hidden_name *dir;
	struct erofs_path_component component;
};

static uint64_t hash_key(const struct oci_hidden *hidden, const struct hidden_key *key)
{
	return erofs_path_component_hash(&key->component, key->dir, hidden->seed);
}

static bool matches(const void *ctx, uint32_t number, const void *arg)
{
	const struct hidden_name *name = ((const struct oci_hidden *)ctx)->names[number];
	const struct hidden_key *key = arg;

	return name->dir == key->dir && erofs_path_component_is(&key->component, name->name);
}

static struct hidden_name *look_up(const struct oci_hidden *hidden, const struct hidden_key *key)
{
	uint32_t number = erofs_index_find(&hidden->index, hash_key(hidden, key), matches, hidden, key);

	return number == EROFS_INDEX_NONE ? NULL : hidden->names[number];
}

static struct hidden_name *take_name(struct oci_hidden *hidden, struct hidden_name *dir,
				     const struct erofs_path_component *component)
{
	const struct hidden_key key = { dir, *component };
	struct hidden_name *name = look_up(hidden, &key);

	if (name)
		return name;
	if (erofs_array_reserve(&hidden->names, &hidden->room, (size_t)hidden->count + 1))
		return NULL;
	name = erofs_arena_alloc(&hidden->arena, sizeof(*name));
	if (!name)
		return NULL;
	name->dir = dir;
	name->name = erofs_arena_copy(&hidden->arena, component->start, component->length);
	if (!name->name || erofs_index_add(&hidden->index, hash_key(hidden, &key), hidden->count))
		return NULL;
	hidden->names[hidden->count++] = name;
	return name;
}

static void note_first(uint32_t *first, uint32_t layer)
{
	if (!*first)
		*first = layer;
}

static void note(struct hidden_name *name, uint32_t layer, enum oci_hides what)
{
	if (what == OCI_WANTS) {
		if (name->last != layer)
			note_first(&name->wants, layer);
		return;
	}
	note_first(&name->first, layer);
	name->last = layer;
	if (what == OCI_HAS_OTHER)
		note_first(&name->covers, layer);
	if (what == OCI_HAS_OPAQUE)
		note_first(&name->is_opaque, layer);
}

int erofs_source_oci_hidden_note(struct oci_hidden *hidden, const char *path, enum oci_hides what)
{
	struct hidden_name *at = hidden->root;
	struct erofs_path_component component;

	while (erofs_path_take_component(&component, &path)) {
		if (erofs_path_leads_up(&component))
			return 0;
		/* What has something below it is a directory. */
		if (what != OCI_WANTS)
			note(at, hidden->layer, OCI_HAS_DIRECTORY);
		at = take_name(hidden, at, &component);
		if (!at)
			return -ENOMEM;
	}
	note(at, hidden->layer, what);
	return 0;
}

static bool is_above(const struct oci_hidden *hidden, uint32_t layer)
{
	return layer && layer < hidden->layer;
}

bool erofs_source_oci_is_hidden(const struct oci_hidden *hidden, const char *path)
{
	const struct hidden_name *at = hidden->root;
	struct erofs_path_component component;
	bool is_hidden = false;

	while (at && erofs_path_take_component(&component, &path)) {
		const struct hidden_key key = { at, component };

		is_hidden |= is_above(hidden, at->covers) || is_above(hidden, at->is_opaque);
		at = look_up(hidden, &key);
	}
	if (!at)
		return is_hidden;
	return (is_hidden || is_above(hidden, at->first)) && !is_above(hidden, at->wants);
}

int erofs_source_oci_hidden_init(struct oci_hidden *hidden)
{
	*hidden = (struct oci_hidden){ .layer = 1, .seed = erofs_random_seed() };
	hidden->root = erofs_arena_alloc(&hidden->arena, sizeof(*hidden->root));
	return hidden->root ? 0 : -ENOMEM;
}

void erofs_source_oci_hidden_release(struct oci_hidden *hidden)
{
	erofs_arena_release(&hidden->arena);
	erofs_index_release(&hidden->index);
	free(hidden->names);
	*hidden = (struct oci_hidden){ 0 };
}

void erofs_source_oci_hidden_next_layer(struct oci_hidden *hidden)
{
	hidden->layer++;
}
