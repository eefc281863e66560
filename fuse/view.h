/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FUSE_VIEW_H
#define FUSE_VIEW_H

#include <stdbool.h>
#include <sys/stat.h>

#include <erofs/image.h>

#include "fuse/buffers.h"
#include "fuse/inodes.h"
#include "fuse/lowlevel.h"
#include "fuse/pieces.h"

/* An image as all threads see it: const but for what has locks of its own. */
struct view {
	struct erofs_image *image;
	const struct erofs_superblock *sb;
	const char *name; /* of the image, for messages; borrowed */
	const struct erofs_diag *diag;
	struct inodes *inodes;
	struct pieces *pieces;
	struct buffers *buffers;
	bool enforces;	  /* the kernel compares callers with modes and ACLs */
	bool has_trusted; /* callers may have the privilege to see trusted xattrs */
	/* Whether Linux does without being asked when files and directories are opened; known after INIT. */
	bool needs_open, needs_opendir;
};

/* What Linux is told of the image stays true for as long as it likes. */
#define VIEW_FOREVER 1e9

/*
 * Opens the image and looks whether its root can be listed and each of its devices was given; says what is wrong. `cache_bytes` of
 * decoded data are kept. view_close() in any case.
 */
int view_open(struct view *view, const char *name, const struct erofs_image_options *options, size_t cache_bytes,
	      const struct erofs_diag *diag);
void view_close(struct view *view);

/* Linux' number of an inode, in which 0 is none and the root FUSE_ROOT_ID; what stat(2) shows is another one. */
fuse_ino_t view_number(const struct view *view, uint64_t nid);
uint64_t view_nid(const struct view *view, fuse_ino_t number);

/* An inode by Linux' number, or its nid. */
int view_inode(const struct view *view, struct erofs_inode *out, fuse_ino_t number);
int view_inode_by_nid(const struct view *view, struct erofs_inode *out, uint64_t nid);

/* As the kernel's own EROFS shows it: the number of an inode, and all of it. */
ino_t view_shown_number(uint64_t nid);
void view_stat(const struct view *view, struct stat *out, const struct erofs_inode *inode);
void view_entry(const struct view *view, struct fuse_entry_param *out, const struct erofs_inode *inode);

/* Says that something about this inode failed, and why. */
void view_complain(const struct view *view, uint64_t nid, const char *what, int err);

/* Answers with an error, and says so if it is one of the image's. */
void view_reply_error(const struct view *view, fuse_req_t request, uint64_t nid, const char *what, int err);

/* The view that a request is about. */
static inline const struct view *view_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

#endif
