/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/metabox_inode.h"

#include "lib/format/format_inode.h"
#include "lib/util/align.h"
#include "lib/util/cleanup.h"

/* Appends inode and index. */
static int encode_inode(const struct erofs_plan *plan, const struct erofs_layout *layout,
			const struct erofs_extent_list *list, const struct erofs_buffer *extents,
			struct erofs_buffer *out)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer lists = { 0 };
	struct erofs_zindex zindex = { .methods = &plan->metabox, .lists = &lists, .file_size = layout->metabox_size };
	struct erofs_inode record = {
		.extended = layout->metabox_size > UINT32_MAX,
		.layout = erofs_writer_zindex_layout(&zindex),
		.mode = S_IFREG | S_IRUSR,
		.nlink = 1,
		.ino = plan->tree->inode_count + 1,
		.size = layout->metabox_size,
		.mtime = plan->epoch,
		.mtime_nsec = plan->fixed_nsec,
		.u = (uint32_t)((list->plen + plan->blksz - 1) / plan->blksz),
	};
	uint8_t body[EROFS_INODE_EXTENDED_SIZE];
	size_t size = erofs_inode_encode(&record, body);
	int err = erofs_writer_extent_lists_add(&lists, &zindex.list, list, extents);

	if (!err)
		err = erofs_buffer_append(out, body, size);
	return err ? err : erofs_writer_zindex_encode(&zindex, out, size);
}

static int write_inode(const struct erofs_plan *plan, const struct erofs_data *data, const struct erofs_buffer *inode,
		       uint64_t data_end, uint64_t at)
{
	int err = data->uuid_hasher ? erofs_hasher_append(data->uuid_hasher, inode->data, inode->size) : 0;
	uint64_t end = at + inode->size;

	if (!err)
		err = erofs_output_write_zeros(data->output, at - data_end, data_end);
	if (!err)
		err = erofs_output_write(data->output, inode->data, inode->size, at);
	return err ? err : erofs_output_write_zeros(data->output, erofs_align_up(end, plan->blksz) - end, end);
}

int erofs_writer_emit_metabox_inode(const struct erofs_plan *plan, const struct erofs_data *data,
				    struct erofs_layout *layout, const struct erofs_extent_list *list,
				    const struct erofs_buffer *extents, uint64_t end)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer inode = { 0 };
	uint64_t before = layout->meta_blkaddr * plan->blksz + layout->metadata_size;
	int err = encode_inode(plan, layout, list, extents, &inode);

	layout->metabox_inode_at = erofs_align_up(end, EROFS_NID_SLOT);
	if (!err)
		err = erofs_writer_layout_extend(
			layout, plan, erofs_align_up(layout->metabox_inode_at + inode.size, plan->blksz) - before);
	return err ? err : write_inode(plan, data, &inode, end, layout->metabox_inode_at);
}
