/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include <erofs/text.h>

#include "lib/format/format_xattr.h"
#include "lib/source/source_dir_scan.h"
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
static int leave_out(struct dir_worker *worker, const struct erofs_tree_inode *inode, const char *name)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };

	erofs_source_loss_add_unordered(&worker->left_out, name, erofs_tree_path(&path, inode));
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

/* An attribute of an inode: offsets into the bytes, which may move. */
struct dir_xattr {
	struct erofs_tree_inode *inode;
	size_t name; /* NO_NAME: none, but a label is to be looked up */
	size_t value;
	uint32_t value_size;
};

#define NO_NAME SIZE_MAX

static int add_item(struct dir_xattrs *xattrs, const struct dir_xattr *item)
{
	return erofs_buffer_append(&xattrs->items, item, sizeof(*item));
}

static int read_value(const struct dir_source *source, struct dir_xattrs *xattrs, struct erofs_tree_inode *inode,
		      const char *path, const char *name, struct dir_worker *worker)
{
	struct erofs_buffer *bytes = &xattrs->bytes;
	struct dir_xattr item = { .inode = inode, .name = bytes->size };
	uint8_t index;
	size_t rest;
	ssize_t size;

	if (!erofs_xattr_split_name(&index, &rest, name, strlen(name)))
		return leave_out(worker, inode, name);
	if (erofs_buffer_append(bytes, name, strlen(name) + 1) ||
	    erofs_buffer_reserve(bytes, bytes->size + XATTR_SIZE_MAX))
		return -ENOMEM;
	item.value = bytes->size;
	size = lgetxattr(path, name, bytes->data + item.value, XATTR_SIZE_MAX);
	if (size < 0)
		return report_unreadable(source, inode, name, -errno);
	if (check_representable(source, inode, name, index, bytes->data + item.value, (size_t)size))
		return -EINVAL;
	item.value_size = (uint32_t)size;
	bytes->size += (size_t)size;
	return add_item(xattrs, &item);
}

static int read_all(const struct dir_source *source, struct dir_xattrs *xattrs, struct erofs_tree_inode *inode,
		    const struct dir_place *place, const char *name, struct dir_worker *worker)
{
	char path[PATH_MAX + NAME_MAX + 32];
	int err = file_path(path, sizeof(path), source, inode, place, name);

	if (err)
		return erofs_tree_report(source->diag, err, inode,
					 "cannot list xattrs of so long a path without /proc");
	err = list_names(source, inode, path, &worker->xattr_names);
	for (size_t at = 0; !err && at < worker->xattr_names.size;) {
		const char *attribute = (const char *)worker->xattr_names.data + at;

		at += strlen(attribute) + 1;
		if (erofs_source_ignores(source->options, attribute))
			continue;
		if (!erofs_source_label_replaces(source->labels, attribute))
			err = read_value(source, xattrs, inode, path, attribute, worker);
	}
	return err;
}

int erofs_source_dir_read_xattrs(const struct dir_source *source, struct dir_xattrs *xattrs,
				 struct erofs_tree_inode *inode, const struct dir_place *place, const char *name,
				 struct dir_worker *worker)
{
	const struct dir_xattr label = { .inode = inode, .name = NO_NAME };
	int err = 0;

	if (!source->options->ignore_xattrs || source->options->overlay_xattrs)
		err = read_all(source, xattrs, inode, place, name, worker);
	return err || !source->labels ? err : add_item(xattrs, &label);
}

/* ---- commit --------------------------------------------------------------------------------------------------------- */

static int find_label(const struct dir_source *source, const struct erofs_tree_inode *inode, char **label,
		      struct erofs_buffer *found)
{
	struct erofs_xattr_found xattr = { .name = EROFS_SELINUX_NAME };
	int err = erofs_source_label_of(source->labels, label, inode, source->diag);

	if (err || !*label)
		return err;
	xattr.value = *label;
	xattr.value_size = (uint32_t)strlen(*label) + 1;
	return erofs_buffer_append(found, &xattr, sizeof(xattr));
}

/* Gives an inode its attributes, the first `count` items. */
static int set_of_inode(const struct dir_source *source, const struct dir_xattr *items, size_t count,
			const uint8_t *bytes, struct erofs_buffer *found)
{
	erofs_auto_free char *label = NULL;
	int err = 0;

	found->size = 0;
	for (size_t i = 0; !err && i < count; i++) {
		const struct dir_xattr *item = &items[i];
		struct erofs_xattr_found xattr = { .value_size = item->value_size };

		if (item->name == NO_NAME) {
			err = find_label(source, item->inode, &label, found);
			continue;
		}
		xattr.name = (const char *)bytes + item->name;
		xattr.value = bytes + item->value;
		err = erofs_buffer_append(found, &xattr, sizeof(xattr));
	}
	if (err || !found->size)
		return err;
	return erofs_tree_set_xattrs(source->tree, items->inode, (void *)found->data,
				     (uint32_t)(found->size / sizeof(struct erofs_xattr_found)));
}

int erofs_source_dir_set_xattrs(const struct dir_source *source, const struct dir_xattrs *xattrs)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer found = { 0 };
	const struct dir_xattr *items = (const void *)xattrs->items.data;
	size_t count = xattrs->items.size / sizeof(*items);
	int err = 0;

	for (size_t first = 0, end; !err && first < count; first = end) {
		for (end = first + 1; end < count && items[end].inode == items[first].inode; end++)
			;
		err = set_of_inode(source, &items[first], end - first, xattrs->bytes.data, &found);
	}
	return err;
}
