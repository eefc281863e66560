/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * treegen [OPTION]... KIND DIR: fills the new directory DIR with a tree that is the same on each run: names, contents,
 * modes, owners, times, xattrs. Kinds: odd many links small large mixes order.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/tools/support.h"
#include "tests/tools/treegen.h"

struct kind {
	const char *name;
	void (*generate)(int dir, const struct treegen_options *options);
	uint64_t count;
};

static const struct kind kinds[] = {
	{ "odd", generate_odd, 0 },	     { "many", generate_many, 100000 }, { "links", generate_links, 70000 },
	{ "small", generate_small, 200000 }, { "large", generate_large, 0 },	{ "mixes", generate_mixes, 1 },
	{ "order", generate_order, 0 },
};

int make_dir(int dir, const char *name)
{
	int fd;

	if (mkdirat(dir, name, 0755))
		die("cannot make directory %s", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die("cannot open directory %s", name);
	return fd;
}

void make_file(int dir, const char *name, uint64_t size, uint64_t seed)
{
	static uint8_t buf[64 * 1024];
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		die("cannot make file %s", name);
	while (size) {
		size_t part = size < sizeof(buf) ? (size_t)size : sizeof(buf);

		random_fill(&seed, buf, part);
		write_fully(fd, buf, part);
		size -= part;
	}
	close(fd);
}

void not_made(const char *what)
{
	fprintf(stderr, "treegen: not made: %s: %s\n", what, strerror(errno));
}

static int usage(void)
{
	fputs("usage: treegen [--no-privileged] [--no-xattrs] [--count=N] [--size=BYTES] [--seed=N] [--from=TREE]\n"
	      "               odd|many|links|small|large|mixes|order DIR\n",
	      stderr);
	return 2;
}

static const struct option long_options[] = {
	{ "no-privileged", no_argument, NULL, 'p' },
	{ "no-xattrs", no_argument, NULL, 'x' },
	{ "count", required_argument, NULL, 'c' },
	{ "size", required_argument, NULL, 's' },
	{ "seed", required_argument, NULL, 'e' },
	{ "from", required_argument, NULL, 'f' },
	{ 0 },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct treegen_options options = { .privileged = true, .xattrs = true, .size = 1u << 30, .seed = 1 };
	const struct kind *kind;
	int dir, option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 'p':
			options.privileged = false;
			break;
		case 'x':
			options.xattrs = false;
			break;
		case 'c':
			options.count = strtoull(optarg, NULL, 0);
			break;
		case 's':
			options.size = strtoull(optarg, NULL, 0);
			break;
		case 'e':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			options.from = optarg;
			break;
		default:
			return usage();
		}
	}
	kind = argc - optind == 2 ? find_kind(argv[optind]) : NULL;
	if (!kind || (kind->generate == generate_order && !options.from))
		return usage();
	if (!options.count)
		options.count = kind->count;
	umask(022);
	raise_file_limit();
	dir = make_dir(AT_FDCWD, argv[optind + 1]);
	kind->generate(dir, &options);
	return 0;
}
