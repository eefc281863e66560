/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tree/tree_paths.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

struct fixture {
	struct erofs_tree *tree;
	struct erofs_paths paths;
};

static int begin(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->tree = erofs_tree_new();
	assert_non_null(fixture->tree);
	assert_int_equal(erofs_tree_paths_init(&fixture->paths, fixture->tree), 0);
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	erofs_tree_paths_release(&fixture->paths);
	erofs_tree_free(fixture->tree);
	free(fixture);
	return 0;
}

static struct erofs_tree_inode *put(struct fixture *fixture, const char *path, uint16_t mode)
{
	struct erofs_tree_inode *inode = NULL;

	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, path, mode), 0);
	assert_non_null(inode);
	assert_int_equal(inode->mode, mode);
	return inode;
}

static struct erofs_tree_inode *find(struct fixture *fixture, const char *path)
{
	struct erofs_tree_inode *inode = NULL;
	int err = erofs_tree_paths_find(&fixture->paths, &inode, path);

	assert_true(err == 0 || err == -ENOENT || err == -ENOTDIR);
	return err ? NULL : inode;
}

/* All paths, in order, separated by blanks. */
static void assert_tree(struct fixture *fixture, const char *expected)
{
	char found[1024] = "";
	struct erofs_buffer path = { 0 };

	assert_int_equal(erofs_tree_paths_finish(&fixture->paths), 0);
	assert_int_equal(erofs_tree_freeze(fixture->tree, NULL), 0);
	for (uint32_t i = 0; i < fixture->tree->inode_count; i++) {
		strcat(found, i ? " " : "");
		strcat(found, erofs_tree_path(&path, fixture->tree->inodes[i]));
	}
	assert_string_equal(found, expected);
	erofs_buffer_release(&path);
}

static void missing_parents_are_made(void **state)
{
	struct fixture *fixture = *state;
	struct erofs_tree_inode *file = put(fixture, "./a//b/./file", S_IFREG | 0644);
	struct erofs_tree_inode *b = find(fixture, "/a/b/");

	assert_non_null(b);
	assert_int_equal(b->mode, S_IFDIR | 0755);
	assert_int_equal(b->mtime, 0);
	assert_ptr_equal(file->parent, b);
	assert_string_equal(file->name, "file");
	/* A member of its own says better, and takes nothing away. */
	b->uid = 5;
	assert_ptr_equal(put(fixture, "a/b", S_IFDIR | 0700), b);
	assert_int_equal(b->uid, 0);
	assert_ptr_equal(find(fixture, "a/b/file"), file);
	assert_ptr_equal(put(fixture, ".", S_IFDIR | 01777), fixture->tree->root);
	assert_tree(fixture, "/ /a /a/b /a/b/file");
}

static void the_last_one_wins(void **state)
{
	struct fixture *fixture = *state;
	struct erofs_tree_inode *first = put(fixture, "d/file", S_IFREG);

	assert_ptr_not_equal(put(fixture, "d/file", S_IFREG), first);
	put(fixture, "d/e/f", S_IFREG);
	put(fixture, "d", S_IFREG);
	assert_null(find(fixture, "d/file"));
	put(fixture, "d", S_IFDIR);
	assert_null(find(fixture, "d/file"));
	assert_null(find(fixture, "d/e"));
	put(fixture, "d/e", S_IFDIR);
	assert_null(find(fixture, "d/e/f"));
	put(fixture, "d/new", S_IFLNK);
	assert_tree(fixture, "/ /d /d/e /d/new");
}

static void links_keep_what_they_lead_to(void **state)
{
	struct fixture *fixture = *state;
	struct erofs_tree_inode *file = put(fixture, "file", S_IFREG);

	assert_int_equal(erofs_tree_paths_link(&fixture->paths, "x/link", file), 0);
	put(fixture, "file", S_IFREG);
	assert_ptr_equal(find(fixture, "x/link"), file);
	/* To itself. */
	assert_int_equal(erofs_tree_paths_link(&fixture->paths, "x/link", file), 0);
	assert_int_equal(erofs_tree_paths_link(&fixture->paths, "x/link2", find(fixture, "x")), -EPERM);
	assert_int_equal(erofs_tree_paths_link(&fixture->paths, "/", file), -EISDIR);
	assert_tree(fixture, "/ /file /x /x/link");
	assert_int_equal(file->nlink, 1);
}

