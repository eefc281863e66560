/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_FILTER_H
#define EROFS_SOURCE_FILTER_H

#include <stdbool.h>

#include <erofs/source.h>

/* Which paths to leave out. */
struct erofs_filter;

/* Compiles the exclude options. -EINVAL, reported, for a bad regular expression. `*out` is NULL if nothing is excluded. */
int erofs_source_filter_new(struct erofs_filter **out, const struct erofs_scan_options *options,
			    const struct erofs_diag *diag);
void erofs_source_filter_free(struct erofs_filter *filter);

/* Whether it leaves out `path`, relative to the root, without a leading slash. A NULL filter leaves nothing out. For any thread. */
bool erofs_source_filter_matches(const struct erofs_filter *filter, const char *path);

/* The same, and notes in the options' exclusions_used which of them did so. One thread at a time. */
bool erofs_source_filter_excludes(const struct erofs_filter *filter, const char *path);

#endif
