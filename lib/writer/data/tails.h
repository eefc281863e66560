/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_TAILS_H
#define EROFS_WRITER_TAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/io/output.h"

/*
 * Where inline tails wait between pack, which reads them, and emit, which knows their place. A few MiB stay in memory; of a
 * tree of many small files the rest goes to the output itself, behind all that the image will need, until it is asked for;
 * where there is no room for it, it stays in memory. One thread at a time.
 */
struct tail_page;

struct erofs_tails {
	struct erofs_output *output; /* NULL, or without scratch space: everything stays in memory */
	uint64_t scratch_at;	     /* offset in the output from which on it may be used */
	struct tail_page *pages;     /* by number */
	size_t page_count, page_room;
	size_t resident; /* pages in memory */
	bool no_scratch; /* the output takes no more */
	size_t clock;	 /* next page to look at for making room */
	uint64_t size;
};

void erofs_writer_tails_release(struct erofs_tails *tails);

/* Takes `size` bytes and says in `*at` where they are. */
int erofs_writer_tails_append(struct erofs_tails *tails, uint64_t *at, const void *data, size_t size);

/* Says that bytes will be asked for once more. Not after reading. */
void erofs_writer_tails_share(struct erofs_tails *tails, uint64_t at, size_t size);

/*
 * Copies them out again, once, and once more for each time that they were shared: nobody may ask for them oftener, nor append after
 * reading. Quick when asked for in
 * about the order of their coming.
 */
int erofs_writer_tails_read(struct erofs_tails *tails, void *out, size_t size, uint64_t at);

#endif
