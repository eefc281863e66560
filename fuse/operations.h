/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FUSE_OPERATIONS_H
#define FUSE_OPERATIONS_H

#include "fuse/lowlevel.h"

/* What Linux may ask, for sessions whose user data are a struct view. */
extern const struct fuse_lowlevel_ops operations;

/* Names and attributes. */
void operation_lookup(fuse_req_t request, fuse_ino_t parent, const char *name);
void operation_getattr(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file);
void operation_readlink(fuse_req_t request, fuse_ino_t number);
void operation_statfs(fuse_req_t request, fuse_ino_t number);

/* Directories: from a position that Linux was told before, or 0, as much as goes into `size` bytes. */
void operation_readdir(fuse_req_t request, fuse_ino_t number, size_t size, off_t at, struct fuse_file_info *file);
void operation_readdirplus(fuse_req_t request, fuse_ino_t number, size_t size, off_t at, struct fuse_file_info *file);

/* Contents. */
void operation_read(fuse_req_t request, fuse_ino_t number, size_t size, off_t at, struct fuse_file_info *file);

/* Extended attributes; `size` 0 asks how much there is. */
void operation_getxattr(fuse_req_t request, fuse_ino_t number, const char *name, size_t size);
void operation_listxattr(fuse_req_t request, fuse_ino_t number, size_t size);

#endif
