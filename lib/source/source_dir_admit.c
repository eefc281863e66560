/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/source/source_dir.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Which files of a directory the tree may have. */

bool erofs_source_dir_is_foreign(const struct dir_source *source, const struct stat *st)
{
	return source->options->one_file_system && st->st_dev != source->root_dev;
}

/* Files of an overlay may have another device than its directories have: only a mount point tells. */
static bool is_mounted(int dir_fd, const char *name)
{
	struct statx st;

	return !statx(dir_fd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) &&
	       (st.stx_attributes_mask & st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static void note(const struct dir_source *source, const struct erofs_tree_inode *inode, const char *text)
{
	erofs_auto_free char *path = NULL;

	if (!erofs_wants(source->diag, EROFS_SEV_NOTE))
		return;
	path = erofs_tree_shown_path(inode);
	erofs_message(source->diag, EROFS_SEV_NOTE, "%s: %s", path ? path : inode->name, text);
}

/*
 * Saves a call for nearly every file. An ACL may still keep one user out, which reading tells; where such files are to be left out,
 * each is asked about.
 */
static bool is_open_to_all(const struct dir_source *source, const struct stat *st)
{
	mode_t bits = S_ISDIR(st->st_mode) ? 0555 : 0444;

	return !source->options->ignore_unreadable && (st->st_mode & bits) == bits;
}

/*
 * Whether it can be opened for reading: 0 or a negative errno. Asking is cheaper than opening, but only opening counts: sandboxes are
 * known to refuse the question.
 */
static int check_access(const struct stat *st, int dir_fd, const char *name)
{
	bool is_directory = S_ISDIR(st->st_mode);
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, fd, err;

	if (!faccessat(dir_fd, name, is_directory ? R_OK | X_OK : R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) ||
	    (errno != EACCES && errno != EPERM))
		return 0;
	err = -errno;
	fd = openat(dir_fd, name, is_directory ? flags | O_DIRECTORY : flags);
	if (fd < 0)
		return -errno;
	/* A directory that shows its names, but not what they are. */
	if (!is_directory || !faccessat(fd, ".", F_OK, AT_EACCESS))
		err = 0;
	close(fd);
	return err;
}

int erofs_source_dir_admits(const struct dir_source *source, struct erofs_unreadable *unreadable,
			    const struct erofs_tree_inode *inode, const struct stat *st, int dir_fd, const char *name)
{
	bool is_foreign = erofs_source_dir_is_foreign(source, st);
	int err;

	if (is_foreign && S_ISDIR(st->st_mode)) {
		note(source, inode, "left empty: another file system is mounted on it");
		return 1;
	}
	if (is_foreign && is_mounted(dir_fd, name)) {
		note(source, inode, "left out: another file system is mounted on it");
		return 0;
	}
	if ((!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) || is_open_to_all(source, st))
		return 1;
	err = check_access(st, dir_fd, name);
	/* Anything else is told when it is read. */
	if (err != -EACCES && err != -EPERM)
		return 1;
	return erofs_source_unreadable_add(unreadable, inode, err);
}
