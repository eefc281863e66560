/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mkfs/hints.h"

char *mkfs_real_directory(const char *path)
{
	char *slash, *real, *copy = strdup(path);

	if (!copy)
		return NULL;
	slash = strrchr(copy, '/');
	if (slash)
		slash[slash == copy] = 0;
	real = realpath(slash ? copy : ".", NULL);
	free(copy);
	return real;
}

static bool is_output(int fd, const struct stat *out)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_dev == out->st_dev && st.st_ino == out->st_ino && S_ISREG(st.st_mode);
}

/* What we print must not go into the image: /dev/stdout is one, too. */
static bool check_standard_files(struct mkfs_job *job)
{
	const char *output = job->options->output;
	struct stat out;

	if (stat(output, &out))
		return true;
	job->no_summary = job->options->is_stream || is_output(STDOUT_FILENO, &out);
	if (job->no_summary && job->options->json)
		return mkfs_refuse("--json: standard output is the image '%s'", output);
	return !is_output(STDERR_FILENO, &out) || mkfs_refuse("'%s' is where messages go, too", output);
}

static bool is_same_file(const struct stat *out, const char *path)
{
	struct stat in;

	if (stat(path, &in))
		return false;
	return (in.st_dev == out->st_dev && in.st_ino == out->st_ino) ||
	       (S_ISBLK(in.st_mode) && S_ISBLK(out->st_mode) && in.st_rdev == out->st_rdev);
}

/* What is made in place of its source would overwrite what it is to read. */
static bool check_same(const struct mkfs_options *options, const char *path, const char *what)
{
	struct stat out;

	if (stat(path, &out) || S_ISDIR(out.st_mode))
		return true;
	for (size_t i = 0; i < options->source_count; i++)
		if (is_same_file(&out, options->sources[i]))
			return mkfs_refuse("'%s' is both the source and the %s to make", path, what);
	for (size_t i = 0; i < options->scan.device_count; i++)
		if (is_same_file(&out, options->scan.devices[i]))
			return mkfs_refuse("'%s' is both a device of the source and the %s to make", path, what);
	return true;
}

/* Where the image will be, with all links resolved; to be freed. */
static char *real_target(const char *path)
{
	char *target = realpath(path, NULL), *directory;
	const char *slash = strrchr(path, '/');

	if (target)
		return target;
	directory = mkfs_real_directory(path);
	if (directory &&
	    asprintf(&target, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, slash ? slash + 1 : path) < 0)
		target = NULL;
	free(directory);
	return target;
}

/* The part of a path that is below a directory; NULL if it is not. */
static const char *part_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strncmp(path, directory, length) != 0)
		return NULL;
	if (length == 1)
		return path + 1;
	return path[length] == '/' ? path + length + 1 : NULL;
}

/* What grows while its directory is read would be read, too, unless it is left out. */
static bool check_inside(const struct mkfs_options *options, const char *path, const char *what)
{
	char *source = options->input == MKFS_TREE ? realpath(options->source, NULL) : NULL;
	char *target = real_target(path);
	const char *inside = source && target ? part_below(target, source) : NULL;
	struct stat st;

	/* A file without a name is nowhere. */
	if (inside && !stat(path, &st) && !st.st_nlink)
		inside = NULL;
	/* What does not exist is reported by those who need it; a device's content is not in its directory. */
	if (inside && !stat(target, &st) && (S_ISBLK(st.st_mode) || S_ISDIR(st.st_mode)))
		inside = NULL;
	/* A bad expression is reported by the scan. */
	if (inside && erofs_scan_excludes(&options->scan, inside, NULL))
		inside = NULL;
	if (inside)
		mkfs_refuse("the %s '%s' would be inside the source '%s'; --exclude-path=%s leaves it out", what, path,
			    options->source, inside);
	free(source);
	free(target);
	return !inside;
}

bool mkfs_source_is_image(const struct mkfs_options *options)
{
	if (options->input == MKFS_RESTAMP)
		return true;
	return options->input == MKFS_TREE && (options->source_count > 1 || erofs_source_is_image(options->source) > 0);
}

/* Two outputs in one place, whatever they are called. */
static bool check_apart(const struct mkfs_options *options)
{
	const char *data = options->build.data_device;
	char *image = real_target(options->output), *device = real_target(data);
	bool same = image && device && strcmp(image, device) == 0;
	struct stat out;

	free(image);
	free(device);
	if (same || (!stat(data, &out) && is_same_file(&out, options->output)))
		return mkfs_refuse("'%s' is both the image and its --blobdev", data);
	return true;
}

static bool check_data_device(const struct mkfs_options *options)
{
	const char *data = options->build.data_device;

	return !data || (check_apart(options) && check_same(options, data, "data device") &&
			 check_inside(options, data, "data device"));
}

static bool check_devices(const struct mkfs_options *options)
{
	if (!options->scan.device_count || mkfs_source_is_image(options))
		return true;
	return mkfs_refuse("--device=%s: only a source that is an EROFS image has devices", options->scan.devices[0]);
}

/* What only directories have. */
static bool check_directory_options(const struct mkfs_options *options)
{
	const char *name = options->scan.ignore_unreadable ? "ignore-unreadable"
			   : options->scan.one_file_system ? "one-file-system"
							   : NULL;

	if (!name || (options->input == MKFS_TREE && !mkfs_source_is_image(options)))
		return true;
	return mkfs_refuse("--%s is for directories, and the source '%s' is none", name,
			   options->source ? options->source : "standard input");
}

bool mkfs_check_places(struct mkfs_job *job)
{
	const struct mkfs_options *options = job->options;

	return mkfs_check_turns(options) && check_standard_files(job) &&
	       check_same(options, options->output, "image") && check_inside(options, options->output, "image") &&
	       check_data_device(options) && check_devices(options) && check_directory_options(options);
}
