/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/ishare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/progress.h"
#include "common/tool.h"

#define EXIT_BELOW 3 /* --min-saving was not reached */

static int say(const struct erofs_diag *diag, const char *what, int err)
{
	char text[4200];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(-err));
	diag->message(diag->ctx, EROFS_SEV_ERROR, text);
	return EXIT_FAILURE;
}

static unsigned int processors(size_t inputs)
{
	size_t count = tool_processors();

	/* One is the caller's own. */
	return count < 2 || inputs < 2 ? 0 : (unsigned int)(count < inputs ? count : inputs);
}

static int compute(struct ishare_report *report)
{
	size_t top = report->options->top;
	int err = 0;

	erofs_share_get_total(report->share, &report->total);
	for (unsigned int i = 0; !err && i < EROFS_SHARE_SPOILERS; i++)
		err = erofs_share_list_losses(report->share, &report->losses[i], (enum erofs_share_spoiler)i, top);
	if (!err)
		err = erofs_share_list_directories(report->share, &report->largest, EROFS_SHARE_BY_SIZE, top);
	if (!err)
		err = erofs_share_list_directories(report->share, &report->differing, EROFS_SHARE_BY_DIFFERENCE, top);
	return err;
}

static void release(struct ishare_report *report)
{
	for (unsigned int i = 0; i < EROFS_SHARE_SPOILERS; i++)
		erofs_share_losses_release(&report->losses[i]);
	erofs_share_directories_release(&report->largest);
	erofs_share_directories_release(&report->differing);
}

static bool is_damaged(const struct ishare_report *report)
{
	bool damaged = false;

	for (size_t i = 0; i < report->total.images; i++)
		damaged |= ishare_image(report, i).damaged > 0;
	return damaged;
}

static int miss(const struct ishare_report *report, const struct erofs_diag *diag)
{
	char *why = ishare_explain(report);

	diag->message(diag->ctx, EROFS_SEV_ERROR, why ? why : "less was saved than --min-saving asks for");
	free(why);
	return EXIT_BELOW;
}

static int show(const struct ishare_report *report, const struct erofs_diag *diag)
{
	const struct dump_options *o = report->options;
	int err;

	if (o->json)
		ishare_print_json(report);
	else
		ishare_print_text(report);
	err = o->html ? ishare_write_html(report) : 0;
	if (err)
		return say(diag, o->html, err);
	if (is_damaged(report))
		return EXIT_FAILURE;
	return ishare_reduction(&report->total.all) < o->min_saving ? miss(report, diag) : EXIT_SUCCESS;
}

/* What the command line says: FILE, or FILE*N if there is no file of that name. */
struct inputs {
	char **paths; /* owned */
	uint32_t *copies;
	size_t count;
};

static void release_inputs(struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		free(inputs->paths[i]);
	free(inputs->paths);
	free(inputs->copies);
}

static int take_inputs(struct inputs *inputs, const struct dump_options *options)
{
	inputs->paths = calloc(options->image_count, sizeof(*inputs->paths));
	inputs->copies = calloc(options->image_count, sizeof(*inputs->copies));
	if (!inputs->paths || !inputs->copies)
		return -ENOMEM;
	for (size_t i = 0; i < options->image_count; i++) {
		char *path = strdup(options->images[i]), *star = path ? strrchr(path, '*') : NULL;

		if (!path)
			return -ENOMEM;
		inputs->paths[inputs->count] = path;
		inputs->copies[inputs->count++] = options->copies;
		if (star && access(path, F_OK) && options_parse_copies(&inputs->copies[i], star + 1))
			*star = 0;
	}
	return 0;
}

static int report_on(struct erofs_share *share, const struct dump_options *options, struct tool_progress *progress,
		     const struct erofs_diag *diag)
{
	struct ishare_report report = { .options = options, .share = share };
	struct inputs inputs = { 0 };
	int status, err = take_inputs(&inputs, options);

	tool_progress_start(progress, options->progress);
	if (err)
		status = say(diag, "cannot compute the report", err);
	else
		status = erofs_share_add_copies(share, (const char *const *)inputs.paths, inputs.copies, inputs.count,
						diag);
	tool_progress_stop(progress);
	release_inputs(&inputs);
	if (status)
		return EXIT_FAILURE;
	err = compute(&report);
	status = err ? say(diag, "cannot compute the report", err) : show(&report, diag);
	release(&report);
	return status;
}

static void update(void *ctx, const struct erofs_share_progress *progress)
{
	const struct tool_progress_state state = {
		.doing = "reading", .item = "input", .items = progress->inputs, .items_total = progress->inputs_total
	};

	tool_progress_update(ctx, &state);
}

int ishare_run(const struct dump_options *options, const struct erofs_diag *diag)
{
	struct tool_progress progress;
	const struct erofs_share_options how = { .size = sizeof(how),
						 .page_size = options->page_size,
						 .workers = processors(options->image_count),
						 .progress = update,
						 .progress_ctx = &progress };
	struct erofs_share *share;
	int err = erofs_share_new(&share, &how);
	int status;

	if (err)
		return say(diag, "cannot compute the report", err);
	status = report_on(share, options, &progress, diag);
	erofs_share_free(share);
	return status;
}
