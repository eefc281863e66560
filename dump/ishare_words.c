/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>
#include <string.h>

#include "common/units.h"
#include "dump/ishare.h"

unsigned int ishare_reduction(const struct erofs_share_figures *figures)
{
	uint64_t saved = figures->page_bytes - figures->shared_page_bytes;

	return figures->page_bytes ? (unsigned int)((unsigned __int128)saved * 10000 / figures->page_bytes) : 0;
}

void ishare_format_size(char out[ISHARE_SIZE_MAX], uint64_t bytes)
{
	tool_format_size(out, bytes);
}

const char *ishare_kind(const struct dump_options *options, bool compressed)
{
	if (compressed)
		return "compressed";
	return options->block_backend ? "plain, on a block device" : "plain, in an image file";
}

struct erofs_share_image ishare_image(const struct ishare_report *report, size_t index)
{
	struct erofs_share_image image = { 0 };

	erofs_share_get_image(report->share, &image, index);
	return image;
}

void ishare_shorten(char out[ISHARE_SHORT_MAX], const char *value)
{
	size_t name = strcspn(value, ":");

	snprintf(out, ISHARE_SHORT_MAX, "%.*s", (int)name + 13, value);
}

bool ishare_mixes(const struct ishare_report *report)
{
	return report->total.algorithms & (report->total.algorithms - 1);
}

const char *ishare_algorithm(uint32_t algorithms, unsigned int bit)
{
	if (bit >= EROFS_DIGEST_COUNT || !(algorithms & 1u << bit))
		return NULL;
	return bit == EROFS_DIGEST_NONE ? "another form" : erofs_digest_name((enum erofs_digest)bit);
}

size_t ishare_count_algorithm(const struct ishare_report *report, unsigned int bit)
{
	size_t count = 0;

	for (size_t i = 0; i < report->total.images; i++)
		count += ishare_image(report, i).algorithms >> bit & 1;
	return count;
}
