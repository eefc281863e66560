/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/tools/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void die(const char *format, ...)
{
	int err = errno;
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "%s%s\n", err ? ": " : "", err ? strerror(err) : "");
	exit(2);
}

void *must_alloc(size_t size)
{
	void *memory = malloc(size ? size : 1);

	if (!memory)
		die("no memory for %zu bytes", size);
	return memory;
}

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return random_next(state) % limit;
}

void random_fill(uint64_t *state, void *buf, size_t size)
{
	uint8_t *to = buf;

	while (size) {
		uint64_t word = random_next(state);
		size_t part = size < sizeof(word) ? size : sizeof(word);

		memcpy(to, &word, part);
		to += part;
		size -= part;
	}
}

void write_fully(int fd, const void *data, size_t size)
{
	const uint8_t *from = data;

	while (size) {
		ssize_t count = write(fd, from, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			die("cannot write");
		from += count;
		size -= (size_t)count;
	}
}

uint8_t *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *image;

	if (fd < 0 || fstat(fd, &st))
		die("cannot open %s", path);
	*size = (size_t)st.st_size;
	image = must_alloc(*size);
	for (size_t done = 0; done < *size;) {
		ssize_t got = read(fd, image + done, *size - done);

		if (got <= 0)
			die("cannot read %s", path);
		done += (size_t)got;
	}
	close(fd);
	return image;
}

void object_path(char out[OBJECT_PATH_MAX], int dir, const char *name)
{
	snprintf(out, OBJECT_PATH_MAX, "/proc/self/fd/%d/%s", dir, name);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_read(struct name_list *list, int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	size_t room = 0;
	struct dirent *entry;

	*list = (struct name_list){ 0 };
	if (!stream)
		die("cannot open a directory");
	while ((errno = 0, entry = readdir(stream))) {
		bool self = !strcmp(entry->d_name, "."), parent = !strcmp(entry->d_name, "..");

		list->has_self |= self;
		list->has_parent |= parent;
		if (self || parent)
			continue;
		if (list->count == room) {
			room = room ? 2 * room : 16;
			list->names = realloc(list->names, room * sizeof(*list->names));
			if (!list->names)
				die("no memory for names");
		}
		list->names[list->count] = strdup(entry->d_name);
		if (!list->names[list->count++])
			die("no memory for names");
	}
	if (errno)
		die("cannot read a directory");
	closedir(stream);
	if (list->count)
		qsort(list->names, list->count, sizeof(*list->names), by_bytes);
}

void names_free(struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
}

void print_escaped(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c > ' ' && *c < 0x7f && *c != '\\')
			putchar(*c);
		else
			printf("\\x%02x", *c);
	}
}

void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
