/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

#define OPAQUE_XATTR "trusted.overlay.opaque"

static const struct erofs_tree_rules convert = { .size = sizeof(convert), .aufs_whiteouts = true };

static void assert_whiteout(const struct erofs_tree_inode *inode)
{
	assert_non_null(inode);
	assert_true(S_ISCHR(inode->mode));
	assert_int_equal(inode->rdev.major, 0);
	assert_int_equal(inode->rdev.minor, 0);
	assert_int_equal(inode->size, 0);
	assert_int_equal(inode->nlink, 1);
}

static void whiteouts_become_devices(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *dir = tree_add(tree, tree->root, "dir", S_IFDIR);
	struct erofs_tree_inode *marker = tree_add(tree, dir, ".wh.zeta", S_IFREG | 0444);
	struct erofs_tree_inode *whiteout;

	(void)state;
	tree_add(tree, dir, "m", S_IFREG);
	marker->uid = 7;
	marker->gid = 8;
	marker->mtime = 9;
	marker->mtime_nsec = 10;
	assert_int_equal(erofs_tree_normalize(tree, &convert, NULL), 0);
	assert_int_equal(dir->dir.count, 2);
	/* Sorted by the name that it has now. */
	assert_string_equal(dir->dir.entries[0].name, "m");
	whiteout = tree_child(dir, "zeta");
	assert_whiteout(whiteout);
	assert_int_equal(whiteout->uid, 7);
	assert_int_equal(whiteout->gid, 8);
	assert_int_equal(whiteout->mtime, 9);
	assert_int_equal(whiteout->mtime_nsec, 10);
	assert_ptr_equal(whiteout->parent, dir);
	erofs_tree_free(tree);
}

/* AUFS links all of its whiteouts to one file; that file may also have names that are no whiteouts. */
static void linked_whiteouts_become_devices_of_their_own(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *marker = tree_add(tree, tree->root, ".wh.a", S_IFREG | 0444);

	(void)state;
	tree_link(tree, tree->root, ".wh.b", marker);
	tree_link(tree, tree->root, "plain", marker);
	assert_int_equal(erofs_tree_normalize(tree, &convert, NULL), 0);
	assert_whiteout(tree_child(tree->root, "a"));
	assert_whiteout(tree_child(tree->root, "b"));
	assert_ptr_not_equal(tree_child(tree->root, "a"), tree_child(tree->root, "b"));
	assert_ptr_equal(tree_child(tree->root, "plain"), marker);
	assert_true(S_ISREG(marker->mode));
	assert_int_equal(marker->nlink, 1);
	assert_int_equal(tree->inode_count, 4);
	erofs_tree_free(tree);
}

static void a_name_of_the_layer_wins(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *first = tree_add(tree, tree->root, "first", S_IFREG);
	struct erofs_tree_inode *last;

	(void)state;
	tree_add(tree, tree->root, ".wh.first", S_IFREG);
	tree_add(tree, tree->root, ".wh.last", S_IFREG);
	last = tree_add(tree, tree->root, "last", S_IFDIR);
	assert_int_equal(erofs_tree_normalize(tree, &convert, NULL), 0);
	assert_int_equal(tree->root->dir.count, 2);
	assert_ptr_equal(tree_child(tree->root, "first"), first);
	assert_ptr_equal(tree_child(tree->root, "last"), last);
	erofs_tree_free(tree);
}

/* What the layer hides is not what it has: a directory in both is the layer's alone. */
static void a_directory_beside_its_whiteout_is_opaque(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *dir = tree_add(tree, tree->root, "dir", S_IFDIR);

	(void)state;
	tree_add(tree, dir, "new", S_IFREG);
	tree_add(tree, tree->root, ".wh.dir", S_IFREG);
	assert_int_equal(erofs_tree_normalize(tree, &convert, NULL), 0);
	assert_int_equal(tree->root->dir.count, 1);
	assert_ptr_equal(tree_child(tree->root, "dir"), dir);
	assert_int_equal(dir->xattrs->count, 1);
	assert_string_equal(dir->xattrs->items[0]->name, OPAQUE_XATTR);
	erofs_tree_free(tree);
}

