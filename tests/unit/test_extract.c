/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/check.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/format/format_dirent.h"
#include "tests/unit/small_image.h"
#include "tests/unit/unit.h"

static struct small_image image;
static struct small_report report;
static struct erofs_extract_options options;
static char base[64], target[96], path[256];

static void remove_all(const char *directory)
{
	char command[512];

	snprintf(command, sizeof(command), "chmod -R u+rwx %s && rm -rf %s", directory, directory);
	assert_int_equal(system(command), 0);
}

/* Goes before the C library's: fails where the test wants it. */
static int xattr_errno;

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	if (!xattr_errno)
		return (int)syscall(SYS_fsetxattr, fd, name, value, size, flags);
	errno = xattr_errno;
	return -1;
}

/* What somebody else does to the target when an extraction first says this. */
static void (*meddle)(void);
static const char *meddle_at;

static int setup(void **state)
{
	(void)state;
	small_build(&image);
	memset(&report, 0, sizeof(report));
	options = (struct erofs_extract_options){ .size = sizeof(struct erofs_extract_options) };
	meddle_at = "exists already";
	xattr_errno = 0;
	strcpy(base, "/tmp/erofs-extract-XXXXXX");
	assert_non_null(mkdtemp(base));
	snprintf(target, sizeof(target), "%s/out", base);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_all(base);
	return 0;
}

static void take_message(void *ctx, enum erofs_severity severity, const char *text)
{
	void (*now)(void) = strstr(text, meddle_at) ? meddle : NULL;

	small_message(ctx, severity, text);
	if (!now)
		return;
	meddle = NULL;
	now();
}

static int extract(void)
{
	const struct erofs_diag diag = { .message = take_message, .ctx = &report };
	struct erofs_image *open = small_open(&image, &diag);
	int err;

	report.text[0] = 0;
	err = erofs_extract(open, target, &options, &diag);
	erofs_image_close(open);
	return err;
}

static const char *in_target(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", target, name);
	return path;
}

static struct stat status_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(in_target(name), &st), 0);
	return st;
}

static void assert_content(const char *name, const void *content, size_t size)
{
	uint8_t buffer[16384];
	int fd = open(in_target(name), O_RDONLY | O_NOFOLLOW);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, buffer, sizeof(buffer)), size);
	assert_memory_equal(buffer, content, size);
	close(fd);
}

static void put_text(const char *file, const char *text)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
}

static void the_tree_is_restored(void **state)
{
	uint8_t sparse[3 * SMALL_BLOCK] = { 0 };
	char link[16] = { 0 };
	struct stat st;

	(void)state;
	options.preserve_perms = true;
	assert_int_equal(extract(), 0);
	assert_string_equal(report.text, "");
	assert_content("a", image.bytes + SMALL_DATA_A, SMALL_SIZE_A);
	assert_content("d/c", image.bytes + SMALL_DATA_A, SMALL_SIZE_C);
	assert_content("e", "", 0);
	memset(sparse + SMALL_BLOCK, 's', SMALL_BLOCK);
	assert_content("s", sparse, sizeof(sparse));
	assert_int_equal(readlink(in_target("l"), link, sizeof(link)), 6);
	assert_string_equal(link, "target");
	st = status_of("f");
	assert_true(S_ISFIFO(st.st_mode));
	st = status_of("a");
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_ino, status_of("b").st_ino);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(st.st_mtim.tv_nsec, 5);
	st = status_of("d");
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	st = status_of("l");
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	st = status_of("");
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
}

static void holes_stay_holes(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(extract(), 0);
	fd = open(in_target("s"), O_RDONLY);
	assert_true(fd >= 0);
	/* A file system without holes says that the first byte is data. */
	if (lseek(fd, 0, SEEK_DATA) == SMALL_BLOCK)
		assert_int_equal(lseek(fd, SMALL_BLOCK, SEEK_HOLE), 2 * SMALL_BLOCK);
	close(fd);
}

static void without_preserving_the_umask_counts(void **state)
{
	struct erofs_inode inode = small_get(&image, NID_A);
	mode_t before = umask(027);

	(void)state;
	inode.mode = S_IFREG | 04477;
	small_put(&image, &inode);
	assert_int_equal(extract(), 0);
	umask(before);
	assert_int_equal(status_of("a").st_mode & 07777, 0450);
	assert_int_equal(status_of("d").st_mode & 07777, 0750);
	assert_int_equal(status_of("").st_mode & 07777, 0750);
}

