/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>

#include "mkfs/location.h"
#include "mkfs/option.h"

/*
 * --oci=LOCATION[,ref=NAME][,platform=OS/ARCH[/VARIANT]][,layers=flatten|each|cache|image][,type=TYPE]
 * [,cache-from=LOCATION]...[,http]
 */

static bool parse_layers(struct mkfs_options *options, const char *value)
{
	static const char *const names[] = {
		[MKFS_FLATTEN] = "flatten", [MKFS_EACH] = "each", [MKFS_CACHE] = "cache", [MKFS_IMAGE] = "image"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(value, names[i]) == 0) {
			options->oci_layers = (enum mkfs_layers)i;
			return true;
		}
	return mkfs_refuse("--oci: layers=%s: flatten, each, cache or image", value);
}

static bool parse_type(struct mkfs_options *options, const char *value)
{
	static const struct {
		const char *name;
		enum erofs_oci_layer_type type;
		bool pack;
	} types[] = {
		{ "containerd", EROFS_OCI_LAYER_CONTAINERD, false },
		{ "containerd+zstd", EROFS_OCI_LAYER_CONTAINERD, true },
		{ "draft", EROFS_OCI_LAYER_DRAFT, false },
		{ "draft+zstd", EROFS_OCI_LAYER_DRAFT, true },
		{ "oci", EROFS_OCI_LAYER_OCI, false },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(value, types[i].name) != 0)
			continue;
		options->oci_layer_type_given = true;
		options->oci_layer_type = types[i].type;
		options->oci_pack = types[i].pack;
		return true;
	}
	return mkfs_refuse("--oci: type=%s: containerd or draft, with +zstd or without, or oci", value);
}

/* Keys are read from the last to the first; the caches are asked in the order in which they stand. */
static bool add_cache(struct mkfs_options *options, const char *value)
{
	size_t count = options->oci_cache_count;
	const char **more = realloc(options->oci_caches, (count + 1) * sizeof(*more));

	if (!more)
		return mkfs_refuse("out of memory");
	memmove(more + 1, more, count * sizeof(*more));
	more[0] = value;
	options->oci_caches = more;
	options->oci_cache_count = count + 1;
	return true;
}

/* Whether this is a part of its own: else the comma belongs to the location. */
static bool is_key(const char *text)
{
	static const char *const keys[] = { "ref=", "platform=", "layers=", "type=", "cache-from=" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strncmp(text, keys[i], strlen(keys[i])) == 0)
			return true;
	return strcmp(text, "http") == 0;
}

static bool parse_key(struct mkfs_options *options, const char *text)
{
	const char *value = text + strcspn(text, "=") + 1;

	if (strcmp(text, "http") == 0) {
		options->oci.allow_http = true;
		return true;
	}
	if (!*value)
		return mkfs_refuse("--oci: %s needs a value", text);
	if (strncmp(text, "layers=", 7) == 0)
		return parse_layers(options, value);
	if (strncmp(text, "type=", 5) == 0)
		return parse_type(options, value);
	if (strncmp(text, "cache-from=", 11) == 0)
		return add_cache(options, value);
	*(text[0] == 'r' ? &options->oci.reference : &options->oci.platform) = value;
	return true;
}

bool mkfs_take_oci(struct mkfs_parser *parser, const char *value)
{
	struct mkfs_options *options = parser->options;
	char *comma;

	if (options->input == MKFS_TAR)
		return mkfs_refuse("--tar and --oci are two sources");
	free(options->oci_text);
	options->oci = erofs_oci_options_init();
	options->oci_layers = MKFS_FLATTEN;
	options->oci_layer_type_given = false;
	options->oci_cache_count = 0;
	options->oci_text = strdup(value);
	if (!options->oci_text)
		return mkfs_refuse("out of memory");
	while ((comma = strrchr(options->oci_text, ',')) && is_key(comma + 1)) {
		*comma = 0;
		if (!parse_key(options, comma + 1))
			return false;
	}
	if (!*options->oci_text)
		return mkfs_refuse("--oci '%s' names no image", value);
	options->input = MKFS_OCI;
	options->oci.location = options->oci_text;
	return true;
}

static bool asks_registry(const struct mkfs_options *options)
{
	bool asks = mkfs_is_registry(options->oci.location) ||
		    (options->oci_layers == MKFS_IMAGE && mkfs_is_registry(options->output));

	for (size_t i = 0; i < options->oci_cache_count; i++)
		asks |= mkfs_is_registry(options->oci_caches[i]);
	return asks;
}

bool mkfs_settle_oci(struct mkfs_options *options)
{
	if (!mkfs_settle_location(options))
		return false;
	if (options->oci.allow_http && !asks_registry(options))
		return mkfs_refuse("--oci: http is for registries (docker://...)");
	if (options->oci_layer_type_given && options->oci_layers != MKFS_IMAGE)
		return mkfs_refuse("--oci: type is for layers=image");
	if (options->oci_cache_count && options->oci_layers != MKFS_IMAGE)
		return mkfs_refuse("--oci: cache-from is for layers=image");
	if (options->oci_layers != MKFS_IMAGE && mkfs_is_registry(options->output))
		return mkfs_refuse("'%s' is in a registry, where layers=image writes to", options->output);
	if (options->oci_layers != MKFS_FLATTEN && options->build.offset)
		return mkfs_refuse("--offset is a place in one image, and one for each layer makes several");
	/* A layer for itself has its whiteouts for overlayfs. */
	if (options->oci_layers != MKFS_FLATTEN)
		options->rules.aufs_whiteouts = true;
	options->source = options->oci.location;
	options->sources = &options->source;
	options->source_count = 1;
	return true;
}

/*
 * What a fleet shares is the same wherever and whenever it is made, so no time of day goes into it, and it has fingerprints: sharing
 * is what it is for.
 */
bool mkfs_settle_layers(struct mkfs_parser *parser)
{
	struct mkfs_options *options = parser->options;

	if (options->input != MKFS_OCI || options->oci_layers < MKFS_CACHE)
		return true;
	if (!parser->time_given) {
		options->build.build_time = 0;
		options->build.uuid_rule = parser->uuid_given ? options->build.uuid_rule : EROFS_UUID_CONTENT;
	}
	options->build.cache_entry = options->oci_layers == MKFS_CACHE;
	return mkfs_default_fingerprint(parser);
}
