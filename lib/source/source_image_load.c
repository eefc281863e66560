/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/source/source_image.h"

/* What all that reads contents out of an image begins with. */

const char *erofs_source_image_why(int err)
{
	switch (err) {
	case -EUCLEAN:
		return "the image is damaged there";
	case -EOPNOTSUPP:
		return "it is stored in a way that is not known";
	case -ENXIO:
		return "it lies on a device that was not given";
	default:
		return strerror(-err);
	}
}

int erofs_source_image_report_content(const struct image_reader *reader, int err, const struct erofs_tree_inode *inode)
{
	const struct image_origin *origin = inode->origin;
	const char *algorithm = err == -EOPNOTSUPP ? erofs_reader_left_out(origin->layer->image) : NULL;

	if (algorithm)
		return erofs_tree_report(reader->diag, err, inode,
					 "cannot be read from '%s': it is compressed with %s: built without it",
					 origin->layer->path, algorithm);
	return erofs_tree_report(reader->diag, err, inode, "cannot be read from '%s': %s", origin->layer->path,
				 erofs_source_image_why(err));
}

int erofs_source_image_load(struct image_reader *reader, const struct erofs_tree_inode *inode)
{
	const struct image_origin *origin = inode->origin;
	int err;

	if (reader->inode == inode)
		return 0;
	reader->inode = NULL;
	reader->has_map = false;
	err = erofs_image_inode(origin->layer->image, &reader->from, origin->nid);
	if (err)
		return erofs_source_image_report_content(reader, err, inode);
	reader->inode = inode;
	return 0;
}
