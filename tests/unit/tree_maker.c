/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/tree_maker.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"

struct erofs_tree *tree_make(void)
{
	struct erofs_tree *tree = erofs_tree_new();

	assert_non_null(tree);
	tree->root->mode = S_IFDIR | 0755;
	return tree;
}

/* Entries are an array in the arena that doubles where the count is a power of two. */
void tree_link(struct erofs_tree *tree, struct erofs_tree_inode *dir, const char *name, struct erofs_tree_inode *inode)
{
	uint32_t count = dir->dir.count;
	struct erofs_tree_entry entry = {
		.inode = inode,
		.name = erofs_arena_copy(&tree->arena, name, strlen(name)),
	};

	assert_non_null(entry.name);
	if (!(count & (count - 1))) {
		size_t room = count ? 2 * (size_t)count : 1;
		struct erofs_tree_entry *entries = erofs_arena_alloc(&tree->arena, room * sizeof(*entries));

		assert_non_null(entries);
		if (count)
			memcpy(entries, dir->dir.entries, count * sizeof(*entries));
		dir->dir.entries = entries;
	}
	dir->dir.entries[dir->dir.count++] = entry;
}

struct erofs_tree_inode *tree_add(struct erofs_tree *tree, struct erofs_tree_inode *dir, const char *name,
				  uint16_t mode)
{
	struct erofs_tree_inode *inode = erofs_arena_alloc(&tree->arena, sizeof(*inode));

	assert_non_null(inode);
	inode->mode = mode;
	tree_link(tree, dir, name, inode);
	inode->parent = dir;
	inode->name = dir->dir.entries[dir->dir.count - 1].name;
	return inode;
}

void tree_set_xattrs(struct erofs_tree *tree, struct erofs_tree_inode *inode, ...)
{
	struct erofs_xattr_found found[16];
	uint32_t count = 0;
	const char *name;
	va_list args;

	va_start(args, inode);
	while ((name = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);

		assert_true(count < sizeof(found) / sizeof(found[0]));
		found[count++] = (struct erofs_xattr_found){ name, value, (uint32_t)strlen(value) };
	}
	va_end(args);
	assert_int_equal(erofs_tree_set_xattrs(tree, inode, found, count), 0);
}

struct erofs_tree_inode *tree_child(const struct erofs_tree_inode *dir, const char *name)
{
	for (uint32_t i = 0; i < dir->dir.count; i++)
		if (strcmp(dir->dir.entries[i].name, name) == 0)
			return dir->dir.entries[i].inode;
	return NULL;
}

static void keep_message(void *ctx, enum erofs_severity severity, const char *text)
{
	struct messages *messages = ctx;

	(void)severity;
	messages->count++;
	snprintf(messages->last, sizeof(messages->last), "%s", text);
}

void messages_init(struct messages *messages)
{
	*messages = (struct messages){ .diag = { .message = keep_message, .ctx = messages } };
}

uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}
