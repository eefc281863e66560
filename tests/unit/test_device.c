/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/io/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io/file.h"
#include "tests/unit/unit.h"

static const char content[] = "0123456789abcdef";
#define CONTENT_SIZE 16u

/* A file of its own with the content above; the caller closes and unlinks. */
static int make_content(char path[64])
{
	int fd;

	snprintf(path, 64, "test-device-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(erofs_file_write_at(fd, content, CONTENT_SIZE, 0), 0);
	return fd;
}

static void check_reads(const struct erofs_device *device, const char *expected, size_t size)
{
	char buf[32];

	assert_int_equal(device->size, size);
	for (size_t from = 0; from <= size; from++)
		for (size_t length = 0; length <= size - from; length++) {
			memset(buf, '?', sizeof(buf));
			assert_int_equal(erofs_device_read(device, buf, length, from), 0);
			assert_memory_equal(buf, expected + from, length);
			assert_int_equal(buf[length], '?');
		}
	assert_int_equal(erofs_device_read(device, buf, 1, size), -ERANGE);
	assert_int_equal(erofs_device_read(device, buf, size + 1, 0), -ERANGE);
	assert_int_equal(erofs_device_read(device, buf, 0, size + 1), -ERANGE);
	assert_int_equal(erofs_device_read(device, buf, 1, UINT64_MAX), -ERANGE);
	assert_int_equal(erofs_device_read(device, buf, SIZE_MAX, 1), -ERANGE);
	assert_int_equal(erofs_device_read(device, buf, 16, UINT64_MAX - 8), -ERANGE);
}

static void memory_is_a_device(void **state)
{
	struct erofs_device device;

	(void)state;
	erofs_device_use_memory(&device, content, CONTENT_SIZE);
	check_reads(&device, content, CONTENT_SIZE);
	erofs_device_close(&device);
	assert_int_equal(device.size, 0);
}

static void a_file_is_a_device(void **state)
{
	struct erofs_device device;
	char path[64];
	int fd = make_content(path);

	(void)state;
	assert_int_equal(erofs_device_open(&device, path, 0), 0);
	check_reads(&device, content, CONTENT_SIZE);
	erofs_device_close(&device);
	assert_int_equal(erofs_device_open(&device, path, 5), 0);
	check_reads(&device, content + 5, CONTENT_SIZE - 5);
	erofs_device_close(&device);
	assert_int_equal(erofs_device_open(&device, path, CONTENT_SIZE + 1), -ERANGE);
	close(fd);
	unlink(path);
}

/* Opens and closes leave no descriptor behind, whether the device holds bytes or not. */
static void closing_gives_the_descriptor_back(void **state)
{
	struct erofs_device device;
	char path[64];
	int fd = make_content(path), before, after;

	(void)state;
	before = dup(fd);
	close(before);
	assert_int_equal(erofs_device_open(&device, path, CONTENT_SIZE), 0);
	assert_int_equal(device.size, 0);
	erofs_device_close(&device);
	assert_int_equal(erofs_device_open(&device, path, 0), 0);
	erofs_device_close(&device);
	after = dup(fd);
	close(after);
	assert_int_equal(before, after);
	close(fd);
	unlink(path);
}

static void other_kinds_are_no_devices(void **state)
{
	struct erofs_device device;

	(void)state;
	assert_int_equal(erofs_device_open(&device, ".", 0), -ENODEV);
	assert_int_equal(erofs_device_open(&device, "/dev/null", 0), -ENODEV);
	assert_int_equal(erofs_device_open(&device, "no-such-file", 0), -ENOENT);
	/* One without a writer must not wait for it. */
	unlink("test-device-fifo");
	assert_int_equal(mkfifo("test-device-fifo", 0600), 0);
	assert_int_equal(erofs_device_open(&device, "test-device-fifo", 0), -ENODEV);
	unlink("test-device-fifo");
}

static void a_file_that_shrank_is_an_error(void **state)
{
	struct erofs_device device;
	char path[64], buf[CONTENT_SIZE];
	int fd = make_content(path);

	(void)state;
	assert_int_equal(erofs_device_open(&device, path, 0), 0);
	assert_int_equal(ftruncate(fd, 4), 0);
	assert_int_equal(erofs_device_read(&device, buf, CONTENT_SIZE, 0), -EIO);
	erofs_device_close(&device);
	close(fd);
	unlink(path);
}

static void vectors_are_written_whole(void **state)
{
	enum { PIECES = 3000 };
	static struct iovec vector[PIECES];
	static char in[PIECES], out[PIECES];
	char path[64];
	int fd = make_content(path);
	size_t total = 0;

	(void)state;
	/* More pieces than one call of the system takes, some of them empty. */
	for (size_t i = 0; i < PIECES; i++) {
		in[i] = (char)i;
		vector[i] = (struct iovec){ .iov_base = &in[total], .iov_len = i % 3 ? 1 : 0 };
		total += vector[i].iov_len;
	}
	assert_int_equal(erofs_file_writev_at(fd, vector, PIECES, 100), 0);
	assert_int_equal(erofs_file_read_at(fd, out, total, 100), 0);
	assert_memory_equal(in, out, total);
	assert_int_equal(erofs_file_read_at(fd, out, total + 1, 100), -EIO);
	assert_int_equal(erofs_file_writev_at(fd, vector, 0, 0), 0);
	close(fd);
	unlink(path);
}

static void pipes_are_read_to_their_end(void **state)
{
	char buf[32];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], content, 10), 10);
	assert_int_equal(erofs_file_read(ends[0], buf, 4), 4);
	close(ends[1]);
	assert_int_equal(erofs_file_read(ends[0], buf, sizeof(buf)), 6);
	assert_memory_equal(buf, content + 4, 6);
	assert_int_equal(erofs_file_read(ends[0], buf, sizeof(buf)), 0);
	close(ends[0]);
	assert_int_equal(erofs_file_read(ends[0], buf, 1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_a_device),
		cmocka_unit_test(a_file_is_a_device),
		cmocka_unit_test(closing_gives_the_descriptor_back),
		cmocka_unit_test(other_kinds_are_no_devices),
		cmocka_unit_test(a_file_that_shrank_is_an_error),
		cmocka_unit_test(vectors_are_written_whole),
		cmocka_unit_test(pipes_are_read_to_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
