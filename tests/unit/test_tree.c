/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/tree/tree.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/util/cleanup.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

#define DIR_MODE (S_IFDIR | 0755)
#define REG_MODE (S_IFREG | 0644)

static void assert_path(const struct erofs_tree_inode *inode, const char *path)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer buffer = { 0 };

	assert_string_equal(erofs_tree_path(&buffer, inode), path);
	assert_int_equal(buffer.size, strlen(path));
}

/* ---- freezing ----------------------------------------------------------------------------------------------------------- */

/* Children of a directory together, then the subtrees one after the other; names by unsigned bytes. */
static void inodes_are_numbered_in_path_order(void **state)
{
	static const char *const expected[] = {
		"/",	  "/A",	    "/b",      "/b-",	    "/c",     "/\xc3\xa4",
		"/b/a.x", "/b/sub", "/b/\xff", "/b/sub/it", "/c/one", "/c/two",
	};
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *b, *c, *sub;

	(void)state;
	tree_add(tree, tree->root, "\xc3\xa4", REG_MODE);
	c = tree_add(tree, tree->root, "c", DIR_MODE);
	tree_add(tree, tree->root, "b-", REG_MODE);
	b = tree_add(tree, tree->root, "b", DIR_MODE);
	tree_add(tree, tree->root, "A", REG_MODE);
	tree_add(tree, b, "\xff", REG_MODE);
	sub = tree_add(tree, b, "sub", DIR_MODE);
	tree_add(tree, b, "a.x", REG_MODE);
	tree_add(tree, sub, "it", REG_MODE);
	tree_add(tree, c, "two", REG_MODE);
	tree_add(tree, c, "one", REG_MODE);
	assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
	assert_int_equal(tree->inode_count, sizeof(expected) / sizeof(expected[0]));
	for (uint32_t i = 0; i < tree->inode_count; i++) {
		assert_int_equal(tree->inodes[i]->number, i);
		assert_path(tree->inodes[i], expected[i]);
	}
	assert_ptr_equal(tree->inodes[0], tree->root);
	erofs_tree_free(tree);
}

static void links_are_counted_not_believed(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *z = tree_add(tree, tree->root, "z", DIR_MODE);
	struct erofs_tree_inode *empty = tree_add(tree, tree->root, "empty", DIR_MODE);
	struct erofs_tree_inode *shared = tree_add(tree, z, "file", REG_MODE);
	struct erofs_tree_inode *lone = tree_add(tree, z, "lone", REG_MODE);

	(void)state;
	tree_link(tree, tree->root, "linked", shared);
	tree_link(tree, z, "again", shared);
	tree_add(tree, z, "inner", DIR_MODE);
	tree_add(tree, z, "inner2", DIR_MODE);
	shared->nlink = 99;
	lone->nlink = 5;
	z->nlink = 1;
	tree->root->nlink = 77;
	/* A second time must not count on. */
	for (int round = 0; round < 2; round++) {
		assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
		assert_int_equal(tree->inode_count, 7);
		assert_int_equal(tree->root->nlink, 4);
		assert_int_equal(z->nlink, 4);
		assert_int_equal(empty->nlink, 2);
		assert_int_equal(shared->nlink, 3);
		assert_int_equal(lone->nlink, 1);
		/* It goes by its first name in the order of the tree. */
		assert_path(shared, "/linked");
		assert_ptr_equal(shared->parent, tree->root);
	}
	erofs_tree_free(tree);
}

static void more_links_than_16_bits_count(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *file = tree_add(tree, tree->root, "f", REG_MODE);

	(void)state;
	for (int i = 0; i < 70000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "l%d", i);
		tree_link(tree, tree->root, name, file);
	}
	assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
	assert_int_equal(file->nlink, 70001);
	assert_int_equal(tree->inode_count, 2);
	erofs_tree_free(tree);
}

static void a_name_may_not_stand_twice(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *dir = tree_add(tree, tree->root, "some\ndir", DIR_MODE);
	struct messages messages;

	(void)state;
	messages_init(&messages);
	tree_add(tree, dir, "same", REG_MODE);
	tree_add(tree, dir, "other", REG_MODE);
	tree_add(tree, dir, "same", REG_MODE);
	assert_int_equal(erofs_tree_freeze(tree, &messages.diag), -EEXIST);
	assert_int_equal(messages.count, 1);
	assert_non_null(strstr(messages.last, "/some"));
	assert_null(strchr(messages.last, '\n'));
	erofs_tree_free(tree);
}

