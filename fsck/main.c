/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/resolve.h"
#include "common/tool.h"
#include "common/units.h"
#include "fsck/findings.h"
#include "fsck/options.h"
#include "fsck/progress.h"

static enum erofs_severity severity_of(const struct fsck_options *options)
{
	if (options->quiet || !options->verbosity)
		return EROFS_SEV_ERROR;
	if (options->verbosity < 3)
		return EROFS_SEV_WARNING;
	return options->verbosity < 7 ? EROFS_SEV_NOTE : EROFS_SEV_DEBUG;
}

/* Corruption is what a checker is to find; anything else keeps it from looking. */
static enum fsck_status status_of(int err)
{
	if (!err)
		return FSCK_CLEAN;
	return err == -EUCLEAN ? FSCK_ERRORS : FSCK_FAILED;
}

/* What came of it: 0, or why the check or the unpacking did not get all done. */
struct outcome {
	struct erofs_check_summary summary;
	int checked;
	int unpacked;
};

/* A clean result must not say more than what was looked at. */
static void print_scope(const struct fsck_options *options, const struct erofs_check_summary *summary)
{
	const struct erofs_check_options *check = &options->check;

	if (check->verify_fingerprints)
		printf("structure and fingerprints");
	else if (options->target || check->read_data)
		printf("structure clean, contents read");
	else
		printf("structure clean, contents not verified");
	if (check->path || check->use_nid)
		printf(" of one path only");
	if (summary->absent_files)
		printf(", %" PRIu64 " file%s on devices that were not given", summary->absent_files,
		       tool_plural(summary->absent_files));
}

static void print_verdict(const struct fsck_options *options, const struct outcome *outcome)
{
	const struct erofs_check_summary *summary = &outcome->summary;

	if (outcome->checked)
		printf("not checked in whole, ");
	if (summary->findings || outcome->checked) {
		printf("%" PRIu64 " error%s found; ", summary->findings, tool_plural(summary->findings));
		return;
	}
	if (outcome->unpacked) {
		printf("structure clean; ");
		return;
	}
	/* Scripts look for these words. */
	printf("No errors found (");
	print_scope(options, summary);
	printf("); ");
}

static void print_summary(const struct fsck_options *options, const char *image, const struct outcome *outcome)
{
	const struct erofs_check_summary *summary = &outcome->summary;

	printf("%s: ", image);
	print_verdict(options, outcome);
	printf("%" PRIu64 " inode%s, %" PRIu64 " director%s, %" PRIu64 " file%s of %s", summary->inodes,
	       tool_plural(summary->inodes), summary->directories, summary->directories == 1 ? "y" : "ies",
	       summary->regular_files, tool_plural(summary->regular_files), TOOL_SIZE(summary->data_bytes));
	if (options->check.verify_fingerprints || summary->hashed_files)
		printf(", %" PRIu64 " fingerprint%s compared", summary->hashed_files,
		       tool_plural(summary->hashed_files));
	if (options->target)
		printf(", %sunpacked into %s", outcome->unpacked ? "not all of it " : "", options->target);
	putchar('\n');
}

/* Unpacking over a running system is hardly ever meant. */
static bool is_root_directory(const char *path)
{
	char *real = realpath(path, NULL);
	bool root = real && !strcmp(real, "/");

	free(real);
	return root;
}

static enum fsck_status worse(enum fsck_status a, enum fsck_status b)
{
	return a > b ? a : b;
}

/*
 * What a path with symbolic links in it leads to, to be freed; the path itself if that is damaged on the way: the library says so among all
 * that it finds.
 */
static int find_path(char **out, const struct fsck_options *options, const struct erofs_image *image)
{
	struct erofs_inode inode;
	int err = options->no_follow ? -ENOENT : tool_resolve_path(image, &inode, out, options->extract.path, true);

	if (!err || (!options->no_follow && err != -EUCLEAN))
		return err;
	*out = strdup(options->extract.path);
	return *out ? 0 : -ENOMEM;
}

static void check_and_unpack(const struct fsck_options *options, const struct erofs_image *image,
			     struct outcome *outcome, const struct erofs_diag *diag)
{
	struct erofs_check_options wanted = options->check;
	struct erofs_extract_options unpacking = options->extract;
	struct fsck_progress progress;

