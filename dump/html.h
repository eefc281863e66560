/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_HTML_H
#define EROFS_DUMP_HTML_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Pages without scripts. Names come from images that nobody has looked at: each goes through html_name(), which leaves no character that
 * means anything in HTML, and isolates writing directions.
 */
void html_escape(FILE *out, const char *text);
void html_name(FILE *out, const char *name, size_t size);

/* "155.7 MiB" in an element, with the exact figure for programs and under the pointer; `id` may be empty. */
void html_size(FILE *out, const char *tag, const char *id, uint64_t bytes);

/* All in front of what is in the body; `title` is plain text. */
void html_begin(FILE *out, const char *title);

/* The last line, with the release and the time. */
void html_end(FILE *out, const char *command);

/* Writes a page into a file of this name: `put` gets `out` and `what`. A negative error code of the file, whoever met it. */
int html_write(const char *path, void (*put)(FILE *out, const void *what), const void *what);

#endif
