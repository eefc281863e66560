/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/tools/support.h"
#include "tests/tools/treegen.h"

void generate_names(int parent)
{
	/* The first ones sort before "." and "..", the next between and around them. */
	static const char *const names[] = {
		"!first",     "#x#", "+x",	  "-x",	     "--help",		 "...",	      "..x", ".x",
		".-",	      "0",   " ",	  "  two  ", "tab\there",	 "new\nline", "\\",  "back\\slash",
		"\"quoted\"", "'",   "$(reboot)", "*",	     "\xc3\xa4\xc3\xb6", "\xff\xfe",  "%s%n"
	};
	int dir = make_dir(parent, "names");
	int bytes = make_dir(parent, "names-of-one-byte");
	char name[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		make_file(dir, names[i], 40 + i, 100 + i);
	close(make_dir(dir, "!directory"));
	close(make_dir(dir, "\nd"));
	for (int fill = 'a'; fill < 'f'; fill++) {
		memset(name, fill, 255);
		name[255] = 0;
		make_file(dir, name, 3, (uint64_t)fill);
		name[254] = 0;
		make_file(dir, name, 0, 0);
	}
	memset(name, 0xff, 255);
	name[255] = 0;
	make_file(dir, name, 3, 8);
	for (int byte = 1; byte < 256; byte++) {
		name[0] = (char)byte;
		name[1] = 0;
		if (byte != '/' && byte != '.')
			make_file(bytes, name, 0, 0);
	}
	close(dir);
	close(bytes);
}

/* 45 levels of 200-byte names: 9,000 bytes of path, more than twice PATH_MAX. */
void generate_depth(int parent)
{
	int dir = make_dir(parent, "depth");
	char name[201];

	for (int level = 0; level < 45; level++) {
		int below;

		memset(name, 'a' + level % 26, 200);
		name[200] = 0;
		below = make_dir(dir, name);
		if (level % 11 == 0)
			make_file(dir, "beside", 300, (uint64_t)level);
		close(dir);
		dir = below;
	}
	make_file(dir, "bottom", 4321, 9);
	if (symlinkat("bottom", dir, "symlink"))
		die("cannot make the deepest symlink");
	close(dir);
}

void generate_sizes(int parent)
{
	static const unsigned int around[] = { 512,   1024,  2048,   4096,   8192,    12288,
					       16384, 65536, 131072, 262144, 1048576, 2097152 };
	int dir = make_dir(parent, "sizes");
	char name[32];

	for (unsigned int size = 0; size < 4; size++) {
		snprintf(name, sizeof(name), "size-%u", size);
		make_file(dir, name, size, size);
	}
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
		for (int off = -1; off <= 1; off++) {
			unsigned int size = around[i] + (unsigned int)off;

			snprintf(name, sizeof(name), "size-%u", size);
			make_file(dir, name, size, size);
		}
	/* Tails of each length that decides whether inode and tail share a block. */
	for (unsigned int tail = 4096 - 200; tail < 4096; tail += 9) {
		snprintf(name, sizeof(name), "tail-%u", tail);
		make_file(dir, name, 4096 + tail, tail);
	}
	close(dir);
}

struct piece {
	uint64_t at, length;
};

static void make_sparse(int dir, const char *name, uint64_t size, const struct piece *pieces, size_t count)
{
	static uint8_t buf[64 * 1024];
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 || ftruncate(fd, (off_t)size))
		die("cannot make sparse file %s", name);
	for (size_t i = 0; i < count; i++) {
		uint64_t seed = size + i;

		random_fill(&seed, buf, pieces[i].length);
		if (pwrite(fd, buf, pieces[i].length, (off_t)pieces[i].at) != (ssize_t)pieces[i].length)
			die("cannot write sparse file %s", name);
	}
	close(fd);
}

#define MIB (1024u * 1024)

void generate_holes(int parent)
{
	static const struct piece start = { 0, 5000 };
	static const struct piece middle = { MIB / 2, 10000 };
	static const struct piece end = { MIB - 4096, 4096 };
	static const struct piece many[] = { { 0, 1 },	      { 8192, 4096 },	 { 20480, 4096 },  { 65536, 16384 },
					     { 262144, 512 }, { 524288, 65536 }, { 720896, 4095 }, { MIB - 1, 1 } };
	static const struct piece far[] = { { 0, 4096 }, { 40u * MIB, 4096 }, { 64u * MIB - 12288, 100 } };
	int dir = make_dir(parent, "holes");

	make_sparse(dir, "all-4096", 4096, NULL, 0);
	make_sparse(dir, "all-1", 1, NULL, 0);
	make_sparse(dir, "all-4097", 4097, NULL, 0);
	make_sparse(dir, "all-1M", MIB, NULL, 0);
	make_sparse(dir, "all-1M-odd", MIB + 77, NULL, 0);
	make_sparse(dir, "data-first", MIB, &start, 1);
	make_sparse(dir, "data-middle", MIB, &middle, 1);
	make_sparse(dir, "data-last", MIB, &end, 1);
	make_sparse(dir, "data-last-odd", MIB + 1234, &end, 1);
	make_sparse(dir, "data-many", MIB, many, sizeof(many) / sizeof(many[0]));
	make_sparse(dir, "data-many-again", MIB, many, sizeof(many) / sizeof(many[0]));
	make_sparse(dir, "data-far", 64u * MIB, far, sizeof(far) / sizeof(far[0]));
	close(dir);
}
