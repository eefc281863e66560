/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* make_corpus DIR: writes inputs of the decoders' fuzz targets, good-ALGORITHM-... and bad-ALGORITHM-... */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/encode.h"
#include "tests/tools/support.h"

#define PARTIAL 4u
#define ROOM	((size_t)200000)

static const char *const names[] = { "lz4", "lzma", "deflate", "zstd" };

struct corpus {
	const char *dir;
	int algorithm;
	uint8_t encoded[ROOM];
	size_t size;
};

static void put(const struct corpus *corpus, const char *verdict, const char *what, const uint8_t *in, size_t in_size,
		size_t out_size, bool partial)
{
	uint8_t header[4] = { (uint8_t)((unsigned int)corpus->algorithm | (partial ? PARTIAL : 0)), (uint8_t)out_size,
			      (uint8_t)(out_size >> 8), (uint8_t)(out_size >> 16) };
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s-%s-%s", corpus->dir, verdict, names[corpus->algorithm], what);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		die("cannot make %s", path);
	write_fully(fd, header, sizeof(header));
	write_fully(fd, in, in_size);
	close(fd);
}

static void put_variants(struct corpus *corpus, const char *what, size_t plain)
{
	char name[64];

	put(corpus, "good", what, corpus->encoded, corpus->size, plain, false);
	snprintf(name, sizeof(name), "%s-beginning", what);
	put(corpus, "good", name, corpus->encoded, corpus->size, plain / 2 + 1, true);
	snprintf(name, sizeof(name), "%s-short", what);
	put(corpus, "bad", name, corpus->encoded, corpus->size, plain - 1, false);
	snprintf(name, sizeof(name), "%s-long", what);
	/* A MicroLZMA stream has no end mark: a byte more can sometimes be had from its last ones. */
	if (corpus->algorithm != EROFS_ALGORITHM_LZMA)
		put(corpus, "bad", name, corpus->encoded, corpus->size, plain + 1, false);
	snprintf(name, sizeof(name), "%s-cut", what);
	put(corpus, "bad", name, corpus->encoded, corpus->size / 2, plain, false);
	snprintf(name, sizeof(name), "%s-behind", what);
	corpus->encoded[corpus->size] = 0;
	put(corpus, "bad", name, corpus->encoded, corpus->size + 1, plain, false);
}

static void make_all(struct corpus *corpus, uint8_t *plain)
{
	static const size_t sizes[] = { 60, 4096, 100000 };
	char what[32];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		encode_fill(plain, sizes[i]);
		corpus->size = encode_whole((enum erofs_algorithm)corpus->algorithm, plain, sizes[i], corpus->encoded,
					    ROOM - 1);
		snprintf(what, sizeof(what), "%zu", sizes[i]);
		put_variants(corpus, what, sizes[i]);
	}
	memset(plain, 0, sizes[2]);
	corpus->size =
		encode_whole((enum erofs_algorithm)corpus->algorithm, plain, sizes[2], corpus->encoded, ROOM - 1);
	put_variants(corpus, "zeros", sizes[2]);
	put(corpus, "bad", "nothing", plain, 0, 100, false);
	put(corpus, "bad", "of-zeros", plain, 4096, 100000, false);
	memset(plain, 0xff, 4096);
	put(corpus, "bad", "of-ones", plain, 4096, 100000, false);
}

int main(int argc, char **argv)
{
	struct corpus *corpus = must_alloc(sizeof(*corpus));
	uint8_t *plain = must_alloc(ROOM);

	if (argc != 2) {
		fputs("usage: make_corpus DIR\n", stderr);
		return 2;
	}
	errno = 0;
	corpus->dir = argv[1];
	for (corpus->algorithm = 0; corpus->algorithm < EROFS_ALGORITHM_COUNT; corpus->algorithm++)
		make_all(corpus, plain);
	free(plain);
	free(corpus);
	return 0;
}
