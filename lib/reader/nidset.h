/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_READER_NIDSET_H
#define EROFS_READER_NIDSET_H

#include <stddef.h>
#include <stdint.h>

/* A set of inode numbers; zero-initialised it is empty. */
struct erofs_nidset {
	uint64_t *slots; /* nid + 1, 0: free */
	size_t used;
	size_t mask;   /* slots - 1, a power of two minus one */
	uint64_t seed; /* of the hash: numbers may be chosen to collide; made with the first slots */
};

void erofs_reader_nidset_release(struct erofs_nidset *set);

/* 1: added; 0: it was there; -ENOMEM. No nid of an inode that was read is UINT64_MAX. */
int erofs_reader_nidset_add(struct erofs_nidset *set, uint64_t nid);

#endif
