/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/tree/hot_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/array.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

static void release_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

void erofs_hot_files_free(struct erofs_hot_files *hot)
{
	if (!hot)
		return;
	while (hot->count)
		free(hot->lines[--hot->count].text);
	free(hot->lines);
	free(hot->path);
	free(hot);
}

static void release_hot(struct erofs_hot_files **hot)
{
	erofs_hot_files_free(*hot);
}

static int add_line(struct erofs_hot_files *hot, const char *text, size_t number)
{
	struct erofs_hot_line *line;

	if (erofs_array_reserve(&hot->lines, &hot->capacity, hot->count + 1))
		return -ENOMEM;
	line = &hot->lines[hot->count];
	*line = (struct erofs_hot_line){ .text = strdup(text), .number = number };
	if (!line->text)
		return -ENOMEM;
	hot->count++;
	return 0;
}

static int read_lines(struct erofs_hot_files *hot, FILE *file, const struct erofs_diag *diag)
{
	erofs_auto_free char *text = NULL;
	size_t room = 0, number = 0;
	ssize_t length;
	int err = 0;

	while (!err && (errno = 0, length = getline(&text, &room, file)) >= 0) {
		number++;
		if (strlen(text) != (size_t)length)
			return erofs_report(diag, -EINVAL, "%s:%zu: a NUL byte; not a list of paths", hot->path,
					    number);
		if (length && text[length - 1] == '\n')
			text[length - 1] = 0;
		if (*text && *text != '#')
			err = add_line(hot, text, number);
	}
	if (err || feof(file))
		return err;
	err = errno ? -errno : -EIO;
	return err == -ENOMEM ? err : erofs_report(diag, err, "cannot read '%s': %s", hot->path, strerror(-err));
}

int erofs_hot_files_read(struct erofs_hot_files **out, const char *path, const struct erofs_diag *diag)
{
	erofs_auto(release_hot) struct erofs_hot_files *hot = NULL;
	erofs_auto(release_file) FILE *file = NULL;
	int err;

	if (!out || !path)
		return erofs_report(diag, -EINVAL, "erofs_hot_files_read(): no %s (NULL)", out ? "path" : "result");
	*out = NULL;
	file = fopen(path, "re");
	if (!file) {
		err = -errno;
		return erofs_report(diag, err, "cannot open '%s': %s", path, strerror(-err));
	}
	hot = calloc(1, sizeof(*hot));
	if (hot)
		hot->path = strdup(path);
	if (!hot || !hot->path)
		return -ENOMEM;
	err = read_lines(hot, file, diag);
	if (!err)
		*out = erofs_take(hot);
	return err;
}