static void opaque_markers_become_xattrs(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *dir = tree_add(tree, tree->root, "dir", S_IFDIR);
	struct erofs_tree_inode *bare = tree_add(tree, dir, "bare", S_IFDIR);

	(void)state;
	tree_add(tree, dir, ".wh..wh..opq", S_IFREG);
	tree_add(tree, bare, ".wh..wh..opq", S_IFREG);
	tree_set_xattrs(tree, dir, "user.a", "kept", OPAQUE_XATTR, "x", "user.z", "too", NULL);
	assert_int_equal(erofs_tree_normalize(tree, &convert, NULL), 0);
	assert_int_equal(dir->dir.count, 1);
	assert_int_equal(dir->xattrs->count, 3);
	assert_string_equal(dir->xattrs->items[0]->name, OPAQUE_XATTR);
	assert_int_equal(dir->xattrs->items[0]->value_size, 1);
	assert_memory_equal(dir->xattrs->items[0]->value, "y", 1);
	assert_memory_equal(dir->xattrs->items[1]->value, "kept", 4);
	assert_int_equal(bare->dir.count, 0);
	assert_int_equal(bare->xattrs->count, 1);
	assert_ptr_equal(bare->xattrs->items[0], dir->xattrs->items[0]);
	assert_int_equal(bare->xattrs->items[0]->users, 2);
	assert_null(tree->root->xattrs);
	erofs_tree_free(tree);
}

static void book_keeping_is_left_out(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *plnk = tree_add(tree, tree->root, ".wh..wh.plnk", S_IFDIR);

	(void)state;
	tree_add(tree, plnk, "1.2", S_IFREG);
	tree_add(tree, plnk, ".wh.", S_IFREG);
	tree_add(tree, tree->root, ".wh..wh.aufs", S_IFREG);
	tree_add(tree, tree->root, ".wh", S_IFREG);
	tree_add(tree, tree->root, "x.wh.y", S_IFREG);
	assert_int_equal(erofs_tree_normalize(tree, &convert, NULL), 0);
	assert_int_equal(tree->root->dir.count, 2);
	assert_int_equal(tree->inode_count, 3);
	assert_int_equal(tree->root->nlink, 2);
	erofs_tree_free(tree);
}

/* None of these can be a name in a directory. */
static void whiteouts_without_a_name_are_refused(void **state)
{
	static const char *const names[] = { ".wh.", ".wh..", ".wh..." };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct erofs_tree *tree = tree_make();
		struct messages messages;

		messages_init(&messages);
		tree_add(tree, tree_add(tree, tree->root, "dir", S_IFDIR), names[i], S_IFREG);
		assert_int_equal(erofs_tree_normalize(tree, &convert, &messages.diag), -EINVAL);
		assert_int_equal(messages.count, 1);
		assert_non_null(strstr(messages.last, "/dir/.wh."));
		erofs_tree_free(tree);
	}
}

static void nothing_happens_unasked(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *marker = tree_add(tree, tree->root, ".wh.a", S_IFREG);

	(void)state;
	tree_add(tree, tree->root, ".wh..wh..opq", S_IFREG);
	tree_add(tree, tree->root, ".wh.", S_IFREG);
	assert_int_equal(
		erofs_tree_normalize(tree, &(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules) }, NULL),
		0);
	assert_int_equal(tree->root->dir.count, 3);
	assert_ptr_equal(tree_child(tree->root, ".wh.a"), marker);
	assert_null(tree->root->xattrs);
	erofs_tree_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whiteouts_become_devices),
		cmocka_unit_test(linked_whiteouts_become_devices_of_their_own),
		cmocka_unit_test(a_name_of_the_layer_wins),
		cmocka_unit_test(a_directory_beside_its_whiteout_is_opaque),
		cmocka_unit_test(opaque_markers_become_xattrs),
		cmocka_unit_test(book_keeping_is_left_out),
		cmocka_unit_test(whiteouts_without_a_name_are_refused),
		cmocka_unit_test(nothing_happens_unasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
