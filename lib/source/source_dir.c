/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <erofs/inode.h>

#include "lib/source/source_begin.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * The scan goes level by level: all directories of one depth are read by the workers in parallel, each into its own inode,
 * so that the tree does not depend on which thread read what.
 */

#define LIST_SIZE ((size_t)64 * 1024) /* bytes of directory entries asked for at once */

struct scan_worker {
	struct erofs_arena arena;
	struct erofs_buffer path;  /* of the directory in hand, from the root, without a leading slash */
	struct erofs_buffer names; /* its entries so far: struct erofs_tree_entry */
	struct erofs_buffer found; /* subdirectories for the next level: struct erofs_tree_inode * */
	struct erofs_xattr_scratch xattrs;
	struct erofs_buffer list; /* directory entries as the system hands them out */
	bool asked_for_cwd;	  /* a working directory of the thread's own was asked for */
	bool has_own_cwd;	  /* ... and given */
};

struct scan {
	struct dir_source *source;
	struct erofs_buffer level; /* directories to read: struct erofs_tree_inode * */
	struct scan_worker *workers;
	unsigned int worker_count;
};

/* ---- one inode -------------------------------------------------------------------------------------------------------- */

static int set_target(struct erofs_tree_inode *inode, int dir_fd, const char *name, struct scan_worker *worker,
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

static int set_attributes(struct erofs_tree_inode *inode, const struct stat *st, struct scan_worker *worker)
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

static int set_kind(const struct dir_source *source, struct erofs_tree_inode *inode, const struct stat *st, int dir_fd,
		    struct scan_worker *worker)
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
		return erofs_buffer_append(&worker->found, &inode, sizeof(inode));
	default:
		return 0;
	}
}

static int set_xattrs(struct dir_source *source, struct erofs_tree_inode *inode, const struct dir_place *place,
		      const char *name, struct scan_worker *worker)
{
	if (source->options->ignore_xattrs && !source->options->overlay_xattrs && !source->labels)
		return 0;
	return erofs_source_dir_read_xattrs(source, inode, place, name, &worker->xattrs);
}

