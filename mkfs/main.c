/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/tool.h"
#include "mkfs/job.h"
#include "mkfs/places.h"
#include "mkfs/stream.h"
#include "mkfs/summary_json.h"
#include "mkfs/vmdk.h"

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

static int build(const struct mkfs_options *options)
{
	struct mkfs_job job;
	int err = -EINVAL;

	if (mkfs_job_init(&job, options, &cancel) && mkfs_check_places(&job) && mkfs_check_vmdk(options)) {
		set_signals();
		err = mkfs_job_run(&job, tool_diag(mkfs_verbosity(options), true));
		if (err == -ECANCELED)
			mkfs_refuse("interrupted, '%s' was not written", options->output);
		else if (err && !tool_has_failed() && !mkfs_has_refused())
			mkfs_refuse("cannot build '%s': %s", options->output, strerror(-err));
		else if (!err && options->json && !mkfs_print_json(&job))
			err = -EIO;
	}
	mkfs_job_release(&job);
	return err;
}

static int run(struct mkfs_options *options)
{
	struct mkfs_stream stream;
	int err = mkfs_begin_stream(&stream, options) ? build(options) : -EINVAL;

	return mkfs_end_stream(&stream, err);
}

int main(int argc, char **argv)
{
	struct mkfs_options options;
	enum mkfs_action action;
	int err = 0;

	tool_begin("mkfs.erofs");
	action = mkfs_parse_options(&options, argc, argv);
	if (action == MKFS_BUILD)
		err = run(&options);
	mkfs_release_options(&options);
	if (action == MKFS_FAIL)
		return TOOL_EXIT_USAGE;
	if (action != MKFS_BUILD)
		return action == MKFS_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
	if (caught) {
		/* So that the caller sees what ended us. */
		signal(caught, SIG_DFL);
		raise(caught);
	}
	/* The image is complete, whether or not the summary could be printed; only who asks for JSON waits for it. */
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
