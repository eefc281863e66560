/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include <erofs/text.h>

#include "lib/format/format_xattr.h"
#include "lib/source/source_dir.h"
#include "lib/source/source_label.h"
#include "lib/source/source_xattrs.h"
#include "lib/util/cleanup.h"

/*
 * A path for the l*xattr calls, which take no directory and must not open the file: the bare name where the thread stands in
 * the directory; else through /proc, which works at any depth but is slower; without /proc, the plain path.
 */
static int file_path(char *out, size_t size, const struct dir_source *source, const struct erofs_tree_inode *inode,
		     const struct dir_place *place, const char *name)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	int length;

	if (!name)
		name = ".";
	if (place->is_cwd)
		length = snprintf(out, size, "%s", name);
	else if (source->proc_works)
		length = snprintf(out, size, "/proc/self/fd/%d/%s", place->fd, name);
	else
		length = snprintf(out, size, "%s%s", source->path, erofs_tree_path(&path, inode));
	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

static int report_xattr(const struct dir_source *source, const struct erofs_tree_inode *inode, const char *name,
			int err, const char *what)
{
	erofs_auto_free char *shown = erofs_escape(name, strlen(name));

	return erofs_tree_report(source->diag, err, inode, "xattr '%s' %s", shown ? shown : name, what);
}

static int report_unreadable(const struct dir_source *source, const struct erofs_tree_inode *inode, const char *name,
			     int err)
{
	char what[128];

	snprintf(what, sizeof(what), "cannot be read: %s", strerror(-err));
	return report_xattr(source, inode, name, err, what);
}

/* Names of all attributes, each with its NUL, in scratch->names. */
static int list_names(const struct dir_source *source, const struct erofs_tree_inode *inode, const char *path,
		      struct erofs_buffer *names)
{
	ssize_t size;

	if (erofs_buffer_reserve(names, 1024))
		return -ENOMEM;
	/* ERANGE: asked again with the largest list that Linux hands out. */
	size = llistxattr(path, (char *)names->data, names->capacity);
	if (size < 0 && errno == ERANGE) {
		if (erofs_buffer_reserve(names, XATTR_LIST_MAX))
			return -ENOMEM;
		size = llistxattr(path, (char *)names->data, names->capacity);
	}
	names->size = size < 0 ? 0 : (size_t)size;
	if (size >= 0 || errno == ENOTSUP)
		return 0;
	return erofs_tree_report(source->diag, -errno, inode, "cannot list xattrs: %s", strerror(errno));
}

/* What the system does with files on its file system (compression, quotas), or ACLs of another kind, is not for an image. */
static int leave_out(struct erofs_xattr_scratch *scratch, const struct erofs_tree_inode *inode, const char *name)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };

	erofs_source_loss_add_unordered(&scratch->left_out, name, erofs_tree_path(&path, inode));
	return 0;
}

static int check_representable(const struct dir_source *source, const struct erofs_tree_inode *inode, const char *name,
			       uint8_t index, const void *value, size_t value_size)
{
	if (value_size > EROFS_XATTR_VALUE_MAX)
		return report_xattr(source, inode, name, -E2BIG, "is larger than 65535 bytes");
	if ((index == EROFS_XATTR_INDEX_POSIX_ACL_ACCESS || index == EROFS_XATTR_INDEX_POSIX_ACL_DEFAULT) &&
	    erofs_xattr_acl_has_unmapped_id(value, value_size))
		return report_xattr(source, inode, name, -EOVERFLOW,
				    "names an id that this user namespace does not map");
	return 0;
}

/*
 * Appends one value to scratch->values, and its place there to scratch->found: an offset first, because the buffer may move.
 */
static int read_value(struct dir_source *source, const struct erofs_tree_inode *inode, const char *path,
		      const char *name, struct erofs_xattr_scratch *scratch)
{
	struct erofs_xattr_found found = { .name = name };
	uint8_t index;
	size_t rest;
	ssize_t size;

	if (!erofs_xattr_split_name(&index, &rest, name, strlen(name)))
		return leave_out(scratch, inode, name);
	if (erofs_buffer_reserve(&scratch->values, scratch->values.size + XATTR_SIZE_MAX))
		return -ENOMEM;
	size = lgetxattr(path, name, scratch->values.data + scratch->values.size, XATTR_SIZE_MAX);
	if (size < 0)
		return report_unreadable(source, inode, name, -errno);
	if (check_representable(source, inode, name, index, scratch->values.data + scratch->values.size, (size_t)size))
		return -EINVAL;
	found.value_size = (uint32_t)size;
	scratch->values.size += (size_t)size;
	return erofs_buffer_append(&scratch->found, &found, sizeof(found));
}

static int add_label(const struct dir_source *source, const struct erofs_tree_inode *inode,
		     struct erofs_xattr_scratch *scratch)
{
	erofs_auto_free char *label = NULL;
	struct erofs_xattr_found found = { .name = EROFS_SELINUX_NAME };
	int err = erofs_source_label_of(source->labels, &label, inode, source->diag);

	if (err || !label)
		return err;
	found.value_size = (uint32_t)strlen(label) + 1;
	err = erofs_buffer_append(&scratch->values, label, found.value_size);
	return err ? err : erofs_buffer_append(&scratch->found, &found, sizeof(found));
}

static int read_all(struct dir_source *source, const struct erofs_tree_inode *inode, const struct dir_place *place,
		    const char *name, struct erofs_xattr_scratch *scratch)
{
	char path[PATH_MAX + NAME_MAX + 32];
	int err = file_path(path, sizeof(path), source, inode, place, name);

	if (err)
		return erofs_tree_report(source->diag, err, inode,
					 "cannot list xattrs of so long a path without /proc");
	err = list_names(source, inode, path, &scratch->names);
	for (size_t at = 0; !err && at < scratch->names.size;) {
		const char *attribute = (const char *)scratch->names.data + at;

		at += strlen(attribute) + 1;
		if (erofs_source_ignores(source->options, attribute))
			continue;
		if (!erofs_source_label_replaces(source->labels, attribute))
			err = read_value(source, inode, path, attribute, scratch);
	}
	return err;
}

int erofs_source_dir_read_xattrs(struct dir_source *source, struct erofs_tree_inode *inode,
				 const struct dir_place *place, const char *name, struct erofs_xattr_scratch *scratch)
{
	struct erofs_xattr_found *found;
	size_t count, at = 0;
	int err = 0;

	scratch->names.size = scratch->values.size = scratch->found.size = 0;
	if (!source->options->ignore_xattrs || source->options->overlay_xattrs)
		err = read_all(source, inode, place, name, scratch);
	if (!err)
		err = add_label(source, inode, scratch);
	count = scratch->found.size / sizeof(*found);
	if (err || !count)
		return err;
	found = (void *)scratch->found.data;
	for (size_t i = 0; i < count; at += found[i++].value_size)
		found[i].value = scratch->values.data + at;
	return erofs_tree_set_xattrs(source->tree, inode, found, (uint32_t)count);
}

void erofs_source_xattr_scratch_release(struct erofs_xattr_scratch *scratch)
{
	erofs_buffer_release(&scratch->names);
	erofs_buffer_release(&scratch->values);
	erofs_buffer_release(&scratch->found);
}