static int scan_entry(struct dir_source *source, struct erofs_tree_inode *dir, const struct dir_place *place,
		      const char *name, struct scan_worker *worker)
{
	struct erofs_tree_entry entry = { .inode = erofs_arena_alloc(&worker->arena, sizeof(*entry.inode)) };
	struct stat st;
	int err;

	entry.name = erofs_arena_copy(&worker->arena, name, strlen(name));
	if (!entry.inode || !entry.name)
		return -ENOMEM;
	entry.inode->parent = dir;
	entry.inode->name = entry.name;
	if (strlen(name) > EROFS_NAME_MAX)
		return erofs_tree_report(source->diag, -ENAMETOOLONG, entry.inode, "name is longer than %u bytes",
					 EROFS_NAME_MAX);
	if (fstatat(place->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return erofs_tree_report(source->diag, -errno, entry.inode, "cannot stat: %s", strerror(errno));
	err = set_attributes(entry.inode, &st, worker);
	if (!err)
		err = set_kind(source, entry.inode, &st, place->fd, worker);
	if (!err)
		err = set_xattrs(source, entry.inode, place, entry.name, worker);
	return err ? err : erofs_buffer_append(&worker->names, &entry, sizeof(entry));
}

/* ---- one directory ------------------------------------------------------------------------------------------------------ */

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Whether an exclude option names this entry of the directory whose path is worker->path. */
static int is_excluded(const struct dir_source *source, const char *name, struct scan_worker *worker)
{
	size_t dir_len = worker->path.size;
	bool excluded;
	int err;

	if (!source->filter)
		return 0;
	err = dir_len ? erofs_buffer_append(&worker->path, "/", 1) : 0;
	if (!err)
		err = erofs_buffer_append(&worker->path, name, strlen(name) + 1);
	if (err)
		return err;
	excluded = erofs_source_filter_excludes(source->filter, (const char *)worker->path.data);
	worker->path.size = dir_len;
	return excluded;
}

static int read_name(struct dir_source *source, struct erofs_tree_inode *dir, const struct dir_place *place,
		     const char *name, struct scan_worker *worker)
{
	int excluded;

	if (is_dot(name))
		return 0;
	excluded = is_excluded(source, name, worker);
	return excluded ? (excluded < 0 ? excluded : 0) : scan_entry(source, dir, place, name, worker);
}

static int read_entries(struct dir_source *source, struct erofs_tree_inode *dir, const struct dir_place *place,
			struct scan_worker *worker)
{
	char *list = (char *)worker->list.data;
	ssize_t size;

	while ((size = getdents64(place->fd, list, LIST_SIZE)) > 0) {
		for (ssize_t at = 0; at < size;) {
			const struct dirent64 *entry = (const void *)(list + at);
			int err = read_name(source, dir, place, entry->d_name, worker);

			if (err)
				return err;
			at += entry->d_reclen;
		}
	}
	return size ? erofs_tree_report(source->diag, -errno, dir, "cannot read the directory: %s", strerror(errno))
		    : 0;
}

static int keep_entries(struct erofs_tree_inode *dir, struct scan_worker *worker)
{
	size_t size = worker->names.size;

	dir->dir.count = (uint32_t)(size / sizeof(struct erofs_tree_entry));
	dir->dir.entries = size ? erofs_arena_alloc(&worker->arena, size) : NULL;
	if (size && !dir->dir.entries)
		return -ENOMEM;
	if (size)
		memcpy(dir->dir.entries, worker->names.data, size);
	worker->names.size = 0;
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
static bool enter(const struct dir_source *source, int fd, struct scan_worker *worker)
{
	if (!worker->asked_for_cwd) {
		worker->asked_for_cwd = true;
		worker->has_own_cwd = source->options->workers && !unshare(CLONE_FS);
	}
	return worker->has_own_cwd && !fchdir(fd);
}

static int scan_directory(struct dir_source *source, struct erofs_tree_inode *dir, struct scan_worker *worker)
{
	erofs_auto_fd int fd = -1;
	struct dir_place place;
	struct stat st;
	int err;

	if (erofs_cancel_requested(source->options->cancel))
		return -ECANCELED;
	fd = erofs_source_dir_open_directory(source->root_fd, dir, &worker->path);
	if (fd < 0)
		return erofs_tree_report(source->diag, fd, dir, "cannot open the directory: %s", strerror(-fd));
	place = (struct dir_place){ .fd = fd, .is_cwd = enter(source, fd, worker) };
	err = erofs_buffer_reserve(&worker->list, LIST_SIZE);
	if (!err)
		err = set_relative_path(&worker->path, dir);
	if (!err)
		err = read_entries(source, dir, &place, worker);
	if (err)
		return err;
	if (fstat(fd, &st) || !erofs_source_dir_same(dir, &st))
		return erofs_tree_report(source->diag, -EBUSY, dir, "directory changed while it was read");
	return keep_entries(dir, worker);
}

/* ---- the tree --------------------------------------------------------------------------------------------------------------- */

static int scan_task(void *ctx, unsigned int item, unsigned int worker)
{
	struct scan *scan = ctx;

	return scan_directory(scan->source, ((struct erofs_tree_inode **)scan->level.data)[item],
			      &scan->workers[worker]);
}

static int collect_next_level(struct scan *scan)
{
	int err = 0;

	scan->level.size = 0;
	for (unsigned int i = 0; !err && i < scan->worker_count; i++) {
		err = erofs_buffer_append(&scan->level, scan->workers[i].found.data, scan->workers[i].found.size);
		scan->workers[i].found.size = 0;
	}
	return err;
}

static int scan_levels(struct scan *scan, struct erofs_pool *pool)
{
	struct erofs_tree_inode *root = scan->source->tree->root;
	int err = erofs_buffer_append(&scan->level, &root, sizeof(root));

	while (!err && scan->level.size) {
		err = erofs_pool_each(pool, scan_task, scan, (unsigned int)(scan->level.size / sizeof(root)));
		if (!err)
			err = collect_next_level(scan);
	}
	return err;
}

static void release_workers(struct scan *scan)
{
	for (unsigned int i = 0; i < scan->worker_count; i++) {
		struct scan_worker *worker = &scan->workers[i];

		/* What the workers allocated is part of the tree now, complete or not. */
		erofs_arena_adopt(&scan->source->tree->arena, &worker->arena);
		erofs_buffer_release(&worker->path);
		erofs_buffer_release(&worker->names);
		erofs_buffer_release(&worker->found);
		erofs_buffer_release(&worker->list);
		erofs_source_loss_merge(&scan->source->losses.xattrs, &worker->xattrs.left_out);
		erofs_source_xattr_scratch_release(&worker->xattrs);
	}
	free(scan->workers);
	erofs_buffer_release(&scan->level);
}

static void release_pool(struct erofs_pool **pool)
{
	erofs_pool_free(*pool);
}

static int scan_root(struct scan *scan)
{
	struct dir_source *source = scan->source;
	const struct dir_place place = { .fd = source->root_fd };
	struct stat st;
	int err;

	if (fstat(source->root_fd, &st))
		return erofs_report(source->diag, -errno, "cannot stat '%s': %s", source->path, strerror(errno));
	err = set_attributes(source->tree->root, &st, &scan->workers[0]);
	return err ? err : set_xattrs(source, source->tree->root, &place, NULL, &scan->workers[0]);
}

static int scan_tree(struct dir_source *source)
{
	erofs_auto(release_pool) struct erofs_pool *pool = erofs_pool_new(source->options->workers);
	struct scan scan = { .source = source };
	int err;

	if (!pool)
		return erofs_report(source->diag, -EAGAIN, "cannot start %u workers", source->options->workers);
	scan.worker_count = erofs_pool_width(pool);
	scan.workers = calloc(scan.worker_count, sizeof(*scan.workers));
	if (!scan.workers)
		return -ENOMEM;
	err = scan_root(&scan);
	if (!err)
		err = scan_levels(&scan, pool);
	release_workers(&scan);
	if (!err)
		erofs_source_losses_report(&source->losses, source->path, source->diag);
	if (!err && !source->options->hard_dereference)
		err = erofs_source_dir_merge_links(source->tree);
	return err;
}

static int open_root(struct dir_source *source)
{
	source->root_fd = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source->root_fd < 0)
		return erofs_report(source->diag, -errno, "cannot open the source '%s': %s", source->path,
				    strerror(errno));
	source->proc_works = !access("/proc/self/fd", X_OK);
	return 0;
}

static int open_source(struct dir_source *source)
{
	int err = open_root(source);

	if (!err)
		err = erofs_source_filter_new(&source->filter, source->options, source->diag);
	if (!err && source->options->file_contexts)
		err = erofs_source_labels_open(&source->labels, source->options->file_contexts,
					       source->options->mount_point, source->diag);
	return err;
}

int erofs_scan_directory(struct erofs_tree *tree, const char *path, const struct erofs_scan_options *options,
			 const struct erofs_diag *diag)
{
	struct erofs_scan_options known;
	struct dir_source *source;
	int err = erofs_source_begin(tree, &known, options, "erofs_scan_directory", diag);

	if (err)
		return err;
	if (!path)
		return erofs_report(diag, -EINVAL, "erofs_scan_directory(): no path (NULL)");
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	*source = (struct dir_source){ .tree = tree, .root_fd = -1, .path = path, .own_options = known, .diag = diag };
	source->options = &source->own_options;
	/* From here on the tree owns the source. */
	tree->source = source;
	tree->source_ops = &erofs_source_dir_source_ops;
	err = open_source(source);
	if (!err)
		err = scan_tree(source);
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	return erofs_source_end(tree, err);
}
