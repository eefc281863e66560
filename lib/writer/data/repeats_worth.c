/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/repeats.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"
#include "lib/util/data_buffer.h"
#include "lib/writer/data/encode.h"

/* What a repeat saves is what its bytes encode to; and what it costs. */

/*
 * An extent for less gains nothing: its neighbours lose what they would have from each other, the more the larger they are. What is best was
 * measured on database roots.
 */
#define LEAST		       8192u
#define LEAST_SHARE_OF_EXTENT  16u
#define LEAST_SHARE_OF_CLUSTER 4u

uint64_t erofs_writer_repeats_least(const struct erofs_run *run)
{
	const struct erofs_build_options *options = run->plan->options;
	uint32_t least;

	if (erofs_writer_repeats_in_extents(run))
		least = options->extent_size / LEAST_SHARE_OF_EXTENT;
	else
		least = erofs_writer_methods_largest(&run->plan->methods) / LEAST_SHARE_OF_CLUSTER;
	return least > LEAST ? least : LEAST;
}

/*
 * Clusters: the owner has one more that is not full, and so has the file in front of the repeat and perhaps behind it. Encoded
 * extents: records, and what neighbours have from each other.
 */
#define COST_BLOCKS  1u
#define COST_EXTENTS 256u

static size_t cost_of(const struct erofs_method *method)
{
	return method->unit > 1 ? COST_BLOCKS * (size_t)method->unit : COST_EXTENTS;
}

void erofs_writer_worth_begin(struct erofs_worth *worth, struct erofs_run *run, unsigned int worker,
			      const struct erofs_tree_inode *inode)
{
	worth->tools = &run->workers[worker].encode;
	worth->method = erofs_writer_inode_plan(run->plan, inode)->method;
	worth->encoded = (struct erofs_encoded){
		.room = cost_of(&run->plan->methods.items[worth->method]),
		.extents = &worth->extents,
	};
	worth->encoded.out = erofs_data_buffer(worth->encoded.room);
}

void erofs_writer_worth_end(struct erofs_worth *worth)
{
	free(worth->encoded.out);
	erofs_buffer_release(&worth->extents);
}

int erofs_writer_worth_add(struct erofs_worth *worth, const uint8_t *in, size_t size)
{
	int err = worth->encoded.out ? 0 : -ENOMEM;

	worth->extents.size = 0;
	if (!err)
		err = erofs_writer_encode(worth->tools, worth->method, in, size, 0, &worth->encoded);
	return err ? err : worth->encoded.full;
}
