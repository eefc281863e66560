/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdint.h>
#include <string.h>

#include "common/nearest.h"
#include "common/tool.h"
#include "mkfs/option.h"

/* -E [^]FEATURE,... */

typedef bool set_function(struct mkfs_options *options, bool on);
typedef bool take_function(struct mkfs_options *options, bool on, const char *value);

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

static bool set_zero_extents(struct mkfs_options *options, bool on)
{
	options->build.zero_extents = on ? EROFS_ZERO_EXTENTS_ALWAYS : EROFS_ZERO_EXTENTS_NEVER;
	return true;
}

static bool set_ztailpacking(struct mkfs_options *options, bool on)
{
	options->build.pack_tails = on;
	return true;
}

/* Where one more byte in memory still makes the image as much smaller as the ones before it, as measured of database roots. */
#define SMALL_FRAGMENTS (16u * 1024)

static bool set_fragments(struct mkfs_options *options, bool on, const char *value)
{
	struct erofs_build_options *build = &options->build;
	uint64_t size = SMALL_FRAGMENTS;

	if (value && strcmp(value, "small") != 0 && (!tool_parse_size(&size, value, UINT32_MAX) || !size))
		return mkfs_refuse("-E fragments=%s: a number of bytes, or small (%u)", value, SMALL_FRAGMENTS);
	build->fragments = on;
	build->fragment_max = value ? size : 0;
	if (!on || value)
		build->all_fragments = false;
	return true;
}

static bool set_all_fragments(struct mkfs_options *options, bool on)
{
	options->build.fragments = options->build.all_fragments = on;
	options->build.fragment_max = 0;
	return true;
}

static bool set_fragdedupe(struct mkfs_options *options, bool on, const char *value)
{
	static const char *const names[] = {
		[EROFS_FRAGMENTS_FULL] = "full",
		[EROFS_FRAGMENTS_INODE] = "inode",
		[EROFS_FRAGMENTS_NONE] = "off",
	};

	if (!on)
		value = names[EROFS_FRAGMENTS_NONE];
	for (int i = 0; i <= EROFS_FRAGMENTS_NONE; i++) {
		if (value && strcmp(value, names[i]) != 0)
			continue;
		options->build.fragment_dedupe = (enum erofs_fragment_dedupe)i;
		return true;
	}
	return mkfs_refuse("-E fragdedupe=%s: full, inode or off", value);
}

static bool set_dedupe(struct mkfs_options *options, bool on)
{
	options->build.dedupe_runs = on;
	return true;
}

static bool set_chunk_indexes(struct mkfs_options *options, bool on)
{
	options->build.chunk_indexes = on;
	return true;
}

static bool set_blockmap(struct mkfs_options *options, bool on)
{
	return set_chunk_indexes(options, !on);
}

/* Where the prefix table of every image is. */
static bool set_plain_prefixes(struct mkfs_options *options, bool on)
{
	(void)options;
	return on ||
	       mkfs_refuse("-E ^plain-xattr-prefixes: kernels would look for the table of prefixes in a packed inode");
}

static bool set_dot_omitted(struct mkfs_options *options, bool on)
{
	options->build.dot_omitted = on;
	return true;
}

static bool set_legacy(struct mkfs_options *options, bool on)
{
	options->build.legacy_layout = on;
	return true;
}

static const struct {
	const char *name;
	set_function *set;
	take_function *take; /* instead, of one that may have a value */
} features[] = {
	{ .name = "inline_data", .set = set_inline_data },
	{ .name = "noinline_data", .set = set_noinline_data },
	{ .name = "force-inode-compact", .set = set_inode_compact },
	{ .name = "force-inode-extended", .set = set_inode_extended },
	{ .name = "xattr-name-filter", .set = set_xattr_filter },
	{ .name = "nosbcrc", .set = set_nosbcrc },
	{ .name = "48bit", .set = set_48bit },
	{ .name = "full-index", .set = set_full_index },
	{ .name = "legacy-compress", .set = set_legacy },
	{ .name = "all-fragments", .set = set_all_fragments },
	{ .name = "dedupe", .set = set_dedupe },
	{ .name = "dot-omitted", .set = set_dot_omitted },
	{ .name = "force-chunk-indexes", .set = set_chunk_indexes },
	{ .name = "force-inode-blockmap", .set = set_blockmap },
	{ .name = "plain-xattr-prefixes", .set = set_plain_prefixes },
	{ .name = "fragdedupe", .take = set_fragdedupe },
	{ .name = "fragments", .take = set_fragments },
	{ .name = "zero-extents", .set = set_zero_extents },
	{ .name = "ztailpacking", .set = set_ztailpacking },
};

/* A feature with a value in a text that goes on behind it. */
static bool take_value(struct mkfs_options *options, take_function *take, bool on, const char *value, size_t length)
{
	char text[32];

	if (length >= sizeof(text))
		return mkfs_refuse("-E: the value '%.*s' is too long", (int)length, value);
	memcpy(text, value, length);
	text[length] = 0;
	return take(options, on, text);
}

static bool refuse_unknown(const char *name, size_t length)
{
	struct tool_nearest nearest = tool_nearest_to(name, strcspn(name, "=,"));
	char hint[TOOL_HINT_MAX];

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		tool_nearest_offer(&nearest, features[i].name);
	return mkfs_refuse("unknown feature '%.*s' in -E%s", (int)length, name,
			   nearest.mistakes ? tool_nearest_hint(&nearest, hint, "") : "");
}

static bool set_feature(struct mkfs_options *options, const char *name, size_t length, bool on)
{
	size_t bare = strcspn(name, "=,");
	bool has_value = bare < length;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (bare != strlen(features[i].name) || memcmp(name, features[i].name, bare) != 0)
			continue;
		if (features[i].set && has_value)
			break;
		if (features[i].set)
			return features[i].set(options, on);
		return has_value ? take_value(options, features[i].take, on, name + bare + 1, length - bare - 1)
				 : features[i].take(options, on, NULL);
	}
	return refuse_unknown(name, length);
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
