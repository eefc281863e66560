/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/encode.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/data_buffer.h"
#include "lib/util/report.h"

int erofs_writer_encode_tools_init(struct erofs_encode_tools *tools, const struct erofs_methods *methods)
{
	*tools = (struct erofs_encode_tools){ .methods = methods };
	tools->encoders = calloc(methods->count, sizeof(*tools->encoders));
	tools->look = erofs_look_new();
	tools->scratch = erofs_data_buffer(erofs_writer_methods_largest(methods) + 1);
	return tools->encoders && tools->look && tools->scratch ? 0 : -ENOMEM;
}

void erofs_writer_encode_tools_release(struct erofs_encode_tools *tools)
{
	for (unsigned int i = 0; tools->encoders && i < tools->methods->count; i++)
		erofs_encoder_free(tools->encoders[i]);
	free(tools->encoders);
	erofs_look_free(tools->look);
	free(tools->scratch);
}

void erofs_writer_encode_tools_count(const struct erofs_encode_tools *tools, uint64_t *runs, uint64_t *extents)
{
	for (unsigned int i = 0; tools->encoders && i < tools->methods->count; i++) {
		struct erofs_encoder_counts counts;

		if (!tools->encoders[i])
			continue;
		counts = erofs_encoder_counts(tools->encoders[i]);
		*runs += counts.runs;
		*extents += counts.extents;
	}
}

static int get_encoder(struct erofs_encode_tools *tools, uint8_t number)
{
	const struct erofs_method *method = &tools->methods->items[number];
	size_t segment = erofs_writer_methods_segment(tools->methods);
	struct erofs_encoder_settings settings = {
		.compression = method->compression,
		.encoded_max = method->encoded_max,
		.input_max = method->extent_bytes < segment ? method->extent_bytes : (uint32_t)segment,
		.dict_size = method->dict_size,
	};

	return tools->encoders[number] ? 0 : erofs_encoder_new(&tools->encoders[number], &settings);
}

/* ---- a run of bytes -------------------------------------------------------------------------------------------------------- */

uint64_t erofs_writer_index_estimate(const struct erofs_methods *methods, uint64_t size)
{
	const struct erofs_build_options *options = methods->options;

	if (options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return EROFS_ZMAP_HEADER_SIZE + (size / options->extent_size + 1) * 8;
	return EROFS_ZMAP_HEADER_SIZE + EROFS_PACK_4B_SIZE +
	       (size >> options->blkszbits) * (options->full_index ? EROFS_LCLUSTER_FULL_SIZE : 2);
}

size_t erofs_writer_encode_room(const struct erofs_methods *methods, size_t size)
{
	uint32_t blksz = 1u << methods->options->blkszbits;

	/* What does not shrink is stored in as many blocks; a cluster that is one too many is noticed when it is there. */
	return (size + blksz - 1) / blksz * blksz;
}

static int encode_run(struct erofs_encode_tools *tools, uint8_t number, const uint8_t *in, size_t size, size_t at,
		      struct erofs_encoded *to)
{
	const struct erofs_method *method = &tools->methods->items[number];

	erofs_encoder_begin(tools->encoders[number]);
	if (method->unit == 1)
		return erofs_writer_encode_extents(tools, tools->encoders[number], method, in, size, to);
	return erofs_writer_encode_clusters(tools, tools->encoders[number], method, in, size, at, to);
}

/* What is between the runs is encoded as if nothing followed: they begin with a block. */
static int encode_around_zeros(struct erofs_encode_tools *tools, uint8_t number, const struct erofs_zero_search *search,
			       struct erofs_encoded *to)
{
	const struct erofs_encoded given = *to;
	const size_t size = search->size;
	struct erofs_zero_run run = { 0 };
	int err = 0;

	for (size_t done = 0; !err && done < size && !to->full; done = run.end) {
		if (!erofs_writer_zero_run_find(search, &run))
			run = (struct erofs_zero_run){ .start = size, .end = size };
		to->ends_file = given.ends_file && run.start == size;
		to->is_followed = given.is_followed && run.start == size;
		to->wanted = given.wanted > done ? given.wanted - done : 0;
		if (run.start > done)
			err = encode_run(tools, number, search->in + done, run.start - done, search->at + done, to);
		if (!err)
			err = erofs_writer_encoded_zeros(to, search->method, run.end - run.start);
	}
	to->ends_file = given.ends_file;
	to->is_followed = given.is_followed;
	to->wanted = given.wanted;
	return err;
}

static bool may_have_zeros(const struct erofs_encode_tools *tools, const struct erofs_zero_search *search,
			   const struct erofs_encoded *to)
{
	const struct erofs_method *method = search->method;

	if (!to->may_have_zeros || !method->zeros ||
	    (search->ends_file && erofs_writer_is_fragment(tools->methods, method, search->size)))
		return false;
	return !to->zeros_pay_for || erofs_writer_zero_runs_pay(search, to->zeros_pay_for);
}

int erofs_writer_encode(struct erofs_encode_tools *tools, uint8_t number, const uint8_t *in, size_t size, size_t at,
			struct erofs_encoded *to)
{
	const struct erofs_zero_search search = {
		.options = tools->methods->options,
		.method = &tools->methods->items[number],
		.in = in,
		.size = size,
		.at = at,
		.ends_file = to->ends_file,
	};
	int err = get_encoder(tools, number);

	if (err)
		return err;
	if (may_have_zeros(tools, &search, to))
		return encode_around_zeros(tools, number, &search, to);
	return encode_run(tools, number, in, size, at, to);
}
