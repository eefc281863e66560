/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

struct fixture {
	struct erofs_tree *tree;
	struct erofs_tree_inode *file;
	struct messages messages;
};

static void set_up(struct fixture *f, uint32_t uid, uint32_t gid)
{
	messages_init(&f->messages);
	f->tree = tree_make();
	f->file = tree_add(f->tree, tree_add(f->tree, f->tree->root, "dir", S_IFDIR), "file", S_IFREG);
	f->file->uid = uid;
	f->file->gid = gid;
}

/* Applies rules to a file with these owners and checks what becomes of them. */
static void assert_owners(const struct erofs_tree_rules *rules, uint32_t uid, uint32_t gid, uint32_t new_uid,
			  uint32_t new_gid)
{
	struct fixture f;

	set_up(&f, uid, gid);
	f.tree->root->uid = f.file->parent->uid = uid;
	f.tree->root->gid = f.file->parent->gid = gid;
	assert_int_equal(erofs_tree_normalize(f.tree, rules, &f.messages.diag), 0);
	assert_int_equal(f.file->uid, new_uid);
	assert_int_equal(f.file->gid, new_gid);
	assert_int_equal(f.messages.count, 0);
	/* It is frozen, too. */
	assert_int_equal(f.tree->inode_count, 3);
	erofs_tree_free(f.tree);
}

static void assert_no_owner(const struct erofs_tree_rules *rules, uint32_t uid, uint32_t gid, const char *what)
{
	struct fixture f;

	set_up(&f, uid, gid);
	assert_int_equal(erofs_tree_normalize(f.tree, rules, &f.messages.diag), -ERANGE);
	assert_int_equal(f.messages.count, 1);
	assert_non_null(strstr(f.messages.last, what));
	erofs_tree_free(f.tree);
}

/* chown() cannot give it, and Linux does not show it: kept, but not in silence. */
static void an_owner_that_is_none_is_told(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, 5, UINT32_MAX);
	f.file->parent->uid = UINT32_MAX;
	f.messages.diag.verbosity = EROFS_SEV_WARNING;
	assert_int_equal(erofs_tree_normalize(f.tree,
					      &(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules) },
					      &f.messages.diag),
			 0);
	assert_int_equal(f.file->gid, UINT32_MAX);
	assert_int_equal(f.messages.count, 1);
	assert_non_null(strstr(f.messages.last, "/dir: the owner 4294967295:0 has an id that no file can have"));
	assert_non_null(strstr(f.messages.last, "(2 such files)"));
	erofs_tree_free(f.tree);
}

static void owners_stay_without_rules(void **state)
{
	(void)state;
	assert_owners(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules) }, 5, UINT32_MAX, 5,
		      UINT32_MAX);
	/* Values of what is not asked for do not matter. */
	assert_owners(
		&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules), .uid = 9, .gid = 9, .time = 9 }, 5,
		6, 5, 6);
}

static void owners_are_forced(void **state)
{
	(void)state;
	assert_owners(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules), .force_uid = true }, 5, 6, 0,
		      6);
	assert_owners(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules),
						  .force_gid = true,
						  .gid = UINT32_MAX },
		      5, 6, 5, UINT32_MAX);
	/* An offset is added to what is forced, too. */
	assert_owners(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules),
						  .force_uid = true,
						  .uid = 100,
						  .uid_offset = -99,
						  .gid_offset = 2 },
		      5, 6, 1, 8);
	assert_no_owner(
		&(struct erofs_tree_rules){
			.size = sizeof(struct erofs_tree_rules), .force_uid = true, .uid = 1, .uid_offset = -100 },
		5, 6, "/: uid 1 ");
}

static void owners_are_shifted(void **state)
{
	(void)state;
	assert_owners(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules),
						  .uid_offset = 100000,
						  .gid_offset = -6 },
		      5, 6, 100005, 0);
	assert_owners(
		&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules), .gid_offset = UINT32_MAX - 6u }, 5,
		6, 5, UINT32_MAX);
	assert_owners(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules),
						  .force_gid = true,
						  .uid_offset = UINT32_MAX },
		      0, 6, UINT32_MAX, 0);
}

