/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <erofs/inode.h>

#include "lib/source/source_dir_scan.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#define LIST_SIZE ((size_t)64 * 1024) /* bytes of directory entries asked for at once */

/* ---- one inode -------------------------------------------------------------------------------------------------------- */

static int set_target(struct erofs_tree_inode *inode, int dir_fd, const char *name, struct dir_worker *worker,
		      const struct erofs_diag *diag)
{
	char target[EROFS_SYMLINK_MAX + 2];
	ssize_t length = readlinkat(dir_fd, name, target, sizeof(target));

	if (length < 0)
		return erofs_tree_report(diag, -errno, inode, "cannot read the link: %s", strerror(errno));
	if ((size_t)length > EROFS_SYMLINK_MAX)
		return erofs_tree_report(diag, -ENAMETOOLONG, inode, "link target is longer than %u bytes",
					 EROFS_SYMLINK_MAX);
	inode->size = (uint64_t)length;
	inode->target = erofs_arena_copy(&worker->arena, target, (size_t)length);
	return inode->target ? 0 : -ENOMEM;
}

static int set_rdev(struct erofs_tree_inode *inode, const struct stat *st, const struct erofs_diag *diag)
{
	inode->rdev.major = major(st->st_rdev);
	inode->rdev.minor = minor(st->st_rdev);
	if (inode->rdev.major > EROFS_RDEV_MAJOR_MAX || inode->rdev.minor > EROFS_RDEV_MINOR_MAX)
		return erofs_tree_report(diag, -ERANGE, inode, "device number %u:%u does not fit into the format",
					 inode->rdev.major, inode->rdev.minor);
	return 0;
}

static int set_attributes(struct erofs_tree_inode *inode, const struct stat *st, struct dir_worker *worker)
{
	struct dir_origin *origin = erofs_arena_alloc(&worker->arena, sizeof(*origin));

	if (!origin)
		return -ENOMEM;
	*origin = (struct dir_origin){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.ctime = st->st_ctim.tv_sec,
		.ctime_nsec = (uint32_t)st->st_ctim.tv_nsec,
		.source_nlink = S_ISDIR(st->st_mode) ? 1 : (uint32_t)st->st_nlink,
	};
	inode->origin = origin;
	inode->mode = (uint16_t)st->st_mode;
	inode->uid = st->st_uid;
	inode->gid = st->st_gid;
	inode->mtime = st->st_mtim.tv_sec;
	inode->mtime_nsec = (uint32_t)st->st_mtim.tv_nsec;
	return 0;
}

static int set_kind(const struct dir_source *source, struct dir_listing *listing, struct erofs_tree_inode *inode,
		    const struct stat *st, int dir_fd, struct dir_worker *worker)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		inode->size = (uint64_t)st->st_size;
		/* Fewer blocks than the size needs: holes, or a file system that packs its files. */
		if ((uint64_t)st->st_blocks * 512 < inode->size)
			return erofs_source_dir_find_holes(source, inode, dir_fd, inode->name, &worker->arena);
		return 0;
	case S_IFLNK:
		return set_target(inode, dir_fd, inode->name, worker, source->diag);
	case S_IFCHR:
	case S_IFBLK:
		return set_rdev(inode, st, source->diag);
	case S_IFDIR:
		if (erofs_source_dir_is_foreign(source, st))
			return 0;
		return erofs_buffer_append(&listing->subdirectories, &inode, sizeof(inode));
	default:
		return 0;
	}
}

static int read_xattrs(const struct dir_source *source, struct dir_listing *listing, struct erofs_tree_inode *inode,
		       const struct dir_place *place, const char *name, struct dir_worker *worker)
{
	if (source->options->ignore_xattrs && !source->options->overlay_xattrs && !source->labels)
		return 0;
	return erofs_source_dir_read_xattrs(source, &listing->xattrs, inode, place, name, worker);
}

