/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fuse/operations.h"

#include <errno.h>

#include "fuse/view.h"

static void want(struct fuse_conn_info *connection, unsigned int capability, bool wanted)
{
	if (wanted && connection->capable & capability)
		connection->want |= capability;
	else
		connection->want &= ~capability;
}

/* Nothing ever changes, so Linux need not ask twice. */
static void operation_init(void *ctx, struct fuse_conn_info *connection)
{
	struct view *view = ctx;

	view->needs_open = !(connection->capable & FUSE_CAP_NO_OPEN_SUPPORT);
	view->needs_opendir = !(connection->capable & FUSE_CAP_NO_OPENDIR_SUPPORT);
	want(connection, FUSE_CAP_CACHE_SYMLINKS, true);
	want(connection, FUSE_CAP_AUTO_INVAL_DATA, false);
	want(connection, FUSE_CAP_SPLICE_WRITE, true);
	want(connection, FUSE_CAP_EXPORT_SUPPORT, true);
	want(connection, FUSE_CAP_POSIX_ACL, view->enforces);
}

/* Answered with ENOSYS once, Linux opens by itself from then on, and keeps what it has read. */
static void operation_open(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	(void)number;
	if (!view_of(request)->needs_open) {
		fuse_reply_err(request, ENOSYS);
		return;
	}
	file->keep_cache = 1;
	file->noflush = 1;
	fuse_reply_open(request, file);
}

static void operation_opendir(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	(void)number;
	if (!view_of(request)->needs_opendir) {
		fuse_reply_err(request, ENOSYS);
		return;
	}
	file->keep_cache = 1;
	file->cache_readdir = 1;
	fuse_reply_open(request, file);
}

const struct fuse_lowlevel_ops operations = {
	.init = operation_init,
	.lookup = operation_lookup,
	.getattr = operation_getattr,
	.readlink = operation_readlink,
	.open = operation_open,
	.read = operation_read,
	.opendir = operation_opendir,
	.readdir = operation_readdir,
	.readdirplus = operation_readdirplus,
	.statfs = operation_statfs,
	.getxattr = operation_getxattr,
	.listxattr = operation_listxattr,
};
