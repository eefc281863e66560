/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tools/support.h"
#include "tests/tools/treecmp.h"

struct number {
	dev_t dev;
	ino_t ino;
	bool single; /* has this one name, by its kind or link count */
	char *path;
};

/* Of one tree. */
struct numbers {
	struct number *items;
	size_t count, room;
};

static struct numbers trees[2];

void numbers_note(const char *path, const struct stat *stat, int tree)
{
	struct numbers *numbers = &trees[tree];

	if (!stat->st_ino)
		differ("inode number", "0 in the %s tree", tree ? "second" : "first");
	if (numbers->count == numbers->room) {
		numbers->room = numbers->room ? 2 * numbers->room : 256;
		numbers->items = reallocarray(numbers->items, numbers->room, sizeof(*numbers->items));
		if (!numbers->items)
			die("no memory for inode numbers");
	}
	numbers->items[numbers->count++] =
		(struct number){ stat->st_dev, stat->st_ino, S_ISDIR(stat->st_mode) || stat->st_nlink == 1,
				 strdup(path) };
}

static int by_number(const void *left, const void *right)
{
	const struct number *l = left, *r = right;

	if (l->dev != r->dev)
		return l->dev < r->dev ? -1 : 1;
	if (l->ino != r->ino)
		return l->ino < r->ino ? -1 : 1;
	return strcmp(l->path, r->path);
}

void numbers_judge(void)
{
	for (int tree = 0; tree < 2; tree++) {
		const struct number *items = trees[tree].items;

		if (trees[tree].count)
			qsort(trees[tree].items, trees[tree].count, sizeof(*items), by_number);
		for (size_t i = 1; i < trees[tree].count; i++)
			if (items[i].dev == items[i - 1].dev && items[i].ino == items[i - 1].ino &&
			    (items[i].single || items[i - 1].single))
				differ("inode number", "%s has that of %s in the %s tree: %llu", items[i].path,
				       items[i - 1].path, tree ? "second" : "first", (unsigned long long)items[i].ino);
	}
}
