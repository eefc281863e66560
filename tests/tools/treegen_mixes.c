/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * The "mixes" kind: files of which a compressor makes something different each, of sizes around those at which blocks,
 * clusters, pieces and the builder's segments end. MIX/SIZE; `same/` has equal files.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tools/support.h"
#include "tests/tools/treegen.h"

/* From this size on a file has not each mix, but as many as --count asks for. */
#define LARGE 200000

static void fill_zeros(uint8_t *data, size_t size)
{
	memset(data, 0, size);
}

static void fill_noise(uint8_t *data, size_t size)
{
	uint64_t state = 7 * size;

	random_fill(&state, data, size);
}

/* Words of a small vocabulary, the frequent ones short, with numbers between: about a third of it remains. */
static void fill_text(uint8_t *data, size_t size)
{
	static const char *const words[] = { "the",    "of",	  "a",	     "and",   "file",	"image",
					     "block",  "reader",  "writer",  "page",  "kernel", "offset",
					     "extent", "cluster", "builder", "index", "which",	"compressed" };
	uint64_t state = 11 * size;

	for (size_t at = 0; at < size;) {
		uint64_t place = random_below(&state, 18) * random_below(&state, 18) / 17;
		char word[48];
		size_t length;

		if (random_below(&state, 12))
			snprintf(word, sizeof(word), "%s ", words[place]);
		else
			snprintf(word, sizeof(word), "%llu.\n", (unsigned long long)random_below(&state, 100000));
		length = strlen(word) < size - at ? strlen(word) : size - at;
		memcpy(data + at, word, length);
		at += length;
	}
}

static void fill_text_then_noise(uint8_t *data, size_t size)
{
	fill_text(data, size / 2);
	fill_noise(data + size / 2, size - size / 2);
}

static void fill_noise_then_text(uint8_t *data, size_t size)
{
	fill_noise(data, size / 2);
	fill_text(data + size / 2, size - size / 2);
}

/* Stretches that end with no block: what is stored lies in the middle of what is not. */
static void fill_stretches(uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size; at += 5000) {
		size_t part = size - at < 5000 ? size - at : 5000;

		if (at / 5000 % 2)
			fill_text(data + at, part);
		else
			fill_noise(data + at, part);
	}
}

/* A little noise in long runs of zeros, so that clusters reach as far as they may. */
static void fill_runs(uint8_t *data, size_t size)
{
	uint64_t state = size;

	memset(data, 0, size);
	for (size_t at = 0; at + 8 < size; at += 100 + random_below(&state, 30000))
		random_fill(&state, data + at, 8);
}

static const struct mix {
	const char *name;
	void (*fill)(uint8_t *data, size_t size);
} mixes[] = {
	{ "text", fill_text },		 { "noise-then-text", fill_noise_then_text },
	{ "stretches", fill_stretches }, { "text-then-noise", fill_text_then_noise },
	{ "runs", fill_runs },		 { "noise", fill_noise },
	{ "zeros", fill_zeros },
};
#define MIXES (sizeof(mixes) / sizeof(mixes[0]))

static void put_file(int dir, const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		die("cannot make file %s", name);
	write_fully(fd, data, size);
	close(fd);
}

/* Whether a file of this size is wanted of the mix: all of small ones, of large ones some in turn. */
static bool wanted(size_t mix, size_t size, size_t place, uint64_t count)
{
	return size < LARGE || (mix + MIXES - place % MIXES) % MIXES < count;
}

static void make_mix(int parent, size_t mix, const struct treegen_options *options, uint8_t *data)
{
	static const size_t edges[] = { 1, 512, 4096, 8192, 65536, 131072, 1 << 20, 2 << 20, 8 << 20 };
	int dir = make_dir(parent, mixes[mix].name);
	char name[32];

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]) && edges[i] <= options->size; i++) {
		for (size_t size = edges[i] - 1; size <= edges[i] + 1; size++) {
			if (!wanted(mix, size, 3 * i + size - edges[i], options->count))
				continue;
			snprintf(name, sizeof(name), "%zu", size);
			mixes[mix].fill(data, size);
			put_file(dir, name, data, size);
		}
	}
	close(dir);
}

/* Equal files, and such as differ late: a builder that goes by the first segment must not be deceived. */
static void make_same(int parent, size_t size, uint8_t *data)
{
	int dir = make_dir(parent, "same");

	fill_text(data, 30000);
	put_file(dir, "small-1", data, 30000);
	put_file(dir, "small-2", data, 30000);
	fill_stretches(data, size);
	put_file(dir, "large-1", data, size);
	put_file(dir, "large-2", data, size);
	data[size - 1] ^= 1;
	put_file(dir, "other-end-1", data, size);
	data[size - 1] ^= 1;
	fill_noise(data + size - 100000, 100000);
	put_file(dir, "other-end-2", data, size);
	put_file(dir, "other-end-3", data, size);
	put_file(dir, "other-end-shorter", data, size - 1);
	fill_zeros(data, size);
	put_file(dir, "zeros-1", data, size);
	put_file(dir, "zeros-2", data, size);
	close(dir);
}

/* Up to files of --size bytes. */
void generate_mixes(int dir, const struct treegen_options *options)
{
	size_t most = (size_t)options->size + options->size / 2 + 100001;
	uint8_t *data = must_alloc(most);

	for (size_t mix = 0; mix < MIXES; mix++)
		make_mix(dir, mix, options, data);
	make_same(dir, most, data);
	free(data);
}
