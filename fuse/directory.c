/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "fuse/operations.h"
#include "fuse/view.h"

/* One answer on its way. */
struct listing {
	fuse_req_t request;
	const struct view *view;
	struct erofs_inode inode;
	struct erofs_dir *dir;
	bool with_attributes;
	char *out;
	size_t size, used;
};

static mode_t mode_of(enum erofs_file_type type)
{
	static const mode_t modes[] = { 0, S_IFREG, S_IFDIR, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK };

	return type < sizeof(modes) / sizeof(modes[0]) ? modes[type] : 0;
}

/*
 * What is told of an entry besides its name. Of . and .. Linux wants no more than number and type; nor is there more of an inode that
 * cannot be read: its name is listed, and whoever opens it gets the error.
 */
static void describe(const struct listing *listing, struct fuse_entry_param *out, const struct erofs_dirent *entry)
{
	bool dots = !strcmp(entry->name, ".") || !strcmp(entry->name, "..");
	struct erofs_inode inode;

	if (listing->with_attributes && !dots && !view_inode_by_nid(listing->view, &inode, entry->nid)) {
		view_entry(listing->view, out, &inode);
		return;
	}
	*out = (struct fuse_entry_param){ 0 };
	out->attr.st_ino = view_shown_number(entry->nid);
	out->attr.st_mode = mode_of(entry->type);
}

/* False: there is no room for it. */
static bool add(struct listing *listing, const struct erofs_dirent *entry, off_t next)
{
	size_t room = listing->size - listing->used, needed;
	struct fuse_entry_param what;

	describe(listing, &what, entry);
	needed = listing->with_attributes ? fuse_add_direntry_plus(listing->request, listing->out + listing->used, room,
								   entry->name, &what, next)
					  : fuse_add_direntry(listing->request, listing->out + listing->used, room,
							      entry->name, &what.attr, next);
	if (needed > room)
		return false;
	listing->used += needed;
	return true;
}

/* An error counts only where it comes first: what was found before it is an answer, and the next request comes upon it again. */
static int fill(struct listing *listing, off_t at)
{
	struct erofs_dirent entry;
	int found = erofs_dir_seek(listing->dir, (uint64_t)at);

	if (found)
		return found;
	while ((found = erofs_dir_next(listing->dir, &entry)) > 0)
		if (!add(listing, &entry, (off_t)erofs_dir_position(listing->dir)))
			return 0;
	return listing->used ? 0 : found;
}

static void list(fuse_req_t request, fuse_ino_t number, size_t size, off_t at, bool with_attributes)
{
	const struct view *view = view_of(request);
	struct listing listing = { .request = request, .view = view, .with_attributes = with_attributes, .size = size };
	struct buffer *buffer = buffers_take(view->buffers, size);
	int err = buffer ? view_inode(view, &listing.inode, number) : -ENOMEM;

	if (!err)
		err = erofs_dir_open(&listing.dir, view->image, &listing.inode);
	if (!err) {
		listing.out = (char *)buffer->bytes;
		err = fill(&listing, at);
	}
	if (err)
		view_reply_error(view, request, view_nid(view, number), "the directory cannot be read", err);
	else
		fuse_reply_buf(request, listing.out, listing.used);
	erofs_dir_close(listing.dir);
	if (buffer)
		buffers_give_back(view->buffers, buffer);
}

void operation_readdir(fuse_req_t request, fuse_ino_t number, size_t size, off_t at, struct fuse_file_info *file)
{
	(void)file;
	list(request, number, size, at, false);
}

void operation_readdirplus(fuse_req_t request, fuse_ino_t number, size_t size, off_t at, struct fuse_file_info *file)
{
	(void)file;
	list(request, number, size, at, true);
}
