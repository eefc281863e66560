/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <erofs/text.h>

#include "lib/extract/extract.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#define PERMISSIONS	0777u
#define ALL_MODE_BITS	07777u
#define NSEC_PER_SECOND 1000000000u

/* One object whose attributes are being set. */
struct object {
	struct erofs_extract *extract;
	const struct erofs_extract_place *place;
	const struct erofs_inode *inode;
	int fd;
};

/* chown() takes it for "no change", so no file can have it. */
#define NO_OWNER UINT32_MAX

/* `*set` tells whether the object has its owner now: without it, it must not have its set-id bits either. */
static int set_owner(const struct object *object, bool *set)
{
	uid_t uid = object->inode->uid;
	gid_t gid = object->inode->gid;
	bool possible = uid != NO_OWNER && gid != NO_OWNER;
	int ret = object->fd >= 0 ? fchown(object->fd, uid, gid)
				  : fchownat(object->place->dir, object->place->name, uid, gid, AT_SYMLINK_NOFOLLOW);

	*set = !ret && possible;
	if (*set)
		return 0;
	return erofs_extract_not_set(object->extract, object->place, EROFS_EXTRACT_OWNER, ret ? -errno : -EINVAL,
				     "cannot set owner %u:%u: %s", object->inode->uid, object->inode->gid,
				     possible ? strerror(errno) : "no file can have the id 4294967295");
}

static int set_mode(const struct object *object, mode_t mode)
{
	int ret = object->fd >= 0 ? fchmod(object->fd, mode)
				  : fchmodat(object->place->dir, object->place->name, mode, AT_SYMLINK_NOFOLLOW);

	if (!ret)
		return 0;
	return erofs_extract_not_set(object->extract, object->place, EROFS_EXTRACT_MODE, -errno,
				     "cannot set mode %04o: %s", (unsigned int)mode, strerror(errno));
}

static int set_times(const struct object *object)
{
	struct timespec times[2];
	int ret;

	/* Above that are the kernel's words for "now" and "leave it". */
	if (object->inode->mtime_nsec >= NSEC_PER_SECOND)
		return erofs_extract_failed(object->extract, object->place, -EUCLEAN, "impossible time in the image");
	times[0].tv_sec = object->inode->mtime;
	times[0].tv_nsec = object->inode->mtime_nsec;
	times[1] = times[0];
	ret = object->fd >= 0 ? futimens(object->fd, times)
			      : utimensat(object->place->dir, object->place->name, times, AT_SYMLINK_NOFOLLOW);
	if (!ret)
		return 0;
	return erofs_extract_failed(object->extract, object->place, -errno, "cannot set times: %s", strerror(errno));
}

/* ---- extended attributes -------------------------------------------------------------------------------------------------- */

/* There is no call that sets an attribute by directory and name; the last component of this path is not followed. */
static int set_by_name(const struct object *object, const char *name, const void *value, size_t size)
{
	char path[sizeof("/proc/self/fd/") + 12 + EROFS_NAME_MAX + 1];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", object->place->dir, object->place->name);
	return lsetxattr(path, name, value, size, 0);
}

static int set_xattr(const struct object *object, const struct erofs_xattr *xattr)
{
	struct erofs_extract *extract = object->extract;
	erofs_auto_free char *shown = erofs_escape(xattr->name, xattr->name_len);
	int ret;

	if (!xattr->base_index) {
		erofs_message(extract->diag, EROFS_SEV_NOTE, "xattr %s is in no namespace and is left out",
			      shown ? shown : "");
		return 0;
	}
	ret = memchr(xattr->name, 0, xattr->name_len) ? -EUCLEAN
						      : erofs_xattr_value(extract->image, xattr, extract->buffer);
	if (ret)
		return erofs_extract_failed(extract, object->place, ret, "cannot read xattr %s", shown ? shown : "");
	if (object->fd >= 0)
		ret = fsetxattr(object->fd, xattr->name, extract->buffer, xattr->value_size, 0);
	else
		ret = set_by_name(object, xattr->name, extract->buffer, xattr->value_size);
	if (!ret)
		return 0;
	ret = -errno;
	/* What a file system has for one object's attributes is used up; that says nothing about the next object. */
	if (ret == -ENOSPC || ret == -EDQUOT)
		ret = -E2BIG;
	return erofs_extract_not_set(extract, object->place, EROFS_EXTRACT_XATTR, ret, "cannot set xattr %s: %s",
				     shown ? shown : "", strerror(errno));
}

static void close_iter(struct erofs_xattr_iter **iter)
{
	erofs_xattr_close(*iter);
}

/* A fingerprint says what the image holds. Nothing keeps it true of a file that can be changed. */
static bool is_wanted(const struct erofs_extract *extract, const char *name)
{
	char own[sizeof(((struct erofs_xattr *)NULL)->name)];

	return extract->options->restore_fingerprints ||
	       erofs_image_fingerprint_name(extract->image, own, sizeof(own)) || strcmp(name, own) != 0;
}

static int set_xattrs(const struct object *object)
{
	erofs_auto(close_iter) struct erofs_xattr_iter *iter = NULL;
	struct erofs_xattr xattr;
	int first = 0, found;

	if (!object->inode->xattr_icount)
		return 0;
	found = erofs_xattr_open(&iter, object->extract->image, object->inode);
	while (!found && (found = erofs_xattr_next(iter, &xattr)) > 0) {
		int err = is_wanted(object->extract, xattr.name) ? set_xattr(object, &xattr) : 0;

		first = first ? first : err;
		found = erofs_extract_is_fatal(err) ? err : 0;
		if (found)
			return found;
	}
	if (found < 0)
		return erofs_extract_failed(object->extract, object->place, found, "cannot read its xattrs");
	return first;
}

/* ---- all of them ---------------------------------------------------------------------------------------------------------- */

/*
 * chown drops set-id bits and file capabilities, so it goes first; a set-id bit must not end up with the wrong owner. The
 * mode comes behind the xattrs, because it may take away the permission to set them.
 */
int erofs_extract_meta(struct erofs_extract *extract, const struct erofs_extract_place *place, int fd,
		       const struct erofs_inode *inode, mode_t made_mode)
{
	const struct erofs_extract_options *options = extract->options;
	struct object object = { .extract = extract, .place = place, .inode = inode, .fd = fd };
	mode_t mode = made_mode & inode->mode & PERMISSIONS;
	bool has_owner = true;
	int err, first = options->preserve_owner ? set_owner(&object, &has_owner) : 0;

	if (options->preserve_perms)
		mode = inode->mode & (has_owner ? ALL_MODE_BITS : PERMISSIONS);
	err = options->preserve_xattrs ? set_xattrs(&object) : 0;
	first = first ? first : err;
	if (!S_ISLNK(inode->mode) && (options->preserve_perms || mode != (made_mode & ALL_MODE_BITS))) {
		err = set_mode(&object, mode);
		first = first ? first : err;
	}
	err = set_times(&object);
	return first ? first : err;
}
