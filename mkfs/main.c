/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/tool.h"
#include "mkfs/oci.h"
#include "mkfs/options.h"
#include "mkfs/progress.h"

/* The signal that asked us to stop. */
static volatile sig_atomic_t caught;
static struct erofs_cancel cancel;

static void catch (int number)
{
	caught = number;
	erofs_cancel_request(&cancel);
}

/*
 * A second signal must not end us before the temporary file is gone: timeout(1), for one, sends two. The wait is short, the
 * flag is looked at for every segment.
 */
static void set_signals(void)
{
	static const int stoppers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = catch };

	for (size_t i = 0; i < sizeof(stoppers) / sizeof(stoppers[0]); i++) {
		struct sigaction old;

		/* What the caller ignores (nohup) stays ignored. */
		if (!sigaction(stoppers[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(stoppers[i], &action, NULL);
	}
	/* A file size limit is an error like any other, to be reported. */
	signal(SIGXFSZ, SIG_IGN);
	/* A reader of our messages who leaves early is no reason to die with the temporary file in place. */
	signal(SIGPIPE, SIG_IGN);
}

static enum erofs_severity verbosity(const struct mkfs_options *options)
{
	if (options->quiet || options->debug_level == 0)
		return EROFS_SEV_ERROR;
	if (options->debug_level >= 7)
		return EROFS_SEV_DEBUG;
	return options->debug_level >= 3 ? EROFS_SEV_NOTE : EROFS_SEV_WARNING;
}

/* The directory that a file is to be made in, with all links resolved; to be freed. */
static char *real_directory(const char *path)
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
static bool check_standard_files(struct mkfs_options *options)
{
	struct stat out;

	if (stat(options->output, &out))
		return true;
	options->no_summary = is_output(STDOUT_FILENO, &out);
	return !is_output(STDERR_FILENO, &out) || mkfs_refuse("'%s' is where messages go, too", options->output);
}

static bool is_same_file(const struct stat *out, const char *path)
{
	struct stat in;

	if (stat(path, &in))
		return false;
	return (in.st_dev == out->st_dev && in.st_ino == out->st_ino) ||
	       (S_ISBLK(in.st_mode) && S_ISBLK(out->st_mode) && in.st_rdev == out->st_rdev);
}

/* An image that is made in place of its source would overwrite what it is to read. */
static bool check_same(const struct mkfs_options *options)
{
	struct stat out;

	if (stat(options->output, &out) || S_ISDIR(out.st_mode))
		return true;
	for (size_t i = 0; i < options->source_count; i++)
		if (is_same_file(&out, options->sources[i]))
			return mkfs_refuse("'%s' is both the source and the image to make", options->output);
	for (size_t i = 0; i < options->scan.device_count; i++)
		if (is_same_file(&out, options->scan.devices[i]))
			return mkfs_refuse("'%s' is both a device of the source and the image to make",
					   options->output);
	return true;
}

/* Where the image will be, with all links resolved; to be freed. */
static char *real_target(const char *path)
{
	char *target = realpath(path, NULL), *directory;
	const char *slash = strrchr(path, '/');

	if (target)
		return target;
	directory = real_directory(path);
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

/* An image that grows while its directory is read would read itself, unless it is left out. */
static bool check_inside(const struct mkfs_options *options)
{
	char *source = options->input == MKFS_TREE ? realpath(options->source, NULL) : NULL;
	char *target = real_target(options->output);
	const char *inside = source && target ? part_below(target, source) : NULL;
	struct stat st;

	/* What does not exist is reported by those who need it; a device's content is not in its directory. */
	if (inside && !stat(target, &st) && (S_ISBLK(st.st_mode) || S_ISDIR(st.st_mode)))
		inside = NULL;
	/* A bad expression is reported by the scan. */
	if (inside && erofs_scan_excludes(&options->scan, inside, NULL))
		inside = NULL;
	if (inside)
		mkfs_refuse("the image '%s' would be inside the source '%s'; --exclude-path=%s leaves it out",
			    options->output, options->source, inside);
	free(source);
	free(target);
	return !inside;
}

static bool is_image_source(const struct mkfs_options *options)
{
	if (options->input == MKFS_RESTAMP)
		return true;
	return options->input == MKFS_TREE && (options->source_count > 1 || erofs_source_is_image(options->source) > 0);
}

static bool check_devices(const struct mkfs_options *options)
{
	if (!options->scan.device_count || is_image_source(options))
		return true;
	return mkfs_refuse("--device=%s: only a source that is an EROFS image has devices", options->scan.devices[0]);
}

static bool check_places(struct mkfs_options *options)
{
	return check_standard_files(options) && check_same(options) && check_inside(options) && check_devices(options);
}

static int scan(struct erofs_tree *tree, struct mkfs_options *options, const struct erofs_diag *diag)
{
	if (options->input == MKFS_OCI)
		return mkfs_scan_oci(tree, options, diag);
	if (options->input == MKFS_RESTAMP)
		return erofs_scan_restamp(tree, options->source, &options->scan, &options->build, &options->recoded,
					  diag);
	if (options->input == MKFS_TAR)
		return erofs_scan_tar(tree, options->source, &options->scan, diag);
	if (is_image_source(options))
		return erofs_scan_images(tree, options->sources, options->source_count, &options->scan, diag);
	return erofs_scan_directory(tree, options->source, &options->scan, diag);
}

static int build_from_tree(struct erofs_tree *tree, const struct mkfs_options *options,
			   struct erofs_build_summary *summary, const struct erofs_diag *diag)
{
	int err = erofs_tree_normalize(tree, &options->rules, diag);

	return err ? err : erofs_build(tree, options->output, &options->build, summary, diag);
}

static int build(struct mkfs_options *options, const struct erofs_diag *diag)
{
	struct erofs_tree *tree = erofs_tree_new();
	struct erofs_build_summary summary;
	int err = tree ? 0 : -ENOMEM;

	mkfs_start_progress(options);
	if (!err && options->build.fingerprint != EROFS_DIGEST_NONE)
		err = erofs_tree_reserve_xattr(tree, options->build.fingerprint_name);
	if (!err)
		err = scan(tree, options, diag);
	if (!err && erofs_tree_is_streamed(tree))
		err = erofs_build_streamed(tree, &options->rules, options->output, &options->build, &summary, diag);
	else if (!err)
		err = build_from_tree(tree, options, &summary, diag);
	mkfs_stop_progress();
	if (!err && !options->quiet && !options->no_summary)
		mkfs_print_summary(options, &summary, erofs_tree_dropped_xattrs(tree));
	erofs_tree_free(tree);
	return err;
}

int main(int argc, char **argv)
{
	const struct erofs_diag *diag;
	struct mkfs_options options;
	enum mkfs_action action;
	int err = -EINVAL;

	tool_begin("mkfs.erofs");
	action = mkfs_parse_options(&options, argc, argv);
	if (action == MKFS_BUILD && check_places(&options)) {
		set_signals();
		options.scan.cancel = options.build.cancel = &cancel;
		diag = tool_diag(verbosity(&options), true);
		err = options.input == MKFS_OCI ? mkfs_build_oci(&options, diag, build) : build(&options, diag);
		if (!err)
			err = erofs_scan_warn_unused(&options.scan, diag);
		if (err == -ECANCELED)
			mkfs_refuse("interrupted, '%s' was not written", options.output);
		else if (err && !tool_has_failed())
			mkfs_refuse("cannot build '%s': %s", options.output, strerror(-err));
	}
	mkfs_release_options(&options);
	if (action == MKFS_DONE)
		return EXIT_SUCCESS;
	if (caught) {
		/* So that the caller sees what ended us. */
		signal(caught, SIG_DFL);
		raise(caught);
	}
	/* The image is complete, whether or not the summary could be printed. */
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
