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

/* Bytes of the largest cluster that this hint (NULL: none) asks for; those of all others where its own size is impossible. */
uint32_t erofs_writer_hinted_size(const struct erofs_compress_hint *hint, const struct erofs_build_options *options);

/* The largest cluster of all, with hints and without. */
uint32_t erofs_writer_compress_hints_largest(const struct erofs_build_options *options);

/* Whether all algorithms that options->hints name are in the list. Reports the first that is not, by file and line, -EINVAL. */
int erofs_writer_compress_hints_check(const struct erofs_build_options *options, const struct erofs_diag *diag);

/* Warns of each size that is no number of blocks. */
void erofs_writer_compress_hints_warn(const struct erofs_build_options *options, const struct erofs_diag *diag);

#endif
