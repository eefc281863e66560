/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_PAGES_H
#define EROFS_UTIL_PAGES_H

#include <stddef.h>
#include <stdint.h>

/*
 * An array of zeroed elements that stay where they are while it grows: other threads may use elements that are there while one
 * thread adds more.
 */
struct erofs_pages {
	void **pages;
	/* Room for pages: a million where nobody knows how many there will be. So only those are looked at that were made. */
	uint32_t page_count;
	uint32_t page_end; /* behind the last page that was made */
	size_t element;	   /* bytes */
};

#define EROFS_PAGES_ELEMENTS 4096u /* of a page */

/* An array for elements 0..most, none of them there yet. -ENOMEM. */
int erofs_pages_init(struct erofs_pages *array, size_t element, uint32_t most);
void erofs_pages_release(struct erofs_pages *array);

/* Makes elements 0..count-1. -ENOMEM. */
int erofs_pages_fill(struct erofs_pages *array, uint32_t count);

/* Makes element `number`, unless it is there. -ENOMEM. */
int erofs_pages_add(struct erofs_pages *array, uint32_t number);

/* An element that is there. */
static inline void *erofs_pages_at(const struct erofs_pages *array, uint32_t number)
{
	return (char *)array->pages[number / EROFS_PAGES_ELEMENTS] + number % EROFS_PAGES_ELEMENTS * array->element;
}

#endif
