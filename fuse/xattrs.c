/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/operations.h"
#include "fuse/view.h"

#define LIST_MAX 65536u /* what Linux takes */

/* The walk through the attributes of an inode. */
static int open_walk(const struct view *view, struct erofs_xattr_iter **out, fuse_ino_t number)
{
	struct erofs_inode inode;
	int err = view_inode(view, &inode, number);

	*out = NULL;
	return err ? err : erofs_xattr_open(out, view->image, &inode);
}

/* Base prefixes that Linux has no handler for are not there for it. */
static bool is_visible(const struct erofs_xattr *xattr)
{
	static const char *const handled[] = { "user.", "trusted.", "security.", "system.posix_acl_access",
					       "system.posix_acl_default" };
	const char *base = erofs_xattr_base_prefix(xattr->base_index);

	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		if (base && !strcmp(base, handled[i]))
			return strlen(xattr->name) == xattr->name_len;
	return false;
}

/* Only callers with privilege are shown these; Linux itself refuses to read them to others. */
static bool is_hidden(const struct view *view, fuse_req_t request, const struct erofs_xattr *xattr)
{
	if (strncmp(xattr->name, "trusted.", strlen("trusted.")))
		return false;
	return !view->has_trusted || fuse_req_ctx(request)->uid;
}

/* ---- list ----------------------------------------------------------------------------------------------------------------- */

/* The names with their NUL bytes, one behind the other; the bytes they take, or a negative errno. */
static ssize_t gather(fuse_req_t request, fuse_ino_t number, char *out)
{
	const struct view *view = view_of(request);
	struct erofs_xattr_iter *walk;
	struct erofs_xattr xattr;
	size_t used = 0;
	int found = open_walk(view, &walk, number);

	if (found)
		return found;
	while ((found = erofs_xattr_next(walk, &xattr)) > 0) {
		if (!is_visible(&xattr) || is_hidden(view, request, &xattr))
			continue;
		if (xattr.name_len + 1 > LIST_MAX - used) {
			found = -E2BIG;
			break;
		}
		memcpy(out + used, xattr.name, xattr.name_len + 1);
		used += xattr.name_len + 1;
	}
	erofs_xattr_close(walk);
	return found < 0 ? found : (ssize_t)used;
}

void operation_listxattr(fuse_req_t request, fuse_ino_t number, size_t size)
{
	const struct view *view = view_of(request);
	struct buffer *buffer = buffers_take(view->buffers, LIST_MAX);
	ssize_t used = buffer ? gather(request, number, (char *)buffer->bytes) : -ENOMEM;

	if (used < 0)
		view_reply_error(view, request, view_nid(view, number), "the xattrs cannot be listed", (int)used);
	else if (!size)
		fuse_reply_xattr(request, (size_t)used);
	else if (size < (size_t)used)
		fuse_reply_err(request, ERANGE);
	else
		fuse_reply_buf(request, (const char *)buffer->bytes, (size_t)used);
	if (buffer)
		buffers_give_back(view->buffers, buffer);
}

/* ---- get ------------------------------------------------------------------------------------------------------------------ */

static int find(const struct view *view, struct erofs_xattr *out, fuse_ino_t number, const char *name)
{
	struct erofs_xattr_iter *walk;
	int found = open_walk(view, &walk, number);

	if (found)
		return found;
	while ((found = erofs_xattr_next(walk, out)) > 0)
		if (is_visible(out) && !strcmp(out->name, name))
			break;
	erofs_xattr_close(walk);
	if (found < 0)
		return found;
	return found ? 0 : -ENODATA;
}

static void reply_value(fuse_req_t request, uint64_t nid, const struct erofs_xattr *xattr)
{
	const struct view *view = view_of(request);
	struct buffer *buffer = buffers_take(view->buffers, xattr->value_size);
	int err = buffer ? erofs_xattr_value(view->image, xattr, buffer->bytes) : -ENOMEM;

	if (err)
		view_reply_error(view, request, nid, "the value of an xattr cannot be read", err);
	else
		fuse_reply_buf(request, (const char *)buffer->bytes, xattr->value_size);
	if (buffer)
		buffers_give_back(view->buffers, buffer);
}

void operation_getxattr(fuse_req_t request, fuse_ino_t number, const char *name, size_t size)
{
	const struct view *view = view_of(request);
	struct erofs_xattr xattr;
	int err = find(view, &xattr, number, name);

	if (err == -ENODATA)
		fuse_reply_err(request, ENODATA);
	else if (err)
		view_reply_error(view, request, view_nid(view, number), "the xattrs cannot be read", err);
	else if (!size)
		fuse_reply_xattr(request, xattr.value_size);
	else if (size < xattr.value_size)
		fuse_reply_err(request, ERANGE);
	else
		reply_value(request, view_nid(view, number), &xattr);
}
