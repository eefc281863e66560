/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fuse/pieces.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/unit/unit.h"

#define LENGTH 10000u

/* Says how often it was asked, and what it was told to. */
struct decoder {
	atomic_uint calls;
	int err;
	sem_t *permit; /* NULL: no need to wait */
};

static uint8_t byte_of(uint64_t physical, size_t at)
{
	return (uint8_t)(physical / 4096 * 31 + at * 7 + at / 251);
}

static int decode(void *ctx, uint8_t *out, const struct erofs_extent *extent)
{
	struct decoder *decoder = ctx;

	atomic_fetch_add(&decoder->calls, 1);
	if (decoder->permit)
		sem_wait(decoder->permit);
	for (size_t i = 0; !decoder->err && i < extent->length; i++)
		out[i] = byte_of(extent->physical, i);
	return decoder->err;
}

static struct erofs_extent extent_at(uint64_t block)
{
	return (struct erofs_extent){ .physical = block * 4096, .plen = 4096, .length = LENGTH };
}

static const struct piece *take(struct pieces *pieces, uint64_t block, struct decoder *decoder)
{
	const struct erofs_extent extent = extent_at(block);
	const struct piece *piece;

	assert_int_equal(pieces_take(pieces, &piece, &extent, decode, decoder), 0);
	assert_int_equal(piece->length, LENGTH);
	return piece;
}

static void assert_bytes(const struct piece *piece, uint64_t block)
{
	for (size_t i = 0; i < piece->length; i++)
		assert_int_equal(piece->data[i], byte_of(block * 4096, i));
}

static void use(struct pieces *pieces, uint64_t block, struct decoder *decoder)
{
	const struct piece *piece = take(pieces, block, decoder);

	assert_bytes(piece, block);
	pieces_give_back(pieces, piece);
}

/* Room for three: the one that was used longest ago goes, and is decoded again when it is wanted. */
static void the_last_ones_are_kept(void **state)
{
	struct pieces *pieces = pieces_new(3 * LENGTH);
	struct decoder decoder = { 0 };

	(void)state;
	assert_non_null(pieces);
	for (uint64_t block = 1; block <= 3; block++)
		use(pieces, block, &decoder);
	use(pieces, 1, &decoder);
	assert_int_equal(decoder.calls, 3);
	use(pieces, 4, &decoder);
	use(pieces, 1, &decoder);
	use(pieces, 3, &decoder);
	assert_int_equal(decoder.calls, 4);
	use(pieces, 2, &decoder);
	assert_int_equal(decoder.calls, 5);
	for (uint64_t block = 5; block < 100; block++)
		use(pieces, block, &decoder);
	use(pieces, 1, &decoder);
	assert_int_equal(decoder.calls, 101);
	pieces_free(pieces);
}

/* Whatever the limit is: one in use is the same for all, and stays as it is. */
static void what_is_in_use_stays(void **state)
{
	const struct piece *held[20];
	struct pieces *pieces = pieces_new(0);
	struct decoder decoder = { 0 };

	(void)state;
	assert_non_null(pieces);
	for (uint64_t block = 0; block < 20; block++) {
		held[block] = take(pieces, block, &decoder);
		assert_ptr_equal(take(pieces, block, &decoder), held[block]);
	}
	assert_int_equal(decoder.calls, 20);
	for (uint64_t block = 0; block < 20; block++) {
		pieces_give_back(pieces, held[block]);
		assert_bytes(held[block], block);
		assert_ptr_equal(take(pieces, block, &decoder), held[block]);
		pieces_give_back(pieces, held[block]);
		pieces_give_back(pieces, held[block]);
	}
	assert_int_equal(decoder.calls, 20);
	use(pieces, 0, &decoder);
	assert_int_equal(decoder.calls, 21);
	pieces_free(pieces);
}

