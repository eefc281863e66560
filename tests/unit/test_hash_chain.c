/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/hash_chain.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/sha.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

#define SEGMENTS_MOST 64u
#define SEGMENT_BYTES 97u

/* Segments of different content and length: a wrong order, a missing or doubled one, all give another digest. */
static uint8_t bytes[SEGMENTS_MOST * SEGMENT_BYTES];

static const uint8_t *segment_at(uint64_t segment)
{
	return bytes + segment * SEGMENT_BYTES;
}

static size_t length_of(uint64_t segment, unsigned int count)
{
	return segment + 1 == count ? SEGMENT_BYTES / 2 : SEGMENT_BYTES;
}

static void offer(struct erofs_hash_chain *chain, uint64_t segment, unsigned int count)
{
	assert_int_equal(erofs_writer_chain_offer(chain, segment, segment_at(segment), length_of(segment, count)), 0);
}

static void assert_digest(struct erofs_hash_chain *chain, unsigned int count)
{
	struct erofs_identity identity;
	uint8_t expected[SHA256_DIGEST_LENGTH];

	assert_int_equal(chain->next, count);
	assert_int_equal(erofs_writer_chain_end(chain, &identity), 0);
	SHA256(bytes, (count - 1) * (size_t)SEGMENT_BYTES + SEGMENT_BYTES / 2, expected);
	assert_memory_equal(identity.digest, expected, sizeof(expected));
	erofs_writer_chain_release(chain);
}

static void begin(struct erofs_hash_chain *chain, unsigned int width)
{
	assert_int_equal(erofs_writer_chain_init(chain, width, EROFS_DIGEST_SHA256, EROFS_IDENTITY_DIGEST), 0);
}

/* ---- one thread ---------------------------------------------------------------------------------------------------------- */

static void swap(unsigned int *a, unsigned int *b)
{
	unsigned int was = *a;

	*a = *b;
	*b = was;
}

static bool next_permutation(unsigned int *items, unsigned int count)
{
	unsigned int i = count - 1, j = count - 1;

	while (i && items[i - 1] >= items[i])
		i--;
	if (!i)
		return false;
	while (items[j] <= items[i - 1])
		j--;
	swap(&items[i - 1], &items[j]);
	for (j = count - 1; i < j; i++, j--)
		swap(&items[i], &items[j]);
	return true;
}

static void any_order_gives_the_same_digest(void **state)
{
	(void)state;
	for (unsigned int width = 1; width <= 5; width++) {
		unsigned int order[] = { 0, 1, 2, 3, 4 };

		do {
			struct erofs_hash_chain chain;

			begin(&chain, width);
			for (unsigned int i = 0; i < width; i++)
				offer(&chain, order[i], width);
			assert_int_equal(erofs_writer_chain_drain(&chain), 0);
			assert_digest(&chain, width);
		} while (next_permutation(order, width));
	}
}

/* A window of as many segments as may wait wanders over the file, each window offered backwards. */
static void windows_follow_each_other(void **state)
{
	(void)state;
	for (unsigned int width = 1; width <= 8; width++) {
		unsigned int count = width * 7;
		struct erofs_hash_chain chain;

		begin(&chain, width);
		for (unsigned int start = 0; start < count; start += width)
			for (unsigned int i = width; i-- > 0;)
				offer(&chain, start + i, count);
		assert_digest(&chain, count);
	}
}

static void what_nobody_hashes_the_drain_does(void **state)
{
	struct erofs_hash_chain chain;

	(void)state;
	begin(&chain, 3);
	/* As if another thread had just looked for more. */
	{
		erofs_monitor_hold(&chain.monitor);

		offer(&chain, 1, 2);
		offer(&chain, 0, 2);
	}
	assert_int_equal(chain.next, 0);
	assert_int_equal(erofs_writer_chain_drain(&chain), 0);
	assert_digest(&chain, 2);
}

