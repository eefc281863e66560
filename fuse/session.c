/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fuse/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/nearest.h"
#include "fuse/lowlevel.h"
#include "fuse/mount_options.h"
#include "fuse/operations.h"

#define NAME	   "erofsfuse"
#define CAUSE_SIZE 1024

/* ---- what libfuse says ----------------------------------------------------------------------------------------------------- */

/* libfuse has but one such function for all of a program. */
static bool debug;

static void log_line(enum fuse_log_level level, const char *format, va_list values)
{
	if (level <= FUSE_LOG_WARNING || debug)
		vfprintf(stderr, format, values);
}

/*
 * libfuse, and fusermount3, which it starts, write on stderr why they did not succeed. Kept meanwhile, to be part of one message
 * that says what was to be mounted where.
 */
struct kept_stderr {
	int real, kept;
};

static void keep_stderr(struct kept_stderr *keeper)
{
	fflush(stderr);
	keeper->real = dup(STDERR_FILENO);
	keeper->kept = memfd_create(NAME, MFD_CLOEXEC);
	if (keeper->real >= 0 && keeper->kept >= 0)
		dup2(keeper->kept, STDERR_FILENO);
}

/* The lines that were written, as one. */
static void give_stderr_back(struct kept_stderr *keeper, char *text, size_t size)
{
	ssize_t length = 0;

	fflush(stderr);
	if (keeper->real >= 0 && keeper->kept >= 0) {
		dup2(keeper->real, STDERR_FILENO);
		length = pread(keeper->kept, text, size - 1, 0);
	}
	if (keeper->real >= 0)
		close(keeper->real);
	if (keeper->kept >= 0)
		close(keeper->kept);
	while (length > 0 && text[length - 1] == '\n')
		length--;
	text[length > 0 ? length : 0] = 0;
	for (char *end = strchr(text, '\n'); end; end = strchr(end, '\n'))
		*end = ';';
}

/* "fuse: " and the like in front of the cause are of no use to the user. */
static const char *cause_in(const char *text)
{
	static const char *const talkers[] = { "fuse: ", "fusermount3: " };

	for (size_t i = 0; i < sizeof(talkers) / sizeof(talkers[0]); i++)
		if (!strncmp(text, talkers[i], strlen(talkers[i])))
			text += strlen(talkers[i]);
	return text;
}

/* libfuse says "unknown option(s): `-o NAME'"; what may have been meant is appended. */
static void add_hint(char *text, size_t size)
{
	const char *name = strstr(text, "`-o ");
	size_t used = strlen(text);
	char hint[TOOL_HINT_MAX];

	if (!name)
		return;
	name += strlen("`-o ");
	snprintf(text + used, size - used, "%s", mount_options_hint(hint, name, strcspn(name, "=,'")));
}

static int cannot_mount(const struct options *options, const char *why, int err)
{
	fprintf(stderr, NAME ": cannot mount %s on %s: %s\n", options->image, options->mountpoint, why);
	return err;
}

/* ---- steps ----------------------------------------------------------------------------------------------------------------- */

/* Its whole path, which outlives a change of the working directory; NULL, and said why. */
static char *find_mountpoint(const struct options *options)
{
	char *place = realpath(options->mountpoint, NULL);
	struct stat found;
	int err = !place || stat(place, &found) ? errno : 0;

	if (!err && !S_ISDIR(found.st_mode))
		err = ENOTDIR;
	if (!err)
		return place;
	free(place);
	cannot_mount(options, strerror(err), -err);
	return NULL;
}

/* Adds "NAME=VALUE" to the mount options; commas in it do not end it. */
static bool add_named(char **list, const char *name, const char *value)
{
	char *text = NULL;
	bool added = asprintf(&text, "%s=%s", name, value) >= 0 && !fuse_opt_add_opt_escaped(list, text);

	free(text);
	return added;
}

