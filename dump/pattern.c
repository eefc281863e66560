/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/resolve.h"
#include "dump/resolve.h"

#define MATCHES_MAX 65536u
#define LOOKS_MAX   (UINT64_C(1) << 24) /* names compared: few bytes of image can hold directories without end */

/* The component that is looked for now, below each path that the ones before it have found. */
struct step {
	const struct erofs_image *image;
	struct resolve_matches *found;
	const char *pattern;
	bool no_follow;
	uint64_t looks;
};

bool resolve_is_pattern(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

void resolve_release(struct resolve_matches *matches)
{
	for (size_t i = 0; i < matches->count; i++)
		free(matches->paths[i]);
	free(matches->paths);
	*matches = (struct resolve_matches){ 0 };
}

static int append(struct resolve_matches *matches, const char *directory, const char *name)
{
	size_t length = strlen(directory);
	char *path;

	if (matches->count == MATCHES_MAX)
		return -E2BIG;
	if (matches->count == matches->room) {
		size_t room = matches->room ? 2 * matches->room : 64;
		char **grown = realloc(matches->paths, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		matches->paths = grown;
		matches->room = room;
	}
	path = malloc(length + strlen(name) + 2);
	if (!path)
		return -ENOMEM;
	memcpy(path, directory, length);
	path[length] = '/';
	strcpy(path + length + 1, name);
	matches->paths[matches->count++] = path;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_dot(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Names of `dir` that fit. Some images hide bytes behind a NUL; no pattern names them. */
static int match_entries(struct step *step, const struct erofs_inode *dir, const char *path)
{
	struct erofs_dirent entry;
	struct erofs_dir *list;
	int err = erofs_dir_open(&list, step->image, dir), found = 1;

	while (!err && (found = erofs_dir_next(list, &entry)) > 0)
		if (++step->looks > LOOKS_MAX)
			err = -E2BIG;
		else if (!is_dot(entry.name) && !fnmatch(step->pattern, entry.name, FNM_PERIOD))
			err = append(step->found, path, entry.name);
	if (!err && found < 0)
		err = found;
	erofs_dir_close(list);
	return err;
}

/* Whether there is a directory at `path` to go into: 1, 0 or an error. */
static int enter(const struct step *step, struct erofs_inode *out, const char *path)
{
	char *real = NULL;
	int err = step->no_follow ? erofs_image_lookup(step->image, out, path)
				  : tool_resolve_path(step->image, out, &real, path, true);

	free(real);
	if (err == -ENOENT || err == -ENOTDIR || err == -ELOOP || err == -ENAMETOOLONG)
		return 0;
	return err ? err : S_ISDIR(out->mode);
}

/* A name without a pattern: its backslashes are gone, and the end of the search looks whether it is there. */
static int match_name(struct step *step, const char *path)
{
	char name[EROFS_NAME_MAX + 1];
	size_t length = 0;

	for (const char *at = step->pattern; *at; at++) {
		if (*at == '\\' && at[1])
			at++;
		if (length == EROFS_NAME_MAX)
			return 0;
		name[length++] = *at;
	}
	name[length] = 0;
	return append(step->found, path, name);
}

static bool exists(const struct step *step, const char *path)
{
	struct erofs_inode inode;
	char *real = NULL;
	int err = step->no_follow ? erofs_image_lookup(step->image, &inode, path)
				  : tool_resolve_path(step->image, &inode, &real, path, false);

	free(real);
	return !err;
}

/* One component further. */
static int advance(struct step *step, struct resolve_matches *paths)
{
	int err = 0;

	for (size_t i = 0; !err && i < paths->count; i++) {
		struct erofs_inode dir;
		int entered;

		if (!resolve_is_pattern(step->pattern)) {
			err = match_name(step, paths->paths[i]);
			continue;
		}
		entered = enter(step, &dir, *paths->paths[i] ? paths->paths[i] : "/");
		err = entered > 0 ? match_entries(step, &dir, paths->paths[i]) : entered;
	}
	resolve_release(paths);
	*paths = *step->found;
	*step->found = (struct resolve_matches){ 0 };
	return err;
}

static void drop_missing(const struct step *step, struct resolve_matches *paths)
{
	size_t kept = 0;

	for (size_t i = 0; i < paths->count; i++) {
		if (exists(step, paths->paths[i]))
			paths->paths[kept++] = paths->paths[i];
		else
			free(paths->paths[i]);
	}
	paths->count = kept;
}

int resolve_pattern(const struct erofs_image *image, struct resolve_matches *out, const char *pattern, bool no_follow)
{
	struct resolve_matches found = { 0 };
	struct step step = { .image = image, .found = &found, .no_follow = no_follow };
	char *copy = strdup(pattern), *left = copy, *component;
	int err = copy ? append(out, "", "") : -ENOMEM;

	if (!err)
		*out->paths[0] = 0;
	while (!err && (component = strsep(&left, "/"))) {
		step.pattern = component;
		if (*component)
			err = advance(&step, out);
	}
	free(copy);
	resolve_release(&found);
	if (!err)
		drop_missing(&step, out);
	if (!err && !out->count)
		err = -ENOENT;
	if (err)
		resolve_release(out);
	else
		qsort(out->paths, out->count, sizeof(*out->paths), by_bytes);
	return err;
}
