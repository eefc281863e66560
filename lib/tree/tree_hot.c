/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/inode.h>

#include "lib/tree/hot_files.h"
#include "lib/util/cleanup.h"
#include "lib/util/path.h"
#include "lib/util/report.h"

/* As many links as Linux follows on one path. */
#define LINKS_MAX 40u

struct order {
	struct erofs_tree *tree;
	struct erofs_tree_inode **inodes; /* in their new order */
	bool *is_taken;			  /* by the old number */
	uint32_t count;
};

/* An inode, behind the directories that lead to it. */
static void take(struct order *order, struct erofs_tree_inode *inode)
{
	uint32_t missing = 0;

	for (const struct erofs_tree_inode *each = inode; each && !order->is_taken[each->number]; each = each->parent)
		missing++;
	order->count += missing;
	for (uint32_t i = 1; i <= missing; i++, inode = inode->parent) {
		order->inodes[order->count - i] = inode;
		order->is_taken[inode->number] = true;
	}
}

/* ---- paths ------------------------------------------------------------------------------------------------------------------- */

/* On the way along a path from the root, through symbolic links as a program would go. */
struct lookup {
	struct order *order; /* links and what they lead to are taken; NULL: only to look whether there is something */
	struct erofs_tree_inode *root, *at;
	const char *rest[LINKS_MAX + 1]; /* of the path, and of the targets on the way, the last one first */
	unsigned int depth;		 /* targets in `rest` */
	unsigned int links;		 /* followed so far */
};

static struct erofs_tree_inode *find_entry(const struct erofs_tree_inode *dir,
					   const struct erofs_path_component *component)
{
	char name[EROFS_NAME_MAX + 1];
	const struct erofs_tree_entry key = { .name = name }, *found;

	if (!dir->dir.count || component->length > EROFS_NAME_MAX)
		return NULL;
	memcpy(name, component->start, component->length);
	name[component->length] = 0;
	found = bsearch(&key, dir->dir.entries, dir->dir.count, sizeof(key), erofs_tree_compare_entries);
	return found ? found->inode : NULL;
}

/* False: too many links. */
static bool follow(struct lookup *lookup, const struct erofs_tree_inode *link)
{
	if (++lookup->links > LINKS_MAX)
		return false;
	if (*link->target == '/')
		lookup->at = lookup->root;
	lookup->rest[++lookup->depth] = link->target;
	return true;
}

/* One component further; false: there is no such name. */
static bool step(struct lookup *lookup, const struct erofs_path_component *component)
{
	struct erofs_tree_inode *found;

	if (erofs_path_leads_up(component)) {
		lookup->at = lookup->at->parent ? lookup->at->parent : lookup->root;
		return true;
	}
	found = S_ISDIR(lookup->at->mode) ? find_entry(lookup->at, component) : NULL;
	if (!found)
		return false;
	if (lookup->order)
		take(lookup->order, found);
	if (S_ISLNK(found->mode))
		return follow(lookup, found);
	lookup->at = found;
	return true;
}

/* What a path leads to; NULL: nothing. A link that leads nowhere is found all the same, if it is all of the path that is left. */
static struct erofs_tree_inode *look_up(struct order *order, const struct erofs_tree *tree, const char *path)
{
	struct lookup lookup = { .order = order, .root = tree->root, .at = tree->root, .rest = { path } };
	struct erofs_path_component component;

	for (;;) {
		if (!erofs_path_take_component(&component, &lookup.rest[lookup.depth])) {
			if (!lookup.depth--)
				return lookup.at;
		} else if (!step(&lookup, &component)) {
			return NULL;
		}
	}
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------- */

static bool is_below(const struct erofs_tree_inode *inode, const struct erofs_tree_inode *dir)
{
	while (inode && inode != dir)
		inode = inode->parent;
	return inode;
}

static void take_all_below(struct order *order, const struct erofs_tree_inode *dir)
{
	for (uint32_t i = 0; i < order->tree->inode_count; i++)
		if (!order->is_taken[i] && is_below(order->tree->inodes[i], dir))
			take(order, order->tree->inodes[i]);
}

static bool take_matches(struct order *order, const char *pattern)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	bool found = false;

	pattern += strspn(pattern, "/");
	for (uint32_t i = 0; i < order->tree->inode_count; i++) {
		struct erofs_tree_inode *inode = order->tree->inodes[i];

		if (fnmatch(pattern, erofs_tree_path(&path, inode) + 1, FNM_PATHNAME) != 0)
			continue;
		take(order, inode);
		found = true;
	}
	return found;
}

/* Whether the line names something. A name with a star in it is found by that name first. */
static bool take_line(struct order *order, const char *text)
{
	struct erofs_tree_inode *inode = look_up(NULL, order->tree, text);
	size_t length = strlen(text);

	if (!inode)
		return strpbrk(text, "*?[") && take_matches(order, text);
	look_up(order, order->tree, text);
	if (S_ISDIR(inode->mode) && text[length - 1] == '/')
		take_all_below(order, inode);
	return true;
}

static void take_lines(struct order *order, const struct erofs_hot_files *hot, const struct erofs_diag *diag)
{
	const struct erofs_hot_line *first = NULL;
	size_t missing = 0;

	for (size_t i = 0; i < hot->count; i++) {
		if (take_line(order, hot->lines[i].text))
			continue;
		if (!missing++)
			first = &hot->lines[i];
	}
	if (first)
		erofs_message(diag, EROFS_SEV_WARNING,
			      "%s: %zu of %zu paths and patterns match nothing, the first is '%s' in line %zu",
			      hot->path, missing, hot->count, first->text, first->number);
}

/* ---- the new order ----------------------------------------------------------------------------------------------------------- */

static void take_rest(struct order *order)
{
	struct erofs_tree *tree = order->tree;

	for (uint32_t i = 0; i < tree->inode_count; i++)
		if (!order->is_taken[i])
			order->inodes[order->count++] = tree->inodes[i];
	memcpy(tree->inodes, order->inodes, tree->inode_count * sizeof(struct erofs_tree_inode *));
	for (uint32_t i = 0; i < tree->inode_count; i++)
		tree->inodes[i]->number = i;
}

int erofs_tree_put_first(struct erofs_tree *tree, const struct erofs_hot_files *hot, const struct erofs_diag *diag)
{
	erofs_auto_free struct erofs_tree_inode **inodes = calloc(tree->inode_count, sizeof(struct erofs_tree_inode *));
	erofs_auto_free bool *is_taken = calloc(tree->inode_count, sizeof(*is_taken));
	struct order order = { .tree = tree, .inodes = inodes, .is_taken = is_taken };

	if (!inodes || !is_taken)
		return -ENOMEM;
	take(&order, tree->root);
	take_lines(&order, hot, diag);
	take_rest(&order);
	return 0;
}
