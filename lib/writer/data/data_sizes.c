/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/data.h"

#include "lib/format/format_chunk.h"
#include "lib/writer/index/chunk_list.h"

static struct erofs_extent_list list_of(const struct erofs_data *data, const struct erofs_tree_inode *inode)
{
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;

	erofs_writer_extent_lists_open(&data->extent_lists, erofs_writer_place(data, inode)->at, &list, &cursor);
	return list;
}

static const struct erofs_methods *methods_of(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	return S_ISDIR(inode->mode) ? erofs_writer_dir_methods(plan) : &plan->methods;
}

enum erofs_data_layout erofs_writer_placed_layout(const struct erofs_plan *plan, const struct erofs_data *data,
						  const struct erofs_tree_inode *inode)
{
	struct erofs_thin_file thin;
	struct erofs_zindex zindex;

	if (erofs_writer_is_thin(plan, inode)) {
		plan->tree->source_ops->thin(inode, &thin);
		return (enum erofs_data_layout)thin.layout;
	}
	if (erofs_writer_place(data, inode)->is_compressed) {
		zindex = erofs_writer_zindex(plan, data, inode);
		return erofs_writer_zindex_layout(&zindex);
	}
	if (erofs_writer_place(data, inode)->is_chunked)
		return EROFS_LAYOUT_CHUNK_BASED;
	return (enum erofs_data_layout)erofs_writer_inode_plan(plan, inode)->layout;
}

unsigned int erofs_writer_placed_chunkbits(const struct erofs_plan *plan, const struct erofs_data *data,
					   const struct erofs_tree_inode *inode)
{
	const struct erofs_place *place = erofs_writer_place(data, inode);

	return place->is_chunked ? erofs_writer_chunk_list_open(&data->chunk_lists, place->at).chunkbits
				 : erofs_writer_inode_plan(plan, inode)->chunkbits;
}

struct erofs_zindex erofs_writer_zindex(const struct erofs_plan *plan, const struct erofs_data *data,
					const struct erofs_tree_inode *inode)
{
	struct erofs_extent_list list = list_of(data, inode);
	struct erofs_zindex zindex = {
		.methods = methods_of(plan, inode),
		.lists = &data->extent_lists,
		.list = erofs_writer_place(data, inode)->at,
		.file_size = erofs_writer_data_size(plan, inode),
		.has_fragment = list.has_fragment,
		.is_fragment = list.has_fragment && list.count == 1,
		.has_shared = list.has_shared,
	};

	zindex.zeros_at = data->zeros[erofs_writer_method_algorithm(&zindex.methods->items[list.method])].block;
	if (list.has_fragment)
		zindex.fragment_at = data->fragments.items[list.fragment].offset;
	return zindex;
}

uint64_t erofs_writer_placed_body(const struct erofs_plan *plan, const struct erofs_data *data,
				  const struct erofs_tree_inode *inode)
{
	struct erofs_zindex zindex;
	uint64_t head;

	head = erofs_writer_head_size(plan, inode);
	if (erofs_writer_place(data, inode)->is_chunked)
		return head + erofs_writer_chunk_map_size(plan, inode, head,
							  erofs_writer_placed_chunkbits(plan, data, inode));
	if (!erofs_writer_place(data, inode)->is_compressed)
		return erofs_writer_planned_body(plan, inode);
	zindex = erofs_writer_zindex(plan, data, inode);
	return head + erofs_writer_zindex_size(&zindex, head);
}

uint32_t erofs_writer_placed_tail(const struct erofs_plan *plan, const struct erofs_data *data,
				  const struct erofs_tree_inode *inode)
{
	struct erofs_thin_file thin;

	if (erofs_writer_is_thin(plan, inode)) {
		plan->tree->source_ops->thin(inode, &thin);
		return thin.tail_size;
	}
	if (erofs_writer_place(data, inode)->is_chunked)
		return 0;
	if (!erofs_writer_place(data, inode)->is_compressed)
		return erofs_writer_planned_tail(plan, inode);
	return list_of(data, inode).tail_size;
}

uint32_t erofs_writer_placed_fragment(const struct erofs_data *data, const struct erofs_tree_inode *inode)
{
	struct erofs_extent_list list;

	if (!erofs_writer_place(data, inode)->is_compressed)
		return EROFS_FRAGMENT_NONE;
	list = list_of(data, inode);
	return list.has_fragment ? list.fragment : EROFS_FRAGMENT_NONE;
}

uint64_t erofs_writer_placed_tail_at(const struct erofs_data *data, const struct erofs_tree_inode *inode)
{
	const struct erofs_place *place = erofs_writer_place(data, inode);

	return place->is_compressed ? list_of(data, inode).tail_at : place->at;
}

uint64_t erofs_writer_placed_blocks(const struct erofs_plan *plan, const struct erofs_data *data,
				    const struct erofs_tree_inode *inode)
{
	return erofs_writer_place(data, inode)->is_compressed ? 0 : erofs_writer_planned_blocks(plan, inode);
}

struct erofs_span erofs_writer_placed_span(const struct erofs_plan *plan, const struct erofs_data *data,
					   const struct erofs_tree_inode *inode)
{
	const struct erofs_place *place = erofs_writer_place(data, inode);
	struct erofs_extent_list list;
	uint32_t unit;

	if (!place->is_compressed)
		return (struct erofs_span){
			.start = (uint64_t)place->blkaddr * plan->blksz,
			.size = erofs_writer_planned_blocks(plan, inode) * plan->blksz,
		};
	list = list_of(data, inode);
	unit = methods_of(plan, inode)->items[list.method].unit;
	return (struct erofs_span){ list.start * unit, list.plen * unit };
}
