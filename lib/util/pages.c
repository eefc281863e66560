/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/pages.h"

#include <errno.h>
#include <stdlib.h>

int erofs_pages_init(struct erofs_pages *array, size_t element, uint32_t most)
{
	*array = (struct erofs_pages){ .page_count = most / EROFS_PAGES_ELEMENTS + 1, .element = element };
	array->pages = calloc(array->page_count, sizeof(*array->pages));
	return array->pages ? 0 : -ENOMEM;
}

void erofs_pages_release(struct erofs_pages *array)
{
	for (uint32_t i = 0; array->pages && i < array->page_end; i++)
		free(array->pages[i]);
	free(array->pages);
	*array = (struct erofs_pages){ 0 };
}

int erofs_pages_add(struct erofs_pages *array, uint32_t number)
{
	uint32_t index = number / EROFS_PAGES_ELEMENTS;
	void **page = &array->pages[index];

	if (!*page)
		*page = calloc(EROFS_PAGES_ELEMENTS, array->element);
	if (index >= array->page_end)
		array->page_end = index + 1;
	return *page ? 0 : -ENOMEM;
}

int erofs_pages_fill(struct erofs_pages *array, uint32_t count)
{
	int err = 0;

	for (uint64_t number = 0; !err && number < count; number += EROFS_PAGES_ELEMENTS)
		err = erofs_pages_add(array, (uint32_t)number);
	return err;
}
