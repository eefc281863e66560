/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/data.h"

#include <errno.h>

/* Behind all tails: where fragments wait. */
#define FRAGMENTS_BEHIND (UINT64_C(1) << 42)

/* Bytes of a device of data, which has no scratch space that they could run into: more than anybody has. */
#define DEVICE_MOST (UINT64_C(1) << 60)

int erofs_writer_data_init(struct erofs_data *data, const struct erofs_plan *plan, struct erofs_output *output,
			   struct erofs_output *device, struct erofs_tails *tails)
{
	uint32_t most = plan->is_arriving ? UINT32_MAX : plan->tree->inode_count;
	int err = erofs_pages_init(&data->places, sizeof(struct erofs_place), most);

	data->output = output;
	data->tails = tails;
	data->fragments.output = output;
	data->fragments.scratch_at = tails->scratch_at + FRAGMENTS_BEHIND;
	if (device)
		erofs_writer_zone_init(&data->zone, device, plan->blksz, EROFS_OUTPUT_DATA_START, DEVICE_MOST);
	else
		erofs_writer_zone_init(&data->zone, output, plan->blksz, plan->data_start, tails->scratch_at);
	if (plan->options->data_align_blocks)
		data->zone.unit = (uint64_t)plan->options->data_align_blocks * plan->blksz;
	erofs_writer_dedup_init(&data->dedup, erofs_digest_size(erofs_writer_digest(plan)));
	if (!err && plan->is_arriving)
		return erofs_pages_init(&data->arrivals, sizeof(struct erofs_tree_inode *), most);
	if (!err)
		err = erofs_pages_fill(&data->places, most);
	for (uint32_t i = 0; !err && i < most; i++)
		erofs_writer_place(data, plan->tree->inodes[i])->content = EROFS_CONTENT_NONE;
	return err;
}

void erofs_writer_data_release(struct erofs_data *data)
{
	erofs_pages_release(&data->places);
	erofs_pages_release(&data->arrivals);
	erofs_writer_zone_release(&data->zone);
	erofs_writer_dedup_release(&data->dedup);
	erofs_buffer_release(&data->extent_lists);
	erofs_buffer_release(&data->chunk_lists);
	erofs_hasher_free(data->uuid_hasher);
	erofs_writer_fragments_release(&data->fragments);
}
