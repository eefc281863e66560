/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/index/extent_list.h"

/* Numbers are stored in groups of seven bits, lowest first; bit 7 says that another group follows. */
#define NUMBER_MAX_SIZE 10u
#define FORM_BITS	3u

/* Beside the forms of extents that follow the ones before them. */
#define FORM_SHARED_STORED  5u
#define FORM_SHARED_ENCODED 6u
#define FORM_SHARED_PARTIAL 7u

/* Beside the number of the method. */
#define FLAG_UNEVEN   1u
#define FLAG_TAIL     2u
#define FLAG_FRAGMENT 4u
#define FLAG_SHARED   8u
#define FLAG_ZEROS    16u
#define FLAG_BITS     5u

static size_t put_number(uint8_t *out, uint64_t value)
{
	size_t size = 0;

	for (; value > 0x7f; value >>= 7)
		out[size++] = (uint8_t)(value | 0x80);
	out[size++] = (uint8_t)value;
	return size;
}

static uint64_t get_number(const uint8_t **at)
{
	uint64_t value = 0;

	for (unsigned int shift = 0;; shift += 7) {
		uint8_t byte = *(*at)++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
}

static unsigned int form_of(const struct erofs_list_extent *extent)
{
	if (!extent->place)
		return extent->form;
	if (extent->form == EROFS_FORM_STORED)
		return FORM_SHARED_STORED;
	return extent->partial ? FORM_SHARED_PARTIAL : FORM_SHARED_ENCODED;
}

int erofs_writer_extents_append(struct erofs_buffer *extents, const struct erofs_list_extent *extent)
{
	uint8_t raw[3 * NUMBER_MAX_SIZE];
	size_t size = put_number(raw, extent->length << FORM_BITS | form_of(extent));

	size += put_number(raw + size, extent->plen);
	if (extent->place)
		size += put_number(raw + size, extent->place);
	return erofs_buffer_append(extents, raw, size);
}

int erofs_writer_extent_lists_add(struct erofs_buffer *lists, uint64_t *at, const struct erofs_extent_list *list,
				  const struct erofs_buffer *extents)
{
	uint64_t flags = (list->uneven ? FLAG_UNEVEN : 0) | (list->tail_size ? FLAG_TAIL : 0) |
			 (list->has_fragment ? FLAG_FRAGMENT : 0) | (list->has_shared ? FLAG_SHARED : 0) |
			 (list->has_zeros ? FLAG_ZEROS : 0);
	uint8_t raw[7 * NUMBER_MAX_SIZE];
	size_t size = put_number(raw, list->start);
	int err;

	size += put_number(raw + size, list->plen);
	size += put_number(raw + size, list->count);
	size += put_number(raw + size, list->gaps);
	size += put_number(raw + size, (uint64_t)list->method << FLAG_BITS | flags);
	if (list->tail_size) {
		size += put_number(raw + size, list->tail_size);
		size += put_number(raw + size, list->tail_at);
	}
	if (list->has_fragment)
		size += put_number(raw + size, list->fragment);
	*at = lists->size;
	err = erofs_buffer_append(lists, raw, size);
	return err ? err : erofs_buffer_append(lists, extents->data, extents->size);
}

void erofs_writer_extent_lists_open(const struct erofs_buffer *lists, uint64_t at, struct erofs_extent_list *list,
				    struct erofs_extent_cursor *cursor)
{
	uint64_t method;

	cursor->at = lists->data + at;
	list->start = get_number(&cursor->at);
	list->plen = get_number(&cursor->at);
	list->count = get_number(&cursor->at);
	list->gaps = get_number(&cursor->at);
	method = get_number(&cursor->at);
	list->method = (uint8_t)(method >> FLAG_BITS);
	list->uneven = method & FLAG_UNEVEN;
	list->tail_size = method & FLAG_TAIL ? (uint32_t)get_number(&cursor->at) : 0;
	list->tail_at = method & FLAG_TAIL ? get_number(&cursor->at) : 0;
	list->has_shared = method & FLAG_SHARED;
	list->has_zeros = method & FLAG_ZEROS;
	list->has_fragment = method & FLAG_FRAGMENT;
	list->fragment = list->has_fragment ? (uint32_t)get_number(&cursor->at) : 0;
	cursor->left = list->count + list->gaps;
}

bool erofs_writer_extents_next(struct erofs_extent_cursor *cursor, struct erofs_list_extent *extent)
{
	unsigned int form;
	uint64_t first;

	if (!cursor->left)
		return false;
	cursor->left--;
	first = get_number(&cursor->at);
	form = (unsigned int)(first & ((1u << FORM_BITS) - 1));
	*extent = (struct erofs_list_extent){
		.length = first >> FORM_BITS,
		.plen = (uint32_t)get_number(&cursor->at),
		.form = form < FORM_SHARED_STORED    ? (enum erofs_extent_form)form
			: form == FORM_SHARED_STORED ? EROFS_FORM_STORED
						     : EROFS_FORM_ENCODED,
		.partial = form == FORM_SHARED_PARTIAL,
	};
	if (form >= FORM_SHARED_STORED)
		extent->place = get_number(&cursor->at);
	return true;
}
