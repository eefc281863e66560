/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/extract/extract.h"
#include "lib/io/file.h"
#include "lib/util/cleanup.h"

#define PERMISSIONS 0777u

int erofs_extract_clear(struct erofs_extract *extract, const struct erofs_extract_place *place)
{
	struct stat st;

	if (fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			return 0;
		return erofs_extract_failed(extract, place, -errno, "%s", strerror(errno));
	}
	if (S_ISDIR(st.st_mode))
		return erofs_extract_failed(extract, place, -EISDIR, "a directory is in its place");
	if (!extract->options->overwrite)
		return erofs_extract_failed(extract, place, -EEXIST, "it exists already");
	if (unlinkat(place->dir, place->name, 0))
		return erofs_extract_failed(extract, place, -errno, "cannot replace it: %s", strerror(errno));
	return 0;
}

/* ---- data ---------------------------------------------------------------------------------------------------------------- */

static int damaged(struct erofs_extract *extract, const struct erofs_extract_place *place, int err)
{
	const char *why = strerror(-err);

	if (err == -EUCLEAN)
		why = "the image is damaged";
	if (err == -EOPNOTSUPP)
		why = "they are in a form that cannot be read yet";
	if (err == -ENXIO)
		why = "they are on a device that was not given";
	return erofs_extract_failed(extract, place, err, "cannot read its data: %s", why);
}

/* `at`: how much of the next file has been unpacked. */
static void report_progress(const struct erofs_extract *extract, uint64_t at)
{
	const struct erofs_extract_options *options = extract->options;
	struct erofs_extract_progress progress = extract->done;

	progress.bytes += at;
	if (options->progress)
		options->progress(options->progress_ctx, &progress);
}

static int copy_extent(struct erofs_extract *extract, const struct erofs_extract_place *place, int fd,
		       const struct erofs_inode *inode, const struct erofs_extent *extent)
{
	uint64_t end = extent->logical + extent->length;

	for (uint64_t offset = extent->logical; offset < end;) {
		uint64_t rest = end - offset;
		size_t part = rest < EROFS_EXTRACT_BUFFER ? (size_t)rest : EROFS_EXTRACT_BUFFER;
		int64_t count = erofs_image_read(extract->image, inode, extract->buffer, part, offset);
		int err;

		if (count <= 0)
			return damaged(extract, place, count ? (int)count : -EUCLEAN);
		err = erofs_file_write_at(fd, extract->buffer, (size_t)count, offset);
		if (err)
			return erofs_extract_failed(extract, place, err, "cannot write: %s", strerror(-err));
		err = erofs_extract_append_digest(extract, place, extract->buffer, (size_t)count, offset);
		if (err)
			return err;
		offset += (uint64_t)count;
		report_progress(extract, offset);
	}
	return 0;
}

int erofs_extract_data(struct erofs_extract *extract, const struct erofs_extract_place *place, int fd,
		       const struct erofs_inode *inode)
{
	struct erofs_extent extent;
	int found, err;

	/* The length first: what is not written is a hole, and a file that cannot be so long fails before any work. */
	if (ftruncate(fd, (off_t)inode->size))
		return erofs_extract_failed(extract, place, -errno, "cannot make it %llu bytes long: %s",
					    (unsigned long long)inode->size, strerror(errno));
	err = erofs_extract_begin_digest(extract, place, inode);
	if (err)
		return err;
	for (uint64_t offset = 0; (found = erofs_image_map(extract->image, &extent, inode, offset)) > 0;
	     offset = extent.logical + extent.length) {
		if (extent.kind == EROFS_EXTENT_HOLE)
			continue;
		err = copy_extent(extract, place, fd, inode, &extent);
		if (err)
			return err;
	}
	return found ? damaged(extract, place, found) : erofs_extract_end_digest(extract, place, inode);
}

/* ---- objects -------------------------------------------------------------------------------------------------------------- */

/* Permission bits to make an object with; the right ones come last. */
static mode_t first_mode(const struct erofs_extract *extract, const struct erofs_inode *inode)
{
	return extract->options->preserve_perms ? 0600 : (inode->mode & PERMISSIONS) | 0600;
}

static int make_regular(struct erofs_extract *extract, const struct erofs_extract_place *place,
			const struct erofs_inode *inode)
{
	erofs_auto_fd int fd = openat(place->dir, place->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				      first_mode(extract, inode));
	struct stat st;
	int err;

	if (fd < 0 || fstat(fd, &st))
		return erofs_extract_failed(extract, place, -errno, "cannot create it: %s", strerror(errno));
	err = erofs_extract_data(extract, place, fd, inode);
	if (err) {
		/* Half a file would pass for the file. */
		unlinkat(place->dir, place->name, 0);
		return err;
	}
	extract->done.files++;
	extract->done.bytes += inode->size;
	report_progress(extract, 0);
	return erofs_extract_meta(extract, place, fd, inode, st.st_mode);
}

static int make_symlink(struct erofs_extract *extract, const struct erofs_extract_place *place,
			const struct erofs_inode *inode)
{
	char target[EROFS_SYMLINK_MAX + 1];
	int64_t count = erofs_image_read(extract->image, inode, target, EROFS_SYMLINK_MAX, 0);

	if (count >= 0 && (!count || (uint64_t)count != inode->size || memchr(target, 0, (size_t)count)))
		count = -EUCLEAN;
	if (count < 0)
		return damaged(extract, place, (int)count);
	target[count] = 0;
	if (symlinkat(target, place->dir, place->name))
		return erofs_extract_failed(extract, place, -errno, "cannot create the symlink: %s", strerror(errno));
	return erofs_extract_meta(extract, place, -1, inode, 0);
}

static int make_special(struct erofs_extract *extract, const struct erofs_extract_place *place,
			const struct erofs_inode *inode)
{
	bool device = S_ISCHR(inode->mode) || S_ISBLK(inode->mode);
	dev_t rdev = device ? makedev(erofs_rdev_major(inode->u), erofs_rdev_minor(inode->u)) : 0;
	struct stat st;

	if (mknodat(place->dir, place->name, (inode->mode & S_IFMT) | first_mode(extract, inode), rdev) ||
	    fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW))
		return erofs_extract_failed(extract, place, -errno, "cannot create the special file: %s",
					    strerror(errno));
	return erofs_extract_meta(extract, place, -1, inode, st.st_mode);
}

int erofs_extract_object(struct erofs_extract *extract, const struct erofs_extract_place *place,
			 const struct erofs_inode *inode)
{
	int err = erofs_extract_clear(extract, place);

	if (err)
		return err;
	if (S_ISREG(inode->mode))
		return make_regular(extract, place, inode);
	if (S_ISLNK(inode->mode))
		return make_symlink(extract, place, inode);
	return make_special(extract, place, inode);
}
