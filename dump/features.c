/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/features.h"

#include <stdio.h>

struct feature {
	uint32_t bit;
	const char *name;
};

static const struct feature compat[] = {
	{ EROFS_FEATURE_COMPAT_SB_CHKSUM, "sb_csum" },
	{ EROFS_FEATURE_COMPAT_MTIME, "mtime" },
	{ EROFS_FEATURE_COMPAT_XATTR_FILTER, "xattr_filter" },
	{ EROFS_FEATURE_COMPAT_SHARED_EA_IN_METABOX, "shared_ea_in_metabox" },
	{ EROFS_FEATURE_COMPAT_PLAIN_XATTR_PFX, "plain_xattr_pfx" },
	{ EROFS_FEATURE_COMPAT_ISHARE_XATTRS, "ishare_xattrs" },
};

static const struct feature incompat[] = {
	{ EROFS_FEATURE_INCOMPAT_ZERO_PADDING, "lz4_0padding" },
	{ EROFS_FEATURE_INCOMPAT_COMPR_CFGS, "compr_cfgs" },
	{ EROFS_FEATURE_INCOMPAT_BIG_PCLUSTER, "big_pcluster" },
	{ EROFS_FEATURE_INCOMPAT_CHUNKED_FILE, "chunked_file" },
	{ EROFS_FEATURE_INCOMPAT_DEVICE_TABLE, "device_table" },
	{ EROFS_FEATURE_INCOMPAT_COMPR_HEAD2, "compr_head2" },
	{ EROFS_FEATURE_INCOMPAT_ZTAILPACKING, "ztailpacking" },
	{ EROFS_FEATURE_INCOMPAT_FRAGMENTS, "fragments" },
	{ EROFS_FEATURE_INCOMPAT_DEDUPE, "dedupe" },
	{ EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES, "xattr_prefixes" },
	{ EROFS_FEATURE_INCOMPAT_48BIT, "48bit" },
	{ EROFS_FEATURE_INCOMPAT_METABOX, "metabox" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

size_t features_compat(const char *names[], const struct erofs_superblock *sb, uint32_t *unknown)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT(compat); i++)
		if (erofs_has_compat(sb, compat[i].bit))
			names[count++] = compat[i].name;
	*unknown = sb->feature_compat & ~EROFS_FEATURE_COMPAT_KNOWN;
	return count;
}

/* An image without extra devices has that bit for its compression, one without compression for its devices. */
static bool is_meant(const struct erofs_superblock *sb, size_t i)
{
	if (incompat[i].bit != EROFS_FEATURE_INCOMPAT_DEVICE_TABLE)
		return true;
	return incompat[i].name[0] == 'd' ? sb->extra_devices : sb->available_compr_algs;
}

size_t features_incompat(const char *names[], const struct erofs_superblock *sb, uint32_t *unknown)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT(incompat); i++)
		if (erofs_has_incompat(sb, incompat[i].bit) && is_meant(sb, i))
			names[count++] = incompat[i].name;
	*unknown = sb->feature_incompat & ~EROFS_FEATURE_INCOMPAT_KNOWN;
	return count;
}

static const char *const algorithms[] = { "lz4", "lzma", "deflate", "zstd" };

size_t features_algorithms(const char *names[], const struct erofs_superblock *sb)
{
	size_t count = 0;

	if (!erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_COMPR_CFGS)) {
		if (sb->available_compr_algs)
			names[count++] = algorithms[0];
		return count;
	}
	for (size_t i = 0; i < COUNT(algorithms); i++)
		if (sb->available_compr_algs & (1u << i))
			names[count++] = algorithms[i];
	return count;
}

struct feature_kernel features_oldest_kernel(const struct erofs_superblock *sb)
{
	struct erofs_kernel kernel = erofs_superblock_oldest_kernel(sb);
	struct feature_kernel name;

	snprintf(name.text, sizeof(name.text), "%u.%u", kernel.major, kernel.minor);
	return name;
}
