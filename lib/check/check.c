/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/check.h>

#include <errno.h>

#include "lib/check/check_state.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

static void release_check(struct erofs_check *check)
{
	erofs_reader_nodes_release(&check->nodes);
	erofs_check_claims_release(&check->claims);
	erofs_index_release(&check->shared);
}

/* Silence about what could not be read would pass for a clean result. */
static int report_unreadable(const struct erofs_check *check)
{
	erofs_auto_free char *path = NULL;

	if (!check->unreadable)
		return 0;
	path = erofs_reader_nodes_path(&check->nodes, check->first_unreadable, NULL, 0);
	return erofs_report(check->diag, -EOPNOTSUPP,
			    "%s: stored in a form that cannot be checked; "
			    "%llu such inodes in the image",
			    path ? path : "(out of memory)", (unsigned long long)check->unreadable);
}

static int report_absent(const struct erofs_check *check)
{
	const struct erofs_check_options *options = check->options;
	erofs_auto_free char *path = NULL;
	enum erofs_severity severity = EROFS_SEV_WARNING;

	check->summary->absent_files = check->absent;
	if (!check->absent)
		return 0;
	/* They were to be read. */
	if (options->verify_fingerprints || options->read_data)
		severity = EROFS_SEV_ERROR;
	path = erofs_reader_nodes_path(&check->nodes, check->first_absent, NULL, 0);
	erofs_message(check->diag, severity,
		      "%s: not checked: its data lie on a device that was not given; "
		      "%llu such files in the image",
		      path ? path : "(out of memory)", (unsigned long long)check->absent);
	return severity == EROFS_SEV_ERROR ? -ENXIO : 0;
}

int erofs_check_image(const struct erofs_image *image, const struct erofs_check_options *options,
		      struct erofs_check_summary *summary, const struct erofs_diag *diag)
{
	struct erofs_check_options known = erofs_check_options_init();
	struct erofs_check_summary ignored;
	erofs_auto(release_check) struct erofs_check check = {
		.image = image,
		.sb = erofs_image_superblock(image),
		.options = &known,
		.summary = summary ? summary : &ignored,
		.diag = diag,
	};
	int unread, err = erofs_sized_take(&known, sizeof(known), options, "erofs_check_options", diag);

	if (err)
		return err;
	if (!image)
		return erofs_report(diag, -EINVAL, "erofs_check_image(): no image (NULL)");
	*check.summary = (struct erofs_check_summary){ 0 };
	err = erofs_check_super(&check);
	if (!err)
		err = erofs_check_tree(&check);
	if (!err)
		err = erofs_check_accounts(&check);
	if (!err)
		err = erofs_check_choose(&check);
	if (!err)
		err = erofs_check_data(&check);
	if (!err)
		err = report_absent(&check);
	if (err && err != -ENXIO)
		return err;
	unread = report_unreadable(&check);
	return unread ? unread : err;
}
