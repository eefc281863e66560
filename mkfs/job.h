/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_JOB_H
#define EROFS_MKFS_JOB_H

#include "mkfs/options.h"
#include "mkfs/progress.h"

struct json_object;

/* One run of mkfs.erofs: all that changes while the options, which say what to make, stay as they are. */
struct mkfs_job {
	const struct mkfs_options *options;
	const char *output; /* the image that is being made; with layers=each, one of several */
	const char *title;  /* what the summary calls it; NULL: by its path */
	bool no_summary;    /* standard output is the image */

	/* Those of the options, with what belongs to this run: cancel, progress; for --restamp, what the source image says. */
	struct erofs_scan_options scan;
	struct erofs_build_options build;
	bool *exclusions_used; /* scan points to it */

	struct erofs_oci_image *oci_image;
	size_t oci_layer; /* the one that is being built */

	struct tool_progress progress;

	/* For --json, else NULL: an array of what was built, and the container image of layers=image (summary_json.h). */
	struct json_object *images, *container;

	/* Results. */
	struct erofs_build_summary summary;
	uint64_t dropped_xattrs; /* had the fingerprint's name */
	uint64_t recoded;	 /* of a --restamp: files of which a part was compressed anew */
};

/* False when reported; mkfs_job_release() is needed either way. */
bool mkfs_job_init(struct mkfs_job *job, const struct mkfs_options *options, const struct erofs_cancel *cancel);
void mkfs_job_release(struct mkfs_job *job);

/* Makes what the options ask for. 0 or -errno. */
int mkfs_job_run(struct mkfs_job *job, const struct erofs_diag *diag);

#endif
