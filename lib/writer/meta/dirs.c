/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/dirs.h"

#include <string.h>

#include "lib/format/format_dirent.h"
#include "lib/format/format_inode.h"

struct name {
	const char *text;
	size_t length;
	const struct erofs_tree_inode *inode;
};

static bool next_name(struct erofs_dir_cursor *cursor, struct name *out)
{
	static const char *const dots[] = { ".", ".." };
	const struct erofs_tree_inode *dir = cursor->dir;
	const struct erofs_tree_entry *entry = cursor->own < dir->dir.count ? &dir->dir.entries[cursor->own] : NULL;

	if (cursor->dots < 2 && (!entry || strcmp(dots[cursor->dots], entry->name) < 0)) {
		out->text = dots[cursor->dots];
		out->length = ++cursor->dots;
		out->inode = cursor->dots == 2 && dir->parent ? dir->parent : dir;
		return true;
	}
	if (!entry)
		return false;
	*out = (struct name){ entry->name, strlen(entry->name), entry->inode };
	cursor->own++;
	return true;
}

/* Moves on behind the block that begins here; returns how many entries it has. The last block ends with its last name. */
static uint32_t pass_block(struct erofs_dir_cursor *cursor, uint32_t blksz, uint32_t *bytes)
{
	struct erofs_dir_cursor ahead = *cursor;
	struct name name;
	uint32_t count = 0;

	*bytes = 0;
	while (next_name(&ahead, &name)) {
		if (*bytes + EROFS_DIRENT_SIZE + name.length > blksz) {
			*bytes = blksz;
			break;
		}
		*bytes += EROFS_DIRENT_SIZE + (uint32_t)name.length;
		*cursor = ahead;
		count++;
	}
	return count;
}

struct erofs_dir_cursor erofs_writer_dir_begin(const struct erofs_tree_inode *dir, bool dot_omitted)
{
	return (struct erofs_dir_cursor){ .dir = dir, .dots = dot_omitted };
}

uint64_t erofs_writer_dir_skip(struct erofs_dir_cursor *cursor, uint32_t blksz, uint64_t most)
{
	struct erofs_dir_cursor ahead = *cursor;
	uint64_t size = 0;
	uint32_t bytes;

	while (pass_block(&ahead, blksz, &bytes) && bytes <= most - size) {
		size += bytes;
		*cursor = ahead;
	}
	return size;
}

uint64_t erofs_writer_dir_data_size(const struct erofs_tree_inode *dir, uint32_t blksz, bool dot_omitted)
{
	struct erofs_dir_cursor cursor = erofs_writer_dir_begin(dir, dot_omitted);

	return erofs_writer_dir_skip(&cursor, blksz, UINT64_MAX);
}

static void encode_block(uint8_t *block, struct erofs_dir_cursor *cursor, uint32_t count, erofs_nid_of nid_of,
			 const void *ctx)
{
	uint32_t nameoff = count * EROFS_DIRENT_SIZE;

	for (uint32_t i = 0; i < count; i++) {
		struct name name;
		struct erofs_dirent_record record = { .nameoff = (uint16_t)nameoff };

		next_name(cursor, &name);
		record.nid = nid_of(ctx, name.inode);
		record.file_type = (uint8_t)erofs_file_type_of_mode(name.inode->mode);
		erofs_dirent_encode(&record, block + i * EROFS_DIRENT_SIZE);
		memcpy(block + nameoff, name.text, name.length);
		nameoff += (uint32_t)name.length;
	}
}

int erofs_writer_dir_encode_blocks(struct erofs_buffer *out, struct erofs_dir_cursor *cursor, uint32_t blksz,
				   uint64_t most, erofs_nid_of nid_of, const void *ctx)
{
	struct erofs_dir_cursor ahead = *cursor;
	uint32_t bytes, count;

	while ((count = pass_block(&ahead, blksz, &bytes)) && bytes <= most) {
		size_t at = out->size;
		int err = erofs_buffer_append_zeros(out, bytes);

		if (err)
			return err;
		encode_block(out->data + at, cursor, count, nid_of, ctx);
		most -= bytes;
	}
	return 0;
}

int erofs_writer_dir_encode(struct erofs_buffer *out, const struct erofs_tree_inode *dir, uint32_t blksz,
			    bool dot_omitted, erofs_nid_of nid_of, const void *ctx)
{
	struct erofs_dir_cursor cursor = erofs_writer_dir_begin(dir, dot_omitted);

	return erofs_writer_dir_encode_blocks(out, &cursor, blksz, UINT64_MAX, nid_of, ctx);
}
