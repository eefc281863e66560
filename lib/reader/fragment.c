/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include <erofs/image.h>

int erofs_image_fragment(const struct erofs_image *image, uint64_t *from, uint64_t *to, const struct erofs_inode *inode)
{
	struct erofs_extent tail, first, last;
	struct erofs_inode packed;
	int found;

	if (!image || !from || !to || !inode)
		return -EINVAL;
	if (!inode->size || !erofs_inode_is_compressed(inode) || erofs_image_packed_inode(image, &packed))
		return -ENODATA;
	found = erofs_image_map(image, &tail, inode, inode->size - 1);
	if (found <= 0 || tail.kind != EROFS_EXTENT_FRAGMENT)
		return found < 0 ? found : -ENODATA;
	found = erofs_image_map(image, &first, &packed, tail.physical);
	if (found > 0)
		found = erofs_image_map(image, &last, &packed, tail.physical + tail.plen - 1);
	if (found <= 0)
		return found ? found : -EUCLEAN;
	*from = first.logical;
	*to = last.logical + last.length;
	return 0;
}
