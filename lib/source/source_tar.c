/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_tar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/source/source_begin.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * One pass over the members makes the tree. If the archive is a file, the pass goes over the headers only, and contents are
 * read from their places later; else it goes as far as the builder asks for the next file, and on.
 */

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
	if (!err)
		err = erofs_tree_set_source_name(tree, path && strcmp(path, "-") != 0 ? path : "standard input", false);
	if (!err && source->input.is_random)
		err = read_members(source);
	else if (!err)
		tree->arrival_ops = &erofs_source_tar_arrival_ops;
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	return erofs_source_end(tree, err);
}
