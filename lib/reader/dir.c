/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/image.h>

#include "lib/format/format_dirent.h"
#include "lib/reader/reader.h"

uint64_t erofs_reader_dir_cost(const struct erofs_inode *dir)
{
	return erofs_inode_is_compressed(dir) ? dir->size / EROFS_DIRECTORY_RATIO_MAX : dir->size;
}

uint64_t erofs_reader_dirs_budget(const struct erofs_image *image)
{
	uint64_t budget = erofs_image_device_size(image) + erofs_reader_metabox_budget(image);

	for (unsigned int i = 0; i < image->slot_count; i++)
		budget += image->slots[i].device.size;
	return budget;
}

int erofs_reader_dirblock_check_inode(const struct erofs_image *image, const struct erofs_inode *dir)
{
	struct erofs_extent extent;
	int found;

	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	if (erofs_inode_is_compressed(dir))
		return erofs_reader_dir_cost(dir) > image->primary.size ? -EUCLEAN : 0;
	/*
	 * Chunks could show one block many times over, and a hole has no end: a directory must not be larger than what
	 * holds it, or walking it would take forever.
	 */
	if (dir->layout == EROFS_LAYOUT_CHUNK_BASED)
		return -EUCLEAN;
	found = erofs_reader_map_some(image, &extent, dir, 0, 1);
	if (found < 0)
		return found;
	return found && extent.kind == EROFS_EXTENT_HOLE ? -EUCLEAN : 0;
}

int erofs_reader_dirblock_read(struct erofs_dirblock *out, const struct erofs_image *image,
			       const struct erofs_inode *dir, uint64_t index)
{
	uint64_t offset = index << image->sb.blkszbits;
	int64_t count = erofs_image_read(image, dir, out->data, erofs_block_size(&image->sb), offset);

	if (count < 0)
		return (int)count;
	out->size = (uint32_t)count;
	out->count = 0;
	return 0;
}

static void decode(const struct erofs_dirblock *block, struct erofs_dirent_record *out, uint32_t number)
{
	erofs_dirent_decode(out, block->data + (size_t)number * EROFS_DIRENT_SIZE);
}

int erofs_reader_dirblock_begin(struct erofs_dirblock *block)
{
	struct erofs_dirent_record first;

	if (block->size < EROFS_DIRENT_SIZE)
		return -EUCLEAN;
	decode(block, &first, 0);
	if (first.nameoff < EROFS_DIRENT_SIZE || first.nameoff % EROFS_DIRENT_SIZE || first.nameoff >= block->size)
		return -EUCLEAN;
	block->count = first.nameoff / EROFS_DIRENT_SIZE;
	return 0;
}

int erofs_reader_dirblock_get(const struct erofs_dirblock *block, struct erofs_dirblock_entry *out, uint32_t number)
{
	uint32_t names = block->count * EROFS_DIRENT_SIZE;
	struct erofs_dirent_record record, next;
	uint32_t length;

	decode(block, &record, number);
	if (record.nameoff < names || record.nameoff >= block->size)
		return -EUCLEAN;
	if (number + 1 < block->count) {
		decode(block, &next, number + 1);
		if (next.nameoff <= record.nameoff || next.nameoff > block->size)
			return -EUCLEAN;
		length = next.nameoff - record.nameoff;
	} else {
		/* The last name ends with the block or at the first NUL. */
		length = (uint32_t)strnlen((const char *)block->data + record.nameoff, block->size - record.nameoff);
	}
	if (!length || length > EROFS_NAME_MAX)
		return -EUCLEAN;
	out->nid = record.nid;
	out->type = record.file_type;
	out->name_len = (uint8_t)length;
	out->name = (const char *)block->data + record.nameoff;
	if (memchr(out->name, '/', length) || memchr(out->name, 0, length))
		return -EUCLEAN;
	return 0;
}

/* Where the first entry is if `.` was made up in front of it; no entry has this position. */
#define BEHIND_DOT 1u

struct erofs_dir {
	const struct erofs_image *image;
	struct erofs_inode inode;
	uint64_t next_block;
	uint64_t block_count;
	uint32_t next_entry;
	bool owes_dot;		     /* its entry for itself is still to be made up */
	uint32_t first_entry;	     /* of the next block, where the walk goes on; else 0 */
	struct erofs_dirblock block; /* count 0: to be read */
};