static void existing_files_are_replaced_on_request_only(void **state)
{
	char outside[128];

	(void)state;
	assert_int_equal(mkdir(target, 0755), 0);
	snprintf(outside, sizeof(outside), "%s/outside", base);
	put_text(outside, "mine");
	assert_int_equal(link(outside, in_target("a")), 0);
	assert_int_equal(extract(), -EEXIST);
	assert_non_null(strstr(report.text, "/a: it exists already\n"));
	assert_content("a", "mine", 4);
	assert_content("d/c", image.bytes + SMALL_DATA_A, SMALL_SIZE_C);
	options.overwrite = true;
	assert_int_equal(extract(), 0);
	assert_content("a", image.bytes + SMALL_DATA_A, SMALL_SIZE_A);
	/* Replaced, not written through. */
	assert_content("../outside", "mine", 4);
}

static void directories_are_not_replaced_by_files(void **state)
{
	(void)state;
	assert_int_equal(mkdir(target, 0755), 0);
	assert_int_equal(mkdir(in_target("a"), 0755), 0);
	options.overwrite = true;
	assert_int_equal(extract(), -EISDIR);
	assert_non_null(strstr(report.text, "/a: a directory is in its place\n"));
}

static void symlinks_in_the_target_are_not_followed(void **state)
{
	char outside[128];
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(target, 0755), 0);
	snprintf(outside, sizeof(outside), "%s/outside", base);
	assert_int_equal(mkdir(outside, 0755), 0);
	assert_int_equal(symlink(outside, in_target("d")), 0);
	snprintf(outside, sizeof(outside), "%s/outside/a", base);
	assert_int_equal(symlink(outside, in_target("a")), 0);
	assert_int_equal(extract(), -EEXIST);
	assert_non_null(strstr(report.text, "/a: it exists already\n"));
	assert_non_null(strstr(report.text, "/d: it exists already\n"));
	options.overwrite = true;
	assert_int_equal(extract(), 0);
	assert_true(S_ISDIR(status_of("d").st_mode));
	assert_true(S_ISREG(status_of("a").st_mode));
	assert_int_equal(lstat(outside, &st), -1);
	snprintf(outside, sizeof(outside), "%s/outside/c", base);
	assert_int_equal(lstat(outside, &st), -1);
}

/* A link of the image leads out, and a directory of the same name would be filled behind it. */
static void links_of_the_image_are_not_followed(void **state)
{
	static const struct small_entry entries[] = { { ".", NID_ROOT, EROFS_FT_DIR },
						      { "..", NID_ROOT, EROFS_FT_DIR },
						      { "x", NID_L, EROFS_FT_SYMLINK },
						      { "x", NID_D, EROFS_FT_DIR },
						      { NULL, 0, 0 } };
	struct stat st;

	(void)state;
	memcpy(small_behind(&image, NID_L), "../../", 6);
	small_root(&image, entries);
	assert_int_equal(extract(), -EEXIST);
	assert_string_equal(report.text, "/x: it exists already\n");
	snprintf(path, sizeof(path), "%s/c", base);
	assert_int_equal(lstat(path, &st), -1);
}

static void names_that_lead_out_are_refused(void **state)
{
	static const struct small_entry entries[] = { { ".", NID_ROOT, EROFS_FT_DIR },
						      { "..", NID_ROOT, EROFS_FT_DIR },
						      { "../y", NID_A, EROFS_FT_REG },
						      { NULL, 0, 0 } };
	struct stat st;

	(void)state;
	small_root(&image, entries);
	assert_int_equal(extract(), -EUCLEAN);
	assert_string_equal(report.text, "/: cannot read all of the directory\n");
	snprintf(path, sizeof(path), "%s/y", base);
	assert_int_equal(lstat(path, &st), -1);
}

static void cycles_end(void **state)
{
	static const struct small_entry d[] = { { ".", NID_D, EROFS_FT_DIR },
						{ "..", NID_ROOT, EROFS_FT_DIR },
						{ "c", NID_ROOT, EROFS_FT_DIR } };

	(void)state;
	small_directory(small_behind(&image, NID_D), d, 3);
	assert_int_equal(extract(), -EUCLEAN);
	assert_string_equal(report.text, "/d/c: this directory has another name already\n");
}

