/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/io/file.h"
#include "lib/source/source_dir.h"

bool erofs_source_dir_same(const struct erofs_tree_inode *inode, const struct stat *st)
{
	const struct dir_origin *origin = inode->origin;

	/* Every change of content, size or attributes moves ctime, which nobody can set back. */
	return origin->dev == st->st_dev && origin->ino == st->st_ino && origin->ctime == st->st_ctim.tv_sec &&
	       origin->ctime_nsec == st->st_ctim.tv_nsec &&
	       (!S_ISREG(inode->mode) || inode->size == (uint64_t)st->st_size);
}

/* End of the longest run of components at `path` that one system call takes. */
static size_t piece_length(const char *path)
{
	size_t length = strlen(path);

	if (length < PATH_MAX)
		return length;
	for (length = PATH_MAX - 1; path[length] != '/'; length--)
		;
	return length;
}

static int open_relative(int parent, char *path, size_t length)
{
	char end = path[length];
	int fd;

	path[length] = 0;
	fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	path[length] = end;
	return fd < 0 ? -errno : fd;
}

int erofs_source_dir_open_directory(int root_fd, const struct erofs_tree_inode *dir, struct erofs_buffer *path)
{
	int parent = root_fd;
	char *rest;

	if (!dir->parent)
		return open_relative(root_fd, (char[]){ "." }, 1);
	if (erofs_tree_path(path, dir) != (const char *)path->data)
		return -ENOMEM;
	for (rest = (char *)path->data + 1;; rest++) {
		size_t length = piece_length(rest);
		int fd = open_relative(parent, rest, length);

		if (parent != root_fd)
			close(parent);
		rest += length;
		if (fd < 0 || !*rest)
			return fd;
		parent = fd;
	}
}

/* ---- contents --------------------------------------------------------------------------------------------------------- */

struct dir_reader {
	const struct dir_source *source;
	const struct erofs_diag *diag;
	/* The directory of the file opened last: files come in the order of the tree, so it mostly serves the next one, too. */
	const struct erofs_tree_inode *dir;
	int dir_fd;
	struct erofs_buffer path;
};

static int reader_new(void **out, void *source, const struct erofs_diag *diag)
{
	struct dir_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	*reader = (struct dir_reader){ .source = source, .diag = diag, .dir_fd = -1 };
	*out = reader;
	return 0;
}

static void leave_directory(struct dir_reader *reader)
{
	if (reader->dir_fd >= 0)
		close(reader->dir_fd);
	reader->dir_fd = -1;
	reader->dir = NULL;
}

static void reader_free(void *arg)
{
	struct dir_reader *reader = arg;

	if (!reader)
		return;
	leave_directory(reader);
	erofs_buffer_release(&reader->path);
	free(reader);
}

static int enter_directory(struct dir_reader *reader, const struct erofs_tree_inode *dir)
{
	if (reader->dir == dir)
		return 0;
	leave_directory(reader);
	reader->dir_fd = erofs_source_dir_open_directory(reader->source->root_fd, dir, &reader->path);
	if (reader->dir_fd < 0)
		return erofs_tree_report(reader->diag, reader->dir_fd, dir, "cannot open the directory: %s",
					 strerror(-reader->dir_fd));
	reader->dir = dir;
	return 0;
}

static int report_changed(const struct dir_reader *reader, const struct erofs_tree_inode *inode)
{
	return erofs_tree_report(reader->diag, -EBUSY, inode, "file changed while it was read");
}

static int check_unchanged(const struct dir_reader *reader, const struct erofs_content *content)
{
	struct stat st;

	if (fstat(content->fd, &st))
		return erofs_tree_report(reader->diag, -errno, content->inode, "cannot stat: %s", strerror(errno));
	return erofs_source_dir_same(content->inode, &st) ? 0 : report_changed(reader, content->inode);
}

static void abandon_content(struct erofs_content *content)
{
	if (content->fd >= 0)
		close(content->fd);
	content->fd = -1;
}

static int open_content(void *arg, struct erofs_content *out, const struct erofs_tree_inode *inode)
{
	struct dir_reader *reader = arg;
	int err = enter_directory(reader, inode->parent);

	*out = (struct erofs_content){ .inode = inode, .fd = -1 };
	if (err)
		return err;
	/* O_NONBLOCK: should a FIFO stand there by now, it must not make us wait. */
	out->fd = openat(reader->dir_fd, inode->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	/* Whether it still is the file that was scanned is asked once, when its bytes have been read. */
	return out->fd < 0 ? erofs_tree_report(reader->diag, -errno, inode, "cannot open: %s", strerror(errno)) : 0;
}

static int read_content(void *arg, struct erofs_content *content, void *buf, size_t length, uint64_t offset)
{
	struct dir_reader *reader = arg;
	int err = erofs_file_read_at(content->fd, buf, length, offset);
	struct stat st;

	if (!err)
		return 0;
	if (!fstat(content->fd, &st) && !erofs_source_dir_same(content->inode, &st))
		return report_changed(reader, content->inode);
	return erofs_tree_report(reader->diag, err, content->inode, "cannot read: %s", strerror(-err));
}

static int close_content(void *arg, struct erofs_content *content)
{
	int err = check_unchanged(arg, content);

	abandon_content(content);
	return err;
}

static void release_source(void *arg)
{
	struct dir_source *source = arg;

	erofs_source_labels_close(source->labels);
	erofs_source_filter_free(source->filter);
	erofs_source_losses_release(&source->losses);
	erofs_source_unreadable_release(&source->unreadable);
	if (source->root_fd >= 0)
		close(source->root_fd);
	free(source);
}

const struct erofs_source_ops erofs_source_dir_source_ops = {
	.reader_new = reader_new,
	.reader_free = reader_free,
	.open = open_content,
	.read = read_content,
	.close = close_content,
	.abandon = abandon_content,
	.release = release_source,
};
