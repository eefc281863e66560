/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/image.h>
#include <erofs/text.h>
#include <erofs/walk.h>

#include "lib/share/share_batch.h"
#include "lib/util/cleanup.h"
#include "lib/util/digits.h"
#include "lib/util/report.h"

struct reading {
	struct erofs_share_batch *batch;
	const struct erofs_image *image;
	const struct erofs_diag *diag;
	int failure; /* that is not the image's fault */
};

static void close_image(struct erofs_image **image)
{
	erofs_image_close(*image);
}

static void damage(void *ctx, int err, const char *path, const char *what)
{
	struct reading *reading = ctx;
	erofs_auto_free char *shown = erofs_escape(path, strlen(path));

	reading->batch->damaged++;
	erofs_report(reading->diag, err, "%s: %s: %s", reading->batch->name, shown ? shown : "?", what);
}

static int read_value(struct reading *reading, struct erofs_share_file *file, const struct erofs_walk_entry *entry)
{
	struct erofs_fingerprint found;
	int err = reading->batch->fingerprinted ? erofs_image_fingerprint(reading->image, &found, entry->inode)
						: -ENODATA;

	if (err == -ENOMEM)
		return err;
	if (err && err != -ENODATA)
		damage(reading, err, entry->path, "cannot read the fingerprint");
	if (err || !found.count || !found.value_size)
		return 0;
	file->value_size = found.value_size;
	return erofs_share_batch_value(reading->batch, &file->value, found.value, found.value_size);
}

static void read_fragment(struct reading *reading, struct erofs_share_file *file, const struct erofs_walk_entry *entry)
{
	int err = erofs_image_fragment(reading->image, &file->fragment.from, &file->fragment.to, entry->inode);

	if (err && err != -ENODATA)
		damage(reading, err, entry->path, "cannot find its fragment");
}

static int visit(void *ctx, const struct erofs_walk_entry *entry)
{
	struct erofs_share_file file = { .size = entry->inode ? entry->inode->size : 0 };
	struct reading *reading = ctx;

	if (!file.size || !S_ISREG(entry->inode->mode) || !entry->first)
		return 0;
	file.compressed = erofs_inode_is_compressed(entry->inode);
	if (reading->batch->packed_size)
		read_fragment(reading, &file, entry);
	reading->failure = read_value(reading, &file, entry);
	if (!reading->failure)
		reading->failure = erofs_share_batch_add(reading->batch, &file, entry->path, entry->path_len);
	return reading->failure;
}

/* The image's own words about itself. */
static int read_super(struct reading *reading, const char *path)
{
	const struct erofs_superblock *sb = erofs_image_superblock(reading->image);
	struct erofs_inode packed;
	char name[300];
	int err = erofs_image_fingerprint_name(reading->image, name, sizeof(name));

	erofs_uuid_encode(reading->batch->uuid, sb->uuid);
	reading->batch->block_size = erofs_block_size(sb);
	reading->batch->fingerprinted = !err;
	if (!erofs_image_packed_inode(reading->image, &packed))
		reading->batch->packed_size = packed.size;
	return !err || err == -ENODATA
		       ? 0
		       : erofs_report(reading->diag, err, "%s: cannot find the fingerprints' name", path);
}

int erofs_share_read_image(struct erofs_share_batch *batch, const char *path, const struct erofs_diag *diag)
{
	static const struct erofs_walk_ops ops = { .visit = visit, .damage = damage };
	const struct erofs_image_options options = { .size = sizeof(options) };
	erofs_auto(close_image) struct erofs_image *image = NULL;
	struct reading reading = { .batch = batch, .diag = diag };
	struct erofs_inode root;
	int err = erofs_image_open(&image, path, &options, diag);

	if (err)
		return err;
	reading.image = image;
	err = read_super(&reading, path);
	if (err)
		return err;
	err = erofs_image_inode(image, &root, erofs_image_superblock(image)->root_nid);
	if (err)
		return erofs_report(diag, err, "%s: cannot read the root directory", path);
	err = erofs_walk(image, &root, "/", &ops, &reading);
	if (batch->damaged && !reading.failure && err != -ENOMEM)
		return 0;
	return err ? erofs_report(diag, err, "%s: %s", path, strerror(-err)) : 0;
}
