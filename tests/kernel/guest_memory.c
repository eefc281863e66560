/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/kernel/guest.h"

static void write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("cannot write %s", path);
	close(fd);
}

void drop_caches(void)
{
	sync();
	/* Twice: inodes that the first round lets go take their pages along. */
	write_proc("/proc/sys/vm/drop_caches", "3");
	write_proc("/proc/sys/vm/drop_caches", "3");
}

void memory_get(struct memory *memory)
{
	const struct {
		const char *name;
		long *value;
	} wanted[] = { { "MemTotal:", &memory->total }, { "MemFree:", &memory->free }, { "Buffers:", &memory->buffers },
		       { "Cached:", &memory->cached },	{ "Shmem:", &memory->shmem },  { "AnonPages:", &memory->anon },
		       { "Slab:", &memory->slab } };
	FILE *from;
	char name[64];
	long value;

	write_proc("/proc/sys/vm/stat_refresh", "1");
	from = fopen("/proc/meminfo", "re");
	if (!from)
		die("cannot read /proc/meminfo");
	while (fscanf(from, "%63s %ld%*[^\n]", name, &value) == 2)
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (!strcmp(name, wanted[i].name))
				*wanted[i].value = value;
	fclose(from);
}

int command_memory(int argc, char **argv)
{
	struct memory now = { 0 };

	(void)argv;
	if (argc > 1)
		drop_caches();
	memory_get(&now);
	printf("total=%ld free=%ld buffers=%ld cached=%ld shmem=%ld anon=%ld slab=%ld\n", now.total, now.free,
	       now.buffers, now.cached, now.shmem, now.anon, now.slab);
	return 0;
}

void read_file(const char *path)
{
	static char buf[128 * 1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		die("cannot open %s", path);
	do {
		got = read(fd, buf, sizeof(buf));
	} while (got > 0);
	if (got < 0)
		die("cannot read %s", path);
	close(fd);
}

void map_file(const char *path, uint64_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const volatile char *at;

	if (fd < 0)
		die("cannot open %s", path);
	at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		die("cannot map %s", path);
	for (uint64_t i = 0; i < size; i += 4096)
		(void)at[i];
	munmap((void *)at, size);
	close(fd);
}

struct reading {
	bool map;
	uint64_t files, bytes;
};

static void read_one(const char *path, const char *name, const struct stat *stat, void *context)
{
	struct reading *reading = context;

	(void)path;
	if (!S_ISREG(stat->st_mode) || !stat->st_size)
		return;
	if (reading->map)
		map_file(name, (uint64_t)stat->st_size);
	else
		read_file(name);
	reading->files++;
	reading->bytes += (uint64_t)stat->st_size;
}

/* How much memory the files of all roots take once all are read, one root after the other. */
int command_read(int argc, char **argv)
{
	struct reading reading = { 0 };
	struct memory before = { 0 }, after = { 0 };

	if (argc < 3)
		return 2;
	reading.map = !strcmp(argv[1], "mmap");
	drop_caches();
	memory_get(&before);
	for (int i = 2; i < argc; i++)
		walk(argv[i], argv[i], read_one, &reading);
	memory_get(&after);
	printf("files=%ju bytes=%ju cached=%ld buffers=%ld used=%ld\n", (uintmax_t)reading.files,
	       (uintmax_t)reading.bytes, after.cached - before.cached, after.buffers - before.buffers,
	       before.free - after.free);
	return 0;
}
