/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_SAY_H
#define MOUNT_SAY_H

#include <stdbool.h>

#include <erofs/diag.h>

/* Messages of mount.erofs and umount.erofs, and their exit status. */

/* As mount(8) and umount(8) have them. */
enum mount_status {
	MOUNT_OK = 0,
	MOUNT_USAGE = 1,
	MOUNT_SYSTEM = 2,
	MOUNT_FAILED = 32,
};

/* Takes the name that all messages begin with, and whether notes are wanted. For the start of main(), and again for -v. */
void say_begin(const char *program, bool verbose);

/* Where the library's messages go: the first error only, and notes not at all. */
const struct erofs_diag *say_diag(void);

/* One line on stderr, "PROGRAM: ..."; returns MOUNT_FAILED. */
int say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, as "PROGRAM: warning: ...". */
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* With -v only, on stdout. */
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A mistake in the command line, with a second line that names --help; returns MOUNT_USAGE. */
int say_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "out of memory"; returns MOUNT_SYSTEM. */
int say_no_memory(void);

#endif
