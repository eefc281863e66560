/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/writer/meta/layout.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/* A build as far as it goes without an output. */
struct fixture {
	struct erofs_tree *tree;
	struct erofs_build_options options;
	struct erofs_build_summary summary;
	struct erofs_plan plan;
	struct erofs_tails tails;
	struct erofs_data data;
	struct erofs_layout layout;
};

static void set_up(struct fixture *f, unsigned int blkszbits)
{
	*f = (struct fixture){ .tree = tree_make() };
	erofs_build_defaults(&f->options);
	f->options.blkszbits = blkszbits;
	f->plan.tree = f->tree;
	f->plan.options = &f->options;
	f->plan.summary = &f->summary;
	f->plan.blksz = 1u << blkszbits;
}

static void plan_and_lay_out(struct fixture *f)
{
	assert_int_equal(erofs_tree_freeze(f->tree, NULL), 0);
	assert_int_equal(erofs_writer_plan_begin(&f->plan), 0);
	assert_int_equal(erofs_writer_plan_tree(&f->plan), 0);
	assert_int_equal(erofs_writer_data_init(&f->data, &f->plan, NULL, NULL, &f->tails), 0);
	assert_int_equal(erofs_writer_lay_out(&f->layout, &f->plan, &f->data), 0);
}

static void tear_down(struct fixture *f)
{
	erofs_writer_layout_release(&f->layout);
	erofs_writer_data_release(&f->data);
	erofs_writer_plan_release(&f->plan);
	erofs_tree_free(f->tree);
}

static uint64_t end_of(const struct fixture *f, uint32_t number)
{
	const struct erofs_tree_inode *inode = f->tree->inodes[number];

	return f->layout.positions[number] + erofs_writer_placed_body(&f->plan, &f->data, inode) +
	       erofs_writer_placed_tail(&f->plan, &f->data, inode);
}

/* What must hold of every layout. */
static void assert_sound(const struct fixture *f)
{
	const struct erofs_layout *layout = &f->layout;
	uint32_t blksz = f->plan.blksz;
	uint64_t end = 0;

	assert_int_equal(layout->positions[0], 0);
	assert_true(erofs_writer_nid(layout, 0) <= UINT16_MAX);
	for (uint32_t i = 0; i < f->tree->inode_count; i++) {
		uint32_t number = layout->by_position[i];
		const struct erofs_tree_inode *inode = f->tree->inodes[number];
		uint64_t position = layout->positions[number];
		uint64_t tail_at = position + erofs_writer_placed_body(&f->plan, &f->data, inode);
		uint32_t tail = erofs_writer_placed_tail(&f->plan, &f->data, inode);

		assert_int_equal(position % EROFS_NID_SLOT, 0);
		assert_int_not_equal(erofs_writer_nid(layout, number), 0);
		assert_int_equal(erofs_writer_nid_blkaddr(layout) * blksz +
					 erofs_writer_nid(layout, number) * EROFS_NID_SLOT,
				 f->data.zone.end + position);
		assert_true(position >= end);
		if (tail)
			assert_int_equal(tail_at / blksz, (tail_at + tail - 1) / blksz);
		if (tail && S_ISLNK(inode->mode))
			assert_int_equal(position / blksz, tail_at / blksz);
		end = tail_at + tail;
	}
	assert_true(end <= layout->zone_size);
	assert_true(layout->zone_size - end < blksz);
	assert_int_equal(layout->zone_size % blksz, 0);
	assert_true(layout->shared_xattrs_at >= layout->zone_size);
	assert_int_equal(layout->meta_blkaddr * blksz, f->data.zone.end);
}

/* Bytes that the zone cannot do without: whole slots for each inode. */
static uint64_t lower_bound(const struct fixture *f)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < f->tree->inode_count; i++) {
		uint64_t size = end_of(f, i) - f->layout.positions[i];

		bytes += (size + EROFS_NID_SLOT - 1) / EROFS_NID_SLOT * EROFS_NID_SLOT;
	}
	return bytes;
}

enum sizes { EVEN, MOSTLY_SMALL, MOSTLY_LARGE, HALF_BLOCKS };

