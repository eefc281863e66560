/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/diff.h"

static int append(struct diff *diff, const struct diff_change *change)
{
	if (diff->count == diff->room) {
		size_t room = diff->room ? 2 * diff->room : 256;
		struct diff_change *grown = realloc(diff->changes, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		diff->changes = grown;
		diff->room = room;
	}
	diff->changes[diff->count++] = *change;
	return 0;
}

static int append_single(struct diff *diff, const struct diff_entry *a, const struct diff_entry *b)
{
	const struct diff_change change = { .a = a, .b = b };
	const struct diff_entry *entry = a ? a : b;

	if (a)
		diff->removed++;
	else
		diff->added++;
	if (S_ISREG(entry->mode))
		*(a ? &diff->removed_bytes : &diff->added_bytes) += entry->size;
	return append(diff, &change);
}

static void set(struct diff_change *change, enum diff_what what, bool differs)
{
	if (differs)
		change->what |= 1u << what;
}

/* "sha256" of "sha256:..."; what has no name of an algorithm is compared with its equals only. */
static bool same_algorithm(const char *a, const char *b)
{
	size_t size = strcspn(a, ":");

	return a[size] && !strncmp(a, b, size + 1);
}

/* 1, 0 or an error; -ENODATA: nobody can tell. */
static int same_file(const struct diff *diff, const struct diff_entry *a, const struct diff_entry *b)
{
	if (a->size != b->size)
		return 0;
	if (!a->size)
		return 1;
	if (a->fingerprint && b->fingerprint && same_algorithm(a->fingerprint, b->fingerprint))
		return !strcmp(a->fingerprint, b->fingerprint);
	return diff->a.image && diff->b.image ? diff_same_contents(diff, a, b) : -ENODATA;
}

/* An error is reported by then, and spoils the exit status only. */
static bool differs(struct diff *diff, int same)
{
	if (same == -ENODATA)
		diff->unknown++;
	else if (same < 0 && !diff->result)
		diff->result = same;
	return !same;
}

static void compare_type(struct diff *diff, struct diff_change *change)
{
	const struct diff_entry *a = change->a, *b = change->b;

	if (S_ISREG(a->mode)) {
		set(change, DIFF_CONTENT, differs(diff, same_file(diff, a, b)));
		set(change, DIFF_SIZE, a->size != b->size);
		diff->kinds += a->size && b->size && a->compressed != b->compressed;
	}
	if (S_ISLNK(a->mode))
		set(change, DIFF_TARGET, differs(diff, diff_same_targets(diff, a, b)));
	set(change, DIFF_DEVICE, a->rdev != b->rdev);
}

/* What manifests do not know. */
static int compare_facts(struct diff *diff, struct diff_change *change)
{
	const struct diff_entry *a = change->a, *b = change->b;
	int err;

	set(change, DIFF_MODE, (a->mode ^ b->mode) & 07777);
	set(change, DIFF_OWNER, a->uid != b->uid || a->gid != b->gid);
	set(change, DIFF_TIME,
	    !diff->options->ignore_times && (a->mtime != b->mtime || a->mtime_nsec != b->mtime_nsec));
	/* Of a directory, it follows from what is in it. */
	set(change, DIFF_LINKS, !S_ISDIR(a->mode) && !S_ISDIR(b->mode) && a->nlink != b->nlink);
	if (!a->has_xattrs && !b->has_xattrs)
		return 0;
	err = diff_compare_xattrs(diff, change);
	if (err && err != -ENOMEM && !diff->result)
		diff->result = err;
	set(change, DIFF_XATTRS, change->xattr_count);
	return err == -ENOMEM ? err : 0;
}

static int compare_pair(struct diff *diff, const struct diff_entry *a, const struct diff_entry *b)
{
	struct diff_change change = { .a = a, .b = b };
	int err = 0;

	if ((a->mode ^ b->mode) & S_IFMT)
		set(&change, DIFF_TYPE, true);
	else
		compare_type(diff, &change);
	if (!diff->partial)
		err = compare_facts(diff, &change);
	if (err || !change.what)
		return err;
	diff->changed++;
	for (unsigned int what = 0; what < DIFF_WHATS; what++)
		diff->whats[what] += change.what >> what & 1;
	return append(diff, &change);
}

/* The next one from `*at` on that counts. */
static const struct diff_entry *next(const struct diff *diff, const struct diff_side *side, size_t *at)
{
	for (; *at < side->count; (*at)++) {
		const struct diff_entry *entry = &side->entries[*at];

		if (!diff->partial || (S_ISREG(entry->mode) && entry->size))
			return entry;
	}
	return NULL;
}

int diff_compare(struct diff *diff)
{
	size_t i = 0, j = 0;
	int err = 0;

	diff->partial = !diff->a.image || !diff->b.image;
	while (!err) {
		const struct diff_entry *a = next(diff, &diff->a, &i), *b = next(diff, &diff->b, &j);
		int order;

		if (!a && !b)
			break;
		order = !a ? 1 : !b ? -1 : diff_order(a, b);
		if (!order)
			err = compare_pair(diff, a, b);
		else
			err = append_single(diff, order < 0 ? a : NULL, order < 0 ? NULL : b);
		i += order <= 0;
		j += order >= 0;
	}
	return err;
}
