/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/job.h"

#include <stdlib.h>

#include <json-c/json.h>

#include "mkfs/image.h"
#include "mkfs/oci.h"
#include "mkfs/vmdk.h"

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
		.images = options->json ? json_object_new_array() : NULL,
	};
	job->scan.cancel = job->build.cancel = cancel;
	job->scan.exclusions_used = job->exclusions_used;
	return (job->exclusions_used && !job->images == !options->json) || mkfs_refuse("out of memory");
}

void mkfs_job_release(struct mkfs_job *job)
{
	free(job->exclusions_used);
	json_object_put(job->images);
	json_object_put(job->container);
}

int mkfs_job_run(struct mkfs_job *job, const struct erofs_diag *diag)
{
	int err = job->options->input == MKFS_OCI ? mkfs_build_oci(job, diag) : mkfs_build_image(job, diag);

	if (!err)
		err = mkfs_write_vmdk(job, diag);
	return err ? err : erofs_scan_warn_unused(&job->scan, diag);
}
