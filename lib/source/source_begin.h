/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_BEGIN_H
#define EROFS_SOURCE_BEGIN_H

#include <erofs/source.h>

#include "lib/tree/tree.h"

/*
 * What every scan begins with: takes the caller's options, and refuses with -EINVAL, reported, a tree that is missing or has a
 * source, and lists without items. `function` is the caller's name for messages.
 */
int erofs_source_begin(struct erofs_tree *tree, struct erofs_scan_options *known,
		       const struct erofs_scan_options *given, const char *function, const struct erofs_diag *diag);

/* Ends a scan: a tree that could not be filled is good for nothing any more. Returns `err`. */
int erofs_source_end(struct erofs_tree *tree, int err);

#endif
