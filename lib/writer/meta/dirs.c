/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/dirs.h"

#include <string.h>

#include "lib/format/format_dirent.h"
#include "lib/format/format_inode.h"

/* The entries of a directory in their order on disk: its own, and `.` and `..` where bytes order puts them; perhaps without `.`. */
struct names {
	const struct erofs_tree_inode *dir;
	uint32_t own;  /* next of dir->dir.entries */
	uint32_t dots; /* how many of `.` and `..` are out */
};

struct name {
	const char *text;
	size_t length;
	const struct erofs_tree_inode *inode;
};

static bool next_name(struct names *names, struct name *out)
{
	static const char *const dots[] = { ".", ".." };
	const struct erofs_tree_inode *dir = names->dir;
	const struct erofs_tree_entry *entry = names->own < dir->dir.count ? &dir->dir.entries[names->own] : NULL;

	if (names->dots < 2 && (!entry || strcmp(dots[names->dots], entry->name) < 0)) {
		out->text = dots[names->dots];
		out->length = ++names->dots;
		out->inode = names->dots == 2 && dir->parent ? dir->parent : dir;
		return true;
	}
	if (!entry)
		return false;
	*out = (struct name){ entry->name, strlen(entry->name), entry->inode };
	names->own++;
	return true;
}

/* Takes as many names as fit into a block, from `*name` on, which is the first that does not fit at the end. */
static uint32_t fill_block(struct names *names, struct name *name, bool *more, uint32_t blksz, uint32_t *bytes)
{
	uint32_t count = 0;

	*bytes = 0;
	while (*more && *bytes + EROFS_DIRENT_SIZE + name->length <= blksz) {
		*bytes += EROFS_DIRENT_SIZE + (uint32_t)name->length;
		count++;
		*more = next_name(names, name);
	}
	return count;
}

uint64_t erofs_writer_dir_data_size(const struct erofs_tree_inode *dir, uint32_t blksz, bool dot_omitted)
{
	struct names names = { .dir = dir, .dots = dot_omitted };
	struct name name;
	bool more = next_name(&names, &name);
	uint64_t size = 0;

	while (more) {
		uint32_t bytes;

		fill_block(&names, &name, &more, blksz, &bytes);
		size += more ? blksz : bytes;
	}
	return size;
}

static void encode_block(uint8_t *block, struct names *names, uint32_t count, erofs_nid_of nid_of, const void *ctx)
{
	uint32_t nameoff = count * EROFS_DIRENT_SIZE;

	for (uint32_t i = 0; i < count; i++) {
		struct name name;
		struct erofs_dirent_record record = { .nameoff = (uint16_t)nameoff };

		next_name(names, &name);
		record.nid = nid_of(ctx, name.inode);
		record.file_type = (uint8_t)erofs_file_type_of_mode(name.inode->mode);
		erofs_dirent_encode(&record, block + i * EROFS_DIRENT_SIZE);
		memcpy(block + nameoff, name.text, name.length);
		nameoff += (uint32_t)name.length;
	}
}

int erofs_writer_dir_encode(struct erofs_buffer *out, const struct erofs_tree_inode *dir, uint32_t blksz,
			    bool dot_omitted, erofs_nid_of nid_of, const void *ctx)
{
	struct names ahead = { .dir = dir, .dots = dot_omitted };
	struct names behind = { .dir = dir, .dots = dot_omitted };
	struct name name;
	bool more = next_name(&ahead, &name);

	while (more) {
		size_t at = out->size;
		uint32_t bytes;
		uint32_t count = fill_block(&ahead, &name, &more, blksz, &bytes);
		int err = erofs_buffer_append_zeros(out, more ? blksz : bytes);

		if (err)
			return err;
		encode_block(out->data + at, &behind, count, nid_of, ctx);
	}
	return 0;
}
