/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/tools/support.h"
#include "tests/tools/treegen.h"

void generate_many(int parent, const struct treegen_options *options)
{
	int dir = make_dir(parent, "many");
	char name[64];

	for (uint64_t i = 0; i < options->count; i++) {
		snprintf(name, sizeof(name), "entry-%llu-%.*s", (unsigned long long)i, (int)(i % 30),
			 "abcdefghijklmnopqrstuvwxyzabcd");
		make_file(dir, name, i % 16 ? 0 : 5, i);
	}
	close(dir);
}

/* More links to a file, and more directories in one, than 16 bits count. */
void generate_links(int parent, const struct treegen_options *options)
{
	int links = make_dir(parent, "links"), dirs = make_dir(parent, "directories");
	char name[32];

	make_file(links, "0", 1000, 1);
	for (uint64_t i = 1; i < options->count; i++) {
		snprintf(name, sizeof(name), "%llu", (unsigned long long)i);
		if (linkat(links, "0", links, name, 0)) {
			not_made(name);
			break;
		}
	}
	for (uint64_t i = 0; i < options->count; i++) {
		snprintf(name, sizeof(name), "%llu", (unsigned long long)i);
		if (mkdirat(dirs, name, 0755))
			die("cannot make directory %s", name);
	}
	close(links);
	close(dirs);
}

/*
 * Half of the sizes in 20..479, half in 479..8192, most of the latter near the lower end: like the files of a source tree
 * or of a package manager's database.
 */
static uint64_t small_size(uint64_t *state)
{
	uint64_t place = random_below(state, 1024);

	if (random_next(state) & 1)
		return 20 + 459 * place / 1024;
	return 479 + 7713 * (place * place / 1024 * place / 1024) / 1024;
}

void generate_small(int parent, const struct treegen_options *options)
{
	uint64_t state = 2024, per_dir = options->count < 2000 ? 1 : (options->count + 1999) / 2000;
	int dir = -1;
	char name[32];

	for (uint64_t i = 0; i < options->count; i++) {
		if (i % per_dir == 0) {
			if (dir >= 0)
				close(dir);
			snprintf(name, sizeof(name), "dir-%llu", (unsigned long long)(i / per_dir));
			dir = make_dir(parent, name);
		}
		snprintf(name, sizeof(name), "file-%llu", (unsigned long long)i);
		make_file(dir, name, small_size(&state), 1000000 + i);
	}
	if (dir >= 0)
		close(dir);
}

/* In turn 64 KiB of noise and 64 KiB of text that repeats itself with small changes. */
static void make_large(int dir, const char *name, uint64_t size, uint64_t seed)
{
	static char buf[128 * 1024];
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		die("cannot make %s", name);
	for (uint64_t done = 0; done < size;) {
		size_t part = size - done < sizeof(buf) ? (size_t)(size - done) : sizeof(buf);

		random_fill(&seed, buf, sizeof(buf) / 2);
		for (size_t at = sizeof(buf) / 2; at < sizeof(buf); at += 64)
			snprintf(buf + at, 64, "line %016llx: the quick brown fox jumps over dogs.  ",
				 (unsigned long long)(done + at));
		write_fully(fd, buf, part);
		done += part;
	}
	close(fd);
}

void generate_large(int parent, const struct treegen_options *options)
{
	make_large(parent, "large-1", options->size, 11);
	make_large(parent, "large-2", options->size, 12);
}
