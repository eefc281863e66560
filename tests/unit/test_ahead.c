/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/util/report.h"
#include "tests/unit/unit.h"

/* Numbered bytes in pieces of many sizes. Waits for a permit before each call if there is a gate. */
struct stream {
	uint64_t size, at;
	int64_t end; /* what ends it: 0, or an error */
	size_t piece;
	sem_t *permit;
	atomic_uint calls;
	int plain; /* TSan: written by the thread, read when it is done */
};

static uint8_t byte_at(uint64_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

static int64_t produce(void *ctx, void *buf, size_t size)
{
	struct stream *stream = ctx;
	uint8_t *bytes = buf;

	if (stream->permit)
		sem_wait(stream->permit);
	atomic_fetch_add(&stream->calls, 1);
	stream->plain++;
	if (stream->at == stream->size)
		return stream->end;
	if (size > stream->piece)
		size = stream->piece;
	if (size > stream->size - stream->at)
		size = (size_t)(stream->size - stream->at);
	for (size_t i = 0; i < size; i++)
		bytes[i] = byte_at(stream->at++);
	return (int64_t)size;
}

static void read_all(struct stream *stream, size_t step)
{
	struct erofs_ahead *ahead = erofs_ahead_new(produce, stream, EROFS_AHEAD_BUFFERS);
	static uint8_t buf[1 << 20];
	uint64_t at = 0;
	int64_t count;

	assert_non_null(ahead);
	while ((count = erofs_ahead_read(ahead, buf, step)) > 0)
		for (int64_t i = 0; i < count; i++)
			assert_int_equal(buf[i], byte_at(at++));
	assert_int_equal(count, stream->end);
	assert_true(at == stream->size);
	/* The end stays the end; what the source has, may be used now. */
	assert_int_equal(erofs_ahead_read(ahead, buf, step), stream->end);
	assert_int_equal(stream->plain, (int)atomic_load(&stream->calls));
	erofs_ahead_free(ahead);
}

static void bytes_come_in_order(void **state)
{
	static const size_t pieces[] = { 1 << 20, 4096, 70001 }, steps[] = { 512, 100000, 1 << 20 };
	static const uint64_t sizes[] = { 0, 1, EROFS_AHEAD_SIZE, EROFS_AHEAD_SIZE * EROFS_AHEAD_BUFFERS, 3000001 };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < 3; j++)
			for (size_t k = 0; k < 3; k++)
				read_all(&(struct stream){ .size = sizes[i], .piece = pieces[j] }, steps[k]);
}

static void an_error_comes_behind_what_was_read(void **state)
{
	(void)state;
	read_all(&(struct stream){ .size = 0, .piece = 1, .end = -EIO }, 10);
	read_all(&(struct stream){ .size = 700000, .piece = 4096, .end = -EBADMSG }, 4096);
}

/* The reader is slow: the thread fills its buffers and waits. */
static void memory_is_bounded(void **state)
{
	struct stream stream = { .size = 100 * EROFS_AHEAD_SIZE, .piece = EROFS_AHEAD_SIZE };
	struct erofs_ahead *ahead = erofs_ahead_new(produce, &stream, EROFS_AHEAD_BUFFERS);
	uint8_t byte;

	(void)state;
	assert_non_null(ahead);
	assert_int_equal(atomic_load(&stream.calls), 0);
	assert_int_equal(erofs_ahead_read(ahead, &byte, 1), 1);
	while (atomic_load(&stream.calls) < EROFS_AHEAD_BUFFERS)
		sched_yield();
	for (int i = 0; i < 1000; i++)
		sched_yield();
	assert_int_equal(atomic_load(&stream.calls), EROFS_AHEAD_BUFFERS);
	erofs_ahead_free(ahead);
}

