/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * treeread DIR: reads all regular files, each from beginning to end.
 * treeread --random=COUNT [--seed=N] DIR: reads so many blocks of 4 KiB, each at any place of all that the files hold.
 * Prints the seconds that reading took, and the bytes read. Directories are read before the clock starts.
 */
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/tools/support.h"

#define BLOCK 4096

struct file {
	char *path;
	uint64_t size, end; /* end: of all sizes up to and with this one */
};

static struct file *files;
static size_t file_count, file_room;

static int note_file(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_F || !S_ISREG(stat->st_mode) || !stat->st_size)
		return 0;
	if (file_count == file_room) {
		file_room = 2 * file_room + 1024;
		files = reallocarray(files, file_room, sizeof(*files));
	}
	if (!files)
		die("no memory for names");
	files[file_count].path = strdup(path);
	files[file_count++].size = (uint64_t)stat->st_size;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static int open_file(const struct file *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("cannot open %s", file->path);
	return fd;
}

static uint64_t read_all(void)
{
	static char buf[128 * 1024];
	uint64_t bytes = 0;

	for (size_t i = 0; i < file_count; i++) {
		int fd = open_file(&files[i]);
		ssize_t got;

		while ((got = read(fd, buf, sizeof(buf))) > 0)
			bytes += (uint64_t)got;
		if (got < 0)
			die("cannot read %s", files[i].path);
		close(fd);
	}
	return bytes;
}

/* The file that holds a byte of all that there are. */
static const struct file *find(uint64_t place)
{
	size_t low = 0, high = file_count - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (files[middle].end > place)
			high = middle;
		else
			low = middle + 1;
	}
	return &files[low];
}

static uint64_t read_random(uint64_t count, uint64_t seed)
{
	uint64_t bytes = 0, total = files[file_count - 1].end;
	char buf[BLOCK];

	for (uint64_t i = 0; i < count; i++) {
		uint64_t place = random_below(&seed, total);
		const struct file *file = find(place);
		off_t offset = (off_t)((place - (file->end - file->size)) / BLOCK * BLOCK);
		int fd = open_file(file);
		ssize_t got = pread(fd, buf, sizeof(buf), offset);

		if (got <= 0)
			die("cannot read %s", file->path);
		bytes += (uint64_t)got;
		close(fd);
	}
	return bytes;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "random", required_argument, NULL, 'r' },
						 { "seed", required_argument, NULL, 's' },
						 { 0 } };
	uint64_t count = 0, seed = 1, bytes, end = 0;
	double start;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return 2;
		*(option == 'r' ? &count : &seed) = strtoull(optarg, NULL, 0);
	}
	if (argc - optind != 1) {
		fputs("usage: treeread [--random=COUNT [--seed=N]] DIR\n", stderr);
		return 2;
	}
	if (nftw(argv[optind], note_file, 64, FTW_PHYS | FTW_MOUNT) || !file_count)
		die("nothing to read in %s", argv[optind]);
	qsort(files, file_count, sizeof(*files), by_path);
	for (size_t i = 0; i < file_count; i++)
		files[i].end = end += files[i].size;
	start = now();
	bytes = count ? read_random(count, seed) : read_all();
	printf("%.4f %" PRIu64 "\n", now() - start, bytes);
	return 0;
}
