/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/room.h"
#include "dump/statistics.h"
#include "dump/walk.h"

/* A stretch of a device that a file's data lie in. */
struct stretch {
	uint64_t device;
	uint64_t start, end;
};

/* A fingerprint with its file's size; 64 bits of hash are enough for counting. */
struct print {
	uint64_t hash;
	uint64_t size;
};

struct collector {
	const struct dump *dump;
	struct statistics *out;
	struct stretch *stretches;
	size_t stretch_count, stretch_room;
	struct print *prints;
	size_t print_count, print_room;
	uint64_t budget; /* chunk map entries and extents that the image can still hold */
	int result;	 /* first error that did not end the walk */
};

static void note(struct collector *all, int err, const char *path, const char *what)
{
	dump_path_error(all->dump, err, path, what);
	if (!all->result)
		all->result = err;
}

static unsigned int bit_count(uint64_t size)
{
	return size ? 64u - (unsigned int)__builtin_clzll(size) : 0;
}

static void count_compressed(struct statistics *out, const struct erofs_extent *extent)
{
	struct statistics_algorithm *algorithm;

	if (extent->kind == EROFS_EXTENT_PLAIN || extent->kind == EROFS_EXTENT_INLINE) {
		out->plain_extents++;
		out->plain_bytes += extent->length;
	}
	if (extent->kind == EROFS_EXTENT_FRAGMENT) {
		out->fragments++;
		out->fragment_bytes += extent->length;
	}
	if (extent->kind != EROFS_EXTENT_ENCODED || extent->algorithm >= EROFS_ALGORITHM_COUNT)
		return;
	algorithm = &out->algorithms[extent->algorithm];
	algorithm->extents++;
	algorithm->decoded_bytes += extent->length;
	algorithm->encoded_bytes += extent->plen;
	out->encoded_extents++;
	out->extent_sizes[bit_count(extent->length)]++;
	out->inline_tails += extent->inlined;
}

static int add_extent(struct collector *all, const struct erofs_extent *extent)
{
	int err;

	/* Its bytes are the packed inode's, which is counted by itself. */
	if (extent->kind == EROFS_EXTENT_FRAGMENT)
		return 0;
	if (extent->kind == EROFS_EXTENT_HOLE) {
		all->out->hole_bytes += extent->length;
		return 0;
	}
	all->out->stored_bytes += extent->plen;
	err = dump_make_room(&all->stretches, &all->stretch_room, all->stretch_count, sizeof(*all->stretches));
	if (!err)
		all->stretches[all->stretch_count++] =
			(struct stretch){ extent->device, extent->physical, extent->physical + extent->plen };
	return err;
}

/* Chunk maps and indexes cannot overlap: else few bytes could map files without end. */
static bool fits_budget(struct collector *all, const struct erofs_inode *inode)
{
	unsigned int bits = erofs_image_superblock(all->dump->image)->blkszbits;
	uint64_t entries;

	if (inode->layout != EROFS_LAYOUT_CHUNK_BASED || !inode->size)
		return true;
	entries = ((inode->size - 1) >> (bits + (inode->u & EROFS_CHUNK_FORMAT_BLKBITS_MASK))) + 1;
	if (entries > all->budget)
		return false;
	all->budget -= entries;
	return true;
}

static int add_data(struct collector *all, const struct erofs_inode *inode, const char *path)
{
	bool compressed = erofs_inode_is_compressed(inode);
	uint64_t offset = 0;
	int found = 0, err = 0;

	if (!fits_budget(all, inode)) {
		note(all, -EUCLEAN, path, "chunk maps overlap");
		return 0;
	}
	while (!err) {
		struct erofs_extent extent;

		found = erofs_image_map(all->dump->image, &extent, inode, offset);
		if (found <= 0)
			break;
		if (compressed && !all->budget--) {
			all->budget = 0;
			note(all, -EUCLEAN, path, "indexes of compressed data overlap");
			return 0;
		}
		offset = extent.logical + extent.length;
		if (compressed)
			count_compressed(all->out, &extent);
		err = add_extent(all, &extent);
	}
	if (found < 0)
		note(all, found, path, "cannot map its data");
	return err;
}

/* No directory names it. */
static int add_packed(struct collector *all)
{
	struct erofs_inode packed;

	if (!all->out->fragments || erofs_image_packed_inode(all->dump->image, &packed))
		return 0;
	all->out->packed_bytes = packed.size;
	return add_data(all, &packed, "packed inode");
}

static uint64_t hash_value(const struct erofs_fingerprint *value)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (uint32_t i = 0; i < value->value_size; i++)
		hash = (hash ^ value->value[i]) * 0x100000001b3u;
	return hash;
}

