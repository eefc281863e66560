/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/path.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

bool erofs_path_take_component(struct erofs_path_component *out, const char **path)
{
	do {
		out->start = *path + strspn(*path, "/");
		out->length = strcspn(out->start, "/");
		*path = out->start + out->length;
	} while (out->length == 1 && out->start[0] == '.');
	return out->length;
}

uint64_t erofs_path_component_hash(const struct erofs_path_component *component, const void *dir, uint64_t seed)
{
	return XXH3_64bits_withSeed(component->start, component->length, seed ^ (uint64_t)(uintptr_t)dir);
}

bool erofs_path_component_is(const struct erofs_path_component *component, const char *name)
{
	return strncmp(name, component->start, component->length) == 0 && !name[component->length];
}

bool erofs_path_leads_up(const struct erofs_path_component *component)
{
	return component->length == 2 && memcmp(component->start, "..", 2) == 0;
}

/* The length with a component behind the first `length` bytes. */
static size_t append(char *out, size_t length, const struct erofs_path_component *component)
{
	if (length)
		out[length++] = '/';
	memcpy(out + length, component->start, component->length);
	return length + component->length;
}

char *erofs_path_simplify(const char *path)
{
	char *out = malloc(strlen(path) + 1);
	struct erofs_path_component component;
	size_t length = 0;

	if (!out)
		return NULL;
	while (erofs_path_take_component(&component, &path))
		length = append(out, length, &component);
	out[length] = 0;
	return out;
}

char *erofs_path_resolve(const char *from, size_t from_length, const char *path)
{
	size_t length = path[0] == '/' ? 0 : from_length;
	char *out = malloc(from_length + strlen(path) + 2);
	struct erofs_path_component component;

	if (!out)
		return NULL;
	memcpy(out, from, length);
	while (erofs_path_take_component(&component, &path)) {
		const char *slash = length ? memrchr(out, '/', length) : NULL;

		if (!erofs_path_leads_up(&component)) {
			length = append(out, length, &component);
			continue;
		}
		if (!length) {
			free(out);
			return NULL;
		}
		length = slash ? (size_t)(slash - out) : 0;
	}
	out[length] = 0;
	return out;
}
