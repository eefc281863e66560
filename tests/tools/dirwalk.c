/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * dirwalk [--ignore-numbers] DIR [SEED]: everything that programs do with a directory must say the same. Reads the entries in order, then looks up each
 * name and some that are not there, goes to the place of any entry and reads on (telldir(3) and seekdir(3); and, as servers of NFS do,
 * by offset in a descriptor of its own, through a small buffer), and stops reading half-way. Prints how many entries there are.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/tools/support.h"

#define VISITS 200 /* places that are gone to */

struct entry {
	char name[256];
	ino_t number;
	long place;   /* telldir() in front of it */
	off_t behind; /* where the next one is, as the kernel says */
};

static struct entry *entries;
static size_t count;
static uint64_t seed = 1;
static bool ignores_numbers; /* overlayfs makes its own */

static void take(const struct dirent *found, long place)
{
	struct entry *entry;

	if (!(count & (count - 1)))
		entries = reallocarray(entries, count ? 2 * count : 1, sizeof(*entries));
	if (!entries)
		die("no memory for %zu entries", count);
	entry = &entries[count++];
	snprintf(entry->name, sizeof(entry->name), "%s", found->d_name);
	entry->number = found->d_ino;
	entry->place = place;
	entry->behind = found->d_off;
}

static void read_all(DIR *dir)
{
	const struct dirent *found;
	long place = telldir(dir);

	errno = 0;
	while ((found = readdir(dir))) {
		take(found, place);
		place = telldir(dir);
	}
	if (errno)
		die("after %zu entries", count);
}

static void look_up(int dir, size_t i)
{
	struct stat stat;
	char name[300];

	if (fstatat(dir, entries[i].name, &stat, AT_SYMLINK_NOFOLLOW))
		die("%s is listed, and not found", entries[i].name);
	/* What is mounted has a parent elsewhere. */
	if (!ignores_numbers && strcmp(entries[i].name, "..") && stat.st_ino != entries[i].number)
		die("%s is listed as inode %lu, and found as %lu", entries[i].name, (unsigned long)entries[i].number,
		    (unsigned long)stat.st_ino);
	snprintf(name, sizeof(name), "%s\001", entries[i].name);
	if (strlen(name) < 256 && fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
		die("a name behind %s is found, and not listed", entries[i].name);
}

static void seek_to(DIR *dir, size_t i)
{
	const struct dirent *found;

	seekdir(dir, entries[i].place);
	for (size_t end = i + 3; i < end && i < count; i++) {
		found = readdir(dir);
		if (!found || strcmp(found->d_name, entries[i].name))
			die("%s is not at its place, but %s", entries[i].name, found ? found->d_name : "nothing");
	}
}

/* As the kernel fills buffers; struct dirent has the same members in the same places. */
static void seek_like_servers(int fd, size_t i)
{
	char buf[600] __attribute__((aligned(8)));
	const struct dirent *found = (const void *)buf;
	long size;

	if (lseek(fd, entries[i].behind, SEEK_SET) < 0)
		die("lseek behind %s", entries[i].name);
	size = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	if (size < 0 || (size == 0) != (i + 1 == count))
		die("%ld bytes behind %s", size, entries[i].name);
	if (size && strcmp(found->d_name, entries[i + 1].name))
		die("behind %s is %s", entries[i].name, found->d_name);
}

static void stop_half_way(const char *path)
{
	DIR *dir = opendir(path);

	for (size_t i = 0; dir && i < count / 2; i++)
		if (!readdir(dir))
			die("only %zu entries", i);
	if (!dir || closedir(dir))
		die("%s", path);
}

int main(int argc, char **argv)
{
	DIR *dir;
	int fd;

	ignores_numbers = argc > 1 && !strcmp(argv[1], "--ignore-numbers");
	argc -= ignores_numbers;
	argv += ignores_numbers;
	if (argc < 2)
		die("dirwalk [--ignore-numbers] DIR [SEED]");
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	dir = opendir(argv[1]);
	fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!dir || fd < 0)
		die("%s", argv[1]);
	read_all(dir);
	stop_half_way(argv[1]);
	for (size_t i = 0; i < VISITS; i++) {
		seek_to(dir, (size_t)random_below(&seed, count));
		seek_like_servers(fd, (size_t)random_below(&seed, count));
	}
	for (size_t i = 0; i < count; i++)
		look_up(fd, i);
	printf("%zu\n", count);
	free(entries);
	close(fd);
	return closedir(dir) != 0;
}
