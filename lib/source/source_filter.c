/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_filter.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/cleanup.h"
#include "lib/util/path.h"
#include "lib/util/report.h"

struct erofs_filter {
	const struct erofs_scan_options *options;
	char **paths; /* of the options, without what does not count in a path */
	regex_t *regexes;
	size_t regex_count; /* compiled so far */
};

void erofs_source_filter_free(struct erofs_filter *filter)
{
	if (!filter)
		return;
	while (filter->regex_count)
		regfree(&filter->regexes[--filter->regex_count]);
	free(filter->regexes);
	for (size_t i = 0; filter->paths && i < filter->options->exclude_path_count; i++)
		free(filter->paths[i]);
	free(filter->paths);
	free(filter);
}

static void release_filter(struct erofs_filter **filter)
{
	erofs_source_filter_free(*filter);
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

static int take_paths(struct erofs_filter *filter)
{
	const struct erofs_scan_options *options = filter->options;

	filter->paths = calloc(options->exclude_path_count + 1, sizeof(*filter->paths));
	if (!filter->paths)
		return -ENOMEM;
	for (size_t i = 0; i < options->exclude_path_count; i++) {
		filter->paths[i] = erofs_path_simplify(options->exclude_paths[i]);
		if (!filter->paths[i])
			return -ENOMEM;
	}
	return 0;
}

int erofs_source_filter_new(struct erofs_filter **out, const struct erofs_scan_options *options,
			    const struct erofs_diag *diag)
{
	erofs_auto(release_filter) struct erofs_filter *filter = NULL;
	int err;

	*out = NULL;
	if (!options->exclude_path_count && !options->exclude_regex_count)
		return 0;
	filter = calloc(1, sizeof(*filter));
	if (!filter)
		return -ENOMEM;
	filter->options = options;
	err = take_paths(filter);
	if (err)
		return err;
	filter->regexes = calloc(options->exclude_regex_count + 1, sizeof(*filter->regexes));
	if (!filter->regexes)
		return -ENOMEM;
	for (size_t i = 0; !err && i < options->exclude_regex_count; i++)
		err = compile(filter, options->exclude_regexes[i], diag);
	if (!err)
		*out = erofs_take(filter);
	return err;
}

static bool matches(const struct erofs_filter *filter, size_t number, const char *path)
{
	size_t paths = filter->options->exclude_path_count;

	if (number < paths)
		return *path && strcmp(filter->paths[number], path) == 0;
	return !regexec(&filter->regexes[number - paths], path, 0, NULL, 0);
}

static size_t count_of(const struct erofs_filter *filter)
{
	return filter->options->exclude_path_count + filter->regex_count;
}

bool erofs_source_filter_matches(const struct erofs_filter *filter, const char *path)
{
	for (size_t i = 0; filter && i < count_of(filter); i++)
		if (matches(filter, i, path))
			return true;
	return false;
}

bool erofs_source_filter_excludes(const struct erofs_filter *filter, const char *path)
{
	bool excluded = false, *used = filter ? filter->options->exclusions_used : NULL;

	if (!used)
		return erofs_source_filter_matches(filter, path);
	for (size_t i = 0; i < count_of(filter); i++) {
		if ((excluded && used[i]) || !matches(filter, i, path))
			continue;
		excluded = true;
		used[i] = true;
	}
	return excluded;
}

/* Whether the path, or a folder above it, is left out. */
static bool excludes_any_of(const struct erofs_filter *filter, char *path)
{
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		bool excluded;

		*slash = 0;
		excluded = erofs_source_filter_matches(filter, path);
		*slash = '/';
		if (excluded)
			return true;
	}
	return erofs_source_filter_matches(filter, path);
}

int erofs_scan_excludes(const struct erofs_scan_options *options, const char *path, const struct erofs_diag *diag)
{
	erofs_auto(release_filter) struct erofs_filter *filter = NULL;
	erofs_auto_free char *simple = erofs_path_simplify(path);
	int err = simple ? erofs_source_filter_new(&filter, options, diag) : -ENOMEM;

	return err ? err : excludes_any_of(filter, simple);
}

/* The folder of a path that matched nothing may be left out itself. */
static bool is_hidden(const struct erofs_filter *filter, size_t number)
{
	const char *path = filter->paths[number], *slash = strrchr(path, '/');
	/* A copy, or the path would be its own folder. Without memory there is one warning more. */
	erofs_auto_free char *folder = slash ? strndup(path, (size_t)(slash - path)) : NULL;

	return folder && excludes_any_of(filter, folder);
}

int erofs_scan_warn_unused(const struct erofs_scan_options *options, const struct erofs_diag *diag)
{
	erofs_auto(release_filter) struct erofs_filter *filter = NULL;
	const bool *used = options->exclusions_used;
	size_t paths = options->exclude_path_count;
	int err = used ? erofs_source_filter_new(&filter, options, diag) : 0;

	if (err || !filter)
		return err;
	for (size_t i = 0; i < paths; i++)
		if (!used[i] && !is_hidden(filter, i))
			erofs_message(diag, EROFS_SEV_WARNING, "nothing is left out by --exclude-path=%s",
				      options->exclude_paths[i]);
	for (size_t i = 0; i < options->exclude_regex_count; i++)
		if (!used[paths + i])
			erofs_message(diag, EROFS_SEV_WARNING, "nothing is left out by --exclude-regex=%s",
				      options->exclude_regexes[i]);
	return 0;
}
