/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_unreadable.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Takes the path over. */
static void insert(struct erofs_unreadable *list, char *path, int err)
{
	size_t at = list->kept;

	while (at && strcmp(path, list->files[at - 1].path) < 0)
		at--;
	if (at == EROFS_UNREADABLE_SHOWN) {
		free(path);
		return;
	}
	if (list->kept == EROFS_UNREADABLE_SHOWN)
		free(list->files[--list->kept].path);
	memmove(&list->files[at + 1], &list->files[at], (list->kept - at) * sizeof(list->files[0]));
	list->files[at] = (struct erofs_unreadable_file){ path, err };
	list->kept++;
}

int erofs_source_unreadable_add(struct erofs_unreadable *list, const struct erofs_tree_inode *inode, int err)
{
	char *path = erofs_tree_shown_path(inode);

	if (!path)
		return -ENOMEM;
	list->count++;
	insert(list, path, err);
	return 0;
}

void erofs_source_unreadable_merge(struct erofs_unreadable *list, struct erofs_unreadable *from)
{
	for (size_t i = 0; i < from->kept; i++)
		insert(list, from->files[i].path, from->files[i].err);
	list->count += from->count;
	*from = (struct erofs_unreadable){ 0 };
}

/* A line for each that is kept, and how many more there are. NULL: out of memory. */
static char *list_lines(const struct erofs_unreadable *list)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	for (size_t i = 0; i < list->kept; i++)
		fprintf(out, "\n  %s: %s", list->files[i].path, strerror(-list->files[i].err));
	if (list->count > list->kept)
		fprintf(out, "\n  and %" PRIu64 " more", list->count - list->kept);
	failed = ferror(out);
	if (!fclose(out) && !failed)
		return text;
	free(text);
	return NULL;
}

int erofs_source_unreadable_report(const struct erofs_unreadable *list, const char *source, bool ignored,
				   const struct erofs_diag *diag)
{
	erofs_auto_free char *lines = NULL;
	int err = list->count ? list->files[0].err : 0;

	if (!err)
		return 0;
	if (list->count == 1) {
		const char *path = list->files[0].path;

		if (!ignored)
			return erofs_report(diag, err, "%s: cannot be read: %s", path, strerror(-err));
		erofs_message(diag, EROFS_SEV_WARNING, "%s: left out, as it cannot be read: %s", path, strerror(-err));
		return 0;
	}
	lines = list_lines(list);
	if (!lines)
		return -ENOMEM;
	if (!ignored)
		return erofs_report(diag, err, "'%s': %" PRIu64 " files and directories cannot be read:%s", source,
				    list->count, lines);
	erofs_message(diag, EROFS_SEV_WARNING,
		      "'%s': left out %" PRIu64 " files and directories that cannot be read:%s", source, list->count,
		      lines);
	return 0;
}

void erofs_source_unreadable_release(struct erofs_unreadable *list)
{
	for (size_t i = 0; i < list->kept; i++)
		free(list->files[i].path);
	*list = (struct erofs_unreadable){ 0 };
}
