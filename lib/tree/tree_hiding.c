/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>
#include <sys/stat.h>

#include "lib/tree/tree_paths.h"

#define WHITEOUT       ".wh."
#define AUFS_OWN       ".wh..wh."
#define OPAQUE	       ".wh..wh..opq"
#define OPAQUE_XATTR   "trusted.overlay.opaque"
#define WHITEOUT_XATTR "trusted.overlay.whiteout"

enum erofs_hiding erofs_tree_hiding_by_name(const char *component, const char **name)
{
	if (strncmp(component, WHITEOUT, strlen(WHITEOUT)) != 0)
		return EROFS_HIDES_NOTHING;
	if (strcmp(component, OPAQUE) == 0)
		return EROFS_HIDES_SIBLINGS;
	if (strncmp(component, AUFS_OWN, strlen(AUFS_OWN)) == 0)
		return EROFS_HIDES_ITSELF;
	*name = component + strlen(WHITEOUT);
	if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
		return EROFS_HIDES_BADLY;
	return EROFS_HIDES_NAME;
}

/*
 * Linux takes an empty file with the xattr for a whiteout wherever it looks one up. The mark of its directory (opaque is "x")
 * only tells a listing to look.
 */
bool erofs_tree_is_overlay_whiteout(const struct erofs_tree_inode *inode)
{
	if (S_ISREG(inode->mode))
		return !inode->size && erofs_tree_find_xattr(inode, WHITEOUT_XATTR);
	return S_ISCHR(inode->mode) && !inode->rdev.major && !inode->rdev.minor;
}

bool erofs_tree_is_overlay_opaque(const struct erofs_tree_inode *inode)
{
	const struct erofs_tree_xattr *xattr = S_ISDIR(inode->mode) ? erofs_tree_find_xattr(inode, OPAQUE_XATTR) : NULL;

	return xattr && xattr->value_size == 1 && xattr->value[0] == 'y';
}
