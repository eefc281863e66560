/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_HINTS_H
#define EROFS_WRITER_HINTS_H

#include <erofs/build.h>

/*
 * The first hint whose expression matches, or NULL. `path` from the root without a leading slash. NULL hints have none. Safe
 * from several threads.
 */
const struct erofs_compress_hint *erofs_writer_compress_hints_find(const struct erofs_compress_hints *hints,
								   const char *path);

/* Hint `index` of the file; NULL behind the last one. */
const struct erofs_compress_hint *erofs_writer_compress_hints_at(const struct erofs_compress_hints *hints,
								 size_t index);

/* The largest pcluster that a hint asks for, 0 if none does. */
uint32_t erofs_writer_compress_hints_largest(const struct erofs_compress_hints *hints);

/*
 * Whether all of options->hints fit the rest of the options: sizes the block size, indexes the list of algorithms. Reports
 * the first that does not by file and line, -EINVAL.
 */
int erofs_writer_compress_hints_check(const struct erofs_build_options *options, const struct erofs_diag *diag);

#endif
