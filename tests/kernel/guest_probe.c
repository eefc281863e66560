/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* Single properties of a mount with inode_share, each printed as key=value. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/kernel/guest.h"

static int open_file(const char *path, uint64_t *size)
{
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &stat))
		die("cannot open %s", path);
	*size = (uint64_t)stat.st_size;
	return fd;
}

static void *map_it(const char *path, uint64_t *size)
{
	int fd = open_file(path, size);
	void *at = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		die("cannot map %s", path);
	close(fd);
	return at;
}

/* After reading the first file, how many pages of the second, never read, are in memory? */
int command_share(int argc, char **argv)
{
	uint64_t size, resident = 0, pages;
	uint8_t *in_core;
	void *at;

	if (argc != 3)
		return 2;
	drop_caches();
	read_file(argv[1]);
	at = map_it(argv[2], &size);
	pages = (size + 4095) / 4096;
	in_core = calloc(pages, 1);
	if (!in_core || mincore(at, size, in_core))
		die("mincore of %s", argv[2]);
	for (uint64_t i = 0; i < pages; i++)
		resident += in_core[i] & 1;
	printf("pages=%ju resident=%ju\n", (uintmax_t)pages, (uintmax_t)resident);
	return 0;
}

/* What /proc/PID/maps and map_files call the mapping that starts at this address; "?" if nothing. */
static const char *mapping_name(pid_t pid, uintptr_t start, bool link)
{
	static char name[4200];
	char path[128], line[4400];
	unsigned long from, to;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		die("cannot open %s", path);
	strcpy(name, "?");
	while (fgets(line, sizeof(line), maps)) {
		char listed[4200] = "?";

		if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %4199[^\n]", &from, &to, listed) < 2 || from != start)
			continue;
		strcpy(name, listed);
		if (link) {
			ssize_t got;

			snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", pid, from, to);
			got = readlink(path, name, sizeof(name) - 1);
			name[got < 0 ? 0 : got] = 0;
		}
	}
	fclose(maps);
	return name;
}

static void print_same(const char *key, const char *name, const char *path)
{
	printf("%s=%s ", key, strcmp(name, path) ? "other" : "own");
	if (strcmp(name, path))
		fprintf(stderr, "%s: %s is called %s\n", key, path, name);
}

/* Do this process and another one see the path by which the file was opened? */
int command_maps(int argc, char **argv)
{
	uint64_t size;
	uintptr_t at;
	pid_t child;

	if (argc != 2)
		return 2;
	at = (uintptr_t)map_it(argv[1], &size);
	(void)*(volatile char *)at;
	print_same("maps", mapping_name(getpid(), at, false), argv[1]);
	print_same("map_files", mapping_name(getpid(), at, true), argv[1]);
	fflush(stdout);
	child = fork();
	if (!child) {
		print_same("maps_of_other", mapping_name(getppid(), at, false), argv[1]);
		print_same("map_files_of_other", mapping_name(getppid(), at, true), argv[1]);
		exit(0);
	}
	waitpid(child, NULL, 0);
	printf("\n");
	return 0;
}

int command_direct(int argc, char **argv)
{
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDONLY | O_DIRECT | O_CLOEXEC);
	printf("open=%s\n", fd >= 0 ? "0" : strerrorname_np(errno));
	return 0;
}

static void send_all(int fd, uint64_t size)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	off_t at = 0;

	while ((uint64_t)at < size)
		if (sendfile(null, fd, &at, size - (uint64_t)at) <= 0)
			die("sendfile");
	close(null);
}

static void splice_all(int fd, uint64_t size)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), ends[2];
	loff_t at = 0;

	if (pipe(ends))
		die("pipe");
	while ((uint64_t)at < size) {
		ssize_t got = splice(fd, &at, ends[1], NULL, 65536, 0);

		if (got <= 0 || splice(ends[0], NULL, null, NULL, (size_t)got, 0) != got)
			die("splice");
	}
	close(ends[0]);
	close(ends[1]);
	close(null);
}

/* How much the page cache grows when a file that is in memory already goes out by sendfile or splice, in % of its size. */
int command_sendfile(int argc, char **argv)
{
	void (*const ways[])(int fd, uint64_t size) = { send_all, splice_all };
	const char *const names[] = { "sendfile", "splice" };
	struct memory before = { 0 }, after = { 0 };
	uint64_t size;
	int fd;

	if (argc != 2)
		return 2;
	for (int i = 0; i < 2; i++) {
		drop_caches();
		read_file(argv[1]);
		fd = open_file(argv[1], &size);
		memory_get(&before);
		ways[i](fd, size);
		memory_get(&after);
		close(fd);
		printf("%s=%ld ", names[i], (after.cached - before.cached) * 1024 * 100 / (long)size);
	}
	printf("size=%ju\n", (uintmax_t)size);
	return 0;
}
