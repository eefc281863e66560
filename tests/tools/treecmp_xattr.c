/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "tests/tools/support.h"
#include "tests/tools/treecmp.h"

#define LIST_MAX  (64u * 1024)
#define VALUE_MAX (64u * 1024)

struct xattr_list {
	char bytes[LIST_MAX];
	const char *names[LIST_MAX / 2];
	size_t count;
};

static bool is_ignored(const struct treecmp_options *options, const char *name)
{
	for (size_t i = 0; i < options->ignored_count; i++)
		if (!strcmp(options->ignored[i], name))
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool read_list(const struct treecmp_options *options, struct xattr_list *list, const char *object)
{
	ssize_t size = llistxattr(object, list->bytes, sizeof(list->bytes));

	list->count = 0;
	if (size < 0 && errno == EOPNOTSUPP)
		return true;
	if (size < 0) {
		differ("xattrs", "cannot be listed: %s", strerror(errno));
		return false;
	}
	for (const char *name = list->bytes; name < list->bytes + size; name += strlen(name) + 1)
		if (!is_ignored(options, name))
			list->names[list->count++] = name;
	if (list->count)
		qsort(list->names, list->count, sizeof(list->names[0]), by_bytes);
	return true;
}

static void compare_values(const char *object_a, const char *object_b, const char *name)
{
	static uint8_t a[VALUE_MAX], b[VALUE_MAX];
	ssize_t a_len = lgetxattr(object_a, name, a, sizeof(a));
	ssize_t b_len;

	if (a_len < 0) {
		differ("xattr", "%s: cannot be read in the first tree: %s", name, strerror(errno));
		return;
	}
	b_len = lgetxattr(object_b, name, b, sizeof(b));
	if (b_len < 0)
		differ("xattr", "%s: cannot be read in the second tree: %s", name, strerror(errno));
	else if (a_len != b_len || memcmp(a, b, (size_t)a_len) != 0)
		differ("xattr", "%s: values differ (%zd and %zd bytes)", name, a_len, b_len);
}

void compare_xattrs(const struct treecmp_options *options, int dir_a, int dir_b, const char *name)
{
	static struct xattr_list in_a, in_b;
	char object_a[OBJECT_PATH_MAX], object_b[OBJECT_PATH_MAX];
	size_t i = 0, k = 0;

	object_path(object_a, dir_a, name);
	object_path(object_b, dir_b, name);
	if (!read_list(options, &in_a, object_a) || !read_list(options, &in_b, object_b))
		return;
	while (i < in_a.count || k < in_b.count) {
		int order = i == in_a.count ? 1 : k == in_b.count ? -1 : strcmp(in_a.names[i], in_b.names[k]);

		if (order < 0)
			differ("xattr", "%s: only in the first tree", in_a.names[i]);
		else if (order > 0)
			differ("xattr", "%s: only in the second tree", in_b.names[k]);
		else
			compare_values(object_a, object_b, in_a.names[i]);
		i += order <= 0;
		k += order >= 0;
	}
}
