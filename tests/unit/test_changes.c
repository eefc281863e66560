/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <erofs/build.h>
#include <erofs/source.h>
#include <erofs/tree.h>

#include "tests/unit/unit.h"

/* A file that changes between the scan and the reading, in ways that leave its size and its times as they were. */

static char base[64], file[96], other[96], image[96], message[512];

static void put(const char *path, char byte, size_t size)
{
	char *bytes = malloc(size);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	const struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };

	assert_non_null(bytes);
	assert_true(fd >= 0);
	memset(bytes, byte, size);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
	free(bytes);
}

static size_t size_of_file;

static void change_nothing(void)
{
}

static void write_again(void)
{
	put(file, 'b', size_of_file);
}

static void put_another_in_its_place(void)
{
	assert_int_equal(rename(other, file), 0);
}

static void put_a_link_in_its_place(void)
{
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("../other", file), 0);
}

static void let_it_grow(void)
{
	assert_int_equal(truncate(file, (off_t)size_of_file + 1), 0);
}

static void take_message(void *ctx, enum erofs_severity severity, const char *text)
{
	(void)ctx;
	(void)severity;
	snprintf(message, sizeof(message), "%s", text);
}

static int build(size_t size, unsigned int workers, void (*change)(void))
{
	const struct erofs_diag diag = { .message = take_message, .verbosity = EROFS_SEV_ERROR };
	struct erofs_scan_options scan = erofs_scan_options_init();
	struct erofs_tree_rules rules = erofs_tree_rules_init();
	struct erofs_tree *tree = erofs_tree_new();
	struct erofs_build_options options;
	struct erofs_build_summary summary;
	char directory[96];
	int err;

	size_of_file = size;
	message[0] = 0;
	erofs_build_defaults(&options);
	options.workers = scan.workers = workers;
	snprintf(directory, sizeof(directory), "%s/in", base);
	put(file, 'a', size);
	put(other, 'b', size);
	assert_non_null(tree);
	assert_int_equal(erofs_scan_directory(tree, directory, &scan, &diag), 0);
	assert_int_equal(erofs_tree_normalize(tree, &rules, &diag), 0);
	/* Some ticks of the clock that ctime is taken from, within the same second. */
	usleep(20000);
	change();
	err = erofs_build(tree, image, &options, &summary, &diag);
	erofs_tree_free(tree);
	unlink(file);
	if (err)
		assert_int_equal(access(image, F_OK), -1);
	unlink(image);
	return err;
}

static void every_change_is_noticed(void **state)
{
	static const size_t sizes[] = { 100, 10000, 3 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (unsigned int workers = 0; workers < 3; workers += 2) {
			assert_int_equal(build(sizes[i], workers, change_nothing), 0);
			assert_int_equal(build(sizes[i], workers, write_again), -EBUSY);
			assert_non_null(strstr(message, "/f: file changed while it was read"));
			assert_int_equal(build(sizes[i], workers, put_another_in_its_place), -EBUSY);
			assert_non_null(strstr(message, "/f: file changed while it was read"));
			assert_int_equal(build(sizes[i], workers, let_it_grow), -EBUSY);
			assert_int_equal(build(sizes[i], workers, put_a_link_in_its_place), -ELOOP);
			assert_non_null(strstr(message, "/f: cannot open: "));
		}
}

static int setup(void **state)
{
	char directory[96];

	(void)state;
	strcpy(base, "/tmp/erofs-changes-XXXXXX");
	assert_non_null(mkdtemp(base));
	snprintf(directory, sizeof(directory), "%s/in", base);
	assert_int_equal(mkdir(directory, 0755), 0);
	snprintf(file, sizeof(file), "%s/in/f", base);
	snprintf(other, sizeof(other), "%s/other", base);
	snprintf(image, sizeof(image), "%s/image", base);
	return 0;
}

static int teardown(void **state)
{
	char directory[96];

	(void)state;
	snprintf(directory, sizeof(directory), "%s/in", base);
	unlink(other);
	rmdir(directory);
	return rmdir(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_change_is_noticed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
