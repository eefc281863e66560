/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/job.h"

#include <errno.h>
#include <stdlib.h>

#include "mkfs/oci.h"
#include "mkfs/places.h"
#include "mkfs/summary.h"

bool mkfs_job_init(struct mkfs_job *job, const struct mkfs_options *options, const struct erofs_cancel *cancel)
{
	*job = (struct mkfs_job){
		.options = options,
		.output = options->output,
		.scan = options->scan,
		.build = options->build,
		/* So that it shows which exclusions match nothing. One more: there may be none. */
		.exclusions_used =
			calloc(options->scan.exclude_path_count + options->scan.exclude_regex_count + 1, sizeof(bool)),
	};
	job->scan.cancel = job->build.cancel = cancel;
	job->scan.exclusions_used = job->exclusions_used;
	return job->exclusions_used || mkfs_refuse("out of memory");
}

void mkfs_job_release(struct mkfs_job *job)
{
	free(job->exclusions_used);
}

static int scan(struct mkfs_job *job, struct erofs_tree *tree, const struct erofs_diag *diag)
{
	const struct mkfs_options *options = job->options;

	if (options->input == MKFS_OCI)
		return mkfs_scan_oci(tree, job, diag);
	if (options->input == MKFS_RESTAMP)
		return erofs_scan_restamp(tree, options->source, &job->scan, &job->build, &job->recoded, diag);
	if (options->input == MKFS_TAR)
		return erofs_scan_tar(tree, options->source, &job->scan, diag);
	if (mkfs_source_is_image(options))
		return erofs_scan_images(tree, options->sources, options->source_count, &job->scan, diag);
	return erofs_scan_directory(tree, options->source, &job->scan, diag);
}

static int build_from_tree(struct mkfs_job *job, struct erofs_tree *tree, const struct erofs_diag *diag)
{
	const struct erofs_tree_rules *rules = &job->options->rules;
	int err;

	if (erofs_tree_arrives(tree))
		return erofs_build_arrivals(tree, rules, job->output, &job->build, &job->summary, diag);
	err = erofs_tree_normalize(tree, rules, diag);
	return err ? err : erofs_build(tree, job->output, &job->build, &job->summary, diag);
}

int mkfs_build_image(struct mkfs_job *job, const struct erofs_diag *diag)
{
	const struct mkfs_options *options = job->options;
	struct erofs_tree *tree = erofs_tree_new();
	int err = tree ? 0 : -ENOMEM;

	mkfs_start_progress(&job->progress, &job->build, options->quiet);
	if (!err && options->build.fingerprint != EROFS_DIGEST_NONE)
		err = erofs_tree_reserve_xattr(tree, options->build.fingerprint_name);
	if (!err)
		err = scan(job, tree, diag);
	if (!err)
		err = build_from_tree(job, tree, diag);
	mkfs_stop_progress(&job->progress);
	if (!err) {
		job->dropped_xattrs = erofs_tree_dropped_xattrs(tree);
		if (!options->quiet && !job->no_summary)
			mkfs_print_summary(job);
	}
	erofs_tree_free(tree);
	return err;
}

int mkfs_job_run(struct mkfs_job *job, const struct erofs_diag *diag)
{
	int err = job->options->input == MKFS_OCI ? mkfs_build_oci(job, diag) : mkfs_build_image(job, diag);

	return err ? err : erofs_scan_warn_unused(&job->scan, diag);
}
