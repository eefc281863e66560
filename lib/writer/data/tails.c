/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/tails.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/array.h"
#include "lib/util/data_buffer.h"

/* Small pages, because an inode that fills a gap far in front of its neighbours asks for one of its own. */
#define PAGE_SIZE     ((size_t)64 * 1024)
#define RESIDENT_MOST 384u

struct tail_page {
	uint8_t *bytes;	 /* NULL: in the output */
	uint64_t wanted; /* bytes of it that are still to be asked for; counts what nobody will */
	bool saved;	 /* the output has it, too */
	bool used;	 /* since the clock hand came by */
};

void erofs_writer_tails_release(struct erofs_tails *tails)
{
	for (size_t i = 0; i < tails->page_count; i++)
		free(tails->pages[i].bytes);
	free(tails->pages);
	*tails = (struct erofs_tails){ 0 };
}

static uint64_t scratch_offset(const struct erofs_tails *tails, size_t page)
{
	/* Aligned, because file systems give back whole blocks. */
	return (tails->scratch_at + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE + (uint64_t)page * PAGE_SIZE;
}

static void evict(struct erofs_tails *tails, size_t number)
{
	struct tail_page *page = &tails->pages[number];

	/* No room there, or not so far behind the image: the image itself may fit all the same. */
	if (!page->saved &&
	    erofs_output_write_scratch(tails->output, page->bytes, PAGE_SIZE, scratch_offset(tails, number))) {
		erofs_output_drop_scratch(tails->output, PAGE_SIZE, scratch_offset(tails, number));
		tails->no_scratch = true;
		return;
	}
	page->saved = true;
	free(page->bytes);
	page->bytes = NULL;
	tails->resident--;
}

/* Second chance: the first page that nobody asked for since the hand passed it leaves. The newest is still being filled. */
static void make_room(struct erofs_tails *tails)
{
	if (tails->resident < RESIDENT_MOST || tails->no_scratch || !tails->output ||
	    !erofs_output_has_scratch(tails->output))
		return;
	for (;; tails->clock++) {
		size_t number = tails->clock % tails->page_count;
		struct tail_page *page = &tails->pages[number];

		if (!page->bytes || number + 1 == tails->page_count)
			continue;
		if (!page->used) {
			evict(tails, number);
			return;
		}
		page->used = false;
	}
}

static int add_page(struct erofs_tails *tails)
{
	make_room(tails);
	if (erofs_array_reserve(&tails->pages, &tails->page_room, tails->page_count + 1))
		return -ENOMEM;
	tails->pages[tails->page_count] =
		(struct tail_page){ .bytes = erofs_data_buffer(PAGE_SIZE), .wanted = PAGE_SIZE };
	if (!tails->pages[tails->page_count].bytes)
		return -ENOMEM;
	/* What is behind the last tail is written with its page. */
	memset(tails->pages[tails->page_count].bytes, 0, PAGE_SIZE);
	tails->page_count++;
	tails->resident++;
	return 0;
}

static int load(struct erofs_tails *tails, size_t number)
{
	struct tail_page *page = &tails->pages[number];

	page->used = true;
	if (page->bytes)
		return 0;
	make_room(tails);
	page->bytes = erofs_data_buffer(PAGE_SIZE);
	if (!page->bytes)
		return -ENOMEM;
	tails->resident++;
	return erofs_output_read(tails->output, page->bytes, PAGE_SIZE, scratch_offset(tails, number));
}

/* A page that has been read is gone: the image grows as its tails come back, and must not need room for both. */
static void note_read(struct erofs_tails *tails, size_t number, size_t length)
{
	struct tail_page *page = &tails->pages[number];

	page->wanted -= length;
	if (page->wanted)
		return;
	if (page->saved)
		erofs_output_drop_scratch(tails->output, PAGE_SIZE, scratch_offset(tails, number));
	free(page->bytes);
	page->bytes = NULL;
	tails->resident--;
}

/* How much of `size` bytes at `at` lies on the page of `at`. */
static size_t piece(uint64_t at, size_t size)
{
	size_t left = PAGE_SIZE - (size_t)(at % PAGE_SIZE);

	return size < left ? size : left;
}

int erofs_writer_tails_append(struct erofs_tails *tails, uint64_t *at, const void *data, size_t size)
{
	const uint8_t *from = data;

	*at = tails->size;
	while (size) {
		size_t length = piece(tails->size, size);
		int err = tails->size % PAGE_SIZE ? 0 : add_page(tails);

		if (err)
			return err;
		memcpy(tails->pages[tails->page_count - 1].bytes + tails->size % PAGE_SIZE, from, length);
		tails->size += length;
		from += length;
		size -= length;
	}
	return 0;
}

void erofs_writer_tails_share(struct erofs_tails *tails, uint64_t at, size_t size)
{
	while (size) {
		size_t length = piece(at, size);

		tails->pages[at / PAGE_SIZE].wanted += length;
		at += length;
		size -= length;
	}
}

int erofs_writer_tails_read(struct erofs_tails *tails, void *out, size_t size, uint64_t at)
{
	uint8_t *to = out;

	while (size) {
		size_t length = piece(at, size);
		int err = load(tails, (size_t)(at / PAGE_SIZE));

		if (err)
			return err;
		memcpy(to, tails->pages[at / PAGE_SIZE].bytes + at % PAGE_SIZE, length);
		note_read(tails, (size_t)(at / PAGE_SIZE), length);
		to += length;
		at += length;
		size -= length;
	}
	return 0;
}
