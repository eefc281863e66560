/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "tests/tools/treecmp.h"

#define PIECE (256u * 1024)

static ssize_t read_piece(int fd, uint8_t *buf, size_t size, off_t at)
{
	size_t got = 0;

	while (got < size) {
		ssize_t count = pread(fd, buf + got, size - got, at + (off_t)got);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (!count)
			break;
		got += (size_t)count;
	}
	return (ssize_t)got;
}

/* Next byte that either file may hold as data; a file system without SEEK_DATA calls everything data. */
static off_t next_data(int a, int b, off_t at)
{
	off_t in_a = lseek(a, at, SEEK_DATA);
	off_t in_b;
	bool end_a = in_a < 0 && errno == ENXIO;
	bool end_b;

	if (in_a < 0 && !end_a)
		return at;
	in_b = lseek(b, at, SEEK_DATA);
	end_b = in_b < 0 && errno == ENXIO;
	if (in_b < 0 && !end_b)
		return at;
	if (end_a && end_b)
		return -1;
	if (end_a)
		return in_b;
	return end_b || in_a < in_b ? in_a : in_b;
}

static void compare_bytes(int a, int b)
{
	static uint8_t in_a[PIECE], in_b[PIECE];
	off_t at = 0;

	/* Where both have a hole both read as zeros: a file of a terabyte of holes must not take an hour. */
	while ((at = next_data(a, b, at)) >= 0) {
		ssize_t got_a = read_piece(a, in_a, PIECE, at);
		ssize_t got_b = read_piece(b, in_b, PIECE, at);

		if (got_a < 0 || got_b < 0) {
			differ("data", "cannot be read at %lld: %s", (long long)at, strerror(errno));
			return;
		}
		if (got_a != got_b || memcmp(in_a, in_b, (size_t)got_a) != 0) {
			size_t i = 0;

			while (i < (size_t)got_a && i < (size_t)got_b && in_a[i] == in_b[i])
				i++;
			differ("data", "differ from byte %lld on", (long long)at + (long long)i);
			return;
		}
		if (!got_a)
			return;
		at += got_a;
	}
}

/* Chunks of the second file may be as large as `unit`: of each hole the whole units count. */
static void compare_holes(int a, int b, off_t unit)
{
	off_t end = lseek(a, 0, SEEK_END);
	off_t hole = 0;

	while ((hole = lseek(a, hole, SEEK_HOLE)) >= 0 && hole < end) {
		off_t data = lseek(a, hole, SEEK_DATA);
		off_t from = (hole + unit - 1) / unit * unit;
		off_t to, in_b;

		if (data < 0)
			data = end;
		to = data / unit * unit;
		in_b = from < to ? lseek(b, from, SEEK_DATA) : to;
		if (in_b >= 0 && in_b < to) {
			differ("holes", "the hole %lld..%lld has data at %lld in the second tree", (long long)hole,
			       (long long)data, (long long)in_b);
			return;
		}
		hole = data;
	}
}

void compare_data(const struct treecmp_options *options, int a, int b)
{
	compare_bytes(a, b);
	if (options->hole_unit)
		compare_holes(a, b, (off_t)options->hole_unit);
}