static int add_fingerprint(struct collector *all, const struct erofs_walk_entry *entry)
{
	struct erofs_fingerprint value;
	int err = erofs_image_fingerprint(all->dump->image, &value, entry->inode);

	if (err == -ENODATA)
		return 0;
	if (err) {
		note(all, err, entry->path, "cannot read the fingerprint");
		return 0;
	}
	if (!value.count)
		return 0;
	err = dump_make_room(&all->prints, &all->print_room, all->print_count, sizeof(*all->prints));
	if (!err)
		all->prints[all->print_count++] = (struct print){ hash_value(&value), entry->inode->size };
	return err;
}

static int add_file(struct collector *all, const struct erofs_walk_entry *entry)
{
	struct statistics *out = all->out;
	int err;

	out->file_bytes += entry->inode->size;
	out->layout_bytes[entry->inode->layout] += entry->inode->size;
	out->sizes[bit_count(entry->inode->size)]++;
	if (!entry->inode->size) {
		out->empty_files++;
		return 0;
	}
	err = add_data(all, entry->inode, entry->path);
	return err ? err : add_fingerprint(all, entry);
}

static enum erofs_file_type type_of(uint16_t mode)
{
	static const enum erofs_file_type types[16] = {
		[S_IFREG >> 12] = EROFS_FT_REG,	    [S_IFDIR >> 12] = EROFS_FT_DIR,  [S_IFCHR >> 12] = EROFS_FT_CHR,
		[S_IFBLK >> 12] = EROFS_FT_BLK,	    [S_IFIFO >> 12] = EROFS_FT_FIFO, [S_IFSOCK >> 12] = EROFS_FT_SOCK,
		[S_IFLNK >> 12] = EROFS_FT_SYMLINK,
	};

	return types[(mode & S_IFMT) >> 12];
}

static int visit(void *ctx, const struct erofs_walk_entry *entry)
{
	struct collector *all = ctx;
	struct statistics *out = all->out;
	const struct erofs_inode *inode = entry->inode;
	enum erofs_file_type type;

	out->names++;
	if (!inode || !entry->first)
		return 0;
	type = type_of(inode->mode);
	out->inodes++;
	out->types[type]++;
	out->compact += !inode->extended;
	out->extended += inode->extended;
	out->with_xattrs += inode->xattr_icount != 0;
	out->xattr_bytes += inode->xattr_icount ? 12u + 4u * (inode->xattr_icount - 1u) : 0;
	if (type == EROFS_FT_REG || type == EROFS_FT_DIR || type == EROFS_FT_SYMLINK)
		out->layouts[inode->layout]++;
	return type == EROFS_FT_REG ? add_file(all, entry) : 0;
}

static int compare_stretches(const void *a, const void *b)
{
	const struct stretch *first = a, *second = b;

	if (first->device != second->device)
		return first->device < second->device ? -1 : 1;
	return (first->start > second->start) - (first->start < second->start);
}

/* Bytes that any file's data lie in. */
static void measure_stretches(struct collector *all)
{
	uint64_t device = 0, end = 0;

	if (all->stretch_count)
		qsort(all->stretches, all->stretch_count, sizeof(*all->stretches), compare_stretches);
	for (size_t i = 0; i < all->stretch_count; i++) {
		const struct stretch *next = &all->stretches[i];
		uint64_t start = next->start;

		if (next->device == device && start < end)
			start = end;
		if (next->end > start || next->device != device) {
			all->out->distinct_bytes += next->end - start;
			end = next->end;
			device = next->device;
		}
	}
}

static int compare_prints(const void *a, const void *b)
{
	const struct print *first = a, *second = b;

	if (first->hash != second->hash)
		return first->hash < second->hash ? -1 : 1;
	return (first->size > second->size) - (first->size < second->size);
}

static void count_prints(struct collector *all)
{
	if (all->print_count)
		qsort(all->prints, all->print_count, sizeof(*all->prints), compare_prints);
	all->out->fingerprints = all->print_count;
	for (size_t i = 0; i < all->print_count; i++) {
		if (i && !compare_prints(&all->prints[i - 1], &all->prints[i]))
			all->out->repeated_bytes += all->prints[i].size;
		else
			all->out->distinct_fingerprints++;
	}
}

int statistics_collect(struct statistics *out, const struct dump *dump)
{
	struct collector all = { .dump = dump, .out = out };
	int err;

	*out = (struct statistics){ 0 };
	all.budget = erofs_image_device_size(dump->image) / 4;
	err = dump_walk(dump, visit, &all);
	if (!err || err == -EUCLEAN)
		all.result = all.result ? all.result : add_packed(&all);
	measure_stretches(&all);
	count_prints(&all);
	free(all.stretches);
	free(all.prints);
	return err ? err : all.result;
}
