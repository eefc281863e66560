/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fuse/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MESSAGE_MAX	 1024
#define SECTOR_BITS	 9u /* of st_blocks */
#define INODES_OF_OTHERS 2u /* numbers that Linux does not have for us: none, and the root */

static void say(const struct view *view, enum erofs_severity severity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(const struct view *view, enum erofs_severity severity, const char *format, ...)
{
	char text[MESSAGE_MAX];
	va_list values;

	if (severity > view->diag->verbosity)
		return;
	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	view->diag->message(view->diag->ctx, severity, text);
}

/* ---- opening -------------------------------------------------------------------------------------------------------------- */

static int check_devices(const struct view *view)
{
	struct erofs_device_slot slot;

	for (unsigned int i = 0; !erofs_image_device_slot(view->image, &slot, i); i++) {
		if (slot.present)
			continue;
		say(view, EROFS_SEV_ERROR, "%s: device %u of its table%s%s is not given; --device=FILE, once for each",
		    view->name, i + 1, slot.tag[0] ? ", " : "", slot.tag);
		return -ENXIO;
	}
	return 0;
}

static int check_root(const struct view *view)
{
	struct erofs_inode root;
	struct erofs_dirent entry;
	struct erofs_dir *dir = NULL;
	int err = erofs_image_inode(view->image, &root, view->sb->root_nid);

	if (!err)
		err = erofs_dir_open(&dir, view->image, &root);
	if (!err)
		err = erofs_dir_next(dir, &entry);
	erofs_dir_close(dir);
	if (err >= 0)
		return 0;
	say(view, EROFS_SEV_ERROR, "%s: its root directory cannot be read: %s", view->name, strerror(-err));
	return err;
}

/* Those who see trusted xattrs have CAP_SYS_ADMIN in the first user namespace; no root of another one has. */
static bool in_first_user_namespace(void)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned long inside = 1, outside = 1, count = 0;
	bool all;

	if (!map)
		return true;
	all = fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && !inside && !outside && count == UINT32_MAX;
	fclose(map);
	return all;
}

int view_open(struct view *view, const char *name, const struct erofs_image_options *options, size_t cache_bytes,
	      const struct erofs_diag *diag)
{
	int err;

	*view = (struct view){ .name = name, .diag = diag, .has_trusted = in_first_user_namespace() };
	err = erofs_image_open(&view->image, name, options, diag);
	if (err)
		return err;
	view->sb = erofs_image_superblock(view->image);
	view->inodes = inodes_new();
	view->pieces = pieces_new(cache_bytes);
	view->buffers = buffers_new();
	if (!view->inodes || !view->pieces || !view->buffers) {
		say(view, EROFS_SEV_ERROR, "%s: %s", name, strerror(ENOMEM));
		return -ENOMEM;
	}
	err = check_devices(view);
	return err ? err : check_root(view);
}

void view_close(struct view *view)
{
	buffers_free(view->buffers);
	pieces_free(view->pieces);
	inodes_free(view->inodes);
	erofs_image_close(view->image);
}

/* ---- inodes --------------------------------------------------------------------------------------------------------------- */

fuse_ino_t view_number(const struct view *view, uint64_t nid)
{
	return nid == view->sb->root_nid ? FUSE_ROOT_ID : nid + INODES_OF_OTHERS;
}

uint64_t view_nid(const struct view *view, fuse_ino_t number)
{
	return number == FUSE_ROOT_ID ? view->sb->root_nid : number - INODES_OF_OTHERS;
}

int view_inode_by_nid(const struct view *view, struct erofs_inode *out, uint64_t nid)
{
	int err;

	if (inodes_find(view->inodes, out, nid))
		return 0;
	err = erofs_image_inode(view->image, out, nid);
	if (!err)
		inodes_keep(view->inodes, out);
	return err;
}

int view_inode(const struct view *view, struct erofs_inode *out, fuse_ino_t number)
{
	return view_inode_by_nid(view, out, view_nid(view, number));
}

/* Measured on Linux 6.18: of an inode in the metabox, bit 63 of the nid is bit 31 of the number. The others make room for it. */
ino_t view_shown_number(uint64_t nid)
{
	if (!(nid & EROFS_NID_IN_METABOX))
		return nid;
	return (nid & 0x7fffffffu) | UINT64_C(1) << 31 | (nid & ~UINT64_C(0x7fffffff)) << 1;
}

static blkcnt_t sectors(const struct view *view, const struct erofs_inode *inode)
{
	uint64_t blksz = UINT64_C(1) << view->sb->blkszbits;
	uint64_t blocks = (inode->size + blksz - 1) >> view->sb->blkszbits;

	if (erofs_inode_is_compressed(inode))
		blocks = inode->u | (uint64_t)inode->startblk_hi << 32;
	return (blkcnt_t)(blocks << (view->sb->blkszbits - SECTOR_BITS));
}

void view_stat(const struct view *view, struct stat *out, const struct erofs_inode *inode)
{
	*out = (struct stat){ .st_ino = view_shown_number(inode->nid),
			      .st_mode = inode->mode,
			      .st_nlink = inode->nlink,
			      .st_uid = inode->uid,
			      .st_gid = inode->gid,
			      .st_size = (off_t)inode->size,
			      .st_blksize = (blksize_t)1 << view->sb->blkszbits };
	out->st_blocks = sectors(view, inode);
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		out->st_rdev = makedev(erofs_rdev_major(inode->u), erofs_rdev_minor(inode->u));
	/* There is but one time; the kernel shows it as all three, too. */
	out->st_mtim = (struct timespec){ .tv_sec = inode->mtime, .tv_nsec = inode->mtime_nsec };
	out->st_atim = out->st_ctim = out->st_mtim;
}

void view_entry(const struct view *view, struct fuse_entry_param *out, const struct erofs_inode *inode)
{
	*out = (struct fuse_entry_param){ .ino = view_number(view, inode->nid),
					  .attr_timeout = VIEW_FOREVER,
					  .entry_timeout = VIEW_FOREVER };
	view_stat(view, &out->attr, inode);
}

/* ---- errors --------------------------------------------------------------------------------------------------------------- */

void view_complain(const struct view *view, uint64_t nid, const char *what, int err)
{
	say(view, EROFS_SEV_WARNING, "%s: nid %" PRIu64 ": %s: %s", view->name, nid, what,
	    err == -EUCLEAN ? "the image is damaged" : strerror(-err));
}

void view_reply_error(const struct view *view, fuse_req_t request, uint64_t nid, const char *what, int err)
{
	view_complain(view, nid, what, err);
	fuse_reply_err(request, -err);
}
