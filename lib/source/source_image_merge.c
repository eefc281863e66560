/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/source/source_image.h"
#include "lib/tree/tree_paths.h"
#include "lib/util/cleanup.h"

/*
 * Trees over trees, by the rules of overlayfs: a name of the upper one hides that of the lower, two directories become one with
 * the upper one's attributes, and a whiteout only hides.
 */

/* Two directories of the same path. */
struct pair {
	struct erofs_tree_inode *lower; /* NULL: nothing shows through */
	struct erofs_tree_inode *upper;
	bool hides; /* becomes opaque */
};

struct merge {
	struct erofs_tree *tree;
	bool keeps;		     /* marks, for images below */
	struct erofs_buffer pairs;   /* that are still to be merged */
	struct erofs_buffer entries; /* of the directory in hand */
};

static void release_merge(struct merge *merge)
{
	erofs_buffer_release(&merge->pairs);
	erofs_buffer_release(&merge->entries);
}

static uint8_t marks_of(const struct erofs_tree_inode *inode)
{
	return ((const struct image_origin *)inode->origin)->marks;
}

static bool is_whiteout(const struct erofs_tree_inode *inode)
{
	return erofs_tree_is_overlay_whiteout(inode) || (marks_of(inode) & IMAGE_WHITEOUT);
}

/* Puts an entry into the directory in hand. */
static int put(struct merge *merge, struct erofs_tree_inode *dir, const struct erofs_tree_entry *entry)
{
	entry->inode->parent = dir;
	return erofs_buffer_append(&merge->entries, entry, sizeof(*entry));
}

/* Whether the lower one hides what images below the two have under this name, which the upper one has to hide then. */
static bool hides_below(const struct merge *merge, const struct erofs_tree_inode *lower,
			const struct erofs_tree_inode *upper)
{
	return merge->keeps && lower && !(marks_of(upper) & IMAGE_OPAQUE) &&
	       (!S_ISDIR(lower->mode) || (marks_of(lower) & IMAGE_OPAQUE));
}

static int make_opaque(struct erofs_tree *tree, struct erofs_tree_inode *dir)
{
	((struct image_origin *)dir->origin)->marks |= IMAGE_OPAQUE;
	return erofs_tree_add_xattr(tree, dir, "trusted.overlay.opaque", "y", 1);
}

static int put_upper(struct merge *merge, struct erofs_tree_inode *dir, const struct erofs_tree_entry *lower,
		     const struct erofs_tree_entry *upper)
{
	struct pair pair = { lower && S_ISDIR(lower->inode->mode) ? lower->inode : NULL, upper->inode,
			     hides_below(merge, lower ? lower->inode : NULL, upper->inode) };
	int err;

	if (is_whiteout(upper->inode) && !merge->keeps)
		return 0;
	err = put(merge, dir, upper);
	if (err || !S_ISDIR(upper->inode->mode))
		return err;
	return erofs_buffer_append(&merge->pairs, &pair, sizeof(pair));
}

static void sort(struct erofs_tree_inode *dir)
{
	if (dir->dir.count)
		qsort(dir->dir.entries, dir->dir.count, sizeof(*dir->dir.entries), erofs_tree_compare_entries);
}

static int merge_pair(struct merge *merge, const struct pair *pair)
{
	struct erofs_tree_inode *lower = marks_of(pair->upper) & IMAGE_OPAQUE ? NULL : pair->lower;
	struct erofs_tree_inode *upper = pair->upper;
	uint32_t low_count = lower ? lower->dir.count : 0, up_count = upper->dir.count, low = 0, up = 0;
	int err = pair->hides ? make_opaque(merge->tree, upper) : 0;

	if (lower)
		sort(lower);
	sort(upper);
	merge->entries.size = 0;
	/* By number: an empty directory has no entries to point to. */
	while (!err && (low < low_count || up < up_count)) {
		const struct erofs_tree_entry *below = low < low_count ? &lower->dir.entries[low] : NULL;
		const struct erofs_tree_entry *above = up < up_count ? &upper->dir.entries[up] : NULL;
		int order = !below ? 1 : !above ? -1 : erofs_tree_compare_entries(below, above);

		err = order < 0 ? put(merge, upper, below) : put_upper(merge, upper, order ? NULL : below, above);
		low += order <= 0;
		up += order >= 0;
	}
	return err ? err : erofs_source_image_keep_entries(merge->tree, upper, &merge->entries);
}

int erofs_source_image_merge(struct image_source *source, struct erofs_tree_inode *lower,
			     struct erofs_tree_inode *upper)
{
	erofs_auto(release_merge) struct merge merge = { .tree = source->tree, .keeps = source->options->keep_overlay };
	struct pair pair = { lower, upper, hides_below(&merge, lower, upper) };
	int err = erofs_buffer_append(&merge.pairs, &pair, sizeof(pair));

	while (!err && merge.pairs.size) {
		merge.pairs.size -= sizeof(pair);
		memcpy(&pair, merge.pairs.data + merge.pairs.size, sizeof(pair));
		err = merge_pair(&merge, &pair);
	}
	return err;
}
