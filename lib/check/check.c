/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/check.h>

#include <errno.h>

#include "lib/check/check_state.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

static void release_check(struct erofs_check *check)
{
	erofs_nodes_release(&check->nodes);
	erofs_claims_release(&check->claims);
	erofs_index_release(&check->shared);
}

/* Silence about what could not be read would pass for a clean result. */
static int report_unreadable(const struct erofs_check *check)
{
	erofs_auto_free char *path = NULL;

	if (!check->unreadable)
		return 0;
	path = erofs_nodes_path(&check->nodes, check->first_unreadable, NULL, 0);
	return erofs_report(check->diag, -EOPNOTSUPP,
			    "%s: stored in a form (such as a metabox) that cannot be checked yet; "
			    "%llu such inodes in the image",
			    path ? path : "(out of memory)", (unsigned long long)check->unreadable);
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
	int err = erofs_sized_take(&known, sizeof(known), options, "erofs_check_options", diag);

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
		err = erofs_check_data(&check);
	if (!err)
		err = report_unreadable(&check);
	return err;
}
