/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/tools/support.h"
#include "tests/tools/treegen.h"

#define FIXED_TIME 1700000000

static void make_node(int dir, const char *name, mode_t mode, unsigned int major, unsigned int minor)
{
	if (mknodat(dir, name, mode, makedev(major, minor)))
		not_made(name);
}

static void generate_kinds(int parent, const struct treegen_options *options)
{
	int dir = make_dir(parent, "kinds");

	make_file(dir, "regular", 100, 1);
	make_node(dir, "fifo", S_IFIFO | 0640, 0, 0);
	make_node(dir, "socket", S_IFSOCK | 0755, 0, 0);
	if (options->privileged) {
		make_node(dir, "null", S_IFCHR | 0666, 1, 3);
		make_node(dir, "loop0", S_IFBLK | 0660, 7, 0);
		/* Past the 8 bits that old device numbers had, up to what 32 bits hold. */
		make_node(dir, "char-minor-300", S_IFCHR | 0600, 10, 300);
		make_node(dir, "block-largest", S_IFBLK | 0600, 4095, 1048575);
	}
	close(dir);
}

static void make_symlink(int dir, const char *name, const char *target)
{
	if (symlinkat(target, dir, name))
		not_made(name);
}

static void generate_symlinks(int parent)
{
	static const int lengths[] = { 1,    31,   32,	 59,   60,   255,  447,	 448,  479,  511,  512,	 513, 959,
				       1023, 1024, 1025, 1983, 2047, 2048, 2049, 4000, 4031, 4063, 4094, 4095 };
	int dir = make_dir(parent, "symlinks");
	char target[4096], name[32];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(target, 'a' + (int)(i % 26), (size_t)lengths[i]);
		target[lengths[i]] = 0;
		snprintf(name, sizeof(name), "length-%d", lengths[i]);
		make_symlink(dir, name, target);
	}
	make_symlink(dir, "absolute", "/etc/passwd");
	make_symlink(dir, "upwards", "../../../../../../etc/shadow");
	make_symlink(dir, "itself", "itself");
	make_symlink(dir, "any\nbytes", "\x01\x7f\xff\xfe \n\\");
	make_symlink(dir, "to-a-directory", "../kinds");
	close(dir);
}

static void make_link(int dir, const char *old, int to, const char *new)
{
	if (linkat(dir, old, to, new, 0))
		die("cannot link %s to %s", new, old);
}

static void generate_hard_links(int parent)
{
	int dir = make_dir(parent, "links");
	int other = make_dir(parent, "links-far");

	make_file(dir, "a", 5000, 2);
	make_link(dir, "a", dir, "b");
	make_link(dir, "a", other, "a");
	make_file(dir, "empty-1", 0, 0);
	make_link(dir, "empty-1", dir, "empty-2");
	make_symlink(dir, "symlink-1", "a");
	make_link(dir, "symlink-1", other, "symlink-2");
	make_node(dir, "fifo-1", S_IFIFO | 0600, 0, 0);
	make_link(dir, "fifo-1", dir, "fifo-2");
	make_file(other, "popular", 700, 3);
	for (int i = 0; i < 300; i++) {
		char name[32];

		snprintf(name, sizeof(name), "popular-%d", i);
		make_link(other, "popular", dir, name);
	}
	close(dir);
	close(other);
}

static void generate_modes(int parent)
{
	static const mode_t modes[] = { 0, 0400, 0222, 0755, 01644, 02755, 04755, 07777, 06711 };
	int dir = make_dir(parent, "modes");
	bool reads_all = !geteuid();
	char name[32];

	if (!reads_all)
		fputs("skip - files that their owner may not read: needs root\n", stderr);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		/* Nobody but root can make an image of them. */
		if (!reads_all && !(modes[i] & 0400))
			continue;
		snprintf(name, sizeof(name), "file-%04o", modes[i]);
		make_file(dir, name, 10 + i, 4);
		if (fchmodat(dir, name, modes[i], 0))
			die("cannot set the mode of %s", name);
	}
	close(make_dir(dir, "sticky"));
	close(make_dir(dir, "setgid"));
	if (fchmodat(dir, "sticky", 01777, 0) || fchmodat(dir, "setgid", 02775, 0))
		die("cannot set the mode of a directory");
	close(dir);
}

