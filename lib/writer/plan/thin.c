/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/format/format_chunk.h"
#include "lib/format/format_superblock.h"
#include "lib/util/report.h"
#include "lib/writer/plan/plan.h"

/* Thin images: contents stay in images that stand beside this one, each a slot of the device table. */

static struct erofs_thin_images images_of(const struct erofs_plan *plan)
{
	struct erofs_thin_images images = { 0 };

	plan->tree->source_ops->thin_images(plan->tree->source, &images);
	return images;
}

/* Slots begin at a multiple of their size, and configurations stand right behind the superblock. */
size_t erofs_writer_devices_size(const struct erofs_plan *plan)
{
	if (!plan->tree->source_ops->thin)
		return EROFS_DEVICE_SLOT_SIZE;
	return EROFS_DEVICE_SLOT_SIZE * (1 + (size_t)images_of(plan).count);
}

int erofs_writer_thin_devices(const struct erofs_plan *plan, struct erofs_superblock *sb, uint8_t *behind_superblock)
{
	struct erofs_thin_images images = images_of(plan);
	uint8_t *slot = behind_superblock + EROFS_DEVICE_SLOT_SIZE;

	for (unsigned int i = 0; i < images.count; i++, slot += EROFS_DEVICE_SLOT_SIZE) {
		struct erofs_device_slot device;

		plan->tree->source_ops->thin_slot(plan->tree->source, i, sb->blocks, &device);
		if (device.uniaddr + device.blocks >= EROFS_NULL_BLOCK)
			return erofs_report(
				plan->diag, -EFBIG,
				"the images beside this one reach beyond 2^32 blocks; larger blocks would help");
		erofs_device_slot_encode(&device, slot);
	}
	memcpy(behind_superblock, images.configs, images.configs_size);
	sb->feature_incompat |= images.incompat;
	sb->available_compr_algs = images.algorithms_or_distance;
	sb->extra_devices = (uint16_t)images.count;
	sb->devt_slotoff =
		(EROFS_SUPERBLOCK_OFFSET + EROFS_SUPERBLOCK_SIZE + EROFS_DEVICE_SLOT_SIZE) / EROFS_DEVICE_SLOT_SIZE;
	return 0;
}

uint64_t erofs_writer_thin_size(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t head)
{
	struct erofs_thin_file file;

	plan->tree->source_ops->thin(inode, &file);
	if (!file.chunks)
		return plan->tree->source_ops->thin_size(inode, head);
	return erofs_chunk_map_at(head, EROFS_CHUNK_INDEX_SIZE) - head + file.chunk_count * EROFS_CHUNK_INDEX_SIZE;
}

int erofs_writer_thin_index(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t head,
			    uint64_t base, uint8_t *out)
{
	struct erofs_thin_file file;

	plan->tree->source_ops->thin(inode, &file);
	if (!file.chunks)
		return plan->tree->source_ops->thin_index(inode, head, base, out);
	out += erofs_chunk_map_at(head, EROFS_CHUNK_INDEX_SIZE) - head;
	for (uint64_t i = 0; i < file.chunk_count; i++, out += EROFS_CHUNK_INDEX_SIZE) {
		struct erofs_chunk_entry entry = { .block = file.chunks[i].block, .device_id = file.chunks[i].device };

		erofs_chunk_index_encode(&entry, out);
	}
	return 0;
}