static void bad_paths_change_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct erofs_tree_inode *inode;
	char name[300];

	memset(name, 'n', sizeof(name));
	memcpy(name, "new/", 4);
	name[4 + 256] = 0;
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, name, S_IFREG), -ENAMETOOLONG);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "new/../x", S_IFREG), -EINVAL);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "..", S_IFDIR), -EINVAL);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "./", S_IFREG), -EISDIR);
	assert_int_equal(erofs_tree_paths_remove(&fixture->paths, "/"), -EISDIR);
	assert_int_equal(erofs_tree_paths_remove(&fixture->paths, "nothing"), -ENOENT);
	name[4 + 255] = 0;
	put(fixture, name + 4, S_IFREG);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "...", S_IFREG), 0);
	put(fixture, "link", S_IFLNK);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "link/x", S_IFREG), -ENOTDIR);
	assert_int_equal(erofs_tree_paths_remove(&fixture->paths, name + 4), 0);
	assert_tree(fixture, "/ /... /link");
}

static void layers_hide_what_is_below(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "d/lower", S_IFREG);
	put(fixture, "d/both", S_IFREG);
	put(fixture, "d/sub/lower", S_IFREG);
	put(fixture, "e/lower", S_IFREG);
	put(fixture, "gone/lower", S_IFREG);
	put(fixture, "way", S_IFLNK);
	erofs_tree_paths_next_layer(&fixture->paths);
	put(fixture, "d/both", S_IFREG);
	put(fixture, "d/sub/upper", S_IFREG);
	assert_int_equal(erofs_tree_paths_clear(&fixture->paths, "d"), 0);
	assert_int_equal(erofs_tree_paths_whiteout(&fixture->paths, "gone"), 0);
	assert_int_equal(erofs_tree_paths_whiteout(&fixture->paths, "never/was"), 0);
	/* Its own file stays, whichever came first; what was below it does not. */
	put(fixture, "e/upper", S_IFREG);
	assert_int_equal(erofs_tree_paths_whiteout(&fixture->paths, "e"), 0);
	/* What an earlier layer has in the way of a path gives way. */
	put(fixture, "way/file", S_IFREG);
	assert_tree(fixture, "/ /d /e /way /d/both /d/sub /d/sub/upper /e/upper /way/file");
}

static void a_directory_keeps_what_lower_layers_have(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "d/lower", S_IFREG);
	erofs_tree_paths_next_layer(&fixture->paths);
	put(fixture, "d", S_IFDIR | 0700);
	put(fixture, "d/upper", S_IFREG);
	assert_tree(fixture, "/ /d /d/lower /d/upper");
}