static int add_entry(const struct dir_source *source, struct dir_listing *listing, const struct dir_place *place,
		     const char *name, struct dir_worker *worker)
{
	struct erofs_tree_entry entry = { .inode = erofs_arena_alloc(&worker->arena, sizeof(*entry.inode)) };
	struct stat st;
	int err;

	entry.name = erofs_arena_copy(&worker->arena, name, strlen(name));
	if (!entry.inode || !entry.name)
		return -ENOMEM;
	entry.inode->parent = listing->dir;
	entry.inode->name = entry.name;
	if (strlen(name) > EROFS_NAME_MAX)
		return erofs_tree_report(source->diag, -ENAMETOOLONG, entry.inode, "name is longer than %u bytes",
					 EROFS_NAME_MAX);
	if (fstatat(place->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return erofs_tree_report(source->diag, -errno, entry.inode, "cannot stat: %s", strerror(errno));
	err = erofs_source_dir_admits(source, &worker->unreadable, entry.inode, &st, place->fd, name);
	if (err <= 0)
		return err;
	err = set_attributes(entry.inode, &st, worker);
	if (!err)
		err = set_kind(source, listing, entry.inode, &st, place->fd, worker);
	if (!err)
		err = read_xattrs(source, listing, entry.inode, place, entry.name, worker);
	return err ? err : erofs_buffer_append(&worker->entries, &entry, sizeof(entry));
}

/* ---- one directory ------------------------------------------------------------------------------------------------------ */

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Whether an exclude option names this entry: 1, 0, or -ENOMEM. */
static int is_excluded(const struct dir_source *source, struct dir_listing *listing, const char *name,
		       struct dir_worker *worker)
{
	size_t dir_len = worker->path.size;
	int err;

	if (!source->filter)
		return 0;
	err = dir_len ? erofs_buffer_append(&worker->path, "/", 1) : 0;
	if (!err)
		err = erofs_buffer_append(&worker->path, name, strlen(name) + 1);
	if (!err && erofs_source_filter_matches(source->filter, (const char *)worker->path.data))
		err = erofs_buffer_append(&listing->excluded, worker->path.data, worker->path.size) ? -ENOMEM : 1;
	worker->path.size = dir_len;
	return err;
}

static int read_name(const struct dir_source *source, struct dir_listing *listing, const struct dir_place *place,
		     const char *name, struct dir_worker *worker)
{
	int excluded;

	if (is_dot(name))
		return 0;
	excluded = is_excluded(source, listing, name, worker);
	return excluded ? (excluded < 0 ? excluded : 0) : add_entry(source, listing, place, name, worker);
}

static int read_entries(const struct dir_source *source, struct dir_listing *listing, const struct dir_place *place,
			struct dir_worker *worker)
{
	char *list = (char *)worker->list.data;
	ssize_t size;

	while ((size = getdents64(place->fd, list, LIST_SIZE)) > 0) {
		for (ssize_t at = 0; at < size;) {
			const struct dirent64 *entry = (const void *)(list + at);
			int err = read_name(source, listing, place, entry->d_name, worker);

			if (err)
				return err;
			at += entry->d_reclen;
		}
	}
	return size ? erofs_tree_report(source->diag, -errno, listing->dir, "cannot read the directory: %s",
					strerror(errno))
		    : 0;
}

static int keep_entries(struct erofs_tree_inode *dir, struct dir_worker *worker)
{
	size_t size = worker->entries.size;

	dir->dir.count = (uint32_t)(size / sizeof(struct erofs_tree_entry));
	dir->dir.entries = size ? erofs_arena_alloc(&worker->arena, size) : NULL;
	if (size && !dir->dir.entries)
		return -ENOMEM;
	if (size)
		memcpy(dir->dir.entries, worker->entries.data, size);
	return 0;
}

static int set_relative_path(struct erofs_buffer *path, const struct erofs_tree_inode *dir)
{
	const char *absolute = erofs_tree_path(path, dir);

	if (absolute != (const char *)path->data)
		return -ENOMEM;
	path->size--;
	memmove(path->data, path->data + 1, path->size + 1);
	return 0;
}

/*
 * Standing in a directory makes naming its files cheap. A worker's thread can have a working directory of its own; the
 * caller's thread must keep the one it has.
 */
static bool enter(const struct dir_source *source, int fd, struct dir_worker *worker)
{
	if (!worker->asked_for_cwd) {
		worker->asked_for_cwd = true;
		worker->has_own_cwd = source->options->workers && !unshare(CLONE_FS);
	}
	return worker->has_own_cwd && !fchdir(fd);
}

int erofs_source_dir_list(const struct dir_source *source, struct dir_listing *listing, struct dir_worker *worker)
{
	struct erofs_tree_inode *dir = listing->dir;
	erofs_auto_fd int fd = -1;
	struct dir_place place;
	struct stat st;
	int err;

	fd = erofs_source_dir_open_directory(source->root_fd, dir, &worker->path);
	if (fd < 0)
		return erofs_tree_report(source->diag, fd, dir, "cannot open the directory: %s", strerror(-fd));
	place = (struct dir_place){ .fd = fd, .is_cwd = enter(source, fd, worker) };
	worker->entries.size = 0;
	err = erofs_buffer_reserve(&worker->list, LIST_SIZE);
	if (!err)
		err = set_relative_path(&worker->path, dir);
	if (!err)
		err = read_entries(source, listing, &place, worker);
	if (err)
		return err;
	if (fstat(fd, &st) || !erofs_source_dir_same(dir, &st))
		return erofs_tree_report(source->diag, -EBUSY, dir, "directory changed while it was read");
	return keep_entries(dir, worker);
}

int erofs_source_dir_list_root(struct dir_source *source, struct dir_listing *listing, struct dir_worker *worker)
{
	const struct dir_place place = { .fd = source->root_fd };
	struct erofs_tree_inode *root = source->tree->root;
	struct stat st;
	int err;

	if (fstat(source->root_fd, &st))
		return erofs_report(source->diag, -errno, "cannot stat '%s': %s", source->path, strerror(errno));
	source->root_dev = st.st_dev;
	err = set_attributes(root, &st, worker);
	return err ? err : read_xattrs(source, listing, root, &place, NULL, worker);
}
