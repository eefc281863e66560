/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/api.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* Goes before the C library's: a file system without O_TMPFILE, or a kernel. */
static int tmpfile_errno;
static unsigned int tried;

int open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = (mode_t)va_arg(args, unsigned int);
	va_end(args);
	if ((flags & O_TMPFILE) == O_TMPFILE && tmpfile_errno) {
		tried++;
		errno = tmpfile_errno;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static char place[] = "/tmp/erofs-nameless-XXXXXX";

static unsigned int count_names(void)
{
	DIR *dir = opendir(place);
	unsigned int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void check_file(void)
{
	const char *directory = NULL;
	int fd = erofs_open_nameless(&directory);
	struct stat st;
	char byte = 0;

	assert_true(fd >= 0);
	assert_string_equal(directory, place);
	assert_int_equal(count_names(), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 5), 1);
	assert_int_equal(pread(fd, &byte, 1, 5), 1);
	assert_int_equal(byte, 'x');
	close(fd);
}

static void any_file_system_will_do(void **state)
{
	static const int refusals[] = { 0, EOPNOTSUPP, EISDIR, EINVAL };

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		tried = 0;
		tmpfile_errno = refusals[i];
		check_file();
		assert_int_equal(tried, refusals[i] ? 1 : 0);
	}
	tmpfile_errno = 0;
}

static void what_is_wrong_with_the_place_is_said(void **state)
{
	const char *directory = NULL;

	(void)state;
	assert_int_equal(setenv("TMPDIR", "/there/is/none", 1), 0);
	assert_int_equal(erofs_open_nameless(&directory), -ENOENT);
	assert_string_equal(directory, "/there/is/none");
	assert_int_equal(erofs_open_nameless(NULL), -ENOENT);
	assert_int_equal(setenv("TMPDIR", place, 1), 0);
	tmpfile_errno = ENOSPC;
	assert_int_equal(erofs_open_nameless(NULL), -ENOSPC);
	tmpfile_errno = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_file_system_will_do),
		cmocka_unit_test(what_is_wrong_with_the_place_is_said),
	};
	int failed;

	assert_non_null(mkdtemp(place));
	assert_int_equal(setenv("TMPDIR", place, 1), 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(place);
	return failed;
}
