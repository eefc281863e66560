/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/io/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/* Each test has a directory of its own. */
static char dir[64];

static const char *in_dir(const char *name)
{
	static char paths[4][512];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-output.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static unsigned int count_names(bool remove)
{
	DIR *stream = opendir(dir);
	unsigned int count = 0;
	struct dirent *entry;

	assert_non_null(stream);
	while ((entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		if (remove)
			unlinkat(dirfd(stream), entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	}
	closedir(stream);
	return count;
}

static int remove_dir(void **state)
{
	(void)state;
	count_names(true);
	return rmdir(dir);
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void assert_bytes_at(const char *path, off_t at, const void *bytes, size_t size)
{
	char found[64];
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0 && size <= sizeof(found));
	assert_int_equal(pread(fd, found, size, at), size);
	assert_memory_equal(found, bytes, size);
	close(fd);
}

static void assert_file(const char *path, const void *bytes, size_t size)
{
	char *found = test_malloc(size + 1);
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, found, size + 1), size);
	assert_memory_equal(found, bytes, size);
	close(fd);
	test_free(found);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void a_file_appears_when_it_is_complete(void **state)
{
	struct erofs_output *output;
	mode_t mask = umask(027);
	struct stat st;

	(void)state;
	assert_int_equal(erofs_output_open(&output, in_dir("image"), NULL, NULL), 0);
	assert_false(exists(in_dir("image")));
	assert_int_equal(count_names(false), 1);
	assert_true(erofs_output_has_scratch(output));
	/* In any order, with a hole, and with more behind than the commit keeps. */
	assert_int_equal(erofs_output_write(output, "behind", 6, 100), 0);
	assert_int_equal(erofs_output_write(output, "56", 2, 5), 0);
	assert_int_equal(erofs_output_write(output, "abc", 3, 0), 0);
	assert_int_equal(erofs_output_barrier(output), 0);
	assert_false(exists(in_dir("image")));
	assert_int_equal(erofs_output_commit(output, 8), 0);
	assert_false(erofs_output_has_scratch(output));
	assert_file(in_dir("image"), "abc\0\00056\0", 8);
	assert_int_equal(stat(in_dir("image"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	erofs_output_close(output);
	assert_file(in_dir("image"), "abc\0\00056\0", 8);
	assert_int_equal(count_names(false), 1);
	umask(mask);
}

static void vectors_and_reading_back(void **state)
{
	struct erofs_output *output;
	struct iovec vector[] = { { (void *)(uintptr_t) "one ", 4 },
				  { NULL, 0 },
				  { (void *)(uintptr_t) "two ", 4 },
				  { (void *)(uintptr_t) "three", 5 } };
	char found[16];

	(void)state;
	assert_int_equal(erofs_output_open(&output, in_dir("image"), NULL, NULL), 0);
	assert_int_equal(erofs_output_writev(output, vector, 4, 3), 0);
	assert_int_equal(erofs_output_read(output, found, 13, 3), 0);
	assert_memory_equal(found, "one two three", 13);
	erofs_output_close(output);
}

static void reading_behind_the_end_is_reported(void **state)
{
	struct erofs_output *output;
	struct messages messages;
	char found[16];

	(void)state;
	messages_init(&messages);
	assert_int_equal(erofs_output_open(&output, in_dir("image"), NULL, &messages.diag), 0);
	assert_int_equal(erofs_output_read(output, found, 1, 0), -EIO);
	assert_int_equal(messages.count, 1);
	assert_non_null(strstr(messages.last, in_dir("image")));
	erofs_output_close(output);
}

static void an_abort_leaves_nothing(void **state)
{
	struct erofs_output *output;

	(void)state;
	assert_int_equal(erofs_output_open(&output, in_dir("image"), NULL, NULL), 0);
	assert_int_equal(erofs_output_write(output, "abc", 3, 0), 0);
	erofs_output_close(output);
	assert_int_equal(count_names(false), 0);
	erofs_output_close(NULL);
}

/* The magic of a superblock where it belongs, or what is there instead. */
static uint32_t magic_at(const char *path, off_t offset)
{
	int fd = open(path, O_RDONLY);
	uint32_t magic = 0;

	assert_true(fd >= 0);
	if (pread(fd, &magic, 4, offset + 1024) != 4)
		magic = 0;
	close(fd);
	return magic;
}

static void write_old_image(const char *path, size_t size)
{
	uint8_t *bytes = test_malloc(size);

	memset(bytes, 0xee, size);
	memcpy(bytes + 1024, "\xe2\xe1\xf5\xe0", 4);
	write_file(path, bytes, size);
	test_free(bytes);
}

static void an_old_file_keeps_mode_owner_and_names(void **state)
{
	struct erofs_output *output;
	struct stat before, after;
	char *bytes = test_calloc(1, 8192);

	(void)state;
	write_old_image(in_dir("image"), 100000);
	assert_int_equal(chmod(in_dir("image"), 0640), 0);
	assert_int_equal(link(in_dir("image"), in_dir("other")), 0);
	assert_int_equal(stat(in_dir("image"), &before), 0);
	assert_int_equal(erofs_output_open(&output, in_dir("image"), NULL, NULL), 0);
	assert_int_equal(count_names(false), 2);
	/* The old one is gone at once, and all that is not written is zero. */
	assert_int_equal(magic_at(in_dir("image"), 0), 0);
	assert_true(erofs_output_has_scratch(output));
	assert_int_equal(erofs_output_write(output, "behind", 6, 50000), 0);
	assert_int_equal(erofs_output_write(output, "new", 3, 5000), 0);
	assert_int_equal(erofs_output_barrier(output), 0);
	assert_int_equal(erofs_output_commit(output, 8192), 0);
	erofs_output_close(output);
	memcpy(bytes + 5000, "new", 3);
	assert_file(in_dir("image"), bytes, 8192);
	assert_int_equal(stat(in_dir("other"), &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_nlink, 2);
	test_free(bytes);
}

static void an_abort_in_place_leaves_no_image(void **state)
{
	const struct erofs_output_options places[] = { { 0 }, { .offset = 1024 } };
	struct erofs_output *output;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		write_old_image(in_dir("image"), 100000);
		assert_int_equal(erofs_output_open(&output, in_dir("image"),
						   &(struct erofs_output_options){ places[i].offset, .force = true },
						   NULL),
				 0);
		assert_int_equal(erofs_output_write(output, "\xe2\xe1\xf5\xe0", 4, 1024), 0);
		erofs_output_close(output);
		assert_int_equal(magic_at(in_dir("image"), (off_t)places[i].offset), 0);
	}
}

static struct erofs_output *open_data(int expected)
{
	const struct erofs_output_options options = { .has_data_alone = true };
	struct erofs_output *output = NULL;

	assert_int_equal(erofs_output_open(&output, in_dir("data"), &options, NULL), expected);
	return output;
}

/* A file of data alone is known by its mark, may be written anew, and is undone with what it belongs to. */
static void data_alone_have_a_mark(void **state)
{
	static const char data[] = "data", mark[] = "EROFS data device\n";
	struct erofs_output *output;
	struct stat st;

	(void)state;
	for (int i = 0; i < 2; i++) {
		output = open_data(0);
		assert_int_equal(erofs_output_write(output, data, sizeof(data), EROFS_OUTPUT_DATA_START), 0);
		assert_int_equal(erofs_output_commit(output, EROFS_OUTPUT_DATA_START + sizeof(data)), 0);
		erofs_output_close(output);
		assert_bytes_at(in_dir("data"), 0, mark, sizeof(mark));
		assert_bytes_at(in_dir("data"), EROFS_OUTPUT_DATA_START, data, sizeof(data));
	}
	/* In place. */
	output = open_data(0);
	assert_int_equal(erofs_output_commit(output, 8192), 0);
	erofs_output_revoke(output);
	erofs_output_close(output);
	assert_int_equal(stat(in_dir("data"), &st), 0);
	assert_int_equal(st.st_size, 0);
	/* New. */
	assert_int_equal(unlink(in_dir("data")), 0);
	output = open_data(0);
	assert_int_equal(erofs_output_commit(output, 8192), 0);
	assert_int_equal(count_names(false), 1);
	erofs_output_revoke(output);
	erofs_output_close(output);
	assert_int_equal(count_names(false), 0);
	/* An image is no data, and data are no image. */
	write_old_image(in_dir("data"), 100000);
	open_data(-EEXIST);
	write_file(in_dir("data"), mark, sizeof(mark));
	assert_int_equal(erofs_output_open(&output, in_dir("data"), NULL, NULL), -EEXIST);
}

/* Content of a file at some place, and whether it may be overwritten. */
static void assert_content(const char *bytes, size_t size, off_t at, uint64_t offset, int err)
{
	struct erofs_output_options options = { .offset = offset };
	struct erofs_output *output = NULL;
	struct messages messages;
	int fd = open(in_dir("target"), O_RDWR | O_CREAT | O_TRUNC, 0600);

	messages_init(&messages);
	assert_int_equal(ftruncate(fd, 300000), 0);
	assert_int_equal(pwrite(fd, bytes, size, at), size);
	assert_int_equal(erofs_output_open(&output, in_dir("target"), &options, &messages.diag), err);
	if (err) {
		char *found = test_malloc(size);

		assert_int_equal(messages.count, 1);
		assert_non_null(strstr(messages.last, in_dir("target")));
		assert_int_equal(pread(fd, found, size, at), size);
		assert_memory_equal(found, bytes, size);
		test_free(found);
		options.force = true;
		assert_int_equal(erofs_output_open(&output, in_dir("target"), &options, &messages.diag), 0);
	}
	erofs_output_close(output);
	close(fd);
}

static void other_data_are_not_overwritten(void **state)
{
	(void)state;
	assert_content("", 0, 0, 0, 0);
	assert_content("text", 4, 0, 0, -EEXIST);
	assert_content("x", 1, 4096, 0, -EEXIST);
	assert_content("_BHRfS_M", 8, 65536 + 64, 0, -EEXIST);
	assert_content("\xe2\xe1\xf5\xe0", 4, 1024, 0, 0);
	assert_content("\xe2\xe1\xf5\xe0", 4, 1025, 0, -EEXIST);
	assert_content("unfinished EROFS image\n", 24, 0, 0, 0);
	/* At an offset what is behind it counts, and nothing else. */
	assert_content("text", 4, 0, 4096, 0);
	assert_content("text", 4, 4092, 4096, 0);
	assert_content("text", 4, 4093, 4096, -EEXIST);
	assert_content("\xe2\xe1\xf5\xe0", 4, 4096 + 1024, 4096, 0);
	assert_content("text", 4, 299996, 1 << 20, 0);
}

/* What a killed build leaves may be built again. */
static void an_unfinished_image_is_recognized(void **state)
{
	struct erofs_output_options options[] = { { 0 }, { .offset = 4096 } };
	struct erofs_output *killed, *output;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		write_file(in_dir("image"), "", 0);
		assert_int_equal(erofs_output_open(&killed, in_dir("image"), &options[i], NULL), 0);
		assert_int_equal(erofs_output_write(killed, "data", 4, 5000), 0);
		assert_int_equal(erofs_output_open(&output, in_dir("image"), &options[i], NULL), 0);
		assert_int_equal(erofs_output_commit(output, 8192), 0);
		assert_int_equal(magic_at(in_dir("image"), (off_t)options[i].offset - 1024), 0);
		erofs_output_close(output);
		erofs_output_close(killed);
	}
}

/* Files that have no name, or only that of somebody's descriptor. */
static void descriptors_are_written_in_place(void **state)
{
	static const char *const folders[] = { "/proc/self/fd", "/dev/fd" };
	int fds[] = { memfd_create("image", MFD_CLOEXEC), open(dir, O_TMPFILE | O_RDWR, 0600), -1 };

	(void)state;
	write_file(in_dir("gone"), "", 0);
	fds[2] = open(in_dir("gone"), O_RDWR);
	unlink(in_dir("gone"));
	for (size_t i = 0; i < 6; i++) {
		struct erofs_output *output;
		char path[64], found[4] = "";

		/* Not every file system has O_TMPFILE. */
		if (fds[i / 2] < 0)
			continue;
		snprintf(path, sizeof(path), "%s/%d", folders[i % 2], fds[i / 2]);
		assert_int_equal(ftruncate(fds[i / 2], 0), 0);
		assert_int_equal(erofs_output_open(&output, path, NULL, NULL), 0);
		assert_int_equal(erofs_output_write(output, "new", 3, 4096), 0);
		assert_int_equal(erofs_output_commit(output, 4099), 0);
		erofs_output_close(output);
		assert_int_equal(pread(fds[i / 2], found, 4, 4096), 3);
		assert_string_equal(found, "new");
	}
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
	assert_int_equal(count_names(false), 0);
}

static const struct erofs_output_options at_1024 = { .offset = 1024, .force = true };

static void in_place_keeps_what_is_around(void **state)
{
	static uint8_t old[20000], found[20000];
	struct erofs_output *output;
	int fd;

	(void)state;
	memset(old, 0xee, sizeof(old));
	write_file(in_dir("image"), old, sizeof(old));
	assert_int_equal(erofs_output_open(&output, in_dir("image"), &at_1024, NULL), 0);
	assert_false(erofs_output_has_scratch(output));
	/* What might have been an image there is none any more. */
	fd = open(in_dir("image"), O_RDONLY);
	assert_int_equal(pread(fd, found, sizeof(found), 0), sizeof(found));
	assert_memory_equal(found, old, 1024);
	for (size_t at = 1024 + 1024; at < 1024 + 4096; at++)
		assert_int_equal(found[at], 0);
	assert_int_equal(erofs_output_write(output, "image", 5, 8000), 0);
	assert_int_equal(erofs_output_read(output, found, 5, 8000), 0);
	assert_memory_equal(found, "image", 5);
	assert_int_equal(erofs_output_commit(output, 8192), 0);
	erofs_output_close(output);
	assert_int_equal(pread(fd, found, sizeof(found), 0), sizeof(found));
	assert_memory_equal(found, old, 1024);
	for (size_t at = 1024; at < 1024 + 4096; at++)
		assert_int_equal(found[at], 0);
	assert_memory_equal(found + 1024 + 8000, "image", 5);
	assert_memory_equal(found + 1024 + 8192, old, sizeof(old) - 1024 - 8192);
	assert_int_equal(count_names(false), 1);
	close(fd);
}

static void in_place_makes_the_file(void **state)
{
	struct erofs_output *output;
	struct stat st;

	(void)state;
	assert_int_equal(
		erofs_output_open(&output, in_dir("new"), &(struct erofs_output_options){ .offset = 512 }, NULL), 0);
	assert_int_equal(erofs_output_write(output, "x", 1, 8191), 0);
	assert_int_equal(erofs_output_commit(output, 8192), 0);
	erofs_output_close(output);
	assert_int_equal(stat(in_dir("new"), &st), 0);
	assert_int_equal(st.st_size, 512 + 8192);
}

/* The file that a link names is written; the link stays a link. */
static void a_link_survives(void **state)
{
	struct erofs_output *output;
	char bytes[1027] = "";
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(in_dir("sub"), 0755), 0);
	write_file(in_dir("sub/real"), "", 0);
	assert_int_equal(symlink("sub/real", in_dir("link")), 0);
	assert_int_equal(erofs_output_open(&output, in_dir("link"), NULL, NULL), 0);
	assert_int_equal(count_names(false), 2);
	assert_int_equal(erofs_output_write(output, "new", 3, 1024), 0);
	assert_int_equal(erofs_output_commit(output, 1027), 0);
	erofs_output_close(output);
	assert_int_equal(lstat(in_dir("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	memcpy(bytes + 1024, "new", 3);
	assert_file(in_dir("sub/real"), bytes, sizeof(bytes));
	unlink(in_dir("sub/real"));
}

static void assert_refused(const char *path, int err)
{
	struct erofs_output *output = NULL;
	struct messages messages;

	messages_init(&messages);
	assert_int_equal(erofs_output_open(&output, path, NULL, &messages.diag), err);
	assert_null(output);
	assert_int_equal(messages.count, 1);
	assert_non_null(strstr(messages.last, path));
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(in_dir("fifo"), 0666), 0);
	assert_refused(dir, -EISDIR);
	assert_refused(in_dir("fifo"), -EINVAL);
	assert_refused("/dev/null", -EINVAL);
	assert_refused(in_dir("fifo/below"), -ENOTDIR);
	assert_refused(in_dir("missing/image"), -ENOENT);
	assert_refused("", -ENOENT);
	assert_int_equal(count_names(false), 1);
}

static void long_names_have_temporary_ones(void **state)
{
	struct erofs_output *output;
	char name[256];

	(void)state;
	memset(name, 'n', 255);
	name[255] = 0;
	assert_int_equal(erofs_output_open(&output, in_dir(name), NULL, NULL), 0);
	assert_int_equal(erofs_output_commit(output, 0), 0);
	erofs_output_close(output);
	assert_file(in_dir(name), "", 0);
}

static void a_relative_name_is_made_here(void **state)
{
	struct erofs_output *output;
	int here = open(".", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(erofs_output_open(&output, "image", NULL, NULL), 0);
	assert_int_equal(count_names(false), 1);
	assert_int_equal(erofs_output_commit(output, 0), 0);
	erofs_output_close(output);
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_true(exists(in_dir("image")));
}

static void a_full_disk_is_told_with_what_is_needed(void **state)
{
	static uint8_t bytes[1 << 20];
	struct erofs_output *output;
	struct messages messages;

	(void)state;
	if (geteuid() || mount("test-output", dir, "tmpfs", 0, "size=256k"))
		skip();
	messages_init(&messages);
	memset(bytes, 1, sizeof(bytes));
	assert_int_equal(erofs_output_open(&output, in_dir("image"), NULL, &messages.diag), 0);
	erofs_output_expect(output, 1234567);
	assert_int_equal(erofs_output_write(output, bytes, 65536, 0), 0);
	assert_int_equal(erofs_output_write(output, bytes, sizeof(bytes), 65536), -ENOSPC);
	assert_int_equal(messages.count, 1);
	assert_non_null(strstr(messages.last, "1234567"));
	assert_non_null(strstr(messages.last, in_dir("image")));
	erofs_output_close(output);
	assert_int_equal(count_names(false), 0);
	assert_int_equal(umount(dir), 0);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(a_file_appears_when_it_is_complete),
		IN_DIR(vectors_and_reading_back),
		IN_DIR(reading_behind_the_end_is_reported),
		IN_DIR(an_abort_leaves_nothing),
		IN_DIR(an_old_file_keeps_mode_owner_and_names),
		IN_DIR(an_abort_in_place_leaves_no_image),
		IN_DIR(data_alone_have_a_mark),
		IN_DIR(other_data_are_not_overwritten),
		IN_DIR(an_unfinished_image_is_recognized),
		IN_DIR(descriptors_are_written_in_place),
		IN_DIR(in_place_keeps_what_is_around),
		IN_DIR(in_place_makes_the_file),
		IN_DIR(a_link_survives),
		IN_DIR(what_is_no_file_is_refused),
		IN_DIR(long_names_have_temporary_ones),
		IN_DIR(a_relative_name_is_made_here),
		IN_DIR(a_full_disk_is_told_with_what_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
