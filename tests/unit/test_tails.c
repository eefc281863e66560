/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/tails.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

#define TAILS	   30000u
#define LARGEST	   4096u
#define SCRATCH_AT 1000003u

/* What the tail of this number holds follows from the number alone. */
static uint32_t tail_size(uint32_t number)
{
	uint64_t random = number;

	return (uint32_t)(random_next(&random) % (LARGEST + 1));
}

static void make_tail(uint8_t *out, uint32_t number)
{
	uint64_t random = number + 1000000u;

	for (uint32_t i = 0; i < LARGEST; i += 8) {
		uint64_t word = random_next(&random);

		memcpy(out + i, &word, 8);
	}
}

static void append_all(struct erofs_tails *tails, uint64_t *places)
{
	uint8_t bytes[LARGEST];
	uint64_t end = 0;

	for (uint32_t i = 0; i < TAILS; i++) {
		make_tail(bytes, i);
		assert_int_equal(erofs_writer_tails_append(tails, &places[i], bytes, tail_size(i)), 0);
		assert_int_equal(places[i], end);
		end += tail_size(i);
	}
}

static void assert_tail(struct erofs_tails *tails, const uint64_t *places, uint32_t number)
{
	uint8_t bytes[LARGEST], found[LARGEST + 1];
	uint32_t size = tail_size(number);

	make_tail(bytes, number);
	found[size] = 0x77;
	assert_int_equal(erofs_writer_tails_read(tails, found, size, places[number]), 0);
	assert_memory_equal(found, bytes, size);
	assert_int_equal(found[size], 0x77);
}

/* Each tail once: a third of them in the order of their coming, a third backwards, a third here and there. */
static void read_in_every_order(struct erofs_tails *tails, const uint64_t *places)
{
	for (uint32_t i = 0; i < TAILS; i += 3)
		assert_tail(tails, places, i);
	for (uint32_t i = TAILS - 2; i < TAILS; i -= 3)
		assert_tail(tails, places, i);
	for (uint32_t i = 0; i < TAILS / 3; i++)
		assert_tail(tails, places, i * 7919 % (TAILS / 3) * 3 + 2);
	/* All but the last page have been read, and need no room any more. */
	assert_true(tails->resident <= 1);
}

static void memory_holds_all_without_an_output(void **state)
{
	struct erofs_tails tails = { 0 };
	uint64_t *places = test_malloc(TAILS * sizeof(*places));

	(void)state;
	append_all(&tails, places);
	assert_int_equal(tails.resident, tails.page_count);
	read_in_every_order(&tails, places);
	erofs_writer_tails_release(&tails);
	test_free(places);
}

/* A page is given up when the last of its bytes has been read, not before. */
static void a_tail_may_be_the_last_byte_of_a_page(void **state)
{
	const size_t page = 65536;
	struct erofs_tails tails = { 0 };
	uint8_t *bytes = test_malloc(page), found;
	uint64_t front, last, next;

	(void)state;
	memset(bytes, 0x11, page);
	bytes[0] = 0x22;
	assert_int_equal(erofs_writer_tails_append(&tails, &front, bytes + 1, page - 1), 0);
	assert_int_equal(erofs_writer_tails_append(&tails, &last, bytes, 1), 0);
	assert_int_equal(erofs_writer_tails_append(&tails, &next, bytes, 1), 0);
	assert_int_equal(tails.page_count, 2);
	assert_int_equal(erofs_writer_tails_read(&tails, bytes, page - 1, front), 0);
	assert_int_equal(tails.resident, 2);
	assert_int_equal(erofs_writer_tails_read(&tails, &found, 1, last), 0);
	assert_int_equal(found, 0x22);
	assert_int_equal(tails.resident, 1);
	erofs_writer_tails_release(&tails);
	test_free(bytes);
}

struct outputs {
	char dir[64];
	char path[96];
	struct erofs_output *output;
};

