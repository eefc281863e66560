/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/share/share_places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

/* A value that came a moment ago is not listed again; a few steps find nearly all of them. */
#define LOOK_BACK 4u

/* A folder on the way to the last path: its name ends there. */
struct erofs_share_open {
	uint32_t end;
	uint32_t folder;
};

struct name_key {
	uint32_t folder;
	uint32_t size;
	const char *name;
};

void erofs_share_places_release(struct erofs_share_places *places)
{
	erofs_buffer_release(&places->folders);
	erofs_buffer_release(&places->places);
	erofs_buffer_release(&places->versions);
	erofs_buffer_release(&places->names);
	erofs_buffer_release(&places->path);
	erofs_buffer_release(&places->open);
	erofs_index_release(&places->folder_index);
	erofs_index_release(&places->place_index);
}

static const char *name_at(const struct erofs_share_places *places, uint32_t at)
{
	return (const char *)places->names.data + at;
}

static uint64_t hash_name(const struct erofs_share_places *places, const struct name_key *key)
{
	return XXH3_64bits_withSeed(key->name, key->size, places->seed + key->folder);
}

static bool match_folder(const void *ctx, uint32_t number, const void *with)
{
	const struct erofs_share_folder *folder = erofs_share_folder(ctx, number);
	const struct name_key *key = with;

	return folder->parent == key->folder && folder->name_size == key->size &&
	       memcmp(name_at(ctx, folder->name), key->name, key->size) == 0;
}

static bool match_place(const void *ctx, uint32_t number, const void *with)
{
	const struct erofs_share_place *place = erofs_share_place(ctx, number);
	const struct name_key *key = with;

	return place->folder == key->folder && place->name_size == key->size &&
	       memcmp(name_at(ctx, place->name), key->name, key->size) == 0;
}

static int keep_name(struct erofs_share_places *places, uint32_t *at, const struct name_key *key)
{
	if (places->names.size > UINT32_MAX - key->size)
		return -EFBIG;
	*at = (uint32_t)places->names.size;
	return erofs_buffer_append(&places->names, key->name, key->size);
}

static int add_folder(struct erofs_share_places *places, uint32_t *number, const struct name_key *key)
{
	struct erofs_share_folder folder = { .parent = key->folder, .name_size = key->size };
	uint64_t hash = hash_name(places, key);
	int err;

	*number = erofs_index_find(&places->folder_index, hash, match_folder, places, key);
	if (*number != EROFS_INDEX_NONE)
		return 0;
	*number = (uint32_t)places->folder_count;
	err = places->folder_count >= EROFS_PLACE_NONE - 1 ? -EFBIG : keep_name(places, &folder.name, key);
	if (!err)
		err = erofs_buffer_append(&places->folders, &folder, sizeof(folder));
	if (err)
		return err;
	places->folder_count++;
	return erofs_index_add(&places->folder_index, hash, *number);
}

static int add_place(struct erofs_share_places *places, uint32_t *number, const struct name_key *key)
{
	struct erofs_share_place place = { .folder = key->folder,
					   .name_size = key->size,
					   .versions = EROFS_PLACE_NONE };
	uint64_t hash = hash_name(places, key);
	int err;

	*number = erofs_index_find(&places->place_index, hash, match_place, places, key);
	if (*number != EROFS_INDEX_NONE)
		return 0;
	*number = (uint32_t)places->place_count;
	err = places->place_count >= EROFS_PLACE_NONE - 1 ? -EFBIG : keep_name(places, &place.name, key);
	if (!err)
		err = erofs_buffer_append(&places->places, &place, sizeof(place));
	if (err)
		return err;
	places->place_count++;
	return erofs_index_add(&places->place_index, hash, *number);
}

static int push(struct erofs_share_places *places, uint32_t end, uint32_t folder)
{
	struct erofs_share_open open = { end, folder };

	return erofs_buffer_append(&places->open, &open, sizeof(open));
}

static struct erofs_share_open *top(const struct erofs_share_places *places)
{
	return (struct erofs_share_open *)(void *)(places->open.data + places->open.size) - 1;
}

