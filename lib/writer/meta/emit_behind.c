/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "lib/writer/meta/emit.h"
#include "lib/writer/meta/verity.h"

int erofs_writer_emit_behind(const struct erofs_plan *plan, const struct erofs_data *data,
			     const struct erofs_layout *layout, const struct erofs_buffer *front,
			     struct erofs_pool *pool)
{
	struct erofs_build_summary *summary = plan->summary;
	uint64_t end = layout->meta_blkaddr * plan->blksz + layout->metadata_size;
	struct erofs_verity verity = {
		.image_size = layout->image_size,
		.block_size = plan->blksz,
		.front = front->data,
		.front_size = front->size,
	};
	int err = erofs_output_write_zeros(data->output, layout->image_size - end, end);

	summary->image_bytes = layout->image_size;
	if (err || !plan->options->verity)
		return err;
	err = erofs_writer_verity_write(&verity, data->output, pool, plan->options->cancel);
	if (err)
		return err;
	summary->has_verity = true;
	summary->verity_offset = layout->image_size;
	summary->image_bytes = verity.end;
	memcpy(summary->verity_root, verity.root, sizeof(summary->verity_root));
	return 0;
}
