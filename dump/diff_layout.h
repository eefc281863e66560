/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_DIFF_LAYOUT_H
#define EROFS_DUMP_DIFF_LAYOUT_H

#include <stdio.h>

#include "dump/areas.h"
#include "dump/diff.h"

/* The first difference of one kind of area. */
struct layout_first {
	uint64_t count; /* areas of this kind that differ */
	uint64_t offset;
	struct area a, b; /* what lies there on each side */
};

struct layout {
	const char *names[2];
	struct erofs_image *images[2];
	struct areas areas[2];
	uint64_t sizes[2];
	int fds[2];
	struct layout_first kinds[AREA_KINDS];
	bool differs;
	enum area_kind first; /* of those behind the superblock; AREA_KINDS: none */
};

/* Writes the fields of the superblock that differ, "epoch 1 -> 2, ...", without checksum; how many. */
unsigned int layout_superblock(const struct layout *layout, FILE *out);

/* Writes the fields that differ of the inode that lies in `first`, if it is the same one on both sides; how many. */
unsigned int layout_inode(const struct layout *layout, const struct layout_first *first, FILE *out);

/* Why that may be, one line of text or NULL; `number` from 0 on. */
const char *layout_hint(const struct layout *layout, unsigned int number);

#endif