static void sums_go_in_order_too(void **state)
{
	struct erofs_sum expected = erofs_writer_sum(bytes, 2 * (size_t)SEGMENT_BYTES + SEGMENT_BYTES / 2);
	struct erofs_identity identity = { .digest = { 0 } };
	struct erofs_hash_chain chain;

	(void)state;
	assert_int_equal(erofs_writer_chain_init(&chain, 3, EROFS_DIGEST_SHA256, EROFS_IDENTITY_SUM), 0);
	offer(&chain, 2, 3);
	offer(&chain, 0, 3);
	offer(&chain, 1, 3);
	assert_int_equal(erofs_writer_chain_end(&chain, &identity), 0);
	assert_int_equal(identity.sum.low, expected.low);
	assert_int_equal(identity.sum.high, expected.high);
	erofs_writer_chain_release(&chain);
}

static void what_nobody_asks_for_leaves_the_identity_alone(void **state)
{
	struct erofs_identity identity, before;
	struct erofs_hash_chain chain;

	(void)state;
	memset(&identity, 0x5A, sizeof(identity));
	before = identity;
	assert_int_equal(erofs_writer_chain_init(&chain, 2, EROFS_DIGEST_SHA256, EROFS_IDENTITY_NONE), 0);
	offer(&chain, 1, 3);
	offer(&chain, 0, 3);
	offer(&chain, 2, 3);
	assert_int_equal(chain.next, 3);
	assert_int_equal(erofs_writer_chain_end(&chain, &identity), 0);
	assert_memory_equal(&identity, &before, sizeof(identity));
	erofs_writer_chain_release(&chain);
	erofs_writer_chain_release(&chain);
}

/* ---- threads ------------------------------------------------------------------------------------------------------------- */

struct shared {
	struct erofs_hash_chain chain;
	unsigned int width;
	atomic_uint taken, drained;
	uint8_t *copies; /* by slot; filled just before they are offered, and spoilt when they are drained */
};

static void work_on(struct shared *shared, unsigned int segment)
{
	uint8_t *copy = shared->copies + (size_t)(segment % shared->width) * SEGMENT_BYTES;
	size_t length = length_of(segment, SEGMENTS_MOST);

	/* Its slot is free when the one before it has been drained. */
	while (segment >= atomic_load(&shared->drained) + shared->width)
		sched_yield();
	memcpy(copy, segment_at(segment), length);
	assert_int_equal(erofs_writer_chain_offer(&shared->chain, segment, copy, length), 0);
	while (atomic_load(&shared->drained) != segment)
		sched_yield();
	assert_int_equal(erofs_writer_chain_drain(&shared->chain), 0);
	memset(copy, 0xEE, SEGMENT_BYTES);
	atomic_store(&shared->drained, segment + 1);
}

static void *take_segments(void *arg)
{
	struct shared *shared = arg;
	unsigned int segment;

	while ((segment = atomic_fetch_add(&shared->taken, 1)) < SEGMENTS_MOST)
		work_on(shared, segment);
	return NULL;
}

static void several_threads_hash_in_order(void **state)
{
	(void)state;
	for (unsigned int width = 1; width <= 8; width++) {
		struct shared shared = { .width = width, .copies = test_malloc(width * SEGMENT_BYTES) };
		pthread_t threads[4];

		begin(&shared.chain, width);
		for (int i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, take_segments, &shared), 0);
		for (int i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		assert_digest(&shared.chain, SEGMENTS_MOST);
		test_free(shared.copies);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_gives_the_same_digest),
		cmocka_unit_test(windows_follow_each_other),
		cmocka_unit_test(what_nobody_hashes_the_drain_does),
		cmocka_unit_test(sums_go_in_order_too),
		cmocka_unit_test(what_nobody_asks_for_leaves_the_identity_alone),
		cmocka_unit_test(several_threads_hash_in_order),
	};
	uint64_t random = 3;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random_next(&random);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