static uint64_t some_size(uint64_t *random, enum sizes sizes, uint32_t blksz)
{
	uint64_t r = random_next(random);

	switch (sizes) {
	case MOSTLY_SMALL:
		return r % 8 ? r / 8 % (blksz / 8) : r / 8 % (4 * blksz);
	case MOSTLY_LARGE:
		return r % 8 ? blksz * 3 / 4 + r / 8 % (blksz / 4) : r / 8 % blksz;
	case HALF_BLOCKS:
		return blksz / 2 - 64 + r % 128;
	default:
		return r % (10 * blksz);
	}
}

/* Files, links and directories of random sizes; some have attributes, some another time. */
static void fill(struct fixture *f, uint64_t *random, enum sizes sizes, uint32_t count)
{
	struct erofs_tree_inode *dir = f->tree->root;

	for (uint32_t i = 0; i < count; i++) {
		struct erofs_tree_inode *inode;
		char name[32];

		snprintf(name, sizeof(name), "name-%u", i);
		if (random_next(random) % 50 == 0) {
			dir = tree_add(f->tree, random_next(random) % 2 ? dir : f->tree->root, name, S_IFDIR);
			continue;
		}
		inode = tree_add(f->tree, dir, name, random_next(random) % 10 ? S_IFREG : S_IFLNK);
		inode->size = some_size(random, sizes, f->plan.blksz);
		if (S_ISLNK(inode->mode)) {
			inode->target = "";
			inode->size = 1 + inode->size % 4095;
		}
		inode->mtime = random_next(random) % 3 == 0;
		if (random_next(random) % 5 == 0)
			tree_set_xattrs(f->tree, inode, "user.own", name, "user.same", "value", NULL);
	}
}

static void no_tail_crosses_and_nothing_overlaps(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct fixture f;

		set_up(&f, 9 + (unsigned int)round % 4);
		f.options.fingerprint = round % 3 ? EROFS_DIGEST_SHA256 : EROFS_DIGEST_NONE;
		f.options.inline_data = round % 7 != 0;
		fill(&f, &random, (enum sizes)(round / 4 % 4), (uint32_t)(random_next(&random) % 600));
		plan_and_lay_out(&f);
		assert_sound(&f);
		tear_down(&f);
	}
}

static void the_zone_wastes_little(enum sizes sizes, unsigned int blkszbits, unsigned int percent)
{
	uint64_t random = 8, bound;
	struct fixture f;

	set_up(&f, blkszbits);
	f.options.fingerprint = EROFS_DIGEST_SHA256;
	fill(&f, &random, sizes, 20000);
	plan_and_lay_out(&f);
	assert_sound(&f);
	bound = lower_bound(&f);
	if (f.layout.zone_size * 100 > bound * (100 + percent) + 100 * f.plan.blksz)
		fail_msg("sizes %d, blocks of %u: %llu bytes where %llu are needed", sizes, f.plan.blksz,
			 (unsigned long long)f.layout.zone_size, (unsigned long long)bound);
	tear_down(&f);
}

static void the_zone_is_full(void **state)
{
	(void)state;
	for (unsigned int bits = 9; bits <= 12; bits++) {
		the_zone_wastes_little(EVEN, bits, 1);
		the_zone_wastes_little(MOSTLY_SMALL, bits, 1);
	}
}

/* The root's nid has 16 bits, whatever it is that it carries. */
static void the_root_comes_first(void **state)
{
	(void)state;
	for (uint32_t names = 0; names < 200; names += 3) {
		struct fixture f;
		char value[4000];

		set_up(&f, 12);
		for (uint32_t i = 0; i < names; i++) {
			char name[32];

			snprintf(name, sizeof(name), "a-file-%u", i);
			tree_add(f.tree, f.tree->root, name, S_IFREG)->size = 100 * i;
		}
		memset(value, 'v', sizeof(value));
		value[names * 19] = 0;
		tree_set_xattrs(f.tree, f.tree->root, "user.large", value, NULL);
		plan_and_lay_out(&f);
		assert_sound(&f);
		tear_down(&f);
	}
}

