/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/image.h"

#include <errno.h>

#include "mkfs/places.h"
#include "mkfs/summary.h"
#include "mkfs/summary_json.h"

static int scan_oci(struct mkfs_job *job, struct erofs_tree *tree, const struct erofs_diag *diag)
{
	if (job->options->oci_layers != MKFS_FLATTEN)
		return erofs_scan_oci_layer(tree, job->oci_image, job->oci_layer, &job->scan, diag);
	return erofs_scan_oci(tree, job->oci_image, &job->scan, diag);
}

static int scan_thin(struct mkfs_job *job, struct erofs_tree *tree, const struct erofs_diag *diag)
{
	const struct mkfs_options *options = job->options;
	int err = erofs_scan_thin(tree, options->sources, options->source_count, &job->scan, &job->build, diag);

	return err || mkfs_check_thin_blocks(options, &job->build) ? err : -EINVAL;
}

static int scan(struct mkfs_job *job, struct erofs_tree *tree, const struct erofs_diag *diag)
{
	const struct mkfs_options *options = job->options;

	if (options->input == MKFS_OCI)
		return scan_oci(job, tree, diag);
	if (options->input == MKFS_RESTAMP)
		return erofs_scan_restamp(tree, options->source, &job->scan, &job->build, &job->recoded, diag);
	if (options->input == MKFS_TAR)
		return erofs_scan_tar(tree, options->source, &job->scan, diag);
	if (options->is_thin)
		return scan_thin(job, tree, diag);
	if (mkfs_source_is_image(options))
		return erofs_scan_images(tree, options->sources, options->source_count, &job->scan, diag);
	return erofs_scan_directory(tree, options->source, &job->scan, diag);
}

static int build_from_tree(struct mkfs_job *job, struct erofs_tree *tree, const struct erofs_diag *diag)
{
	const struct erofs_tree_rules *rules = &job->options->rules;
	int err;

	if (erofs_tree_arrives(tree) && rules->hot_files) {
		mkfs_refuse("--hot-files: a compressed archive, or one from a pipe, is stored in the order in which it "
			    "comes; give a file that is not compressed, or a directory");
		return -EINVAL;
	}
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

	mkfs_start_progress(&job->progress, &job->build, options->quiet ? TOOL_PROGRESS_NONE : options->progress);
	if (!err && options->build.fingerprint != EROFS_DIGEST_NONE)
		err = erofs_tree_reserve_xattr(tree, options->build.fingerprint_name);
	if (!err)
		err = scan(job, tree, diag);
	if (!err)
		err = build_from_tree(job, tree, diag);
	tool_progress_stop(&job->progress);
	if (!err) {
		/* Those of an index are not lost: they are carried over. */
		if (job->build.fingerprint == options->build.fingerprint)
			job->dropped_xattrs = erofs_tree_dropped_xattrs(tree);
		mkfs_note_image(job);
		if (mkfs_wants_summary(job))
			mkfs_print_summary(job);
	}
	erofs_tree_free(tree);
	return err;
}
