/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/diff.h"

struct attribute {
	char *name;
	uint8_t *value;
	size_t name_size, value_size;
};

struct attributes {
	struct attribute *items;
	size_t count, room;
};

static void release(struct attributes *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->items[i].name);
		free(all->items[i].value);
	}
	free(all->items);
}

static int by_name(const void *a, const void *b)
{
	const struct attribute *x = a, *y = b;
	size_t size = x->name_size < y->name_size ? x->name_size : y->name_size;
	int order = memcmp(x->name, y->name, size);

	return order ? order : x->name_size < y->name_size ? -1 : x->name_size > y->name_size;
}

static int take(struct attributes *all, const struct erofs_image *image, const struct erofs_xattr *found)
{
	struct attribute *item;

	if (all->count == all->room) {
		size_t room = all->room ? 2 * all->room : 8;
		struct attribute *grown = realloc(all->items, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		all->items = grown;
		all->room = room;
	}
	item = &all->items[all->count++];
	*item = (struct attribute){ .name = malloc(found->name_len + 1),
				    .value = malloc((size_t)found->value_size + 1),
				    .name_size = found->name_len,
				    .value_size = found->value_size };
	if (!item->name || !item->value)
		return -ENOMEM;
	memcpy(item->name, found->name, found->name_len);
	item->name[found->name_len] = 0;
	return erofs_xattr_value(image, found, item->value);
}

/* Fingerprints say nothing that the content does not say. */
static bool is_fingerprint(const struct diff_side *side, const struct erofs_xattr *found)
{
	char name[300];

	return !erofs_image_fingerprint_name(side->image, name, sizeof(name)) && strlen(name) == found->name_len &&
	       !memcmp(name, found->name, found->name_len);
}

static int collect(struct attributes *all, const struct diff_side *side, const struct diff_entry *entry)
{
	struct erofs_xattr_iter *iter = NULL;
	struct erofs_xattr xattr;
	struct erofs_inode inode;
	int found = 0, err;

	if (!entry->has_xattrs)
		return 0;
	err = erofs_image_inode(side->image, &inode, entry->nid);
	if (!err)
		err = erofs_xattr_open(&iter, side->image, &inode);
	while (!err && (found = erofs_xattr_next(iter, &xattr)) > 0)
		if (!is_fingerprint(side, &xattr))
			err = take(all, side->image, &xattr);
	erofs_xattr_close(iter);
	if (!err && found < 0)
		err = found;
	if (err)
		return diff_error(side->diag, err, side->name, entry->path, "cannot read its xattrs");
	if (all->count)
		qsort(all->items, all->count, sizeof(*all->items), by_name);
	return 0;
}

static int add(struct diff_change *change, char sign, struct attribute *item)
{
	struct diff_xattr *grown = realloc(change->xattrs, (change->xattr_count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	change->xattrs = grown;
	grown[change->xattr_count++] = (struct diff_xattr){ sign, item->name, item->name_size };
	item->name = NULL;
	return 0;
}

static bool same_value(const struct attribute *a, const struct attribute *b)
{
	return a->value_size == b->value_size && !memcmp(a->value, b->value, a->value_size);
}

static int merge(struct diff_change *change, struct attributes *a, struct attributes *b)
{
	size_t i = 0, j = 0;
	int err = 0;

	while (!err && (i < a->count || j < b->count)) {
		int order = i == a->count ? 1 : j == b->count ? -1 : by_name(&a->items[i], &b->items[j]);

		if (order < 0) {
			err = add(change, '-', &a->items[i++]);
		} else if (order > 0) {
			err = add(change, '+', &b->items[j++]);
		} else {
			if (!same_value(&a->items[i], &b->items[j]))
				err = add(change, '~', &a->items[i]);
			i++;
			j++;
		}
	}
	return err;
}

int diff_compare_xattrs(const struct diff *diff, struct diff_change *change)
{
	struct attributes a = { 0 }, b = { 0 };
	int err = collect(&a, &diff->a, change->a);

	if (!err)
		err = collect(&b, &diff->b, change->b);
	if (!err)
		err = merge(change, &a, &b);
	release(&a);
	release(&b);
	return err;
}