/* The thread is slow: the reader waits for each buffer. */
static void the_reader_waits(void **state)
{
	sem_t permit;
	struct stream stream = { .size = 3 * EROFS_AHEAD_SIZE, .piece = EROFS_AHEAD_SIZE, .permit = &permit };
	struct erofs_ahead *ahead = erofs_ahead_new(produce, &stream, EROFS_AHEAD_BUFFERS);
	static uint8_t buf[EROFS_AHEAD_SIZE];

	(void)state;
	assert_non_null(ahead);
	sem_init(&permit, 0, 0);
	for (unsigned int i = 0; i < 3; i++) {
		sem_post(&permit);
		assert_true(erofs_ahead_read(ahead, buf, sizeof(buf)) == (int64_t)sizeof(buf));
		assert_int_equal(buf[0], byte_at(i * EROFS_AHEAD_SIZE));
	}
	sem_post(&permit);
	assert_int_equal(erofs_ahead_read(ahead, buf, sizeof(buf)), 0);
	erofs_ahead_free(ahead);
	sem_destroy(&permit);
}

static void it_can_be_left_at_any_time(void **state)
{
	static const size_t reads[] = { 0, 1, 3, 20 };
	uint8_t byte;

	(void)state;
	erofs_ahead_free(NULL);
	for (size_t i = 0; i < 4; i++) {
		struct stream stream = { .size = 100 * EROFS_AHEAD_SIZE, .piece = 100000 };
		struct erofs_ahead *ahead = erofs_ahead_new(produce, &stream, EROFS_AHEAD_BUFFERS);

		assert_non_null(ahead);
		for (size_t j = 0; j < reads[i]; j++)
			assert_int_equal(erofs_ahead_read(ahead, &byte, 1), 1);
		erofs_ahead_free(ahead);
		assert_int_equal(stream.plain, (int)atomic_load(&stream.calls));
	}
}

/* ---- the watcher ----------------------------------------------------------------------------------------------------------- */

struct watch {
	uint64_t at;
	bool is_wrong;
	sem_t *permit;
};

static void look(void *ctx, const void *buf, size_t size)
{
	struct watch *watch = ctx;
	const uint8_t *bytes = buf;

	if (watch->permit)
		sem_wait(watch->permit);
	for (size_t i = 0; i < size; i++)
		watch->is_wrong |= bytes[i] != byte_at(watch->at++);
}

static void a_watcher_sees_all_before_the_end(void **state)
{
	static const uint64_t sizes[] = { 0, 1, EROFS_AHEAD_SIZE, 3 * EROFS_AHEAD_SIZE, 3000001 };
	static uint8_t buf[1 << 20];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct stream stream = { .size = sizes[i], .piece = 70001, .end = i % 2 ? -EIO : 0 };
		struct watch watch = { 0 };
		struct erofs_ahead *ahead = erofs_ahead_new(produce, &stream, 3);
		int64_t count;

		assert_non_null(ahead);
		erofs_ahead_set_watch(ahead, look, &watch);
		while ((count = erofs_ahead_read(ahead, buf, sizeof(buf))) > 0)
			;
		assert_int_equal(count, stream.end);
		assert_true(watch.at == sizes[i]);
		assert_false(watch.is_wrong);
		erofs_ahead_free(ahead);
	}
}

/* The reader takes all that it can get: a buffer that was not watched is not filled again. */
static void a_slow_watcher_holds_the_thread(void **state)
{
	static uint8_t buf[EROFS_AHEAD_SIZE];
	sem_t permit;
	struct stream stream = { .size = 5 * EROFS_AHEAD_SIZE, .piece = EROFS_AHEAD_SIZE };
	struct watch watch = { .permit = &permit };
	struct erofs_ahead *ahead = erofs_ahead_new(produce, &stream, 3);

	(void)state;
	assert_non_null(ahead);
	sem_init(&permit, 0, 0);
	erofs_ahead_set_watch(ahead, look, &watch);
	for (int i = 0; i < 3; i++)
		assert_true(erofs_ahead_read(ahead, buf, sizeof(buf)) == (int64_t)sizeof(buf));
	for (int i = 0; i < 1000; i++)
		sched_yield();
	assert_int_equal(atomic_load(&stream.calls), 3);
	for (int i = 0; i < 5; i++)
		sem_post(&permit);
	for (int i = 0; i < 2; i++)
		assert_true(erofs_ahead_read(ahead, buf, sizeof(buf)) == (int64_t)sizeof(buf));
	assert_int_equal(erofs_ahead_read(ahead, buf, sizeof(buf)), 0);
	assert_true(watch.at == stream.size);
	assert_false(watch.is_wrong);
	erofs_ahead_free(ahead);
	sem_destroy(&permit);
}

