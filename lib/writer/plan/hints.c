/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/plan/hints.h"

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/array.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* What may stand between the fields of a line, and behind the last one. */
#define BLANKS " \t\r\n\v\f"

/* Stands for a size that no cluster can have. */
#define NO_SIZE UINT32_MAX

struct hint_line {
	struct erofs_compress_hint hint;
	regex_t regex;
	unsigned int number; /* from 1 */
};

struct erofs_compress_hints {
	char *path; /* for messages */
	struct hint_line *lines;
	size_t count, capacity;
};

/* Where the reader is. */
struct place {
	const char *path;
	unsigned int line;
	const struct erofs_diag *diag;
};

void erofs_compress_hints_free(struct erofs_compress_hints *hints)
{
	if (!hints)
		return;
	while (hints->count)
		regfree(&hints->lines[--hints->count].regex);
	free(hints->lines);
	free(hints->path);
	free(hints);
}

static void release_hints(struct erofs_compress_hints **hints)
{
	erofs_compress_hints_free(*hints);
}

static void release_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* ---- one line -------------------------------------------------------------------------------------------------------------- */

/* Ends the field at `*text` with a NUL and moves on to what comes behind it. */
static char *next_field(char **text)
{
	char *field = *text;

	*text += strcspn(field, BLANKS);
	if (**text)
		*(*text)++ = 0;
	*text += strspn(*text, BLANKS);
	return field;
}

static int parse_size(uint32_t *out, const char *text, const struct place *place)
{
	unsigned long size;
	char *end;

	errno = 0;
	size = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9')
		return erofs_report(place->diag, -EINVAL, "%s:%u: '%s' is no size in bytes", place->path, place->line,
				    text);
	*out = (uint32_t)size;
	if (!errno && !*end && size <= EROFS_PCLUSTER_ENCODED_MAX)
		return 0;
	*out = NO_SIZE;
	erofs_message(place->diag, EROFS_SEV_WARNING,
		      "%s:%u: '%s' is no number of bytes up to %u; these files take the size of all others",
		      place->path, place->line, text, EROFS_PCLUSTER_ENCODED_MAX);
	return 0;
}

/* The algorithm's position, if one is there: digits with an expression behind them. */
static void parse_index(unsigned int *out, char **text)
{
	size_t digits = strspn(*text, "0123456789");
	char *behind = *text + digits;

	*out = 0;
	if (!digits || digits > 4 || !*behind || !strchr(BLANKS, *behind))
		return;
	*out = (unsigned int)strtoul(*text, NULL, 10);
	next_field(text);
}