static void generate_owners(int parent)
{
	static const unsigned int ids[] = { 1, 1000, 65534, 65535, 65536, 70000, 2147483648u, 4294967294u };
	int dir = make_dir(parent, "owners");
	char name[32];

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(name, sizeof(name), "uid-%u", ids[i]);
		make_file(dir, name, 20 + i, 5);
		if (fchownat(dir, name, ids[i], 0, 0))
			not_made(name);
		snprintf(name, sizeof(name), "gid-%u", ids[i]);
		make_symlink(dir, name, "x");
		if (fchownat(dir, name, 12, ids[i], AT_SYMLINK_NOFOLLOW))
			not_made(name);
	}
	close(dir);
}

static void generate_times(int parent)
{
	static const struct timespec times[] = {
		{ 0, 0 },	    { 0, 1 },
		{ 0, 999999999 },   { -1, 0 },
		{ -1, 999999999 },  { -315619200, 500 },
		{ -2147483648, 1 }, { 2147483647, 123456789 },
		{ 2147483648, 0 },  { 4294967296, 7 },
		{ 15032385535, 0 },
	};
	int dir = make_dir(parent, "times");
	char name[64];

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct timespec pair[2] = { { FIXED_TIME, 0 }, times[i] };

		snprintf(name, sizeof(name), "at%+lld.%09ld", (long long)times[i].tv_sec, times[i].tv_nsec);
		make_file(dir, name, 30, 6);
		if (utimensat(dir, name, pair, AT_SYMLINK_NOFOLLOW))
			not_made(name);
	}
	close(dir);
}

static void generate_equal(int parent)
{
	static const unsigned int sizes[] = { 1, 511, 512, 4096, 5000, 100000 };
	int dir = make_dir(parent, "equal");
	char name[32];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int copy = 0; copy < 3; copy++) {
			snprintf(name, sizeof(name), "size-%u-copy-%d", sizes[i], copy);
			make_file(dir, name, sizes[i], 1000 + i);
		}
	/* Equal but for the last byte, and of equal beginnings. */
	make_file(dir, "begins-alike-1", 8192, 77);
	make_file(dir, "begins-alike-2", 8193, 77);
	close(dir);
}

static void generate_empty(int parent)
{
	int dir = make_dir(parent, "empty");

	close(make_dir(dir, "directory"));
	make_file(dir, "file-1", 0, 0);
	make_file(dir, "file-2", 0, 0);
	close(dir);
}

/* Gives everything without a time of its own one that depends on nothing but its name. */
static void settle_times(int parent)
{
	struct name_list list;

	names_read(&list, parent);
	for (size_t i = 0; i < list.count; i++) {
		const char *name = list.names[i];
		struct timespec pair[2] = { { FIXED_TIME, 0 }, { FIXED_TIME + strlen(name), (long)(i * 1000 + 1) } };
		struct stat st;

		if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW))
			die("cannot stat %s", name);
		if (S_ISDIR(st.st_mode)) {
			int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			if (dir < 0)
				die("cannot open %s", name);
			if (strcmp(name, "times") != 0)
				settle_times(dir);
			close(dir);
		}
		if (utimensat(parent, name, pair, AT_SYMLINK_NOFOLLOW))
			die("cannot set the time of %s", name);
	}
	names_free(&list);
}

void generate_odd(int dir, const struct treegen_options *options)
{
	const struct timespec root_times[2] = { { FIXED_TIME, 0 }, { FIXED_TIME - 5, 5 } };

	generate_kinds(dir, options);
	generate_symlinks(dir);
	generate_hard_links(dir);
	generate_modes(dir);
	if (options->privileged)
		generate_owners(dir);
	generate_times(dir);
	generate_equal(dir);
	generate_empty(dir);
	generate_names(dir);
	generate_depth(dir);
	generate_sizes(dir);
	generate_holes(dir);
	if (options->xattrs)
		generate_xattrs(dir, options);
	settle_times(dir);
	if (futimens(dir, root_times))
		die("cannot set the time of the root");
}