static void damaged_files_are_not_left_behind(void **state)
{
	struct erofs_inode inode = small_get(&image, NID_A);
	struct stat st;

	(void)state;
	inode.u = SMALL_BLOCKS - 1;
	small_put(&image, &inode);
	assert_int_equal(extract(), -EUCLEAN);
	assert_non_null(strstr(report.text, "/a: cannot read its data: the image is damaged\n"));
	assert_int_equal(lstat(in_target("a"), &st), -1);
	assert_content("d/c", image.bytes + SMALL_DATA_A, SMALL_SIZE_C);
}

/* ext4 says so where one inode's attributes are full, and the disk is not. */
static void full_attributes_are_no_full_disk(void **state)
{
	static const int numbers[] = { ENOSPC, EDQUOT };

	(void)state;
	options.preserve_xattrs = true;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		xattr_errno = numbers[i];
		assert_int_equal(extract(), -E2BIG);
		assert_non_null(strstr(report.text, "/a: cannot set xattr user.tag: "));
		assert_content("a", image.bytes + SMALL_DATA_A, SMALL_SIZE_A);
		assert_content("d/c", image.bytes + SMALL_DATA_A, SMALL_SIZE_C);
		assert_int_equal(status_of("s").st_size, 3 * SMALL_BLOCK);
		remove_all(target);
	}
}

static mode_t mode_of_a;

static void look_at_a(void)
{
	mode_of_a = status_of("a").st_mode;
}

/* Until it has its owner, a file that only this one may read must not be open to others. */
static void a_file_being_filled_is_closed_to_others(void **state)
{
	struct erofs_inode inode = small_get(&image, NID_A);

	(void)state;
	inode.mode = S_IFREG | 04777;
	inode.u = SMALL_BLOCKS - 1;
	small_put(&image, &inode);
	options.preserve_perms = true;
	meddle = look_at_a;
	meddle_at = "/a: cannot read its data";
	assert_int_equal(extract(), -EUCLEAN);
	assert_null(meddle);
	assert_int_equal(mode_of_a & 07777, 0600);
}

/*
 * Two directories: d holds c and x, then g holds h, which is another name of d/c. /d/x is in the target already, so that there
 * is a message while d is being filled.
 */
static void build_two_directories(void)
{
	static const struct small_entry root[] = { { ".", NID_ROOT, EROFS_FT_DIR },
						   { "..", NID_ROOT, EROFS_FT_DIR },
						   { "d", NID_D, EROFS_FT_DIR },
						   { "g", NID_FREE, EROFS_FT_DIR },
						   { NULL, 0, 0 } };
	static const struct small_entry d[] = { { ".", NID_D, EROFS_FT_DIR },
						{ "..", NID_ROOT, EROFS_FT_DIR },
						{ "c", NID_C, EROFS_FT_REG },
						{ "x", NID_E, EROFS_FT_REG } };
	static const struct small_entry g[] = { { ".", NID_FREE, EROFS_FT_DIR },
						{ "..", NID_ROOT, EROFS_FT_DIR },
						{ "h", NID_C, EROFS_FT_REG } };
	struct erofs_inode inode = small_get(&image, NID_D), file = small_get(&image, NID_C);

	small_root(&image, root);
	inode.size = small_directory(small_behind(&image, NID_D), d, 4);
	small_put(&image, &inode);
	inode.nid = NID_FREE;
	small_put(&image, &inode);
	inode.size = small_directory(small_behind(&image, NID_FREE), g, 3);
	small_put(&image, &inode);
	file.nlink = 2;
	small_put(&image, &file);
	assert_int_equal(mkdir(target, 0755), 0);
	assert_int_equal(mkdir(in_target("d"), 0755), 0);
	put_text(in_target("d/x"), "mine");
}

/* d/c and g/i are the first names; the second ones lie side by side in z, which takes the place of l. */
static void first_names_lie_in_any_directory(void **state)
{
	static const struct small_entry root[] = { { ".", NID_ROOT, EROFS_FT_DIR }, { "..", NID_ROOT, EROFS_FT_DIR },
						   { "d", NID_D, EROFS_FT_DIR },    { "g", NID_FREE, EROFS_FT_DIR },
						   { "z", NID_L, EROFS_FT_DIR },    { NULL, 0, 0 } };
	static const struct small_entry g[] = { { ".", NID_FREE, EROFS_FT_DIR },
						{ "..", NID_ROOT, EROFS_FT_DIR },
						{ "i", NID_A, EROFS_FT_REG } };
	static const struct small_entry z[] = { { ".", NID_L, EROFS_FT_DIR },
						{ "..", NID_ROOT, EROFS_FT_DIR },
						{ "of-c", NID_C, EROFS_FT_REG },
						{ "of-i", NID_A, EROFS_FT_REG } };
	struct erofs_inode inode = small_get(&image, NID_D), file = small_get(&image, NID_C);

	(void)state;
	small_root(&image, root);
	inode.nid = NID_FREE;
	small_put(&image, &inode);
	inode.size = small_directory(small_behind(&image, NID_FREE), g, 3);
	small_put(&image, &inode);
	inode.nid = NID_L;
	small_put(&image, &inode);
	inode.size = small_directory(small_behind(&image, NID_L), z, 4);
	small_put(&image, &inode);
	file.nlink = 2;
	small_put(&image, &file);
	assert_int_equal(extract(), 0);
	assert_int_equal(status_of("z/of-c").st_ino, status_of("d/c").st_ino);
	assert_int_equal(status_of("z/of-i").st_ino, status_of("g/i").st_ino);
}