	fsck_start_progress(&progress, &wanted, &unpacking, options);
	/* Unpacking reads them anyway. */
	if (options->target)
		wanted.read_data = false;
	outcome->checked = erofs_check_image(image, &wanted, &outcome->summary, diag);
	if (!options->only)
		fsck_expect_files(&progress, &outcome->summary);
	if (options->target)
		outcome->unpacked = erofs_extract(image, options->target, &unpacking, diag);
	tool_progress_stop(&progress.shown);
}

static enum fsck_status check(const struct fsck_options *options, const char *name, const struct erofs_image *image,
			      struct outcome *out, const struct erofs_diag *diag)
{
	struct outcome outcome = { 0 };
	enum fsck_status status;

	check_and_unpack(options, image, &outcome, diag);
	status = worse(status_of(outcome.checked), status_of(outcome.unpacked));
	status = worse(status, outcome.summary.findings ? FSCK_ERRORS : FSCK_CLEAN);
	*out = outcome;
	if (options->json || options->quiet || !options->verbosity)
		return status;
	print_summary(options, name, &outcome);
	return tool_flush_stdout() ? status : worse(status, FSCK_FAILED);
}

static enum fsck_status check_path(const struct fsck_options *options, const char *name,
				   const struct erofs_image *image, struct outcome *outcome,
				   const struct erofs_diag *diag)
{
	struct fsck_options real = *options;
	enum fsck_status status;
	char *path = NULL, text[300];

	outcome->checked = find_path(&path, options, image);
	if (outcome->checked) {
		snprintf(text, sizeof(text), "%s: %s", options->extract.path, strerror(-outcome->checked));
		diag->message(diag->ctx, EROFS_SEV_ERROR, text);
		return FSCK_FAILED;
	}
	real.extract.path = path;
	if (real.check.path)
		real.check.path = path;
	status = check(&real, name, image, outcome, diag);
	free(path);
	return status;
}

static enum fsck_status check_one(const struct fsck_options *options, const char *name, struct outcome *outcome,
				  const struct erofs_diag *diag)
{
	struct erofs_image *image;
	enum fsck_status status;
	int err = erofs_image_open(&image, name, &options->open, diag);

	outcome->checked = err;
	if (err)
		return status_of(err);
	/* The messages of opening name the image by themselves. */
	tool_set_subject(options->image_count > 1 ? name : NULL);
	status = options->extract.path ? check_path(options, name, image, outcome, diag)
				       : check(options, name, image, outcome, diag);
	tool_set_subject(NULL);
	erofs_image_close(image);
	return status;
}

static enum fsck_status check_as_json(const struct fsck_options *options, struct json_writer *json, const char *name,
				      const struct erofs_diag *diag)
{
	struct fsck_findings findings;
	struct outcome outcome = { 0 };
	enum fsck_status status;

	fsck_findings_begin(&findings, diag);
	status = check_one(options, name, &outcome, &findings.diag);
	fsck_findings_end(&findings, json, name, &outcome.summary, outcome.checked, (int)status);
	return status;
}

static enum fsck_status run_json(const struct fsck_options *options, const struct erofs_diag *diag)
{
	struct json_writer json = { .out = stdout };
	enum fsck_status status = FSCK_CLEAN;

	json_begin_document(&json);
	json_begin(&json, "fsck", '{');
	json_begin(&json, "images", '[');
	for (size_t i = 0; i < options->image_count; i++)
		status = worse(status, check_as_json(options, &json, options->images[i], diag));
	json_end(&json, ']');
	json_put(&json, "exit_status", json_object_new_int((int)status));
	json_end(&json, '}');
	json_end(&json, '}');
	return tool_flush_stdout() ? status : worse(status, FSCK_FAILED);
}

static enum fsck_status run(const struct fsck_options *options)
{
	const struct erofs_diag *diag = tool_diag(severity_of(options), false);
	enum fsck_status status = FSCK_CLEAN;

	if (options->target && !options->force && is_root_directory(options->target)) {
		fprintf(stderr, "fsck.erofs: extracting to the root directory needs --force\n");
		return FSCK_USAGE;
	}
	if (options->json)
		return run_json(options, diag);
	for (size_t i = 0; i < options->image_count; i++) {
		struct outcome outcome = { 0 };

		status = worse(status, check_one(options, options->images[i], &outcome, diag));
	}
	return status;
}

int main(int argc, char **argv)
{
	struct fsck_options options;
	int status;

	tool_begin("fsck.erofs");
	status = fsck_parse_options(&options, argc, argv);
	if (status < 0)
		status = (int)run(&options);
	fsck_options_release(&options);
	return status;
}
