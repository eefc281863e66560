/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tools/support.h"
#include "tests/tools/treecmp.h"

struct pair {
	dev_t dev_a, dev_b;
	ino_t ino_a, ino_b;
	nlink_t nlink_b;
	char *path;
};

static struct pair *pairs;
static size_t count, room;

void links_note(const char *path, const struct stat *a, const struct stat *b)
{
	/* Objects of one name on both sides cannot disagree. */
	if (a->st_nlink == 1 && b->st_nlink == 1)
		return;
	if (count == room) {
		room = room ? 2 * room : 256;
		pairs = realloc(pairs, room * sizeof(*pairs));
		if (!pairs)
			die("no memory for links");
	}
	pairs[count++] = (struct pair){ a->st_dev, b->st_dev, a->st_ino, b->st_ino, b->st_nlink, strdup(path) };
}

static int by_a(const void *left, const void *right)
{
	const struct pair *l = left, *r = right;

	if (l->dev_a != r->dev_a)
		return l->dev_a < r->dev_a ? -1 : 1;
	if (l->ino_a != r->ino_a)
		return l->ino_a < r->ino_a ? -1 : 1;
	return strcmp(l->path, r->path);
}

static int by_b(const void *left, const void *right)
{
	const struct pair *l = left, *r = right;

	if (l->dev_b != r->dev_b)
		return l->dev_b < r->dev_b ? -1 : 1;
	if (l->ino_b != r->ino_b)
		return l->ino_b < r->ino_b ? -1 : 1;
	return strcmp(l->path, r->path);
}

static bool same_a(const struct pair *l, const struct pair *r)
{
	return l->dev_a == r->dev_a && l->ino_a == r->ino_a;
}

static bool same_b(const struct pair *l, const struct pair *r)
{
	return l->dev_b == r->dev_b && l->ino_b == r->ino_b;
}

static void report(const struct pair *one, const char *what)
{
	differ("links", "%s: %s", one->path, what);
}

void links_compare(void)
{
	if (count)
		qsort(pairs, count, sizeof(*pairs), by_a);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && same_a(&pairs[i], &pairs[end]); end++)
			if (!same_b(&pairs[i], &pairs[end]))
				report(&pairs[end], "a hard link in the first tree, a file of its own in the second");
		for (size_t k = i; k < end; k++)
			if (pairs[k].nlink_b != end - i)
				differ("links", "%s: %zu names in the first tree, link count %lu in the second",
				       pairs[k].path, end - i, (unsigned long)pairs[k].nlink_b);
	}
	if (count)
		qsort(pairs, count, sizeof(*pairs), by_b);
	for (size_t i = 1; i < count; i++)
		if (same_b(&pairs[i - 1], &pairs[i]) && !same_a(&pairs[i - 1], &pairs[i]))
			report(&pairs[i], "a file of its own in the first tree, a hard link in the second");
}
