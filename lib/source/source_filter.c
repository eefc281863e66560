/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_filter.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

struct erofs_filter {
	const struct erofs_scan_options *options;
	regex_t *regexes;
	size_t regex_count; /* compiled so far */
};

void erofs_filter_free(struct erofs_filter *filter)
{
	if (!filter)
		return;
	while (filter->regex_count)
		regfree(&filter->regexes[--filter->regex_count]);
	free(filter->regexes);
	free(filter);
}

static void release_filter(struct erofs_filter **filter)
{
	erofs_filter_free(*filter);
}

static int compile(struct erofs_filter *filter, const char *pattern, const struct erofs_diag *diag)
{
	regex_t *regex = &filter->regexes[filter->regex_count];
	int failed = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
	char why[128];

	if (!failed) {
		filter->regex_count++;
		return 0;
	}
	regerror(failed, regex, why, sizeof(why));
	return erofs_report(diag, -EINVAL, "bad regular expression '%s': %s", pattern, why);
}

int erofs_filter_new(struct erofs_filter **out, const struct erofs_scan_options *options, const struct erofs_diag *diag)
{
	erofs_auto(release_filter) struct erofs_filter *filter = NULL;

	*out = NULL;
	if (!options->exclude_path_count && !options->exclude_regex_count)
		return 0;
	filter = calloc(1, sizeof(*filter));
	if (!filter)
		return -ENOMEM;
	filter->options = options;
	filter->regexes = calloc(options->exclude_regex_count + 1, sizeof(*filter->regexes));
	if (!filter->regexes)
		return -ENOMEM;
	for (size_t i = 0; i < options->exclude_regex_count; i++) {
		int err = compile(filter, options->exclude_regexes[i], diag);

		if (err)
			return err;
	}
	*out = erofs_take(filter);
	return 0;
}

/* The same path, but for slashes around it. */
static bool is_path(const char *pattern, const char *path)
{
	size_t length;

	pattern += strspn(pattern, "/");
	length = strlen(pattern);
	while (length && pattern[length - 1] == '/')
		length--;
	return length && strlen(path) == length && memcmp(pattern, path, length) == 0;
}

bool erofs_filter_excludes(const struct erofs_filter *filter, const char *path)
{
	if (!filter)
		return false;
	for (size_t i = 0; i < filter->options->exclude_path_count; i++)
		if (is_path(filter->options->exclude_paths[i], path))
			return true;
	for (size_t i = 0; i < filter->regex_count; i++)
		if (!regexec(&filter->regexes[i], path, 0, NULL, 0))
			return true;
	return false;
}
