/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_RESOLVE_H
#define EROFS_DUMP_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include <erofs/image.h>

/* Paths that a pattern stands for, sorted. */
struct resolve_matches {
	char **paths; /* count of them */
	size_t count, room;
};

/* Whether a path has characters that make it a pattern. */
bool resolve_is_pattern(const char *path);

/*
 * Expands a pattern as a shell would: `*`, `?` and `[...]` in each component, where a leading dot has to be given, and a backslash
 * takes the meaning of the next character. Directories that match are gone into through links, unless `no_follow` is set.
 * -ENOENT: nothing matches; -E2BIG: more than 65536 paths do.
 */
int resolve_pattern(const struct erofs_image *image, struct resolve_matches *out, const char *pattern, bool no_follow);
void resolve_release(struct resolve_matches *matches);

#endif