static void markers_are_told_by_their_names(void **state)
{
	static const struct {
		const char *component;
		enum erofs_hiding hiding;
		const char *name;
	} cases[] = {
		{ "x", EROFS_HIDES_NOTHING, NULL },	      { ".wh", EROFS_HIDES_NOTHING, NULL },
		{ ".wh.x", EROFS_HIDES_NAME, "x" },	      { ".wh..wh..opq", EROFS_HIDES_SIBLINGS, NULL },
		{ ".wh..wh.plnk", EROFS_HIDES_ITSELF, NULL }, { ".wh.", EROFS_HIDES_BADLY, NULL },
		{ ".wh...", EROFS_HIDES_BADLY, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = NULL;

		assert_int_equal(erofs_tree_hiding_by_name(cases[i].component, &name), cases[i].hiding);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
	}
}

static void overlay_markers_are_told_and_stripped(void **state)
{
	struct fixture *fixture = *state;
	struct erofs_tree_rules strip = { .size = sizeof(strip), .strip_overlay = true };
	struct erofs_tree_inode *whiteout = put(fixture, "d/whiteout", S_IFCHR);
	struct erofs_tree_inode *null = put(fixture, "d/null", S_IFCHR);
	struct erofs_tree_inode *dir = find(fixture, "d");

	null->rdev.major = 1;
	assert_true(erofs_tree_is_overlay_whiteout(whiteout));
	assert_false(erofs_tree_is_overlay_whiteout(null));
	assert_false(erofs_tree_is_overlay_opaque(dir));
	tree_set_xattrs(fixture->tree, dir, "trusted.overlay.opaque", "y", "user.kept", "1", NULL);
	assert_true(erofs_tree_is_overlay_opaque(dir));
	assert_int_equal(erofs_tree_paths_finish(&fixture->paths), 0);
	assert_int_equal(erofs_tree_normalize(fixture->tree, &strip, NULL), 0);
	assert_int_equal(dir->dir.count, 1);
	assert_ptr_equal(dir->dir.entries[0].inode, null);
	assert_int_equal(dir->xattrs->count, 1);
	assert_string_equal(dir->xattrs->items[0]->name, "user.kept");
}

static void empty_files_with_the_xattr_are_whiteouts(void **state)
{
	struct fixture *fixture = *state;
	struct erofs_tree_rules strip = { .size = sizeof(strip), .strip_overlay = true };
	struct erofs_tree_inode *whiteout = put(fixture, "d/whiteout", S_IFREG);
	struct erofs_tree_inode *file = put(fixture, "d/with-data", S_IFREG);
	struct erofs_tree_inode *dir = find(fixture, "d"), *other = put(fixture, "e", S_IFDIR);

	/* A second name, in another directory: gone, too, whichever is looked at first. */
	assert_int_equal(erofs_tree_paths_link(&fixture->paths, "e/again", whiteout), 0);
	tree_set_xattrs(fixture->tree, whiteout, "trusted.overlay.whiteout", "", NULL);
	tree_set_xattrs(fixture->tree, file, "trusted.overlay.whiteout", "y", NULL);
	tree_set_xattrs(fixture->tree, other, "trusted.overlay.opaque", "x", NULL);
	file->size = 1;
	assert_true(erofs_tree_is_overlay_whiteout(whiteout));
	assert_false(erofs_tree_is_overlay_whiteout(file));
	assert_int_equal(erofs_tree_paths_finish(&fixture->paths), 0);
	assert_int_equal(erofs_tree_normalize(fixture->tree, &strip, NULL), 0);
	assert_int_equal(dir->dir.count, 1);
	assert_ptr_equal(dir->dir.entries[0].inode, file);
	assert_null(file->xattrs);
	assert_int_equal(other->dir.count, 0);
	assert_null(other->xattrs);
}

static void directories_with_whiteouts_get_an_origin(void **state)
{
	static const struct erofs_tree_rules none = { .size = sizeof(none) };
	struct fixture *fixture = *state;
	struct erofs_tree_inode *dir = put(fixture, "d", S_IFDIR), *marked = put(fixture, "m", S_IFDIR);
	struct erofs_tree_inode *other = put(fixture, "o", S_IFDIR), *null = put(fixture, "o/null", S_IFCHR);

	null->rdev.major = 1;
	put(fixture, "d/whiteout", S_IFCHR);
	put(fixture, "m/whiteout", S_IFCHR);
	tree_set_xattrs(fixture->tree, dir, "user.kept", "1", NULL);
	tree_set_xattrs(fixture->tree, marked, "trusted.overlay.origin", "somewhere", NULL);
	assert_int_equal(erofs_tree_paths_finish(&fixture->paths), 0);
	fixture->tree->is_restamped = true;
	assert_int_equal(erofs_tree_normalize(fixture->tree, &none, NULL), 0);
	assert_int_equal(dir->xattrs->count, 1);
	fixture->tree->is_restamped = false;
	assert_int_equal(erofs_tree_apply(fixture->tree, &none, NULL), 0);
	assert_int_equal(dir->xattrs->count, 2);
	assert_string_equal(dir->xattrs->items[0]->name, "trusted.overlay.origin");
	assert_int_equal(dir->xattrs->items[0]->value_size, 0);
	assert_string_equal(dir->xattrs->items[1]->name, "user.kept");
	assert_int_equal(marked->xattrs->count, 1);
	assert_int_equal(marked->xattrs->items[0]->value_size, 9);
	assert_null(other->xattrs);
	assert_null(fixture->tree->root->xattrs);
}

static struct erofs_tree_inode *put_link(struct fixture *fixture, const char *path, const char *target)
{
	struct erofs_tree_inode *link = put(fixture, path, S_IFLNK);

	link->target = target;
	return link;
}

static void paths_go_through_symbolic_links(void **state)
{
	struct fixture *fixture = *state;
	struct erofs_tree_inode *inode;
	const char *path = "./lib//x";

	put(fixture, "usr/lib/a", S_IFREG);
	put_link(fixture, "lib", "/usr/./lib/");
	put_link(fixture, "usr/up", "../../../etc");
	put_link(fixture, "dangling", "missing/../there");
	put_link(fixture, "chain", "usr/up/../lib");
	put_link(fixture, "usr/lib/here", ".");
	assert_int_equal(erofs_tree_paths_resolve(&fixture->paths, &path), 0);
	assert_string_equal(path, "/usr/lib/x");
	put(fixture, "lib/b", S_IFREG);
	put(fixture, "usr/up/c", S_IFREG);
	put(fixture, "dangling/d", S_IFREG);
	put(fixture, "chain/here/here/e", S_IFREG);
	assert_ptr_equal(find(fixture, "chain/b"), find(fixture, "usr/lib/b"));
	assert_int_equal(erofs_tree_paths_link(&fixture->paths, "lib/f", find(fixture, "chain/e")), 0);
	assert_int_equal(erofs_tree_paths_remove(&fixture->paths, "lib/a"), 0);
	assert_ptr_equal(find(fixture, "usr/lib/f"), find(fixture, "usr/lib/e"));
	/* The last component is what it is. */
	assert_true(S_ISLNK(find(fixture, "chain")->mode));
	put(fixture, "lib", S_IFDIR);
	put(fixture, "lib/own", S_IFREG);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "chain/../x", S_IFREG), -EINVAL);
	assert_tree(fixture,
		    "/ /chain /dangling /etc /lib /there /usr /etc/c /lib/own /there/d /usr/lib /usr/up /usr/lib/b "
		    "/usr/lib/e /usr/lib/here");
}