/* As libfuse wants them: the name of a program, and -o with a list. NULL: out of memory. */
static char *make_list(const struct options *options)
{
	char *list = NULL, *path = realpath(options->image, NULL);
	bool made = !fuse_opt_add_opt(&list, "ro") && add_named(&list, "fsname", path ? path : options->image) &&
		    !fuse_opt_add_opt(&list, "subtype=" NAME) &&
		    (!options->passed_on || !fuse_opt_add_opt(&list, options->passed_on)) &&
		    (!options->debug || !fuse_opt_add_opt(&list, "debug"));

	free(path);
	if (made)
		return list;
	free(list);
	return NULL;
}

static struct fuse_session *new_session(struct view *view, const struct options *options)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session = NULL;
	struct kept_stderr keeper;
	char said[CAUSE_SIZE], *list = make_list(options);
	bool made = list && !fuse_opt_add_arg(&args, NAME) && !fuse_opt_add_arg(&args, "-o") &&
		    !fuse_opt_add_arg(&args, list);

	if (made) {
		keep_stderr(&keeper);
		session = fuse_session_new(&args, &operations, sizeof(operations), view);
		give_stderr_back(&keeper, said, sizeof(said));
		add_hint(said, sizeof(said));
	}
	if (!session)
		cannot_mount(options, made ? cause_in(said) : strerror(ENOMEM), 0);
	fuse_opt_free_args(&args);
	free(list);
	return session;
}

static int mount_session(struct fuse_session *session, const char *place, const struct options *options)
{
	struct kept_stderr keeper;
	char said[CAUSE_SIZE];
	int err;

	keep_stderr(&keeper);
	err = fuse_session_mount(session, place);
	give_stderr_back(&keeper, said, sizeof(said));
	if (err)
		return cannot_mount(options, said[0] ? cause_in(said) : "libfuse does not say why", -EIO);
	if (said[0])
		fprintf(stderr, NAME ": warning: %s\n", cause_in(said));
	if (options->wants_writing)
		fprintf(stderr, NAME ": warning: %s is mounted read-only, as every EROFS\n", options->image);
	return 0;
}

static int loop(struct fuse_session *session, const struct options *options)
{
	struct fuse_loop_config *config;
	int result;

	if (options->single_thread)
		return fuse_session_loop(session);
	config = fuse_loop_cfg_create();
	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_clone_fd(config, options->clone_fd);
	fuse_loop_cfg_set_max_threads(config, options->max_threads);
	fuse_loop_cfg_set_idle_threads(config, options->max_idle_threads);
	result = fuse_session_loop_mt(session, config);
	fuse_loop_cfg_destroy(config);
	return result;
}

/* From here on it is mounted. A signal ends it as orderly as umount(8) does. */
static int serve(struct fuse_session *session, const struct options *options)
{
	int err = fuse_daemonize(options->foreground) ? -errno : 0;

	if (!err && fuse_set_signal_handlers(session))
		err = -EINVAL;
	if (!err) {
		err = loop(session, options);
		fuse_remove_signal_handlers(session);
	}
	if (err < 0)
		fprintf(stderr, NAME ": %s on %s: %s\n", options->image, options->mountpoint, strerror(-err));
	return err < 0 ? err : 0;
}

static int mount_and_serve(struct fuse_session *session, const char *place, const struct options *options)
{
	int err = mount_session(session, place, options);

	if (err)
		return err;
	err = serve(session, options);
	fuse_session_unmount(session);
	return err;
}

int session_run(struct view *view, const struct options *options)
{
	char *place = find_mountpoint(options);
	struct fuse_session *session;
	int err = -EINVAL;

	if (!place)
		return err;
	debug = options->debug;
	fuse_set_log_func(log_line);
	session = new_session(view, options);
	if (session)
		err = mount_and_serve(session, place, options);
	if (session)
		fuse_session_destroy(session);
	free(place);
	return err;
}
