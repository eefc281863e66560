/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "fuse/operations.h"
#include "fuse/view.h"

/* "." is what Linux asks for when it has a number from a file handle, and has forgotten the inode. */
static int find(const struct view *view, struct erofs_inode *out, fuse_ino_t parent, const char *name)
{
	struct erofs_inode dir;
	uint64_t nid;
	int err = view_inode(view, &dir, parent);

	if (err)
		return err;
	if (!strcmp(name, ".")) {
		*out = dir;
		return 0;
	}
	err = erofs_image_lookup_at(view->image, &nid, &dir, name, strlen(name));
	return err ? err : view_inode_by_nid(view, out, nid);
}

void operation_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	const struct view *view = view_of(request);
	struct fuse_entry_param entry = { .entry_timeout = VIEW_FOREVER };
	struct erofs_inode inode;
	int err = find(view, &inode, parent, name);

	if (err && err != -ENOENT) {
		view_reply_error(view, request, view_nid(view, parent), "a name cannot be looked up in it", err);
		return;
	}
	/* Without a number, it says that there is no such name, and will never be. */
	if (!err)
		view_entry(view, &entry, &inode);
	fuse_reply_entry(request, &entry);
}

void operation_getattr(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	const struct view *view = view_of(request);
	struct erofs_inode inode;
	struct stat shown;
	int err = view_inode(view, &inode, number);

	(void)file;
	if (err) {
		view_reply_error(view, request, view_nid(view, number), "the inode cannot be read", err);
		return;
	}
	view_stat(view, &shown, &inode);
	fuse_reply_attr(request, &shown, VIEW_FOREVER);
}

void operation_readlink(fuse_req_t request, fuse_ino_t number)
{
	const struct view *view = view_of(request);
	char target[EROFS_SYMLINK_MAX + 1];
	struct erofs_inode inode;
	int64_t length = view_inode(view, &inode, number);

	if (!length)
		length = erofs_image_read(view->image, &inode, target, EROFS_SYMLINK_MAX, 0);
	/* No target is empty, or has a NUL byte in it. */
	if (!length || (length > 0 && memchr(target, 0, (size_t)length)))
		length = -EUCLEAN;
	if (length < 0) {
		view_reply_error(view, request, view_nid(view, number), "the target cannot be read", (int)length);
		return;
	}
	target[length] = 0;
	fuse_reply_readlink(request, target);
}

void operation_statfs(fuse_req_t request, fuse_ino_t number)
{
	const struct view *view = view_of(request);
	const struct statvfs shown = {
		.f_bsize = 1ul << view->sb->blkszbits,
		.f_frsize = 1ul << view->sb->blkszbits,
		.f_blocks = view->sb->blocks,
		/* As the kernel's own EROFS has it: no end of inodes, but for those that are there. */
		.f_files = UINT64_MAX,
		.f_ffree = UINT64_MAX - view->sb->inos,
		.f_favail = UINT64_MAX - view->sb->inos,
		.f_namemax = EROFS_NAME_MAX,
	};

	(void)number;
	fuse_reply_statfs(request, &shown);
}
