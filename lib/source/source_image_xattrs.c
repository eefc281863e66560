/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/text.h>

#include "lib/format/format_xattr.h"
#include "lib/source/source_image.h"
#include "lib/source/source_label.h"
#include "lib/source/source_xattrs.h"
#include "lib/util/cleanup.h"

#define OVERLAY "trusted.overlay."
/* What an overlayfs that lies in a layer of another one wrote, as that other one keeps it. */
#define OVERLAY_ESCAPED OVERLAY "overlay."

/* One inode, and what of it is in hand. */
struct fill {
	struct image_source *source;
	struct image_layer *layer;
	struct erofs_tree_inode *inode;
	struct image_scratch *scratch;
};

void erofs_source_image_scratch_release(struct image_scratch *scratch)
{
	erofs_buffer_release(&scratch->names);
	erofs_buffer_release(&scratch->values);
	erofs_buffer_release(&scratch->found);
}

static int report_unreadable(const struct fill *fill, int err)
{
	return erofs_tree_report(fill->source->diag, err, fill->inode, "its xattrs cannot be read from '%s': %s",
				 fill->layer->path, erofs_source_image_why(err));
}

static int report_name(const struct fill *fill, int err, const char *name, size_t length, const char *what)
{
	erofs_auto_free char *shown = erofs_escape(name, length);

	return erofs_tree_report(fill->source->diag, err, fill->inode, "xattr '%s' in '%s' %s", shown ? shown : "?",
				 fill->layer->path, what);
}

/* ---- overlayfs ------------------------------------------------------------------------------------------------------------ */

static bool starts_with(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static int set_mark(const struct fill *fill, uint8_t mark)
{
	((struct image_origin *)fill->inode->origin)->marks |= mark;
	return 0;
}

static int mark_opaque(const struct fill *fill, const struct erofs_xattr *xattr)
{
	uint8_t value;
	int err;

	if (!S_ISDIR(fill->inode->mode) || xattr->value_size != 1)
		return 0;
	err = erofs_xattr_value(fill->layer->image, xattr, &value);
	if (err)
		return report_unreadable(fill, err);
	return value == 'y' ? set_mark(fill, IMAGE_OPAQUE) : 0;
}

/*
 * An attribute that overlayfs would not show: 1, and what it says is noted; 0 for any other. Those that lead to data elsewhere
 * are refused: what they mean depends on how the layers were once mounted.
 */
static int obey_overlay(const struct fill *fill, const struct erofs_xattr *xattr)
{
	const char *what = xattr->name + strlen(OVERLAY);
	int err = 0;

	if (!starts_with(xattr->name, OVERLAY) || starts_with(xattr->name, OVERLAY_ESCAPED))
		return 0;
	if (strcmp(what, "opaque") == 0)
		err = mark_opaque(fill, xattr);
	else if (strcmp(what, "whiteout") == 0 && S_ISREG(fill->inode->mode) && !fill->inode->size)
		err = set_mark(fill, IMAGE_WHITEOUT);
	else if (strcmp(what, "metacopy") == 0 || (strcmp(what, "redirect") == 0 && fill->layer->is_upper))
		err = report_name(fill, -EOPNOTSUPP, xattr->name, xattr->name_len,
				  "stands for data under another name, which merging does not follow");
	return err ? err : 1;
}

/* ---- any attribute -------------------------------------------------------------------------------------------------------- */

static bool is_reserved(const struct erofs_tree *tree, const char *name)
{
	for (uint32_t i = 0; i < tree->reserved_xattr_count; i++)
		if (strcmp(tree->reserved_xattrs[i], name) == 0)
			return true;
	return false;
}

/* 1 if the attribute is to be left out, because it cannot be written. */
static int check_name(const struct fill *fill, const struct erofs_xattr *xattr)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	uint8_t index;
	size_t rest;

	if (memchr(xattr->name, 0, xattr->name_len))
		return report_name(fill, -EUCLEAN, xattr->name, xattr->name_len, "has a NUL byte in its name");
	if (is_reserved(fill->source->tree, xattr->name) ||
	    erofs_xattr_split_name(&index, &rest, xattr->name, xattr->name_len))
		return 0;
	if (fill->source->takes_over)
		return report_name(fill, -EOPNOTSUPP, xattr->name, xattr->name_len,
				   "has a namespace that the format does not know");
	if (!fill->source->options->ignore_xattrs)
		erofs_source_loss_add(&fill->layer->losses.xattrs, 1, xattr->name, erofs_tree_path(&path, fill->inode));
	return 1;
}

