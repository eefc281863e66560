/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/fragments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

#define LARGEST 9000u

static void arrange(struct erofs_fragments *fragments, unsigned int workers)
{
	struct erofs_pool *pool = erofs_pool_new(workers);

	assert_non_null(pool);
	assert_int_equal(erofs_writer_fragments_sort(fragments), 0);
	assert_int_equal(erofs_writer_fragments_group(fragments, pool), 0);
	erofs_writer_fragments_arrange(fragments);
	erofs_pool_free(pool);
}

static const char *const names[] = { "b.txt", "a.txt", "lib.so.6", "1.gz", "none", "c.txt", "d.so" };
#define NAMES (sizeof(names) / sizeof(names[0]))

/* What a fragment of this number holds follows from the number alone; some are equal. */
static size_t make_bytes(uint8_t *out, uint32_t number)
{
	uint64_t random = number % 997 + 1;
	size_t size = (size_t)(random_next(&random) % LARGEST + 1);

	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)(random_next(&random) >> 32);
	return size;
}

static uint32_t add(struct erofs_fragments *fragments, uint32_t i, bool once)
{
	const struct erofs_tree_inode inode = { .name = names[i % NAMES] };
	uint8_t bytes[LARGEST];
	size_t size = make_bytes(bytes, i);
	uint32_t number;

	assert_int_equal(erofs_writer_fragments_add(fragments, &number, &inode, bytes, size, once), 0);
	return number;
}

static void assert_bytes(const struct erofs_fragments *fragments, uint32_t number, uint32_t i)
{
	uint8_t bytes[LARGEST], found[LARGEST];
	const struct erofs_fragment *item = &fragments->items[number];
	size_t size = make_bytes(bytes, i);

	assert_int_equal(item->size, size);
	assert_int_equal(erofs_writer_fragments_read(fragments, found, size, item->offset), 0);
	assert_memory_equal(found, bytes, size);
	if (size > 2)
		assert_int_equal(erofs_writer_fragments_read(fragments, found, size - 2, item->offset + 1), 0);
	if (size > 2)
		assert_memory_equal(found, bytes + 1, size - 2);
}

static void equal_ones_are_there_once(void **state)
{
	struct erofs_fragments fragments = { 0 };
	uint32_t numbers[3000];

	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		numbers[i] = add(&fragments, i, true);
		erofs_writer_fragments_use(&fragments, numbers[i]);
	}
	assert_int_equal(fragments.count, 997);
	arrange(&fragments, 2);
	for (uint32_t i = 0; i < 3000; i++)
		assert_bytes(&fragments, numbers[i], i);
	erofs_writer_fragments_release(&fragments);
	for (uint32_t i = 0; i < 1000; i++)
		add(&fragments, i, false);
	assert_int_equal(fragments.count, 1000);
	erofs_writer_fragments_release(&fragments);
}

/*
 * Of 32 bytes, the hash multiplies the first eight, mixed with the first eight of a secret that all know, by the next eight: where
 * they are the secret itself, the next eight do not count.
 */
static void equal_hashes_are_not_equal_bytes(void **state)
{
	static const uint8_t secret[8] = { 0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe };
	const struct erofs_tree_inode inode = { .name = "a" };
	struct erofs_fragments fragments = { 0 };
	uint8_t bytes[3][32] = { { 0 } }, found[32];
	uint32_t number;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		memcpy(bytes[i], secret, sizeof(secret));
		memset(bytes[i] + 8, 'a' + (int)i, 8);
		assert_true(XXH3_64bits(bytes[i], 32) == XXH3_64bits(bytes[0], 32));
		assert_int_equal(erofs_writer_fragments_add(&fragments, &number, &inode, bytes[i], 32, true), 0);
		assert_int_equal(number, i);
		assert_int_equal(erofs_writer_fragments_add(&fragments, &number, &inode, bytes[i], 32, true), 0);
		assert_int_equal(number, i);
		erofs_writer_fragments_use(&fragments, i);
	}
	arrange(&fragments, 0);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(erofs_writer_fragments_read(&fragments, found, 32, fragments.items[i].offset), 0);
		assert_memory_equal(found, bytes[i], 32);
	}
	erofs_writer_fragments_release(&fragments);
}

