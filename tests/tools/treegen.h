/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_TOOLS_TREEGEN_H
#define TESTS_TOOLS_TREEGEN_H

#include <stdbool.h>
#include <stdint.h>

struct treegen_options {
	bool privileged; /* owners, devices, xattrs of trusted. and security. */
	bool xattrs;
	uint64_t
		count; /* files of the "many", "links" and "small" kinds; mixes of each large file of the "mixes" kind */
	uint64_t size;	  /* bytes of each file of the "large" kind; the largest edge of the "mixes" kind */
	uint64_t seed;	  /* of the "order" kind */
	const char *from; /* tree that the "order" kind copies */
};

/* Each fills the empty directory `dir` and dies on failure; what the file system cannot hold is named on stderr. */
void generate_odd(int dir, const struct treegen_options *options);
void generate_many(int dir, const struct treegen_options *options);
void generate_links(int dir, const struct treegen_options *options);
void generate_small(int dir, const struct treegen_options *options);
void generate_large(int dir, const struct treegen_options *options);
void generate_mixes(int dir, const struct treegen_options *options);
void generate_order(int dir, const struct treegen_options *options);

/* treegen_xattr.c: the part of "odd" that is about extended attributes and ACLs. */
void generate_xattrs(int dir, const struct treegen_options *options);

/* treegen_names.c: the parts of "odd" that are about names, depth, links and sizes. */
void generate_names(int dir);
void generate_depth(int dir);
void generate_sizes(int dir);
void generate_holes(int dir);

/* ---- steps that all of them use ------------------------------------------------------------------------------------- */

/* Makes a directory and opens it. */
int make_dir(int dir, const char *name);

/* Makes a file of `size` bytes that depend on `seed`; equal seeds and sizes give equal files. */
void make_file(int dir, const char *name, uint64_t size, uint64_t seed);

/* "treegen: not made: WHAT: errno text" on stderr. */
void not_made(const char *what);

#endif