static void open_output(struct outputs *o, uint64_t offset)
{
	strcpy(o->dir, "/tmp/test-tails.XXXXXX");
	assert_non_null(mkdtemp(o->dir));
	snprintf(o->path, sizeof(o->path), "%s/image", o->dir);
	/* An offset in what exists: written in place. */
	if (offset)
		assert_int_equal(close(open(o->path, O_WRONLY | O_CREAT, 0600)), 0);
	assert_int_equal(
		erofs_output_open(&o->output, o->path, &(struct erofs_output_options){ .offset = offset }, NULL), 0);
}

static void remove_output(struct outputs *o)
{
	erofs_output_close(o->output);
	unlink(o->path);
	assert_int_equal(rmdir(o->dir), 0);
}

/* Far more than may stay in memory goes behind the image, comes back in any order, and is gone with the commit. */
static void the_rest_waits_in_the_output(void **state)
{
	struct outputs o;
	struct erofs_tails tails = { .scratch_at = SCRATCH_AT };
	uint64_t *places = test_malloc(TAILS * sizeof(*places));
	uint8_t *front = test_malloc(SCRATCH_AT), *found = test_malloc(SCRATCH_AT);
	struct stat st;

	(void)state;
	open_output(&o, 0);
	memset(front, 0xa5, SCRATCH_AT);
	assert_int_equal(erofs_output_write(o.output, front, SCRATCH_AT, 0), 0);
	tails.output = o.output;
	append_all(&tails, places);
	assert_true(tails.resident < tails.page_count / 2);
	assert_true(tails.resident <= 512);
	read_in_every_order(&tails, places);
	assert_true(tails.resident <= 512);
	/* What is in front of the scratch space is as it was. */
	assert_int_equal(erofs_output_read(o.output, found, SCRATCH_AT, 0), 0);
	assert_memory_equal(found, front, SCRATCH_AT);
	assert_int_equal(erofs_output_commit(o.output, SCRATCH_AT), 0);
	assert_int_equal(stat(o.path, &st), 0);
	assert_int_equal(st.st_size, SCRATCH_AT);
	erofs_writer_tails_release(&tails);
	remove_output(&o);
	test_free(places);
	test_free(front);
	test_free(found);
}

/* In place there is no scratch space: what lies behind the image is somebody else's. */
static void in_place_all_stays_in_memory(void **state)
{
	struct outputs o;
	struct erofs_tails tails = { .scratch_at = SCRATCH_AT };
	uint64_t *places = test_malloc(TAILS * sizeof(*places));
	struct stat st;

	(void)state;
	open_output(&o, 512);
	tails.output = o.output;
	append_all(&tails, places);
	assert_int_equal(tails.resident, tails.page_count);
	read_in_every_order(&tails, places);
	assert_int_equal(stat(o.path, &st), 0);
	assert_true(st.st_size < SCRATCH_AT);
	erofs_writer_tails_release(&tails);
	remove_output(&o);
	test_free(places);
}

/* Bytes that several ask for stay until the last has them, across pages, in memory and in the output. */
static void shared_tails_are_read_as_often(void **state)
{
	struct outputs o;
	struct erofs_tails tails = { .scratch_at = SCRATCH_AT };
	uint64_t *places = test_malloc(TAILS * sizeof(*places));

	(void)state;
	open_output(&o, 0);
	tails.output = o.output;
	append_all(&tails, places);
	for (uint32_t i = 0; i < TAILS; i += 7)
		erofs_writer_tails_share(&tails, places[i], tail_size(i));
	for (uint32_t i = 0; i < TAILS; i++)
		assert_tail(&tails, places, i);
	assert_true(tails.page_count > 100);
	for (uint32_t i = 0; i < TAILS; i += 7)
		assert_tail(&tails, places, i);
	assert_true(tails.resident <= 1);
	erofs_writer_tails_release(&tails);
	remove_output(&o);
	test_free(places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_holds_all_without_an_output),
		cmocka_unit_test(a_tail_may_be_the_last_byte_of_a_page),
		cmocka_unit_test(the_rest_waits_in_the_output),
		cmocka_unit_test(shared_tails_are_read_as_often),
		cmocka_unit_test(in_place_all_stays_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
