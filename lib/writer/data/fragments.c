/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/fragments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "lib/io/file.h"
#include "lib/util/array.h"
#include "lib/util/data_buffer.h"

#define PAGE_SIZE     ((size_t)1024 * 1024)
#define RESIDENT_MOST 24u

struct fragment_page {
	uint8_t *bytes; /* NULL: in the output, or the file */
};

void erofs_writer_fragments_release(struct erofs_fragments *fragments)
{
	for (size_t i = 0; i < fragments->page_count; i++)
		free(fragments->pages[i].bytes);
	free(fragments->pages);
	free(fragments->items);
	free(fragments->order);
	erofs_index_release(&fragments->index);
	if (fragments->has_file)
		close(fragments->fd);
	*fragments = (struct erofs_fragments){ 0 };
}

/* ---- where they wait -------------------------------------------------------------------------------------------------------- */

static bool is_in_output(const struct erofs_fragments *fragments)
{
	return erofs_output_has_scratch(fragments->output);
}

static int open_file(struct erofs_fragments *fragments)
{
	if (fragments->has_file)
		return 0;
	fragments->fd = erofs_open_nameless(NULL);
	fragments->has_file = fragments->fd >= 0;
	return fragments->has_file ? 0 : fragments->fd;
}

static int save(struct erofs_fragments *fragments, const uint8_t *bytes, uint64_t at)
{
	int err;

	if (is_in_output(fragments))
		return erofs_output_write_scratch(fragments->output, bytes, PAGE_SIZE, fragments->scratch_at + at);
	err = open_file(fragments);
	return err ? err : erofs_file_write_at(fragments->fd, bytes, PAGE_SIZE, at);
}

/* A page that is full leaves, and its memory is for the next. NULL: there are few yet, or there is no room for it: the rest stays. */
static uint8_t *leave(struct erofs_fragments *fragments)
{
	struct fragment_page *page;
	uint8_t *bytes;

	if (fragments->resident < RESIDENT_MOST || fragments->no_room || !fragments->output)
		return NULL;
	page = &fragments->pages[fragments->page_count - 1];
	bytes = page->bytes;
	fragments->no_room = save(fragments, bytes, (uint64_t)(fragments->page_count - 1) * PAGE_SIZE);
	if (fragments->no_room)
		return NULL;
	page->bytes = NULL;
	fragments->resident--;
	return bytes;
}

static int add_page(struct erofs_fragments *fragments)
{
	uint8_t *bytes;

	if (erofs_array_reserve(&fragments->pages, &fragments->page_room, fragments->page_count + 1))
		return -ENOMEM;
	bytes = leave(fragments);
	if (!bytes)
		bytes = erofs_data_buffer(PAGE_SIZE);
	if (!bytes)
		return -ENOMEM;
	fragments->pages[fragments->page_count++].bytes = bytes;
	fragments->resident++;
	return 0;
}

/* How much of `size` bytes at `at` lies on the page of `at`. */
static size_t piece(uint64_t at, uint64_t size)
{
	size_t left = PAGE_SIZE - (size_t)(at % PAGE_SIZE);

	return size < left ? (size_t)size : left;
}

int erofs_writer_fragments_fetch(const struct erofs_fragments *fragments, uint8_t *out, size_t size, uint64_t at)
{
	while (size) {
		size_t length = piece(at, size);
		const uint8_t *bytes = fragments->pages[at / PAGE_SIZE].bytes;
		int err = 0;

		if (bytes)
			memcpy(out, bytes + at % PAGE_SIZE, length);
		else if (fragments->has_file)
			err = erofs_file_read_at(fragments->fd, out, length, at);
		else
			err = erofs_output_read(fragments->output, out, length, fragments->scratch_at + at);
		if (err)
			return err;
		out += length;
		at += length;
		size -= length;
	}
	return 0;
}

/* ---- adding ----------------------------------------------------------------------------------------------------------------- */

/* The end of a name behind its last dot; of a library the one in front of its version. */
static const char *ending(const char *name)
{
	const char *dot = strstr(name, ".so.");

	if (!dot)
		dot = strrchr(name, '.');
	return dot && dot != name ? dot + 1 : "";
}

/*
 * What a content is, as its first bytes say, if they do, or else the name: a number that tells kinds apart. Versions of a thing, as
 * of manual pages and libraries, are of one kind.
 */
static uint64_t kind_of(const char *name, const uint8_t *data, size_t size)
{
	const char *end = ending(name);
	uint64_t kind = 0;

	if (size > 4 && memcmp(data, "\177ELF", 4) == 0)
		end = "so";
	else if (size > 2 && data[0] == 0x1f && data[1] == 0x8b)
		end = "gz";
	else if (end[strspn(end, "0123456789")] == 0)
		end = *end ? "#" : "";
	if (strncmp(end, "so.", 3) == 0)
		end = "so";
	for (unsigned int i = 0; end[i] && i < sizeof(kind); i++)
		kind |= (uint64_t)(uint8_t)end[i] << 8 * (sizeof(kind) - 1 - i);
	return kind;
}