static void put_link_in_place(void)
{
	char before[128];

	snprintf(before, sizeof(before), "%s/d", target);
	assert_int_equal(rename(before, in_target("e")), 0);
	assert_int_equal(symlink("../outside", before), 0);
}

static void the_first_name_is_not_looked_for_through_links(void **state)
{
	char outside[128];
	struct stat st;

	(void)state;
	build_two_directories();
	snprintf(outside, sizeof(outside), "%s/outside", base);
	assert_int_equal(mkdir(outside, 0755), 0);
	snprintf(outside, sizeof(outside), "%s/outside/c", base);
	put_text(outside, "secret");
	meddle = put_link_in_place;
	assert_int_equal(extract(), -EEXIST);
	assert_null(meddle);
	assert_non_null(strstr(report.text, "/g/h: cannot find the file that it is a link to: "));
	assert_int_equal(lstat(in_target("g/h"), &st), -1);
	assert_content("e/c", image.bytes + SMALL_DATA_A, SMALL_SIZE_C);
}

static void move_away(void)
{
	char before[128];

	snprintf(before, sizeof(before), "%s/d", target);
	assert_int_equal(mkdir(in_target("../away"), 0755), 0);
	assert_int_equal(rename(before, in_target("../away/d")), 0);
}

static void a_directory_moved_away_ends_it(void **state)
{
	struct stat st;

	(void)state;
	build_two_directories();
	meddle = move_away;
	assert_int_equal(extract(), -EEXIST);
	assert_null(meddle);
	assert_non_null(strstr(report.text, "the directory was moved while it was filled\n"));
	/* Nothing goes where the way up leads to by now. */
	assert_int_equal(lstat(in_target("../away/g"), &st), -1);
	assert_int_equal(lstat(in_target("g"), &st), -1);
}

static void a_part_can_be_extracted(void **state)
{
	struct stat st;

	(void)state;
	options.path = "/d";
	assert_int_equal(extract(), 0);
	assert_content("c", image.bytes + SMALL_DATA_A, SMALL_SIZE_C);
	assert_int_equal(lstat(in_target("a"), &st), -1);
	remove_all(target);
	options.path = "d/c";
	assert_int_equal(extract(), 0);
	assert_int_equal(extract(), -EEXIST);
	snprintf(target, sizeof(target), "%s", base);
	assert_content("out", image.bytes + SMALL_DATA_A, SMALL_SIZE_C);
	snprintf(target, sizeof(target), "%s/out", base);
	options.path = "/none";
	assert_int_equal(extract(), -ENOENT);
	options.use_nid = true;
	options.nid = NID_D;
	options.path = NULL;
	remove_all(target);
	assert_int_equal(extract(), 0);
	assert_content("c", image.bytes + SMALL_DATA_A, SMALL_SIZE_C);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_tree_is_restored, setup, teardown),
		cmocka_unit_test_setup_teardown(holes_stay_holes, setup, teardown),
		cmocka_unit_test_setup_teardown(without_preserving_the_umask_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(existing_files_are_replaced_on_request_only, setup, teardown),
		cmocka_unit_test_setup_teardown(directories_are_not_replaced_by_files, setup, teardown),
		cmocka_unit_test_setup_teardown(symlinks_in_the_target_are_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(links_of_the_image_are_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(names_that_lead_out_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(cycles_end, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_files_are_not_left_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(full_attributes_are_no_full_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_being_filled_is_closed_to_others, setup, teardown),
		cmocka_unit_test_setup_teardown(the_first_name_is_not_looked_for_through_links, setup, teardown),
		cmocka_unit_test_setup_teardown(first_names_lie_in_any_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(a_directory_moved_away_ends_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_part_can_be_extracted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
