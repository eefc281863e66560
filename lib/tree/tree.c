/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/tree/tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/fingerprint.h>
#include <erofs/text.h>

#include "lib/util/array.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/util/seed.h"

struct erofs_tree *erofs_tree_new(void)
{
	struct erofs_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->xattr_seed = erofs_random_seed();
	tree->root = erofs_arena_alloc(&tree->arena, sizeof(*tree->root));
	if (!tree->root || erofs_tree_reserve_xattr(tree, EROFS_FINGERPRINT_DEFAULT_NAME)) {
		erofs_tree_free(tree);
		return NULL;
	}
	tree->root->name = "";
	return tree;
}

void erofs_tree_free(struct erofs_tree *tree)
{
	if (!tree)
		return;
	if (tree->source_ops)
		tree->source_ops->release(tree->source);
	free(tree->inodes);
	free(tree->reserved_xattrs);
	free(tree->xattr_sets);
	free(tree->xattrs);
	erofs_index_release(&tree->xattr_set_index);
	erofs_index_release(&tree->xattr_index);
	erofs_arena_release(&tree->xattr_arena);
	erofs_arena_release(&tree->arena);
	free(tree);
}

int erofs_tree_reserve_xattr(struct erofs_tree *tree, const char *name)
{
	const char **names;
	uint32_t count;

	if (!tree || !name || !*name)
		return -EINVAL;
	count = tree->reserved_xattr_count;
	names = reallocarray(tree->reserved_xattrs, count + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	tree->reserved_xattrs = names;
	names[count] = erofs_arena_copy(&tree->arena, name, strlen(name));
	if (!names[count])
		return -ENOMEM;
	tree->reserved_xattr_count++;
	return 0;
}

uint64_t erofs_tree_dropped_xattrs(const struct erofs_tree *tree)
{
	return tree ? tree->dropped_xattrs : 0;
}

bool erofs_tree_arrives(const struct erofs_tree *tree)
{
	return tree && tree->arrival_ops;
}

const char *erofs_tree_path(struct erofs_buffer *path, const struct erofs_tree_inode *inode)
{
	size_t length = 0;
	uint8_t *to;

	for (const struct erofs_tree_inode *at = inode; at->parent; at = at->parent)
		length += 1 + strlen(at->name);
	if (erofs_buffer_reserve(path, length + 2))
		return inode->name; /* out of memory: the last name still says something */
	path->size = length ? length : 1;
	path->data[0] = '/';
	to = path->data + path->size;
	*to = 0;
	for (const struct erofs_tree_inode *at = inode; at->parent; at = at->parent) {
		size_t name_len = strlen(at->name);

		to -= name_len;
		memcpy(to, at->name, name_len);
		*--to = '/';
	}
	return (const char *)path->data;
}

int erofs_tree_set_source_name(struct erofs_tree *tree, const char *name, bool is_directory)
{
	erofs_auto_free char *shown = erofs_escape(name, strlen(name)), *text = NULL;
	size_t length = shown ? strlen(shown) : 0;

	/* The paths begin with one. */
	while (is_directory && length && shown[length - 1] == '/')
		length--;
	if (!shown || asprintf(&text, "%.*s%s", (int)length, shown, is_directory ? "" : ":") < 0) {
		text = NULL;
		return -ENOMEM;
	}
	tree->root->name = erofs_arena_copy(&tree->arena, text, strlen(text));
	return tree->root->name ? 0 : -ENOMEM;
}

char *erofs_tree_shown_path(const struct erofs_tree_inode *inode)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	const char *raw = erofs_tree_path(&path, inode);
	erofs_auto_free char *shown = erofs_escape(raw, strlen(raw));
	const struct erofs_tree_inode *root = inode;
	char *text;

	while (root->parent)
		root = root->parent;
	return shown && asprintf(&text, "%s%s", root->name ? root->name : "", shown) >= 0 ? text : NULL;
}

int erofs_tree_report(const struct erofs_diag *diag, int err, const struct erofs_tree_inode *inode, const char *format,
		      ...)
{
	erofs_auto_free char *shown = erofs_tree_shown_path(inode);
	erofs_auto_free char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return erofs_report(diag, err, "%s: %s", shown ? shown : inode->name, text ? text : format);
}

static int push(struct erofs_tree_walk *walk, struct erofs_tree_inode *dir)
{
	if (erofs_array_reserve(&walk->stack, &walk->room, walk->count + 1))
		return -ENOMEM;
	walk->stack[walk->count++] = dir;
	return 0;
}

int erofs_tree_walk_begin(struct erofs_tree_walk *walk, const struct erofs_tree *tree)
{
	*walk = (struct erofs_tree_walk){ 0 };
	return push(walk, tree->root);
}

/* The children of a directory are pushed only when the walk goes on from it, because the caller may have changed them. */
int erofs_tree_walk_next(struct erofs_tree_walk *walk, struct erofs_tree_inode **dir)
{
	/* Last one first, so that the first one comes off the stack next. */
	for (uint32_t i = *dir ? (*dir)->dir.count : 0; i-- > 0;) {
		struct erofs_tree_inode *child = (*dir)->dir.entries[i].inode;
		int err = S_ISDIR(child->mode) ? push(walk, child) : 0;

		if (err)
			return err;
	}
	if (!walk->count)
		return 0;
	*dir = walk->stack[--walk->count];
	return 1;
}

void erofs_tree_walk_release(struct erofs_tree_walk *walk)
{
	free(walk->stack);
	*walk = (struct erofs_tree_walk){ 0 };
}
