/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/dedup.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/unit/unit.h"

#define SIZE 32u

static void make_digest(uint8_t *digest, uint32_t number)
{
	memset(digest, 0, SIZE);
	/* Half of them collide in the index, which looks at eight bytes. */
	digest[number % 2 ? SIZE - 1 : 0] = (uint8_t)(number >> 8);
	digest[number % 2 ? SIZE - 2 : 1] = (uint8_t)number;
}

static uint32_t note(struct erofs_dedup *dedup, uint32_t number)
{
	uint32_t content = EROFS_CONTENT_NONE;
	uint8_t digest[SIZE];

	make_digest(digest, number);
	assert_int_equal(erofs_writer_dedup_note(dedup, &content, digest), 0);
	return content;
}

static bool has_compressed(struct erofs_dedup *dedup, uint32_t number)
{
	uint8_t digest[SIZE];

	make_digest(digest, number);
	return erofs_writer_dedup_has_compressed(dedup, digest);
}

static void equal_digests_are_one_content(void **state)
{
	struct erofs_dedup dedup;

	(void)state;
	erofs_writer_dedup_init(&dedup, SIZE);
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(note(&dedup, i), i);
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(note(&dedup, i), i);
	erofs_writer_dedup_release(&dedup);
}

static void a_content_has_the_owner_that_came_last(void **state)
{
	struct erofs_dedup dedup;

	(void)state;
	erofs_writer_dedup_init(&dedup, SIZE);
	assert_int_equal(note(&dedup, 1), 0);
	assert_int_equal(note(&dedup, 2), 1);
	assert_int_equal(erofs_writer_dedup_owner(&dedup, 0), EROFS_CONTENT_NONE);
	erofs_writer_dedup_own(&dedup, 0, 17, false);
	assert_int_equal(erofs_writer_dedup_owner(&dedup, 0), 17);
	assert_int_equal(erofs_writer_dedup_owner(&dedup, 1), EROFS_CONTENT_NONE);
	erofs_writer_dedup_own(&dedup, 0, 3, true);
	assert_int_equal(erofs_writer_dedup_owner(&dedup, 0), 3);
	/* Noting it again leaves it its owner. */
	assert_int_equal(note(&dedup, 1), 0);
	assert_int_equal(erofs_writer_dedup_owner(&dedup, 0), 3);
	erofs_writer_dedup_release(&dedup);
}

static void only_what_lies_in_extents_is_compressed(void **state)
{
	struct erofs_dedup dedup;

	(void)state;
	erofs_writer_dedup_init(&dedup, SIZE);
	assert_false(has_compressed(&dedup, 1));
	assert_int_equal(note(&dedup, 1), 0);
	assert_false(has_compressed(&dedup, 1));
	erofs_writer_dedup_own(&dedup, 0, 5, false);
	assert_false(has_compressed(&dedup, 1));
	erofs_writer_dedup_own(&dedup, 0, 5, true);
	assert_true(has_compressed(&dedup, 1));
	assert_false(has_compressed(&dedup, 3));
	erofs_writer_dedup_release(&dedup);
}

static void what_was_never_made_can_be_released(void **state)
{
	struct erofs_dedup dedup = { .contents.digest_size = 0 };

	(void)state;
	erofs_writer_dedup_release(&dedup);
	erofs_writer_dedup_init(&dedup, SIZE);
	erofs_writer_dedup_release(&dedup);
	erofs_writer_dedup_release(&dedup);
}

/* ---- threads ------------------------------------------------------------------------------------------------------------- */

#define CONTENTS 2000u

struct shared {
	struct erofs_dedup dedup;
	atomic_uint owned; /* contents below it have an owner */
	atomic_uint wrong;
};

/* What was seen once stays; what has an even number is never compressed. */
static void *look_up(void *arg)
{
	struct shared *shared = arg;
	unsigned int owned;

	do {
		owned = atomic_load(&shared->owned);
		for (uint32_t i = owned > 50 ? owned - 50 : 0; i < owned + 50; i++) {
			bool found = has_compressed(&shared->dedup, i);

			if ((i < owned && found != i % 2) || (i % 2 == 0 && found))
				atomic_fetch_add(&shared->wrong, 1);
		}
	} while (owned < CONTENTS);
	return NULL;
}

static void any_thread_may_ask_while_commits_go_on(void **state)
{
	static struct shared shared;
	pthread_t threads[3];

	(void)state;
	erofs_writer_dedup_init(&shared.dedup, SIZE);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_up, &shared), 0);
	for (uint32_t i = 0; i < CONTENTS; i++) {
		uint32_t content = note(&shared.dedup, i);

		assert_int_equal(erofs_writer_dedup_owner(&shared.dedup, content), EROFS_CONTENT_NONE);
		erofs_writer_dedup_own(&shared.dedup, content, 7 * i, i % 2);
		assert_int_equal(erofs_writer_dedup_owner(&shared.dedup, content), 7 * i);
		atomic_store(&shared.owned, i + 1);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&shared.wrong), 0);
	erofs_writer_dedup_release(&shared.dedup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_digests_are_one_content),
		cmocka_unit_test(a_content_has_the_owner_that_came_last),
		cmocka_unit_test(only_what_lies_in_extents_is_compressed),
		cmocka_unit_test(what_was_never_made_can_be_released),
		cmocka_unit_test(any_thread_may_ask_while_commits_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