static void links_that_lead_nowhere_are_errors(void **state)
{
	struct fixture *fixture = *state;
	struct erofs_tree_inode *inode;
	char name[16], target[16], *longest = malloc(301);

	put_link(fixture, "self", "self");
	put_link(fixture, "a", "b/x");
	put_link(fixture, "b", "a");
	for (int i = 0; i < 41; i++) {
		snprintf(name, sizeof(name), "%d", i);
		snprintf(target, sizeof(target), "%d", i + 1);
		put_link(fixture, name, erofs_arena_copy(&fixture->tree->arena, target, strlen(target)));
	}
	memset(longest, 'x', 300);
	longest[300] = 0;
	put_link(fixture, "longest", longest);
	put(fixture, "file", S_IFREG);
	put_link(fixture, "to-file", "file");
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "self/x", S_IFREG), -ELOOP);
	assert_int_equal(erofs_tree_paths_find(&fixture->paths, &inode, "a/x"), -ELOOP);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "0/x", S_IFREG), -ELOOP);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "1/x", S_IFREG), 0);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "longest/x", S_IFREG), -ENAMETOOLONG);
	assert_int_equal(erofs_tree_paths_put(&fixture->paths, &inode, "to-file/x", S_IFREG), -ENOTDIR);
	free(longest);
}

static void layers_go_through_links_of_lower_ones(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "usr/lib/x", S_IFREG);
	put(fixture, "usr/lib/y", S_IFREG);
	put(fixture, "opt/z", S_IFREG);
	put_link(fixture, "lib", "usr/lib");
	put_link(fixture, "data", "/opt");
	erofs_tree_paths_next_layer(&fixture->paths);
	put(fixture, "lib/new", S_IFREG);
	put(fixture, "data/new", S_IFREG);
	assert_int_equal(erofs_tree_paths_whiteout(&fixture->paths, "lib/x"), 0);
	assert_int_equal(erofs_tree_paths_clear(&fixture->paths, "data"), 0);
	assert_int_equal(erofs_tree_paths_whiteout(&fixture->paths, "lib"), 0);
	put(fixture, "lib/own", S_IFREG);
	assert_tree(fixture, "/ /data /lib /opt /usr /lib/own /opt/new /usr/lib /usr/lib/new /usr/lib/y");
}