/* ---- depth ----------------------------------------------------------------------------------------------------------------- */

#define DEPTH 200000

/* On a stack so small that anything that goes a step deeper with each directory dies. */
static void *freeze_and_walk(void *ctx)
{
	struct erofs_tree *tree = ctx;
	erofs_auto(erofs_tree_walk_release) struct erofs_tree_walk walk;
	struct erofs_tree_inode *dir = NULL;
	uintptr_t seen = 0;
	int err = erofs_tree_freeze(tree, NULL);

	if (err || erofs_tree_walk_begin(&walk, tree))
		return NULL;
	while (erofs_tree_walk_next(&walk, &dir) > 0)
		seen++;
	return (void *)seen;
}

static void no_depth_is_too_much(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *dir = tree->root;
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	pthread_attr_t attr;
	pthread_t thread;
	void *seen;

	(void)state;
	for (int i = 0; i < DEPTH; i++)
		dir = tree_add(tree, dir, i % 2 ? "yz" : "x", DIR_MODE);
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstacksize(&attr, 256 * 1024), 0);
	assert_int_equal(pthread_create(&thread, &attr, freeze_and_walk, tree), 0);
	assert_int_equal(pthread_join(thread, &seen), 0);
	pthread_attr_destroy(&attr);
	assert_int_equal((uintptr_t)seen, DEPTH + 1);
	assert_int_equal(tree->inode_count, DEPTH + 1);
	erofs_tree_path(&path, dir);
	assert_int_equal(path.size, DEPTH / 2 * 5);
	assert_int_equal(strlen((char *)path.data), path.size);
	for (size_t at = 0; at < path.size; at += 5)
		assert_memory_equal(path.data + at, "/x/yz", 5);
	/* The same buffer for a shorter one. */
	assert_string_equal(erofs_tree_path(&path, dir->parent->parent) + path.size - 5, "/x/yz");
	assert_string_equal(erofs_tree_path(&path, tree->root), "/");
	assert_int_equal(path.size, 1);
	erofs_tree_free(tree);
}

static void a_walk_allows_changes_where_it_stands(void **state)
{
	static const char *const expected[] = { "/", "/a", "/a/x", "/a/y", "/new" };
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *a = tree_add(tree, tree->root, "a", DIR_MODE);
	struct erofs_tree_inode *gone = tree_add(tree, tree->root, "gone", DIR_MODE);
	erofs_auto(erofs_tree_walk_release) struct erofs_tree_walk walk;
	struct erofs_tree_inode *dir = NULL;
	size_t count = 0;

	(void)state;
	tree_add(tree, a, "x", DIR_MODE);
	tree_add(tree, a, "file", REG_MODE);
	tree_add(tree, a, "y", DIR_MODE);
	tree_add(tree, gone, "unseen", DIR_MODE);
	assert_int_equal(erofs_tree_walk_begin(&walk, tree), 0);
	while (erofs_tree_walk_next(&walk, &dir) > 0) {
		assert_true(count < sizeof(expected) / sizeof(expected[0]));
		assert_path(dir, expected[count++]);
		if (dir != tree->root)
			continue;
		tree->root->dir.count--;
		tree_add(tree, tree->root, "new", DIR_MODE);
	}
	assert_int_equal(count, sizeof(expected) / sizeof(expected[0]));
	erofs_tree_free(tree);
}

/* ---- xattrs ---------------------------------------------------------------------------------------------------------------- */

static void equal_xattrs_are_the_same_object(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *a = tree_add(tree, tree->root, "a", REG_MODE);
	struct erofs_tree_inode *b = tree_add(tree, tree->root, "b", REG_MODE);
	struct erofs_tree_inode *c = tree_add(tree, tree->root, "c", REG_MODE);
	char value[] = "value";

	(void)state;
	tree_set_xattrs(tree, a, "user.z", value, "user.a", "1", NULL);
	value[0] = 'V'; /* what it was given is not kept */
	tree_set_xattrs(tree, b, "user.a", "1", "user.z", "value", NULL);
	tree_set_xattrs(tree, c, "user.a", "12", "user.z", "value", NULL);
	assert_non_null(a->xattrs);
	assert_ptr_equal(a->xattrs, b->xattrs);
	assert_ptr_not_equal(a->xattrs, c->xattrs);
	assert_int_equal(a->xattrs->count, 2);
	assert_string_equal(a->xattrs->items[0]->name, "user.a");
	assert_string_equal(a->xattrs->items[1]->name, "user.z");
	assert_int_equal(a->xattrs->items[1]->name_len, 6);
	assert_int_equal(a->xattrs->items[1]->value_size, 5);
	assert_memory_equal(a->xattrs->items[1]->value, "value", 5);
	assert_ptr_not_equal(a->xattrs->items[0], c->xattrs->items[0]);
	assert_ptr_equal(a->xattrs->items[1], c->xattrs->items[1]);
	assert_int_equal(tree->xattr_count, 3);
	assert_int_equal(tree->xattr_set_count, 2);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(tree->xattrs[i]->id, i);
	erofs_tree_free(tree);
}

