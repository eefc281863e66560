/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/verify.h"

#include <inttypes.h>

#include <erofs/check.h>

#include "common/tool.h"
#include "mount/remembered.h"
#include "mount/say.h"
#include "mount/trusted.h"

static int check(const struct mount_image *image, const struct mount_request *request)
{
	struct erofs_image_options options = image_open_options(image, request);
	struct erofs_check_options wanted = erofs_check_options_init();
	struct erofs_check_summary summary = { 0 };
	struct erofs_image *opened;
	int err = erofs_image_open(&opened, image->path, &options, say_diag());

	if (err)
		return MOUNT_FAILED;
	wanted.verify_fingerprints = true;
	wanted.workers = tool_processors();
	/* Its first finding is the message. */
	tool_set_subject(image->path);
	err = erofs_check_image(opened, &wanted, &summary, say_diag());
	tool_set_subject(NULL);
	erofs_image_close(opened);
	if (err || summary.findings)
		return MOUNT_FAILED;
	say_note("%s: verified, %" PRIu64 " fingerprints", image->path, summary.hashed_files);
	return 0;
}

int verify_image(const struct mount_image *image, const struct mount_request *request)
{
	struct remembered record = { 0 };
	int status = trusted_path(image->path);

	for (size_t i = 0; !status && i < image->device_count; i++)
		status = trusted_path(image->devices[i]);
	if (!status)
		status = remembered_measure(&record, image, request);
	if (!status && remembered_is_known(&record))
		say_note("%s: verified before, %s", image->path, record.name);
	else if (!status) {
		status = check(image, request);
		if (!status)
			remembered_add(&record);
	}
	remembered_release(&record);
	return status;
}
