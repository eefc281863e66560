/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>
#include <sys/stat.h>

#include "lib/writer/data/duplicates.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/* Whose data duplicates take over. */

struct made {
	struct erofs_build_options options;
	struct erofs_build_summary summary;
	struct erofs_method methods[2];
	struct erofs_plan plan;
	struct erofs_data data;
	struct erofs_run run;
	struct erofs_tree *tree;
	struct erofs_tree_inode *files[3];
	uint32_t content;
};

static void begin(struct made *made, unsigned int method_count)
{
	static const char *const names[] = { "a", "b", "c" };
	struct messages messages;

	memset(made, 0, sizeof(*made));
	messages_init(&messages);
	made->options = (struct erofs_build_options){ .blkszbits = 12, .dedupe_files = true };
	made->tree = tree_make();
	for (unsigned int i = 0; i < 3; i++) {
		made->files[i] = tree_add(made->tree, made->tree->root, names[i], S_IFREG | 0644);
		made->files[i]->size = 8192;
	}
	assert_int_equal(erofs_tree_freeze(made->tree, &messages.diag), 0);
	made->methods[0].encoded_max = made->methods[0].unit = 4096;
	made->plan = (struct erofs_plan){ .tree = made->tree, .options = &made->options, .summary = &made->summary };
	made->plan.blksz = 4096;
	made->plan.methods = (struct erofs_methods){ .items = made->methods, .count = method_count };
	made->run = (struct erofs_run){ .plan = &made->plan, .data = &made->data };
	assert_int_equal(erofs_pages_init(&made->plan.inodes, sizeof(struct erofs_inode_plan), 10), 0);
	assert_int_equal(erofs_pages_fill(&made->plan.inodes, 10), 0);
	assert_int_equal(erofs_pages_init(&made->data.places, sizeof(struct erofs_place), 10), 0);
	assert_int_equal(erofs_pages_fill(&made->data.places, 10), 0);
	erofs_writer_dedup_init(&made->data.dedup, 32);
	assert_int_equal(erofs_writer_dedup_note(&made->data.dedup, &made->content, (const uint8_t[32]){ 1 }), 0);
	for (unsigned int i = 0; i < 3; i++)
		erofs_writer_place(&made->data, made->files[i])->content = made->content;
}

static void finish(struct made *made)
{
	erofs_pages_release(&made->plan.inodes);
	erofs_pages_release(&made->data.places);
	erofs_writer_dedup_release(&made->data.dedup);
	erofs_tree_free(made->tree);
}

static void own(struct made *made, unsigned int file, bool is_compressed)
{
	struct erofs_place *place = erofs_writer_place(&made->data, made->files[file]);

	place->is_compressed = is_compressed;
	place->blkaddr = 100 + file;
	erofs_writer_own(&made->run, made->files[file]);
}

static void assert_owner(const struct made *made, unsigned int file)
{
	assert_int_equal(erofs_writer_dedup_owner(&made->data.dedup, made->content), made->files[file]->number);
}

static void a_duplicate_has_the_blocks_of_the_owner(void **state)
{
	static struct made made;

	(void)state;
	begin(&made, 1);
	assert_false(erofs_writer_take_over(&made.run, made.files[0], false));
	own(&made, 0, false);
	/* Nobody is a duplicate of itself, nor of what is stored in another way. */
	assert_false(erofs_writer_take_over(&made.run, made.files[0], false));
	assert_false(erofs_writer_take_over(&made.run, made.files[1], true));
	assert_true(erofs_writer_take_over(&made.run, made.files[1], false));
	assert_int_equal(erofs_writer_place(&made.data, made.files[1])->blkaddr, 100);
	assert_int_equal(made.summary.shared_files, 1);
	assert_int_equal(made.summary.saved_bytes, 8192);
	finish(&made);
}

/* Work has asked, and left a file without encoded bytes, because its content was there in extents. */
static void what_work_relies_on_stays_the_owner(void **state)
{
	static struct made made;

	(void)state;
	begin(&made, 1);
	own(&made, 0, true);
	own(&made, 1, false);
	assert_owner(&made, 0);
	assert_true(erofs_writer_dedup_has_compressed(&made.data.dedup, (const uint8_t[32]){ 1 }));
	finish(&made);
}

/* With several methods nobody relies on it, and the last one serves those that come. */
static void of_several_methods_the_last_one_counts(void **state)
{
	static struct made made;

	(void)state;
	begin(&made, 2);
	own(&made, 0, true);
	own(&made, 1, false);
	assert_owner(&made, 1);
	own(&made, 2, true);
	assert_owner(&made, 2);
	finish(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duplicate_has_the_blocks_of_the_owner),
		cmocka_unit_test(what_work_relies_on_stays_the_owner),
		cmocka_unit_test(of_several_methods_the_last_one_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
