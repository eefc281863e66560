/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_kernel.h"

#include <stddef.h>

#include <erofs/compress.h>

struct need {
	uint32_t bits;
	struct erofs_kernel since;
};

static const struct need features[] = {
	{ EROFS_FEATURE_INCOMPAT_BIG_PCLUSTER, { 5, 13 } }, /* with COMPR_CFGS */
	{ EROFS_FEATURE_INCOMPAT_CHUNKED_FILE, { 5, 15 } },
	{ EROFS_FEATURE_INCOMPAT_DEVICE_TABLE, { 5, 16 } }, /* with COMPR_HEAD2 */
	{ EROFS_FEATURE_INCOMPAT_ZTAILPACKING, { 5, 17 } },
	{ EROFS_FEATURE_INCOMPAT_FRAGMENTS, { 6, 1 } }, /* with DEDUPE */
	{ EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES, { 6, 4 } },
	{ EROFS_FEATURE_INCOMPAT_48BIT, { 6, 15 } },
	{ EROFS_FEATURE_INCOMPAT_METABOX, { 6, 17 } },
};

static const struct need algorithms[] = {
	{ 1u << EROFS_ALGORITHM_LZMA, { 5, 16 } },
	{ 1u << EROFS_ALGORITHM_DEFLATE, { 6, 6 } },
	{ 1u << EROFS_ALGORITHM_ZSTD, { 6, 10 } },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct erofs_kernel newer(struct erofs_kernel a, struct erofs_kernel b)
{
	return erofs_kernel_is_before(a, b) ? b : a;
}

static struct erofs_kernel newest(const struct need *needs, size_t count, uint32_t bits)
{
	struct erofs_kernel kernel = EROFS_KERNEL_OLDEST;

	for (size_t i = 0; i < count; i++)
		if (bits & needs[i].bits)
			kernel = newer(kernel, needs[i].since);
	return kernel;
}

struct erofs_kernel erofs_kernel_of_features(uint32_t incompat)
{
	return newest(features, COUNT(features), incompat);
}

struct erofs_kernel erofs_kernel_of_algorithms(uint16_t bitmap)
{
	return newest(algorithms, COUNT(algorithms), bitmap);
}

struct erofs_kernel erofs_kernel_of_block_size(unsigned int blkszbits, bool compressed)
{
	if (blkszbits == 12)
		return EROFS_KERNEL_OLDEST;
	return compressed ? (struct erofs_kernel){ 6, 8 } : (struct erofs_kernel){ 6, 4 };
}

struct erofs_kernel erofs_superblock_oldest_kernel(const struct erofs_superblock *sb)
{
	if (!sb)
		return (struct erofs_kernel){ 0 };
	/* Without the configurations the field is the LZ4 window. */
	bool bitmap = erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_COMPR_CFGS);
	struct erofs_kernel kernel = erofs_kernel_of_features(sb->feature_incompat);

	if (bitmap)
		kernel = newer(kernel, erofs_kernel_of_algorithms(sb->available_compr_algs));
	return newer(kernel, erofs_kernel_of_block_size(sb->blkszbits, bitmap || sb->available_compr_algs));
}
