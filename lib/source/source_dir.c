/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/source/source_begin.h"
#include "lib/util/report.h"

static int open_root(struct dir_source *source)
{
	source->root_fd = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source->root_fd < 0)
		return erofs_report(source->diag, -errno, "cannot open the source '%s': %s", source->path,
				    strerror(errno));
	source->proc_works = !access("/proc/self/fd", X_OK);
	return 0;
}

static int open_source(struct dir_source *source)
{
	int err = open_root(source);

	if (!err)
		err = erofs_source_filter_new(&source->filter, source->options, source->diag);
	if (!err && source->options->file_contexts)
		err = erofs_source_labels_open(&source->labels, source->options->file_contexts,
					       source->options->mount_point, source->diag);
	return err;
}

int erofs_scan_directory(struct erofs_tree *tree, const char *path, const struct erofs_scan_options *options,
			 const struct erofs_diag *diag)
{
	struct erofs_scan_options known;
	struct dir_source *source;
	int err = erofs_source_begin(tree, &known, options, "erofs_scan_directory", diag);

	if (err)
		return err;
	if (!path)
		return erofs_report(diag, -EINVAL, "erofs_scan_directory(): no path (NULL)");
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	*source = (struct dir_source){ .tree = tree, .root_fd = -1, .path = path, .own_options = known, .diag = diag };
	source->options = &source->own_options;
	/* From here on the tree owns the source. */
	tree->source = source;
	tree->source_ops = &erofs_source_dir_source_ops;
	err = erofs_tree_set_source_name(tree, path, true);
	if (!err)
		err = open_source(source);
	if (!err)
		err = erofs_source_dir_scan(source);
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	return erofs_source_end(tree, err);
}
