/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/text.h>

#include "dump/diff.h"
#include "dump/dump.h"

int diff_error(const struct erofs_diag *diag, int err, const char *name, const char *path, const char *what)
{
	char *shown = erofs_escape(path, strlen(path)), *text;
	const char *reason = *what ? ": " : "";

	if (asprintf(&text, "%s: %s%s%s%s%s", name, shown ? shown : "?", *path ? ": " : "", what, reason,
		     dump_reason(err)) < 0)
		text = NULL;
	diag->message(diag->ctx, EROFS_SEV_ERROR, text ? text : name);
	free(shown);
	free(text);
	return err;
}

int diff_order(const struct diff_entry *a, const struct diff_entry *b)
{
	size_t size = a->path_size < b->path_size ? a->path_size : b->path_size;

	for (size_t i = 0; i < size; i++) {
		unsigned char x = (unsigned char)a->path[i], y = (unsigned char)b->path[i];

		if (x == y)
			continue;
		if (x == '/' || y == '/')
			return x == '/' ? -1 : 1;
		return x < y ? -1 : 1;
	}
	return a->path_size < b->path_size ? -1 : a->path_size > b->path_size;
}

int diff_side_add(struct diff_side *side, const struct diff_entry *entry)
{
	if (side->count == side->room) {
		size_t room = side->room ? 2 * side->room : 1024;
		struct diff_entry *grown = realloc(side->entries, room * sizeof(*grown));

		if (!grown) {
			free(entry->path);
			free(entry->fingerprint);
			return -ENOMEM;
		}
		side->entries = grown;
		side->room = room;
	}
	side->entries[side->count++] = *entry;
	return 0;
}

void diff_side_release(struct diff_side *side)
{
	for (size_t i = 0; i < side->count; i++) {
		free(side->entries[i].path);
		free(side->entries[i].fingerprint);
	}
	free(side->entries);
	erofs_image_close(side->image);
}