static void odd_xattr_values(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *a = tree_add(tree, tree->root, "a", REG_MODE);
	struct erofs_xattr_found empty[] = { { "user.empty", NULL, 0 }, { "user.nul", "\0x\0", 3 } };
	struct erofs_xattr_found other[] = { { "user.nul", "\0y\0", 3 }, { "user.empty", "", 0 } };

	(void)state;
	assert_int_equal(erofs_tree_set_xattrs(tree, a, empty, 2), 0);
	assert_int_equal(a->xattrs->items[0]->value_size, 0);
	assert_memory_equal(a->xattrs->items[1]->value, "\0x\0", 3);
	assert_int_equal(erofs_tree_set_xattrs(tree, a, other, 2), 0);
	assert_memory_equal(a->xattrs->items[1]->value, "\0y\0", 3);
	assert_int_equal(tree->xattr_count, 3);
	assert_int_equal(erofs_tree_set_xattrs(tree, a, NULL, 0), 0);
	assert_null(a->xattrs);
	erofs_tree_free(tree);
}

static void reserved_names_are_dropped_and_counted(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *a = tree_add(tree, tree->root, "a", REG_MODE);
	struct erofs_tree_inode *b = tree_add(tree, tree->root, "b", REG_MODE);

	(void)state;
	assert_int_equal(erofs_tree_reserve_xattr(tree, "user.mine"), 0);
	tree_set_xattrs(tree, a, "trusted.erofs.fingerprint", "x", "user.mine", "y", NULL);
	assert_null(a->xattrs);
	assert_int_equal(a->dropped_xattrs, 2);
	tree_set_xattrs(tree, b, "trusted.erofs.fingerprint", "x", "trusted.erofs.fingerprint.v1", "kept", "user.min",
			"kept", NULL);
	assert_int_equal(b->dropped_xattrs, 1);
	assert_int_equal(b->xattrs->count, 2);
	tree_set_xattrs(tree, tree->root, "user.mine", "z", NULL);
	/* A second name of an inode drops nothing more. */
	tree_link(tree, tree->root, "c", a);
	assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
	assert_int_equal(erofs_tree_dropped_xattrs(tree), 4);
	assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
	assert_int_equal(erofs_tree_dropped_xattrs(tree), 4);
	erofs_tree_free(tree);
}

static void xattr_users_are_inodes(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *a = tree_add(tree, tree->root, "a", REG_MODE);
	struct erofs_tree_inode *b = tree_add(tree, tree->root, "b", REG_MODE);
	struct erofs_tree_inode *unused = tree_add(tree, tree->root, "c", REG_MODE);

	(void)state;
	tree_set_xattrs(tree, a, "user.both", "v", "user.one", "v", NULL);
	tree_set_xattrs(tree, b, "user.both", "v", NULL);
	tree_set_xattrs(tree, unused, "user.left", "v", NULL);
	tree_set_xattrs(tree, unused, NULL);
	tree_link(tree, tree->root, "linked", a);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
		assert_int_equal(a->xattrs->items[0]->users, 2);
		assert_int_equal(a->xattrs->items[1]->users, 1);
		assert_int_equal(tree->xattrs[2]->users, 0);
	}
	erofs_tree_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inodes_are_numbered_in_path_order),
		cmocka_unit_test(links_are_counted_not_believed),
		cmocka_unit_test(more_links_than_16_bits_count),
		cmocka_unit_test(a_name_may_not_stand_twice),
		cmocka_unit_test(no_depth_is_too_much),
		cmocka_unit_test(a_walk_allows_changes_where_it_stands),
		cmocka_unit_test(equal_xattrs_are_the_same_object),
		cmocka_unit_test(odd_xattr_values),
		cmocka_unit_test(reserved_names_are_dropped_and_counted),
		cmocka_unit_test(xattr_users_are_inodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
