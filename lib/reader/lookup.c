/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/image.h>

#include "lib/format/format_dirent.h"
#include "lib/reader/reader.h"

struct search {
	const struct erofs_image *image;
	const struct erofs_inode *dir;
	const char *name;
	size_t name_len;
	struct erofs_dirblock block;
};

static int load_block(struct search *search, uint64_t index)
{
	int err = erofs_reader_dirblock_read(&search->block, search->image, search->dir, index);

	return err ? err : erofs_reader_dirblock_begin(&search->block);
}

static int compare(const struct search *search, const struct erofs_dirblock_entry *entry)
{
	return erofs_name_compare(search->name, search->name_len, entry->name, entry->name_len);
}

/* The last block whose first name is not behind the wanted one; it is left loaded. */
static int find_block(struct search *search)
{
	uint64_t low = 0, high = ((search->dir->size - 1) >> search->image->sb.blkszbits) + 1, loaded = 0;
	int err = load_block(search, 0);

	while (!err && high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		struct erofs_dirblock_entry first;

		err = load_block(search, middle);
		if (err)
			break;
		loaded = middle;
		err = erofs_reader_dirblock_get(&search->block, &first, 0);
		if (err)
			break;
		if (compare(search, &first) >= 0)
			low = middle;
		else
			high = middle;
	}
	if (!err && loaded != low)
		err = load_block(search, low);
	return err;
}

static int find_entry(const struct search *search, uint64_t *nid)
{
	uint32_t low = 0, high = search->block.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct erofs_dirblock_entry entry;
		int err = erofs_reader_dirblock_get(&search->block, &entry, middle);
		int order;

		if (err)
			return err;
		order = compare(search, &entry);
		if (!order) {
			*nid = entry.nid;
			return 0;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -ENOENT;
}

int erofs_image_lookup_at(const struct erofs_image *image, uint64_t *nid, const struct erofs_inode *dir,
			  const char *name, size_t name_len)
{
	struct search search;
	int err;

	if (!image || !nid || !dir || !name)
		return -EINVAL;
	err = erofs_reader_dirblock_check_inode(image, dir);
	if (err)
		return err;
	if (dir->dot_omitted && name_len == 1 && *name == '.') {
		*nid = dir->nid;
		return 0;
	}
	if (!dir->size || !name_len || name_len > EROFS_NAME_MAX)
		return -ENOENT;
	search.image = image;
	search.dir = dir;
	search.name = name;
	search.name_len = name_len;
	err = find_block(&search);
	return err ? err : find_entry(&search, nid);
}

int erofs_image_lookup(const struct erofs_image *image, struct erofs_inode *out, const char *path)
{
	int err;

	if (!image || !out || !path)
		return -EINVAL;
	err = erofs_image_inode(image, out, image->sb.root_nid);
	while (!err && *path) {
		size_t length = strcspn(path, "/");
		uint64_t nid;

		/* Also for what stands in front of a trailing slash. */
		if (!S_ISDIR(out->mode))
			return -ENOTDIR;
		if (length) {
			err = erofs_image_lookup_at(image, &nid, out, path, length);
			if (!err)
				err = erofs_image_inode(image, out, nid);
			path += length;
		}
		if (err || !*path)
			break;
		path++;
		if (!*path && !S_ISDIR(out->mode))
			return -ENOTDIR;
	}
	return err;
}