static void the_same_tree_has_the_same_layout(void **state)
{
	struct fixture a, b;
	uint64_t random;

	(void)state;
	set_up(&a, 12);
	set_up(&b, 12);
	random = 9;
	fill(&a, &random, EVEN, 3000);
	random = 9;
	fill(&b, &random, EVEN, 3000);
	plan_and_lay_out(&a);
	plan_and_lay_out(&b);
	for (uint32_t i = 0; i < a.tree->inode_count; i++)
		assert_int_equal(a.layout.positions[i], b.layout.positions[i]);
	assert_int_equal(a.layout.metadata_size, b.layout.metadata_size);
	tear_down(&a);
	tear_down(&b);
}

/* Blocks of directories and long links: behind the zone and the shared xattrs, one after the other, none twice. */
static void other_blocks_lie_behind(void **state)
{
	struct fixture f;
	uint64_t random = 10, next, left = 0;

	(void)state;
	set_up(&f, 9);
	fill(&f, &random, EVEN, 5000);
	plan_and_lay_out(&f);
	next = f.layout.shared_xattrs_at + f.plan.xattrs.shared_zone.size;
	next = f.layout.meta_blkaddr + (next + 511) / 512;
	for (uint32_t i = 0; i < f.tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = f.tree->inodes[i];
		uint64_t blocks = S_ISREG(inode->mode) ? 0 : erofs_writer_planned_blocks(&f.plan, inode);

		if (!blocks)
			continue;
		assert_int_equal(f.layout.blkaddrs[i], next);
		next += blocks;
		left++;
	}
	assert_true(left > 100);
	assert_int_equal(f.layout.metadata_size, (next - f.layout.meta_blkaddr) * 512);
	tear_down(&f);
}

/* No tail crosses a block in it, either; directories come first, and their blocks lie in front of it. */
static void a_metabox_is_laid_out_like_a_zone(void **state)
{
	uint64_t random = 10, end = 0, first = UINT64_MAX;
	bool behind_directories = false;
	struct fixture f;

	(void)state;
	set_up(&f, 9);
	f.options.metabox = EROFS_METABOX_ALWAYS;
	f.options.metabox_compression_set = true;
	f.options.metabox_compression.compressor = EROFS_COMPRESSOR_LZ4;
	fill(&f, &random, EVEN, 5000);
	plan_and_lay_out(&f);
	assert_true(f.layout.has_metabox);
	assert_true(f.layout.metabox_size >= f.layout.shared_xattrs_at + f.plan.xattrs.shared_zone.size);
	assert_true(erofs_writer_nid(&f.layout, 0) == EROFS_NID_IN_METABOX);
	for (uint32_t i = 0; i < f.tree->inode_count; i++) {
		uint32_t number = f.layout.by_position[i];
		const struct erofs_tree_inode *inode = f.tree->inodes[number];
		uint64_t position = f.layout.positions[number], tail_at;
		uint32_t tail = erofs_writer_placed_tail(&f.plan, &f.data, inode);

		assert_true(position >= end);
		end = end_of(&f, number);
		tail_at = end - tail;
		if (tail)
			assert_int_equal(tail_at / 512, (end - 1) / 512);
		assert_false(behind_directories && S_ISDIR(inode->mode));
		behind_directories |= !S_ISDIR(inode->mode);
		assert_true(erofs_writer_nid(&f.layout, number) == (EROFS_NID_IN_METABOX | position / EROFS_NID_SLOT));
		if (f.layout.blkaddrs[number] && f.layout.blkaddrs[number] < first)
			first = f.layout.blkaddrs[number];
	}
	assert_true(end <= f.layout.zone_size);
	assert_int_equal(first, f.layout.meta_blkaddr);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_tail_crosses_and_nothing_overlaps),
		cmocka_unit_test(the_zone_is_full),
		cmocka_unit_test(the_root_comes_first),
		cmocka_unit_test(the_same_tree_has_the_same_layout),
		cmocka_unit_test(other_blocks_lie_behind),
		cmocka_unit_test(a_metabox_is_laid_out_like_a_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
