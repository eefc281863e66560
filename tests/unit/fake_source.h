/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_UNIT_FAKE_SOURCE_H
#define TESTS_UNIT_FAKE_SOURCE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <erofs/build.h>

#include "lib/tree/tree.h"
#include "lib/tree/tree_paths.h"

/*
 * A source that makes up what its files hold, and that a test can stop, delay or spoil at each step; and builds from it into
 * a temporary file. Failures of what it does itself end the test.
 */

/* Bytes that other files may have, too, wherever they are in them. */
struct fake_run {
	uint64_t at, length;
	uint64_t seed, from; /* the bytes from there on of a file that has this seed */
	bool is_random;
};

struct fake_file {
	const char *path;
	uint64_t size;
	uint64_t seed;		     /* equal ones have equal bytes */
	bool is_random;		     /* does not shrink */
	const struct fake_run *runs; /* in place of what the seed gives; a later one in that of an earlier one */
	unsigned int run_count;
	uint64_t differs_at;		    /* this byte is another one; 0: none is */
	const struct erofs_data_map *zeros; /* all but these ranges are zeros; NULL: nothing is */
	const struct erofs_data_map *map;   /* what the source says of holes */
	unsigned int changes_at;	    /* from the so many-th opening on, the last byte is another one; 0: never */
	struct erofs_tree_inode *inode;
	atomic_uint opened;
	uint64_t reads; /* a bit for each segment that has been read */
};

#define FAKE_FILES_MOST 1024u

struct fake_source {
	struct erofs_tree *tree;
	struct erofs_diag diag;
	char last[1024]; /* message */
	size_t segment;	 /* bytes, for those that make files */
	struct fake_file *files;
	unsigned int count;
	bool arrives;

	/* Called in front of each read by any worker; may wait for others. */
	void (*on_read)(struct fake_source *source, struct fake_file *file, uint64_t offset);
	unsigned int fail_at, cancel_at; /* the so many-th step; 0: none */
	struct erofs_cancel cancel;
	atomic_uint steps;
	atomic_uint readers, open_now, open_most;
	atomic_uint stuck; /* waits that were given up */
	pthread_mutex_t lock;
	pthread_cond_t was_read;

	/* arrivals */
	struct erofs_paths paths;
	unsigned int next;
	uint64_t at;
	bool is_complete;
};

void fake_begin(struct fake_source *source, bool arrives, size_t segment);
/* Nothing is left open. */
void fake_end(struct fake_source *source);

/* One more file; in its path only slashes of arrivals make directories. */
struct fake_file *fake_add(struct fake_source *source, const char *path, uint64_t size, uint64_t seed);

/* The file's bytes. */
void fake_fill(const struct fake_file *file, uint8_t *to, size_t length, uint64_t offset);

/* For on_read: waits until a segment of a file has been read. Does not wait for ever. */
void fake_wait(struct fake_source *source, const struct fake_file *file, uint64_t segment);

/* Makes the tree, unless its files arrive, and normalizes it; builds. Sets cancel in the options. */
int fake_build(struct fake_source *source, const char *path, struct erofs_build_options *options,
	       struct erofs_build_summary *summary);

/* The two halves of it. */
void fake_prepare(struct fake_source *source);
int fake_build_prepared(struct fake_source *source, const char *path, struct erofs_build_options *options,
			struct erofs_build_summary *summary);

/* Reads the image back: all files that the tree has, and their fingerprints, are what the source has. */
void fake_verify(struct fake_source *source, const char *path);

/* ---- ways to build ------------------------------------------------------------------------------------------------------ */

struct fake_way {
	const char *name;
	size_t segment; /* bytes */
	struct erofs_build_options options;
};

/* Static storage; NULL behind the last. The first two store files as they are. */
const struct fake_way *fake_way(unsigned int number);

/* A name for an image in a directory of its own, which fake_target_remove() takes away with all that is in it. */
const char *fake_target(void);
unsigned int fake_target_files(void);
void fake_target_remove(void);
/* The same, as what cmocka calls behind each test. */
int fake_target_teardown(void **state);

/* A whole file; free it. */
uint8_t *fake_load(const char *path, size_t *size);

#endif
