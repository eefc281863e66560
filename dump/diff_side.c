/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <erofs/text.h>
#include <erofs/walk.h>

#include "dump/diff.h"
#include "dump/text.h"

static int order(const void *a, const void *b)
{
	return diff_order(a, b);
}

static int note(struct diff_side *side, int err, const char *path, const char *what)
{
	diff_error(side->diag, err, side->name, path, what);
	if (!side->result)
		side->result = err;
	return 0;
}

static int read_fingerprint(struct diff_side *side, struct diff_entry *entry, const struct erofs_walk_entry *found)
{
	struct erofs_fingerprint value;
	char text[TEXT_FINGERPRINT_MAX];
	int err;

	if (!side->fingerprinted || !found->inode->size || !S_ISREG(found->inode->mode))
		return 0;
	err = erofs_image_fingerprint(side->image, &value, found->inode);
	if (err)
		return note(side, err, found->path, "cannot read the fingerprint");
	text_fingerprint(text, &value);
	if (!*text || value.count > 1)
		return 0;
	entry->fingerprint = strdup(text);
	return entry->fingerprint ? 0 : -ENOMEM;
}

static int visit(void *ctx, const struct erofs_walk_entry *found)
{
	const struct erofs_inode *inode = found->inode;
	struct diff_side *side = ctx;
	struct diff_entry entry;
	int err;

	if (!inode)
		return 0;
	entry = (struct diff_entry){ .path = found->path_len ? strndup(found->path, found->path_len) : strdup("/"),
				     .path_size = found->path_len ? found->path_len : 1,
				     .nid = found->nid,
				     .size = inode->size,
				     .mtime = inode->mtime,
				     .mtime_nsec = inode->mtime_nsec,
				     .uid = inode->uid,
				     .gid = inode->gid,
				     .nlink = inode->nlink,
				     .rdev = S_ISCHR(inode->mode) || S_ISBLK(inode->mode) ? inode->u : 0,
				     .mode = inode->mode,
				     .compressed = erofs_inode_is_compressed(inode),
				     .has_xattrs = inode->xattr_icount != 0,
				     .first = found->first };
	if (!entry.path)
		return -ENOMEM;
	err = read_fingerprint(side, &entry, found);
	return err ? (free(entry.path), err) : diff_side_add(side, &entry);
}

static void damage(void *ctx, int err, const char *path, const char *what)
{
	note(ctx, err, path, what);
}

static int read_image(struct diff_side *side)
{
	static const struct erofs_walk_ops ops = { .visit = visit, .damage = damage };
	const struct erofs_image_options how = { .size = sizeof(how) };
	struct erofs_inode root;
	char name[300];
	int err = erofs_image_open(&side->image, side->name, &how, side->diag);

	if (err)
		return err;
	erofs_uuid_encode(side->uuid, erofs_image_superblock(side->image)->uuid);
	side->image_bytes = erofs_image_device_size(side->image);
	err = erofs_image_fingerprint_name(side->image, name, sizeof(name));
	side->fingerprinted = !err;
	if (err && err != -ENODATA)
		return diff_error(side->diag, err, side->name, "", "cannot find the fingerprints' name");
	err = erofs_image_inode(side->image, &root, erofs_image_superblock(side->image)->root_nid);
	if (err)
		return diff_error(side->diag, err, side->name, "", "cannot read the root directory");
	err = erofs_walk(side->image, &root, "/", &ops, side);
	return err && !side->result ? diff_error(side->diag, err, side->name, "", "") : 0;
}

/* Manifests may come through a pipe, images not. */
static int read_input(struct diff_side *side, int fd)
{
	uint8_t magic[4];
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return diff_error(side->diag, -errno, side->name, "", "");
	if (S_ISDIR(status.st_mode))
		return diff_error(side->diag, -EISDIR, side->name, "", "");
	if (pread(fd, magic, sizeof(magic), EROFS_SUPERBLOCK_OFFSET) == sizeof(magic) && erofs_is_magic(magic))
		return read_image(side);
	return diff_read_manifest(side, fd);
}

int diff_side_read(struct diff_side *side, const char *name, const struct erofs_diag *diag)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	int err;

	side->name = name;
	side->diag = diag;
	err = read_input(side, fd);
	if (fd >= 0)
		close(fd);
	if (!err && side->count)
		qsort(side->entries, side->count, sizeof(*side->entries), order);
	return err;
}