/* Appends name and value to the scratch buffers; pointers into them are made when they have stopped growing. */
static int append(struct image_scratch *scratch, const char *name, const struct erofs_xattr *xattr,
		  const struct erofs_image *image)
{
	struct erofs_xattr_found found = { .value_size = xattr->value_size };
	int err = erofs_buffer_append(&scratch->names, name, strlen(name) + 1);

	if (!err)
		err = erofs_buffer_reserve(&scratch->values, scratch->values.size + xattr->value_size + 1);
	if (!err)
		err = erofs_xattr_value(image, xattr, scratch->values.data + scratch->values.size);
	scratch->values.size += xattr->value_size;
	return err ? err : erofs_buffer_append(&scratch->found, &found, sizeof(found));
}

static int take(const struct fill *fill, const struct erofs_xattr *xattr)
{
	const char *name = xattr->name;
	char unescaped[sizeof(xattr->name)];
	int err = check_name(fill, xattr);

	if (err)
		return err < 0 ? err : 0;
	if (erofs_source_label_replaces(fill->source->labels, name))
		return 0;
	if (fill->source->layer_count > 1) {
		bool keeps = fill->source->options->keep_overlay;

		err = obey_overlay(fill, xattr);
		if (err < 0 || (err && !keeps))
			return err < 0 ? err : 0;
		if (!keeps && starts_with(name, OVERLAY_ESCAPED)) {
			strcpy(unescaped, OVERLAY);
			strcat(unescaped, name + strlen(OVERLAY_ESCAPED));
			name = unescaped;
		}
	}
	if (erofs_source_ignores(fill->source->options, name))
		return 0;
	err = append(fill->scratch, name, xattr, fill->layer->image);
	return err && err != -ENOMEM ? report_unreadable(fill, err) : err;
}

static int take_all(const struct fill *fill, const struct erofs_inode *from)
{
	struct erofs_xattr_iter *iter;
	struct erofs_xattr xattr;
	int found = 0, err = erofs_xattr_open(&iter, fill->layer->image, from);

	if (err)
		return err == -ENOMEM ? err : report_unreadable(fill, err);
	while (!err && (found = erofs_xattr_next(iter, &xattr)) > 0)
		err = take(fill, &xattr);
	if (!err && found < 0)
		err = report_unreadable(fill, found);
	erofs_xattr_close(iter);
	return err;
}

static int add_label(const struct fill *fill)
{
	erofs_auto_free char *label = NULL;
	struct erofs_xattr_found found = { 0 };
	int err = erofs_source_label_of(fill->source->labels, &label, fill->inode, fill->source->diag);

	if (err || !label)
		return err;
	found.value_size = (uint32_t)strlen(label) + 1;
	err = erofs_buffer_append(&fill->scratch->names, EROFS_SELINUX_NAME, sizeof(EROFS_SELINUX_NAME));
	if (!err)
		err = erofs_buffer_append(&fill->scratch->values, label, found.value_size);
	return err ? err : erofs_buffer_append(&fill->scratch->found, &found, sizeof(found));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct erofs_xattr_found *)a)->name, ((const struct erofs_xattr_found *)b)->name);
}

/* An image can say a name twice, a file system cannot; of reserved ones, any number is dropped. */
static int check_twice(const struct fill *fill, struct erofs_xattr_found *found, size_t count)
{
	qsort(found, count, sizeof(*found), compare_names);
	for (size_t i = 1; i < count; i++)
		if (strcmp(found[i - 1].name, found[i].name) == 0 && !is_reserved(fill->source->tree, found[i].name))
			return report_name(fill, -EUCLEAN, found[i].name, strlen(found[i].name), "is there twice");
	return 0;
}

int erofs_source_image_fill_xattrs(struct image_source *source, struct image_layer *layer,
				   struct erofs_tree_inode *inode, const struct erofs_inode *from,
				   struct image_scratch *scratch)
{
	struct fill fill = { source, layer, inode, scratch };
	struct erofs_xattr_found *found;
	size_t count, name_at = 0, value_at = 0;
	int err = 0;

	scratch->names.size = scratch->values.size = scratch->found.size = 0;
	if (from->xattr_icount &&
	    (!source->options->ignore_xattrs || source->options->overlay_xattrs || source->layer_count > 1))
		err = take_all(&fill, from);
	if (!err)
		err = add_label(&fill);
	count = scratch->found.size / sizeof(*found);
	if (err || !count)
		return err;
	found = (void *)scratch->found.data;
	for (size_t i = 0; i < count; i++) {
		found[i].name = (const char *)scratch->names.data + name_at;
		found[i].value = scratch->values.data + value_at;
		name_at += strlen(found[i].name) + 1;
		value_at += found[i].value_size;
	}
	err = check_twice(&fill, found, count);
	return err ? err : erofs_tree_set_xattrs(source->tree, inode, found, (uint32_t)count);
}
