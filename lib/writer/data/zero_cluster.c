/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/zero_cluster.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"
#include "lib/util/data_buffer.h"
#include "lib/util/report.h"
#include "lib/writer/data/encode.h"

/*
 * Behind all data, because files that arrive may give back what lies behind their beginning, and because only then it is known
 * whether anybody wants one.
 */

/* One block, as any other cluster would be encoded. */
static int encode_zeros(const struct erofs_plan *plan, uint8_t method, uint8_t *block)
{
	erofs_auto(erofs_writer_encode_tools_release) struct erofs_encode_tools tools = { 0 };
	erofs_auto(erofs_buffer_release) struct erofs_buffer extents = { 0 };
	size_t size = plan->methods.items[method].zeros;
	erofs_auto_free uint8_t *zeros = calloc(1, size);
	struct erofs_encoded encoded = { .out = block, .room = plan->blksz, .extents = &extents };
	int err = erofs_writer_encode_tools_init(&tools, &plan->methods);

	if (!err && !zeros)
		err = -ENOMEM;
	if (!err)
		err = erofs_writer_encode(&tools, method, zeros, size, 0, &encoded);
	if (!err && (encoded.full || encoded.count != 1 || encoded.size != plan->blksz))
		err = erofs_report(plan->diag, -EIO, "%zu zeros do not fit into a block", size);
	return err;
}

static int store(struct erofs_data *data, const struct erofs_plan *plan, uint8_t method,
		 struct erofs_zero_cluster *cluster)
{
	erofs_auto_free uint8_t *block = erofs_data_buffer(plan->blksz);
	struct iovec vector = { block, plan->blksz };
	uint64_t start;
	int err = block ? encode_zeros(plan, method, block) : -ENOMEM;

	if (!err)
		err = erofs_writer_zone_align(&data->zone);
	if (!err)
		err = erofs_writer_zone_take(&data->zone, &start, plan->blksz);
	if (err == -EFBIG || err == -ERANGE)
		return erofs_report(plan->diag, -EFBIG, "the image grows too large");
	if (err)
		return err;
	cluster->block = (uint32_t)(start / plan->blksz);
	plan->summary->encoded_bytes += plan->blksz;
	return erofs_output_writev(data->output, &vector, 1, start);
}

int erofs_writer_zero_clusters_store(struct erofs_data *data, const struct erofs_plan *plan)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < plan->methods.count; i++) {
		const struct erofs_method *method = &plan->methods.items[i];
		struct erofs_zero_cluster *cluster;

		if (!method->encoded_max)
			continue;
		cluster = &data->zeros[erofs_writer_method_algorithm(method)];
		if (cluster->is_wanted && !cluster->block)
			err = store(data, plan, (uint8_t)i, cluster);
	}
	return err;
}
