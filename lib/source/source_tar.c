/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "lib/source/source_begin.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * One pass over the members makes the tree. If the archive is a file, the pass goes over the headers only, and contents are
 * read from their places later; else it goes as far as the builder asks for the next file, and on.
 */

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

static int read_members(struct tar_source *source)
{
	struct erofs_tree_inode *inode;
	int more;

	while ((more = erofs_source_tar_next_file(source, &inode)) > 0)
		;
	if (!more && !erofs_archive_tar_input_is_unchanged(&source->input))
		more = erofs_report(source->diag, -EBUSY, "%s changed while it was read", source->input.name);
	return more;
}

static int open_source(struct tar_source *source, const char *path)
{
	const struct erofs_scan_options *options = source->options;
	int err = erofs_archive_tar_input_open(&source->input, path, options->cancel, source->diag);

	if (!err)
		err = erofs_tree_paths_init(&source->paths, source->tree);
	if (!err)
		err = erofs_source_filter_new(&source->filter, options, source->diag);
	if (!err && options->file_contexts)
		err = erofs_source_labels_open(&source->labels, options->file_contexts, options->mount_point,
					       source->diag);
	return err;
}

int erofs_scan_tar(struct erofs_tree *tree, const char *path, const struct erofs_scan_options *options,
		   const struct erofs_diag *diag)
{
	struct erofs_scan_options known;
	struct tar_source *source;
	int err = erofs_source_begin(tree, &known, options, "erofs_scan_tar", diag);

	if (err)
		return err;
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	*source = (struct tar_source){
		.tree = tree,
		.own_options = known,
		.diag = diag,
		.input = { .fd = -1 },
		.members = { .input = &source->input, .diag = diag },
	};
	source->options = &source->own_options;
	/* From here on the tree owns the source. */
	tree->source = source;
	tree->source_ops = &erofs_source_tar_source_ops;
	err = open_source(source, path);
	if (!err && source->input.is_random)
		err = read_members(source);
	else if (!err)
		tree->stream_ops = &erofs_source_tar_stream_ops;
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	return erofs_source_end(tree, err);
}
