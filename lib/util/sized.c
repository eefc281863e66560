/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/sized.h"

#include <errno.h>
#include <string.h>

#include "lib/util/report.h"

/* No options are as large: such a size is whatever was on the caller's stack. */
#define SIZE_MOST ((size_t)64 * 1024)

static size_t size_of(const void *given)
{
	size_t size;

	memcpy(&size, given, sizeof(size));
	return size;
}

static int refuse_longer(const unsigned char *given, size_t known_size, size_t size, const char *name,
			 const struct erofs_diag *diag)
{
	for (size_t i = known_size; i < size; i++)
		if (given[i])
			return erofs_report(diag, -E2BIG,
					    "struct %s sets an option that this version of the library does not know",
					    name);
	return 0;
}

int erofs_sized_take(void *known, size_t known_size, const void *given, const char *name, const struct erofs_diag *diag)
{
	size_t size;
	int err;

	if (!given)
		return erofs_report(diag, -EINVAL, "struct %s is missing (NULL)", name);
	size = size_of(given);
	if (size < sizeof(size) || size > SIZE_MOST)
		return erofs_report(diag, -EINVAL, "the member `size` of struct %s was not set: it is %zu", name, size);
	err = refuse_longer(given, known_size, size, name, diag);
	if (err)
		return err;
	memcpy(known, given, size < known_size ? size : known_size);
	memcpy(known, &known_size, sizeof(known_size));
	return 0;
}

void erofs_sized_give(void *given, const void *known, size_t known_size)
{
	size_t size = size_of(given), shared = size < known_size ? size : known_size;

	if (shared > sizeof(size))
		memcpy((char *)given + sizeof(size), (const char *)known + sizeof(size), shared - sizeof(size));
}