/* Against a list of strings, with many random steps. */
static void random_steps_agree_with_a_list(void **state)
{
	static const char *const parts[] = { "a", "b", "c", "d" };
	struct fixture *fixture = *state;
	uint64_t seed = 1;
	bool is_dir[84] = { false }, there[84] = { false };

	/* Nodes 0..3 are a..d, their children 4..19, grandchildren 20..83. */
	for (int step = 0; step < 20000; step++) {
		uint64_t random = random_next(&seed);
		int depth = 1 + (int)(random % 3), node = -1;
		char path[16] = "";
		bool blocked = false;

		for (int i = 0; i < depth; i++) {
			int part = (int)(random >> (8 + 2 * i)) & 3;

			if (i && there[node] && !is_dir[node])
				blocked = true;
			node = i ? (node + 1) * 4 + part : part;
			strcat(path, i ? "/" : "");
			strcat(path, parts[part]);
		}
		if (random >> 32 & 1) {
			struct erofs_tree_inode *inode;
			bool dir = random >> 33 & 1;
			int err = erofs_tree_paths_put(&fixture->paths, &inode, path, dir ? S_IFDIR : S_IFREG);

			assert_int_equal(err, blocked ? -ENOTDIR : 0);
			if (err)
				continue;
			for (int up = node / 4 - 1; node >= 4 && up >= 0; up = up < 4 ? -1 : up / 4 - 1)
				there[up] = is_dir[up] = true;
			there[node] = true;
			is_dir[node] = dir;
		} else {
			int err = erofs_tree_paths_remove(&fixture->paths, path);

			assert_int_equal(err, blocked ? -ENOTDIR : there[node] ? 0 : -ENOENT);
			if (err)
				continue;
			there[node] = is_dir[node] = false;
		}
		/* What stands below something that is no directory is gone. */
		for (int below = 4; below < 84; below++)
			if (!there[below / 4 - 1] || !is_dir[below / 4 - 1])
				there[below] = is_dir[below] = false;
	}
	for (int node = 0; node < 84; node++) {
		int at[3], count = 0;
		char path[16] = "";

		for (int up = node; up >= 0; up = up < 4 ? -1 : up / 4 - 1)
			at[count++] = up < 4 ? up : up % 4;
		while (count--) {
			strcat(path, *path ? "/" : "");
			strcat(path, parts[at[count]]);
		}
		assert_int_equal(!!find(fixture, path), there[node]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(missing_parents_are_made, begin, end),
		cmocka_unit_test_setup_teardown(the_last_one_wins, begin, end),
		cmocka_unit_test_setup_teardown(links_keep_what_they_lead_to, begin, end),
		cmocka_unit_test_setup_teardown(bad_paths_change_nothing, begin, end),
		cmocka_unit_test_setup_teardown(layers_hide_what_is_below, begin, end),
		cmocka_unit_test_setup_teardown(a_directory_keeps_what_lower_layers_have, begin, end),
		cmocka_unit_test(markers_are_told_by_their_names),
		cmocka_unit_test_setup_teardown(overlay_markers_are_told_and_stripped, begin, end),
		cmocka_unit_test_setup_teardown(empty_files_with_the_xattr_are_whiteouts, begin, end),
		cmocka_unit_test_setup_teardown(directories_with_whiteouts_get_an_origin, begin, end),
		cmocka_unit_test_setup_teardown(paths_go_through_symbolic_links, begin, end),
		cmocka_unit_test_setup_teardown(links_that_lead_nowhere_are_errors, begin, end),
		cmocka_unit_test_setup_teardown(layers_go_through_links_of_lower_ones, begin, end),
		cmocka_unit_test_setup_teardown(random_steps_agree_with_a_list, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
