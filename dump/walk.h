/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_WALK_H
#define EROFS_DUMP_WALK_H

#include <erofs/walk.h>

#include "dump/dump.h"

/* A negative result ends the walk. */
typedef int (*walk_visitor)(void *ctx, const struct erofs_walk_entry *entry);

/*
 * Visits the inode asked for and all below it, as erofs_walk() does. What is damaged is reported by path and left out; the
 * walk goes on and the first such error is its result.
 */
int dump_walk(const struct dump *dump, walk_visitor visit, void *ctx);

#endif