int erofs_dir_open(struct erofs_dir **out, const struct erofs_image *image, const struct erofs_inode *dir)
{
	int err;
	struct erofs_dir *new;

	if (!out || !image || !dir)
		return -EINVAL;
	err = erofs_reader_dirblock_check_inode(image, dir);
	*out = NULL;
	if (err)
		return err;
	new = malloc(sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->image = image;
	new->inode = *dir;
	new->next_block = 0;
	new->owes_dot = dir->dot_omitted;
	new->first_entry = 0;
	new->block_count = dir->size ? ((dir->size - 1) >> image->sb.blkszbits) + 1 : 0;
	new->block.count = 0;
	*out = new;
	return 0;
}

void erofs_dir_close(struct erofs_dir *dir)
{
	free(dir);
}

uint64_t erofs_dir_position(const struct erofs_dir *dir)
{
	unsigned int bits;
	uint64_t position;

	if (!dir || dir->owes_dot)
		return 0;
	bits = dir->image->sb.blkszbits;
	if (dir->block.count)
		position = ((dir->next_block - 1) << bits) + dir->next_entry * EROFS_DIRENT_SIZE;
	else
		position = (dir->next_block << bits) + dir->first_entry * EROFS_DIRENT_SIZE;
	return position || !dir->inode.dot_omitted ? position : BEHIND_DOT;
}

int erofs_dir_seek(struct erofs_dir *dir, uint64_t position)
{
	uint32_t within;
	bool dot;

	if (!dir)
		return -EINVAL;
	dot = dir->inode.dot_omitted && !position;
	if (dir->inode.dot_omitted && position == BEHIND_DOT)
		position = 0;
	within = (uint32_t)(position & (erofs_block_size(&dir->image->sb) - 1));
	if (within % EROFS_DIRENT_SIZE)
		return -EINVAL;
	dir->owes_dot = dot;
	dir->next_block = position >> dir->image->sb.blkszbits;
	dir->first_entry = within / EROFS_DIRENT_SIZE;
	dir->block.count = 0;
	return 0;
}

static int next_block(struct erofs_dir *dir)
{
	int err = erofs_reader_dirblock_read(&dir->block, dir->image, &dir->inode, dir->next_block);

	if (err) {
		/* The other blocks will not be any better; a caller that goes on shall come to an end. */
		dir->block_count = dir->next_block;
		return err;
	}
	dir->next_block++;
	dir->next_entry = dir->first_entry;
	dir->first_entry = 0;
	err = erofs_reader_dirblock_begin(&dir->block);
	/* A position that no entry has. */
	if (!err && dir->next_entry >= dir->block.count)
		err = -EUCLEAN;
	return err;
}

static int make_up_dot(struct erofs_dir *dir, struct erofs_dirent *out)
{
	dir->owes_dot = false;
	*out = (struct erofs_dirent){ .nid = dir->inode.nid, .type = EROFS_FT_DIR, .name_len = 1, .name = "." };
	return 1;
}

int erofs_dir_next(struct erofs_dir *dir, struct erofs_dirent *out)
{
	struct erofs_dirblock_entry entry;
	int err;

	if (!dir || !out)
		return -EINVAL;
	if (dir->owes_dot)
		return make_up_dot(dir, out);
	if (!dir->block.count) {
		if (dir->next_block >= dir->block_count)
			return 0;
		err = next_block(dir);
		if (err) {
			dir->block.count = 0;
			return err;
		}
	}
	err = erofs_reader_dirblock_get(&dir->block, &entry, dir->next_entry);
	if (err || ++dir->next_entry == dir->block.count)
		dir->next_entry = dir->block.count;
	if (!err) {
		out->nid = entry.nid;
		out->type = (enum erofs_file_type)entry.type;
		out->name_len = entry.name_len;
		memcpy(out->name, entry.name, entry.name_len);
		out->name[entry.name_len] = 0;
	}
	if (dir->next_entry == dir->block.count)
		dir->block.count = 0;
	return err ? err : 1;
}