static void a_watched_stream_can_be_left_at_any_time(void **state)
{
	(void)state;
	for (int reads = 0; reads < 4; reads++) {
		struct stream stream = { .size = 100 * EROFS_AHEAD_SIZE, .piece = 100000 };
		struct watch watch = { 0 };
		struct erofs_ahead *ahead = erofs_ahead_new(produce, &stream, 2);
		uint8_t byte;

		assert_non_null(ahead);
		erofs_ahead_set_watch(ahead, look, &watch);
		assert_int_equal(erofs_ahead_start(ahead), 0);
		for (int i = 0; i < reads; i++)
			assert_int_equal(erofs_ahead_read(ahead, &byte, 1), 1);
		erofs_ahead_free(ahead);
		assert_false(watch.is_wrong);
	}
}

/* ---- messages ---------------------------------------------------------------------------------------------------------------- */

static void count_message(void *ctx, enum erofs_severity severity, const char *text)
{
	(void)severity;
	(void)text;
	atomic_fetch_add((atomic_uint *)ctx, 1);
}

struct complaint {
	struct erofs_diag diag;
	atomic_uint calls;
};

static int64_t complain(void *ctx, void *buf, size_t size)
{
	struct complaint *complaint = ctx;

	if (!atomic_fetch_add(&complaint->calls, 1)) {
		memset(buf, 0, size);
		return (int64_t)size;
	}
	return erofs_report(&complaint->diag, -EIO, "what is %s", "wrong");
}

static int64_t pass_on(void *ctx, void *buf, size_t size)
{
	return erofs_ahead_read(ctx, buf, size);
}

/* What is wrong is said when the reader gets there, through two rings. */
static void messages_come_when_they_are_wanted(void **state)
{
	static uint8_t buf[EROFS_AHEAD_SIZE];

	(void)state;
	for (int gets_there = 0; gets_there < 2; gets_there++) {
		atomic_uint messages = 0;
		struct complaint complaint = { .diag = { .message = count_message, .ctx = &messages } };
		struct erofs_ahead *inner = erofs_ahead_new(complain, &complaint, 3);
		struct erofs_ahead *outer = erofs_ahead_new(pass_on, inner, 3);

		assert_true(inner && outer);
		assert_int_equal(erofs_ahead_start(outer), 0);
		while (atomic_load(&complaint.calls) < 2)
			sched_yield();
		assert_true(erofs_ahead_read(outer, buf, sizeof(buf)) == (int64_t)sizeof(buf));
		assert_int_equal(atomic_load(&messages), 0);
		if (gets_there)
			assert_int_equal(erofs_ahead_read(outer, buf, sizeof(buf)), -EIO);
		erofs_ahead_free(outer);
		erofs_ahead_free(inner);
		assert_int_equal(atomic_load(&messages), gets_there);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_in_order),
		cmocka_unit_test(an_error_comes_behind_what_was_read),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(the_reader_waits),
		cmocka_unit_test(it_can_be_left_at_any_time),
		cmocka_unit_test(a_watcher_sees_all_before_the_end),
		cmocka_unit_test(a_slow_watcher_holds_the_thread),
		cmocka_unit_test(a_watched_stream_can_be_left_at_any_time),
		cmocka_unit_test(messages_come_when_they_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
