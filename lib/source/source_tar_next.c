/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/source/source_tar.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Directories that the archive does not mention, and perhaps the root, have no label yet. */
int erofs_source_tar_label_missing_parents(struct tar_source *source)
{
	erofs_auto(erofs_tree_walk_release) struct erofs_tree_walk walk = { 0 };
	struct erofs_tree_inode *dir = NULL;
	int err = source->labels ? erofs_tree_walk_begin(&walk, source->tree) : 0;

	while (!err && source->labels && (err = erofs_tree_walk_next(&walk, &dir)) > 0)
		err = dir->origin ? 0 : erofs_source_tar_set_xattrs(source, dir, NULL, NULL);
	return err;
}

static int complete(struct tar_source *source)
{
	int err = erofs_archive_tar_input_drain(&source->input);

	if (!err)
		err = erofs_tree_paths_finish(&source->paths);
	/* Nobody looks for a path any more. */
	erofs_tree_paths_release(&source->paths);
	if (!err)
		err = erofs_source_tar_label_missing_parents(source);
	source->is_complete = !err;
	if (!err)
		erofs_source_losses_report(&source->losses, source->input.name, source->diag);
	return err;
}

int erofs_source_tar_next_file(struct tar_source *source, struct erofs_tree_inode **out)
{
	struct tar_member member;
	int more = 0, err;

	while (!source->is_complete && (more = erofs_archive_tar_member_next(&source->members, &member)) > 0) {
		if (erofs_cancel_requested(source->options->cancel))
			return -ECANCELED;
		err = erofs_source_tar_add_member(source, &member, out);
		if (err == -ENOMEM)
			erofs_report(source->diag, err, "out of memory");
		if (err)
			return err;
		if (*out && (*out)->size)
			return 1;
	}
	if (more < 0 || source->is_complete)
		return more;
	return complete(source);
}
