/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "mkfs/option.h"

/* -E [^]FEATURE,... */

typedef bool set_function(struct mkfs_options *options, bool on);

static bool set_inline_data(struct mkfs_options *options, bool on)
{
	options->build.inline_data = on;
	return true;
}

static bool set_noinline_data(struct mkfs_options *options, bool on)
{
	options->build.inline_data = !on;
	return true;
}

static bool set_inode_compact(struct mkfs_options *options, bool on)
{
	options->build.inode_form = on ? EROFS_INODE_FORM_COMPACT : EROFS_INODE_FORM_AUTO;
	return true;
}

static bool set_inode_extended(struct mkfs_options *options, bool on)
{
	options->build.inode_form = on ? EROFS_INODE_FORM_EXTENDED : EROFS_INODE_FORM_AUTO;
	return true;
}

static bool set_xattr_filter(struct mkfs_options *options, bool on)
{
	options->build.xattr_name_filter = on;
	return true;
}

static bool set_nosbcrc(struct mkfs_options *options, bool on)
{
	options->build.sb_checksum = !on;
	return true;
}

static bool set_48bit(struct mkfs_options *options, bool on)
{
	options->form_given = true;
	options->build.compressed_form = on ? EROFS_COMPRESSED_EXTENTS : EROFS_COMPRESSED_CLUSTERS;
	return true;
}

static bool set_full_index(struct mkfs_options *options, bool on)
{
	options->build.full_index = on;
	return true;
}

static bool set_ztailpacking(struct mkfs_options *options, bool on)
{
	options->build.pack_tails = on;
	return true;
}

static bool refuse_legacy(struct mkfs_options *options, bool on)
{
	(void)options;
	return !on || mkfs_refuse("-E legacy-compress is refused: only kernels before 5.4 need data without "
				  "zero padding; full indexes alone are -E full-index");
}

static const struct {
	const char *name;
	set_function *set; /* NULL: not built yet; may have a value then */
} features[] = {
	{ "inline_data", set_inline_data },
	{ "noinline_data", set_noinline_data },
	{ "force-inode-compact", set_inode_compact },
	{ "force-inode-extended", set_inode_extended },
	{ "xattr-name-filter", set_xattr_filter },
	{ "nosbcrc", set_nosbcrc },
	{ "48bit", set_48bit },
	{ "full-index", set_full_index },
	{ "legacy-compress", refuse_legacy },
	{ "all-fragments", NULL },
	{ "dedupe", NULL },
	{ "dot-omitted", NULL },
	{ "force-chunk-indexes", NULL },
	{ "force-inode-blockmap", NULL },
	{ "fragdedupe", NULL },
	{ "fragments", NULL },
	{ "ztailpacking", set_ztailpacking },
};

static bool set_feature(struct mkfs_options *options, const char *name, size_t length, bool on)
{
	size_t bare = strcspn(name, "=,");

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		size_t given = features[i].set ? length : bare;

		if (given != strlen(features[i].name) || memcmp(name, features[i].name, given) != 0)
			continue;
		return features[i].set ? features[i].set(options, on)
				       : mkfs_refuse("-E %s is not built yet", features[i].name);
	}
	return mkfs_refuse("unknown feature '%.*s' in -E", (int)length, name);
}

bool mkfs_take_features(struct mkfs_parser *parser, const char *value)
{
	if (!*value)
		return mkfs_refuse("-E needs a feature");
	while (*value) {
		bool on = *value != '^';
		const char *name = value + !on;
		size_t length = strcspn(name, ",");

		if (!set_feature(parser->options, name, length, on))
			return false;
		value = name + length;
		value += *value == ',';
	}
	return true;
}