int erofs_writer_fragments_begin(struct erofs_fragments *fragments, uint32_t *number,
				 const struct erofs_tree_inode *inode, const void *data, size_t size)
{
	struct erofs_fragment *item;

	if (fragments->count == EROFS_FRAGMENT_NONE - 1)
		return -EOVERFLOW;
	if (erofs_array_reserve(&fragments->items, &fragments->room, (size_t)fragments->count + 1))
		return -ENOMEM;
	*number = fragments->count++;
	item = &fragments->items[*number];
	*item = (struct erofs_fragment){
		.at = fragments->waiting,
		.offset = EROFS_FRAGMENT_UNUSED,
		.kind = kind_of(inode->name, data, size),
	};
	memcpy(item->name, inode->name, strnlen(inode->name, sizeof(item->name)));
	memcpy(item->front, data, size < sizeof(item->front) ? size : sizeof(item->front));
	return 0;
}

int erofs_writer_fragments_append(struct erofs_fragments *fragments, const void *data, size_t size)
{
	const uint8_t *from = data;

	while (size) {
		size_t length = piece(fragments->waiting, size);
		int err = fragments->waiting % PAGE_SIZE ? 0 : add_page(fragments);

		if (err)
			return err;
		memcpy(fragments->pages[fragments->page_count - 1].bytes + fragments->waiting % PAGE_SIZE, from,
		       length);
		fragments->items[fragments->count - 1].size += length;
		fragments->waiting += length;
		from += length;
		size -= length;
	}
	return 0;
}

struct wanted {
	const uint8_t *data;
	size_t size;
};

static bool has_bytes(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_fragments *fragments = ctx;
	const struct erofs_fragment *item = &fragments->items[number];
	const struct wanted *wanted = key;
	uint8_t bytes[4096];

	if (item->size != wanted->size)
		return false;
	for (size_t at = 0; at < wanted->size; at += sizeof(bytes)) {
		size_t left = wanted->size - at, length = left < sizeof(bytes) ? left : sizeof(bytes);

		if (erofs_writer_fragments_fetch(fragments, bytes, length, item->at + at) ||
		    memcmp(bytes, wanted->data + at, length) != 0)
			return false;
	}
	return true;
}

int erofs_writer_fragments_add(struct erofs_fragments *fragments, uint32_t *number,
			       const struct erofs_tree_inode *inode, const void *data, size_t size, bool once)
{
	const struct wanted wanted = { data, size };
	uint64_t hash = once ? XXH3_64bits(data, size) : 0;
	int err;

	*number = once ? erofs_index_find(&fragments->index, hash, has_bytes, fragments, &wanted) : EROFS_INDEX_NONE;
	if (*number != EROFS_INDEX_NONE)
		return 0;
	err = erofs_writer_fragments_begin(fragments, number, inode, data, size);
	if (!err)
		err = erofs_writer_fragments_append(fragments, data, size);
	return err || !once ? err : erofs_index_add(&fragments->index, hash, *number);
}

/* ---- the packed inode ------------------------------------------------------------------------------------------------------- */

void erofs_writer_fragments_use(struct erofs_fragments *fragments, uint32_t number)
{
	fragments->items[number].offset = 0;
}

/* Alike beside alike; what is the same in all that stays in the order of its coming. */
static int compare(const void *a, const void *b, void *ctx)
{
	const struct erofs_fragment *items = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = (items[x].kind > items[y].kind) - (items[x].kind < items[y].kind);

	if (!order)
		order = memcmp(items[x].name, items[y].name, EROFS_FRAGMENT_NAME);
	if (!order)
		order = memcmp(items[x].front, items[y].front, EROFS_FRAGMENT_FRONT);
	return order ? order : (x > y) - (x < y);
}

int erofs_writer_fragments_sort(struct erofs_fragments *fragments)
{
	fragments->order = calloc((size_t)fragments->count + 1, sizeof(*fragments->order));
	if (!fragments->order)
		return -ENOMEM;
	for (uint32_t i = 0; i < fragments->count; i++)
		if (fragments->items[i].offset != EROFS_FRAGMENT_UNUSED)
			fragments->order[fragments->used++] = i;
	qsort_r(fragments->order, fragments->used, sizeof(*fragments->order), compare, fragments->items);
	return 0;
}

void erofs_writer_fragments_arrange(struct erofs_fragments *fragments)
{
	for (uint32_t i = 0; i < fragments->used; i++) {
		struct erofs_fragment *item = &fragments->items[fragments->order[i]];

		item->offset = fragments->size;
		fragments->size += item->size;
	}
}

/* The position in the order of the fragment that has this byte. */
static uint32_t find(const struct erofs_fragments *fragments, uint64_t offset)
{
	uint32_t low = 0, high = fragments->used;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (fragments->items[fragments->order[middle]].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int erofs_writer_fragments_read(const struct erofs_fragments *fragments, void *out, size_t length, uint64_t offset)
{
	uint8_t *to = out;

	for (uint32_t i = find(fragments, offset); length; i++) {
		const struct erofs_fragment *item = &fragments->items[fragments->order[i]];
		uint64_t skip = offset - item->offset, left = item->size - skip;
		size_t size = left < length ? (size_t)left : length;
		int err = erofs_writer_fragments_fetch(fragments, to, size, item->at + skip);

		if (err)
			return err;
		to += size;
		offset += size;
		length -= size;
	}
	return 0;
}