/* Those that nobody wants have no place; the others follow each other, kind by kind. */
static void kinds_lie_together(void **state)
{
	struct erofs_fragments fragments = { 0 };
	uint64_t end = 0, kinds = 1;

	(void)state;
	for (uint32_t i = 0; i < 900; i++)
		if (add(&fragments, i, false) % 3)
			erofs_writer_fragments_use(&fragments, i);
	arrange(&fragments, 2);
	assert_int_equal(fragments.used, 600);
	for (uint32_t i = 0; i < fragments.used; i++) {
		const struct erofs_fragment *item = &fragments.items[fragments.order[i]];

		assert_int_not_equal(fragments.order[i] % 3, 0);
		assert_int_equal(item->offset, end);
		end += item->size;
		if (i && item->kind != fragments.items[fragments.order[i - 1]].kind)
			kinds++;
	}
	assert_int_equal(kinds, 4); /* none, gz, so, txt */
	assert_int_equal(fragments.size, end);
	assert_int_equal(fragments.items[0].offset, EROFS_FRAGMENT_UNUSED);
	erofs_writer_fragments_release(&fragments);
}

/* Far more than may stay in memory: behind the image, and where that is not possible in a file elsewhere. */
static void the_rest_waits_elsewhere(const struct erofs_output_options *options, bool existing)
{
	struct erofs_fragments fragments = { .scratch_at = 1000003 };
	char dir[] = "/tmp/test-fragments.XXXXXX", path[64];
	struct erofs_output *output;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/image", dir);
	if (existing)
		assert_int_equal(fclose(fopen(path, "w")), 0);
	assert_int_equal(erofs_output_open(&output, path, options, NULL), 0);
	fragments.output = output;
	for (uint32_t i = 0; i < 12000; i++)
		erofs_writer_fragments_use(&fragments, add(&fragments, i, false));
	assert_true(fragments.page_count > 2 * fragments.resident);
	assert_int_equal(fragments.has_file, existing);
	arrange(&fragments, 2);
	for (uint32_t i = 0; i < 12000; i += 7)
		assert_bytes(&fragments, i, i);
	erofs_writer_fragments_release(&fragments);
	erofs_output_close(output);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

static void memory_is_bounded(void **state)
{
	(void)state;
	the_rest_waits_elsewhere(NULL, false);
	the_rest_waits_elsewhere(&(struct erofs_output_options){ .offset = 512 }, true);
}

#define ALIKE 40u /* fragments, of which each has half of its bytes in common with one other */

static void order_alike(uint32_t *order, unsigned int workers)
{
	struct erofs_fragments fragments = { 0 };
	static uint8_t bytes[2 * LARGEST];

	for (uint32_t i = 0; i < ALIKE; i++) {
		uint64_t own = i + 1, common = 1000 + i % (ALIKE / 2);
		const struct erofs_tree_inode inode = { .name = names[i % NAMES] };
		size_t size = LARGEST + i * 7;
		uint32_t number;

		for (size_t k = 0; k < size; k++)
			bytes[k] = (uint8_t)(random_next(k < LARGEST / 2 + i ? &own : &common) >> 32);
		assert_int_equal(erofs_writer_fragments_add(&fragments, &number, &inode, bytes, size, false), 0);
		erofs_writer_fragments_use(&fragments, number);
	}
	arrange(&fragments, workers);
	assert_int_equal(fragments.used, ALIKE);
	memcpy(order, fragments.order, ALIKE * sizeof(*order));
	erofs_writer_fragments_release(&fragments);
}

/* Whatever their names are, and however many workers look. */
static void alike_lie_together(void **state)
{
	uint32_t order[ALIKE], other[ALIKE];
	bool seen[ALIKE] = { false };
	unsigned int pairs = 0;

	(void)state;
	order_alike(order, 0);
	for (unsigned int i = 0; i < ALIKE; i++) {
		assert_false(seen[order[i]]);
		seen[order[i]] = true;
		pairs += i && order[i] % (ALIKE / 2) == order[i - 1] % (ALIKE / 2);
	}
	assert_int_equal(pairs, ALIKE / 2);
	order_alike(other, 3);
	assert_memory_equal(order, other, sizeof(order));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_ones_are_there_once), cmocka_unit_test(equal_hashes_are_not_equal_bytes),
		cmocka_unit_test(kinds_lie_together),	     cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(alike_lie_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
