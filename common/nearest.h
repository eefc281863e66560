/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_COMMON_NEAREST_H
#define EROFS_COMMON_NEAREST_H

#include <getopt.h>
#include <stddef.h>

/* "Did you mean": which of the names that exist is nearest to a word that is none of them. */

struct tool_nearest {
	const char *word;
	size_t length; /* of it */
	const char *name;
	size_t mistakes; /* letters that are wrong, missing, in excess, or in the place of their neighbours */
};

struct tool_nearest tool_nearest_to(const char *word, size_t length);
void tool_nearest_offer(struct tool_nearest *nearest, const char *name);

/* " (did you mean 'PREFIXNAME'?)", or "" if none is near. Returns `out`. */
#define TOOL_HINT_MAX 96
const char *tool_nearest_hint(const struct tool_nearest *nearest, char out[TOOL_HINT_MAX], const char *prefix);

/*
 * What is wrong with the option that getopt_long() stumbled over, in words. `found` is what it returned: '?', or ':' (optstring begins with
 * a colon, opterr is 0). To be freed; NULL when out of memory.
 */
char *tool_option_mistake(int found, char *const *argv, const struct option *names);

#endif