/* Folders that the new path has in common with the last one stay open: their names, and the slash behind, were kept. */
static int close_folders(struct erofs_share_places *places, uint32_t kept)
{
	if (!places->open.size) {
		const struct name_key root = { .folder = EROFS_PLACE_NONE, .name = "" };
		uint32_t number;
		int err = add_folder(places, &number, &root);

		return err ? err : push(places, 0, number);
	}
	while (top(places)->end && top(places)->end >= kept)
		places->open.size -= sizeof(struct erofs_share_open);
	return 0;
}

int erofs_share_places_add(struct erofs_share_places *places, uint32_t *number, uint32_t kept, const void *text,
			   uint32_t added)
{
	struct name_key key;
	uint32_t at;
	int err;

	places->path.size = kept;
	err = erofs_buffer_append(&places->path, text, added);
	if (!err)
		err = close_folders(places, kept);
	/* What follows the end of the innermost open folder: a slash and a name, again and again. */
	while (!err) {
		const char *path = (const char *)places->path.data, *slash;

		at = top(places)->end + 1;
		if (at > places->path.size)
			at = (uint32_t)places->path.size;
		key = (struct name_key){ .folder = top(places)->folder, .name = path + at };
		slash = memchr(key.name, '/', places->path.size - at);
		key.size = (uint32_t)(slash ? (size_t)(slash - key.name) : places->path.size - at);
		if (!slash)
			return add_place(places, number, &key);
		err = add_folder(places, number, &key);
		if (!err)
			err = push(places, at + key.size, *number);
	}
	return err;
}

int erofs_share_places_note(struct erofs_share_places *places, uint32_t number, uint32_t value)
{
	struct erofs_share_place *place = erofs_share_place(places, number);
	struct erofs_share_version new = { value, place->versions };
	uint32_t at = place->versions;

	if (place->files < UINT32_MAX)
		place->files++;
	for (unsigned int i = 0; i < LOOK_BACK && at != EROFS_PLACE_NONE; i++) {
		if (erofs_share_version(places, at)->value == value)
			return 0;
		at = erofs_share_version(places, at)->next;
	}
	if (places->version_count >= EROFS_PLACE_NONE - 1)
		return -EFBIG;
	place->versions = (uint32_t)places->version_count++;
	return erofs_buffer_append(&places->versions, &new, sizeof(new));
}

static size_t folder_path_size(const struct erofs_share_places *places, uint32_t number)
{
	size_t size = 0;

	for (; number != EROFS_PLACE_ROOT; number = erofs_share_folder(places, number)->parent)
		size += 1 + erofs_share_folder(places, number)->name_size;
	return size;
}

/* Puts a slash and the name in front of `end`. */
static char *put_name(const struct erofs_share_places *places, char *end, uint32_t name, uint32_t name_size)
{
	end -= name_size;
	memcpy(end, name_at(places, name), name_size);
	*--end = '/';
	return end;
}

static void put_folders(const struct erofs_share_places *places, char *end, uint32_t number)
{
	while (number != EROFS_PLACE_ROOT) {
		const struct erofs_share_folder *folder = erofs_share_folder(places, number);

		end = put_name(places, end, folder->name, folder->name_size);
		number = folder->parent;
	}
}

char *erofs_share_folder_path(const struct erofs_share_places *places, uint32_t folder, size_t *size)
{
	char *out;

	if (folder == EROFS_PLACE_ROOT) {
		*size = 1;
		return strdup("/");
	}
	*size = folder_path_size(places, folder);
	out = malloc(*size + 1);
	if (!out)
		return NULL;
	put_folders(places, out + *size, folder);
	out[*size] = 0;
	return out;
}

char *erofs_share_place_path(const struct erofs_share_places *places, uint32_t number, size_t *size)
{
	const struct erofs_share_place *place = erofs_share_place(places, number);
	char *out, *end;

	*size = folder_path_size(places, place->folder) + 1 + place->name_size;
	out = malloc(*size + 1);
	if (!out)
		return NULL;
	end = put_name(places, out + *size, place->name, place->name_size);
	put_folders(places, end, place->folder);
	out[*size] = 0;
	return out;
}