/* Two that differ in anything are two. */
static void extents_are_told_apart(void **state)
{
	struct pieces *pieces = pieces_new(100 * LENGTH);
	struct decoder decoder = { 0 };
	struct erofs_extent others[6];
	const struct piece *piece;

	(void)state;
	assert_non_null(pieces);
	for (unsigned int i = 0; i < 6; i++)
		others[i] = extent_at(7);
	others[1].device++;
	others[2].plen++;
	others[3].algorithm++;
	others[4].length--;
	others[5].partial = true;
	for (unsigned int round = 0; round < 2; round++)
		for (unsigned int i = 0; i < 6; i++) {
			/* Where it is in a file does not count. */
			others[i].logical = round;
			assert_int_equal(pieces_take(pieces, &piece, &others[i], decode, &decoder), 0);
			assert_int_equal(piece->length, others[i].length);
			pieces_give_back(pieces, piece);
		}
	assert_int_equal(decoder.calls, 6);
	pieces_free(pieces);
}

/* Nothing is left of a failure: the next one tries again, and takes no room. */
static void failures_are_not_kept(void **state)
{
	struct pieces *pieces = pieces_new(2 * LENGTH);
	struct decoder decoder = { .err = -EUCLEAN };
	const struct erofs_extent extent = extent_at(1);
	const struct piece *piece;

	(void)state;
	assert_non_null(pieces);
	use(pieces, 2, &(struct decoder){ 0 });
	for (unsigned int i = 1; i <= 5; i++) {
		assert_int_equal(pieces_take(pieces, &piece, &extent, decode, &decoder), -EUCLEAN);
		assert_null(piece);
		assert_int_equal(decoder.calls, i);
	}
	decoder.err = 0;
	use(pieces, 1, &decoder);
	use(pieces, 2, &decoder);
	assert_int_equal(decoder.calls, 6);
	pieces_free(pieces);
}

/* ---- several at once --------------------------------------------------------------------------------------------------------- */

#define READERS 4u

struct reader {
	struct pieces *pieces;
	struct decoder *decoder;
	pthread_t thread;
	int err;
};

static void *read_one(void *arg)
{
	struct reader *reader = arg;
	const struct erofs_extent extent = extent_at(9);
	const struct piece *piece;

	reader->err = pieces_take(reader->pieces, &piece, &extent, decode, reader->decoder);
	if (!reader->err && piece->data[LENGTH - 1] != byte_of(extent.physical, LENGTH - 1))
		reader->err = -EBADMSG;
	if (piece)
		pieces_give_back(reader->pieces, piece);
	return NULL;
}

/* All come while the first one decodes; all get what it gets. */
static void read_at_once(int err)
{
	struct reader readers[READERS];
	struct pieces *pieces = pieces_new(0);
	sem_t permit;
	struct decoder decoder = { .err = err, .permit = &permit };

	assert_non_null(pieces);
	sem_init(&permit, 0, 0);
	for (unsigned int i = 0; i < READERS; i++) {
		readers[i] = (struct reader){ .pieces = pieces, .decoder = &decoder };
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_one, &readers[i]), 0);
	}
	while (!atomic_load(&decoder.calls))
		sched_yield();
	for (unsigned int i = 0; i < 1000; i++)
		sched_yield();
	/* Those that are late, on a busy machine, decode for themselves. */
	for (unsigned int i = 0; i < READERS; i++)
		sem_post(&permit);
	for (unsigned int i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].err, err);
	}
	pieces_free(pieces);
	sem_destroy(&permit);
}

static void waiting_ones_get_the_same(void **state)
{
	(void)state;
	read_at_once(0);
	read_at_once(-EIO);
}

/* The second time, or when it is here. */
static void it_is_known_what_was_asked(void **state)
{
	struct pieces *pieces = pieces_new(2 * LENGTH);
	struct decoder decoder = { 0 };
	const struct erofs_extent kept = extent_at(1), other = extent_at(2);

	(void)state;
	assert_non_null(pieces);
	use(pieces, 1, &decoder);
	assert_true(pieces_asked_before(pieces, &kept));
	assert_false(pieces_asked_before(pieces, &other));
	assert_true(pieces_asked_before(pieces, &other));
	pieces_free(pieces);
	pieces_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_ones_are_kept),    cmocka_unit_test(what_is_in_use_stays),
		cmocka_unit_test(extents_are_told_apart),    cmocka_unit_test(failures_are_not_kept),
		cmocka_unit_test(waiting_ones_get_the_same), cmocka_unit_test(it_is_known_what_was_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