static void owners_outside_of_32_bits_are_refused(void **state)
{
	(void)state;
	assert_no_owner(
		&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules), .uid_offset = UINT32_MAX - 4u }, 5,
		6, "/dir/file: uid 5 ");
	assert_no_owner(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules), .uid_offset = 1 },
			UINT32_MAX, 6, "/dir/file: uid 4294967295 ");
	assert_no_owner(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules), .gid_offset = 1 }, 5,
			UINT32_MAX, "/dir/file: gid 4294967295 ");
	assert_no_owner(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules), .gid_offset = -1 }, 5, 6,
			"/: gid 0 ");
	assert_no_owner(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules), .uid_offset = INT64_MAX },
			5, 6, "uid");
	assert_no_owner(&(struct erofs_tree_rules){ .size = sizeof(struct erofs_tree_rules), .uid_offset = INT64_MIN },
			5, 6, "uid");
}

static void assert_time(const struct erofs_tree_rules *rules, int64_t mtime, uint32_t nsec, int64_t new_mtime,
			uint32_t new_nsec)
{
	struct fixture f;

	set_up(&f, 0, 0);
	f.file->mtime = mtime;
	f.file->mtime_nsec = nsec;
	assert_int_equal(erofs_tree_normalize(f.tree, rules, &f.messages.diag), 0);
	assert_int_equal(f.file->mtime, new_mtime);
	assert_int_equal(f.file->mtime_nsec, new_nsec);
	erofs_tree_free(f.tree);
}

static void times_are_kept(void **state)
{
	const struct erofs_tree_rules keep = {
		.size = sizeof(keep), .time_rule = EROFS_TIME_KEEP, .time = 100, .time_nsec = 5
	};

	(void)state;
	assert_time(&keep, 1700000000, 999999999, 1700000000, 999999999);
	assert_time(&keep, -5, 1, -5, 1);
}

static void later_times_are_clamped(void **state)
{
	const struct erofs_tree_rules clamp = {
		.size = sizeof(clamp), .time_rule = EROFS_TIME_CLAMP, .time = 100, .time_nsec = 5
	};
	const struct erofs_tree_rules early = { .size = sizeof(early), .time_rule = EROFS_TIME_CLAMP, .time = -100 };

	(void)state;
	assert_time(&clamp, 101, 0, 100, 5);
	assert_time(&clamp, 100, 6, 100, 5);
	assert_time(&clamp, 100, 5, 100, 5);
	assert_time(&clamp, 100, 4, 100, 4);
	assert_time(&clamp, 99, 999999999, 99, 999999999);
	assert_time(&clamp, -1, 7, -1, 7);
	assert_time(&clamp, INT64_MIN, 7, INT64_MIN, 7);
	assert_time(&early, -99, 0, -100, 0);
	assert_time(&early, -101, 3, -101, 3);
}

static void times_are_fixed(void **state)
{
	const struct erofs_tree_rules fix = {
		.size = sizeof(fix), .time_rule = EROFS_TIME_FIX, .time = -100, .time_nsec = 5
	};

	(void)state;
	assert_time(&fix, 101, 0, -100, 5);
	assert_time(&fix, -200, 9, -100, 5);
}

static void rules_reach_every_inode_once(void **state)
{
	const struct erofs_tree_rules rules = {
		.size = sizeof(rules), .uid_offset = 10, .time_rule = EROFS_TIME_FIX, .time = 3
	};
	struct fixture f;

	(void)state;
	set_up(&f, 5, 0);
	tree_link(f.tree, f.tree->root, "linked", f.file);
	assert_int_equal(erofs_tree_normalize(f.tree, &rules, NULL), 0);
	assert_int_equal(f.file->uid, 15);
	assert_int_equal(f.tree->root->uid, 10);
	assert_int_equal(f.tree->root->mtime, 3);
	assert_int_equal(tree_child(f.tree->root, "dir")->uid, 10);
	erofs_tree_free(f.tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_owner_that_is_none_is_told),
		cmocka_unit_test(owners_stay_without_rules),
		cmocka_unit_test(owners_are_forced),
		cmocka_unit_test(owners_are_shifted),
		cmocka_unit_test(owners_outside_of_32_bits_are_refused),
		cmocka_unit_test(times_are_kept),
		cmocka_unit_test(later_times_are_clamped),
		cmocka_unit_test(times_are_fixed),
		cmocka_unit_test(rules_reach_every_inode_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
