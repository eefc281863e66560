/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * treecmp [OPTION]... A B: whether two directory trees are the same in every respect a file system image should keep.
 * Prints a line for each difference; exits 0 if there is none, 1 if there is one, 2 if it could not look.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/tools/support.h"
#include "tests/tools/treecmp.h"

static struct treecmp_options options;
static unsigned long differences, objects;

/* The path from the roots to what is being compared, for messages only. */
static char *path;
static size_t path_len, path_room;

static size_t path_push(const char *name)
{
	size_t before = path_len, name_len = strlen(name);

	if (path_len + name_len + 2 > path_room) {
		path_room = 2 * (path_len + name_len + 2);
		path = realloc(path, path_room);
		if (!path)
			die("no memory for a path");
	}
	if (path_len)
		path[path_len++] = '/';
	memcpy(path + path_len, name, name_len + 1);
	path_len += name_len;
	return before;
}

static void path_pop(size_t before)
{
	path_len = before;
	path[path_len] = 0;
}

void differ(const char *what, const char *format, ...)
{
	va_list args;

	differences++;
	print_escaped(path && *path ? path : ".");
	printf(": %s: ", what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static bool compare_stat(const struct stat *a, const struct stat *b)
{
	if ((a->st_mode & S_IFMT) != (b->st_mode & S_IFMT)) {
		differ("type", "%o, %o", a->st_mode & S_IFMT, b->st_mode & S_IFMT);
		return false;
	}
	if (!options.ignore_mode && a->st_mode != b->st_mode)
		differ("mode", "%o, %o", a->st_mode & 07777, b->st_mode & 07777);
	if (!options.ignore_owner && (a->st_uid != b->st_uid || a->st_gid != b->st_gid))
		differ("owner", "%u:%u, %u:%u", a->st_uid, a->st_gid, b->st_uid, b->st_gid);
	if (!options.ignore_mtime &&
	    (a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec))
		differ("mtime", "%lld.%09ld, %lld.%09ld", (long long)a->st_mtim.tv_sec, a->st_mtim.tv_nsec,
		       (long long)b->st_mtim.tv_sec, b->st_mtim.tv_nsec);
	if ((S_ISREG(a->st_mode) || S_ISLNK(a->st_mode)) && a->st_size != b->st_size)
		differ("size", "%lld, %lld", (long long)a->st_size, (long long)b->st_size);
	if ((S_ISCHR(a->st_mode) || S_ISBLK(a->st_mode)) && a->st_rdev != b->st_rdev)
		differ("device number", "%u:%u, %u:%u", major(a->st_rdev), minor(a->st_rdev), major(b->st_rdev),
		       minor(b->st_rdev));
	/* A file system that does not count the links of directories shows 1. */
	if (S_ISDIR(a->st_mode) && !options.ignore_nlink && a->st_nlink != b->st_nlink && a->st_nlink != 1 &&
	    b->st_nlink != 1)
		differ("links of the directory", "%lu, %lu", (unsigned long)a->st_nlink, (unsigned long)b->st_nlink);
	return true;
}

static void compare_symlinks(int dir_a, int dir_b, const char *name)
{
	static char a[8192], b[8192];
	ssize_t a_len = readlinkat(dir_a, name, a, sizeof(a));
	ssize_t b_len = readlinkat(dir_b, name, b, sizeof(b));

	if (a_len < 0 || b_len < 0)
		differ("symlink", "cannot be read: %s", strerror(errno));
	else if (a_len != b_len || memcmp(a, b, (size_t)a_len) != 0)
		differ("symlink", "targets differ (%zd and %zd bytes)", a_len, b_len);
}

static void compare_dirs(int a, int b);

static void compare_objects(int dir_a, int dir_b, const char *name)
{
	struct stat a, b;
	int fd_a, fd_b;

	objects++;
	if (fstatat(dir_a, name, &a, AT_SYMLINK_NOFOLLOW) || fstatat(dir_b, name, &b, AT_SYMLINK_NOFOLLOW)) {
		differ("stat", "%s", strerror(errno));
		return;
	}
	numbers_note(path, &a, 0);
	numbers_note(path, &b, 1);
	if (!compare_stat(&a, &b))
		return;
	if (!options.ignore_xattrs)
		compare_xattrs(&options, dir_a, dir_b, name);
	if (!S_ISDIR(a.st_mode))
		links_note(path, &a, &b);
	if (S_ISLNK(a.st_mode))
		compare_symlinks(dir_a, dir_b, name);
	if (!S_ISREG(a.st_mode) && !S_ISDIR(a.st_mode))
		return;
	fd_a = openat(dir_a, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	fd_b = openat(dir_b, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd_a < 0 || fd_b < 0)
		differ("open", "%s", strerror(errno));
	else if (S_ISDIR(a.st_mode))
		compare_dirs(fd_a, fd_b);
	else
		compare_data(&options, fd_a, fd_b);
	if (fd_a >= 0)
		close(fd_a);
	if (fd_b >= 0)
		close(fd_b);
}

static void compare_dots(const struct name_list *list, const char *tree)
{
	if (!list->has_self)
		differ("name", "readdir(3) does not show . in the %s tree", tree);
	if (!list->has_parent)
		differ("name", "readdir(3) does not show .. in the %s tree", tree);
}

static void compare_dirs(int a, int b)
{
	struct name_list in_a, in_b;
	size_t i = 0, k = 0;

	names_read(&in_a, a);
	names_read(&in_b, b);
	compare_dots(&in_a, "first");
	compare_dots(&in_b, "second");
	while (i < in_a.count || k < in_b.count) {
		int order = i == in_a.count ? 1 : k == in_b.count ? -1 : strcmp(in_a.names[i], in_b.names[k]);
		size_t before = path_push(order <= 0 ? in_a.names[i] : in_b.names[k]);

		if (order < 0)
			differ("name", "only in the first tree");
		else if (order > 0)
			differ("name", "only in the second tree");
		else
			compare_objects(a, b, in_a.names[i]);
		path_pop(before);
		i += order <= 0;
		k += order >= 0;
	}
	names_free(&in_a);
	names_free(&in_b);
}

static int usage(void)
{
	fputs("usage: treecmp [--ignore-mtime] [--ignore-owner] [--ignore-mode] [--ignore-nlink] [--no-xattrs]\n"
	      "               [--ignore-xattr=NAME]... [--holes[=UNIT]] [--verbose] A B\n",
	      stderr);
	return 2;
}

static const struct option long_options[] = {
	{ "ignore-mtime", no_argument, NULL, 't' },
	{ "ignore-owner", no_argument, NULL, 'o' },
	{ "ignore-mode", no_argument, NULL, 'm' },
	{ "ignore-nlink", no_argument, NULL, 'l' },
	{ "no-xattrs", no_argument, NULL, 'n' },
	{ "ignore-xattr", required_argument, NULL, 'x' },
	{ "holes", optional_argument, NULL, 'h' },
	{ "verbose", no_argument, NULL, 'v' },
	{ 0 },
};

int main(int argc, char **argv)
{
	bool verbose = false;
	int a, b, option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 't':
			options.ignore_mtime = true;
			break;
		case 'o':
			options.ignore_owner = true;
			break;
		case 'm':
			options.ignore_mode = true;
			break;
		case 'l':
			options.ignore_nlink = true;
			break;
		case 'n':
			options.ignore_xattrs = true;
			break;
		case 'x':
			if (options.ignored_count == TREECMP_IGNORED_MAX)
				return usage();
			options.ignored[options.ignored_count++] = optarg;
			break;
		case 'h':
			options.hole_unit = optarg ? strtoul(optarg, NULL, 0) : 4096;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			return usage();
		}
	}
	if (argc - optind != 2)
		return usage();
	raise_file_limit();
	a = open(argv[optind], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b = open(argv[optind + 1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a < 0 || b < 0)
		die("cannot open %s", argv[a < 0 ? optind : optind + 1]);
	path_push("");
	compare_objects(a, b, ".");
	if (!options.ignore_nlink)
		links_compare();
	numbers_judge();
	if (verbose)
		printf("%lu objects, %lu differences\n", objects, differences);
	return differences ? 1 : 0;
}
