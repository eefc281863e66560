/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_TOOLS_SUPPORT_H
#define TESTS_TOOLS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

/* What the test tools share. They use nothing of the library, so that a fault in it cannot hide itself. */

/* "NAME: message: errno text" on stderr, and exit(2). errno 0: without its text. */
noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

void *must_alloc(size_t size);

/* A repeatable stream of 64-bit numbers (splitmix64); `*state` is the seed. */
uint64_t random_next(uint64_t *state);

/* A number below `limit` (not 0). */
uint64_t random_below(uint64_t *state, uint64_t limit);

void random_fill(uint64_t *state, void *buf, size_t size);

/* Writes all of it or dies. */
void write_fully(int fd, const void *data, size_t size);

/* All of a file, to be freed, or death. */
uint8_t *read_file(const char *path, size_t *size);

/* "/proc/self/fd/DIR/NAME": names an object for the xattr calls without opening it, however deep it lies. */
#define OBJECT_PATH_MAX 320
void object_path(char out[OBJECT_PATH_MAX], int dir, const char *name);

/* The names in a directory as readdir(3) gives them, but for . and .., sorted by bytes. Closes nothing. */
struct name_list {
	char **names;
	size_t count;
	bool has_self, has_parent; /* . and .. were there */
};
void names_read(struct name_list *list, int dir);
void names_free(struct name_list *list);

/* Prints a path with everything odd in it as \xNN. */
void print_escaped(const char *text);

/* Allows as many open files as the system permits: deep trees are walked with one descriptor a level. */
void raise_file_limit(void);

#endif
