/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_TOOLS_TREECMP_H
#define TESTS_TOOLS_TREECMP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define TREECMP_IGNORED_MAX 16

struct treecmp_options {
	bool ignore_mtime, ignore_owner, ignore_mode, ignore_nlink, ignore_xattrs;
	unsigned long hole_unit; /* each hole of the first tree of this many bytes must be one in the second; 0: any */
	const char *ignored[TREECMP_IGNORED_MAX]; /* xattrs by name */
	size_t ignored_count;
};

/* Reports a difference at the current path. */
void differ(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* treecmp_xattr.c */
void compare_xattrs(const struct treecmp_options *options, int dir_a, int dir_b, const char *name);

/* treecmp_data.c */
void compare_data(const struct treecmp_options *options, int a, int b);

/*
 * treecmp_numbers.c: notes the inode number of each object in tree 0 or 1, then reports those that are not its own: programs
 * take two names of one number for one file. Number 0 is reported at once: readdir(3) leaves such names out.
 */
void numbers_note(const char *path, const struct stat *stat, int tree);
void numbers_judge(void);

/*
 * treecmp_links.c: notes each pair of non-directories, then reports groups of hard links that differ, and link counts of
 * the second tree that do not say how many names the first one has (names outside of the first tree do not count).
 */
void links_note(const char *path, const struct stat *a, const struct stat *b);
void links_compare(void);

#endif
