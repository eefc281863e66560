/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_PATH_H
#define EROFS_UTIL_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Paths as people write them, where "." and several slashes say nothing. In a directory of an image, "." is a name like others. */

struct erofs_path_component {
	const char *start;
	size_t length;
};

/* The next component from `*path` on, ".." included, and "." not; false at the end. */
bool erofs_path_take_component(struct erofs_path_component *out, const char **path);

/* For an index of the names below each directory: `dir` is whatever stands for it, `seed` random. */
uint64_t erofs_path_component_hash(const struct erofs_path_component *component, const void *dir, uint64_t seed);

bool erofs_path_component_is(const struct erofs_path_component *component, const char *name);

/* Whether it is "..". */
bool erofs_path_leads_up(const struct erofs_path_component *component);

/* The components with one slash in between: "a/b" of "/a//./b/"; ".." stays. To be freed; NULL when out of memory. */
char *erofs_path_simplify(const char *path);

/*
 * The same of a path that is read in the directory `from` (of `from_length` bytes, as this returns them), each ".." taking a
 * component away. NULL if it leads out of the root, or memory is short.
 */
char *erofs_path_resolve(const char *from, size_t from_length, const char *path);

#endif