static int add_line(struct erofs_compress_hints *hints, const struct erofs_compress_hint *hint, const char *pattern,
		    const struct place *place)
{
	struct hint_line *line;
	char why[128];
	int failed;

	if (erofs_array_reserve(&hints->lines, &hints->capacity, hints->count + 1))
		return -ENOMEM;
	line = &hints->lines[hints->count];
	failed = regcomp(&line->regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (failed) {
		regerror(failed, &line->regex, why, sizeof(why));
		return erofs_report(place->diag, -EINVAL, "%s:%u: bad regular expression '%s': %s", place->path,
				    place->line, pattern, why);
	}
	line->hint = *hint;
	line->number = place->line;
	hints->count++;
	return 0;
}

/* `text` without blanks around it. */
static int parse_line(struct erofs_compress_hints *hints, char *text, const struct place *place)
{
	struct erofs_compress_hint hint;
	int err;

	if (!*text || *text == '#')
		return 0;
	err = parse_size(&hint.pcluster_size, next_field(&text), place);
	if (err)
		return err;
	parse_index(&hint.compression, &text);
	if (!*text)
		return erofs_report(place->diag, -EINVAL, "%s:%u: no regular expression behind the size", place->path,
				    place->line);
	return add_line(hints, &hint, text, place);
}

/* ---- the file -------------------------------------------------------------------------------------------------------------- */

static char *trim(char *text, size_t length)
{
	while (length && strchr(BLANKS, text[length - 1]))
		text[--length] = 0;
	return text + strspn(text, BLANKS);
}

static int read_lines(struct erofs_compress_hints *hints, FILE *file, struct place *place)
{
	erofs_auto_free char *text = NULL;
	size_t size = 0;
	ssize_t length;
	int err = 0;

	while (!err && (errno = 0, length = getline(&text, &size, file)) >= 0) {
		place->line++;
		if (strlen(text) != (size_t)length)
			return erofs_report(place->diag, -EINVAL, "%s:%u: a NUL byte; not a file of hints", place->path,
					    place->line);
		err = parse_line(hints, trim(text, (size_t)length), place);
	}
	if (err || feof(file))
		return err;
	err = errno ? -errno : -EIO;
	return err == -ENOMEM ? err
			      : erofs_report(place->diag, err, "cannot read '%s': %s", place->path, strerror(-err));
}

int erofs_compress_hints_read(struct erofs_compress_hints **out, const char *path, const struct erofs_diag *diag)
{
	erofs_auto(release_hints) struct erofs_compress_hints *hints = NULL;
	erofs_auto(release_file) FILE *file = NULL;
	struct place place = { .path = path, .diag = diag };
	int err;

	if (!out || !path)
		return erofs_report(diag, -EINVAL, "erofs_compress_hints_read(): no %s (NULL)",
				    out ? "path" : "result");
	*out = NULL;
	file = fopen(path, "re");
	if (!file) {
		err = -errno;
		return erofs_report(diag, err, "cannot open '%s': %s", path, strerror(-err));
	}
	hints = calloc(1, sizeof(*hints));
	if (hints)
		hints->path = strdup(path);
	if (!hints || !hints->path)
		return -ENOMEM;
	err = read_lines(hints, file, &place);
	if (!err)
		*out = erofs_take(hints);
	return err;
}

/* ---- use ------------------------------------------------------------------------------------------------------------------- */

const struct erofs_compress_hint *erofs_writer_compress_hints_find(const struct erofs_compress_hints *hints,
								   const char *path)
{
	for (size_t i = 0; hints && i < hints->count; i++)
		if (!regexec(&hints->lines[i].regex, path, 0, NULL, 0))
			return &hints->lines[i].hint;
	return NULL;
}

static bool has_no_size(const struct erofs_compress_hint *hint, const struct erofs_build_options *options)
{
	return hint->pcluster_size == NO_SIZE || hint->pcluster_size % (1u << options->blkszbits);
}

uint32_t erofs_writer_hinted_size(const struct erofs_compress_hint *hint, const struct erofs_build_options *options)
{
	return !hint || has_no_size(hint, options) ? options->pcluster_size : hint->pcluster_size;
}

uint32_t erofs_writer_compress_hints_largest(const struct erofs_build_options *options)
{
	const struct erofs_compress_hints *hints = options->hints;
	uint32_t largest = options->pcluster_size;

	for (size_t i = 0; hints && i < hints->count; i++) {
		uint32_t size = erofs_writer_hinted_size(&hints->lines[i].hint, options);

		if (size > largest)
			largest = size;
	}
	return largest;
}

int erofs_writer_compress_hints_check(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	const struct erofs_compress_hints *hints = options->hints;

	for (size_t i = 0; hints && i < hints->count; i++) {
		const struct hint_line *line = &hints->lines[i];

		/* Without compression nothing is said by a hint. */
		if (options->compression_count && line->hint.compression >= options->compression_count)
			return erofs_report(
				diag, -EINVAL, "%s:%u: algorithm %u is not there, the list has %u, counted from 0",
				hints->path, line->number, line->hint.compression, options->compression_count);
	}
	return 0;
}

void erofs_writer_compress_hints_warn(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	const struct erofs_compress_hints *hints = options->hints;

	for (size_t i = 0; hints && i < hints->count; i++) {
		const struct hint_line *line = &hints->lines[i];

		/* What is no size at all was told when it was read. */
		if (line->hint.pcluster_size != NO_SIZE && has_no_size(&line->hint, options))
			erofs_message(diag, EROFS_SEV_WARNING,
				      "%s:%u: %" PRIu32 " bytes are no number of blocks of %u; these files take the "
				      "size of all others, %" PRIu32,
				      hints->path, line->number, line->hint.pcluster_size, 1u << options->blkszbits,
				      options->pcluster_size);
	}
}

const struct erofs_compress_hint *erofs_writer_compress_hints_at(const struct erofs_compress_hints *hints, size_t index)
{
	return hints && index < hints->count ? &hints->lines[index].hint : NULL;
}
