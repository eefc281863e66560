/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>

#include "mkfs/option.h"

/* --oci=LOCATION[,ref=NAME][,platform=OS/ARCH[/VARIANT]][,layers=flatten|each|cache|image][,type=containerd|draft][,http] */

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
	options->oci_layer_type_given = true;
	options->oci_layer_type = strcmp(value, "draft") == 0 ? EROFS_OCI_LAYER_DRAFT : EROFS_OCI_LAYER_CONTAINERD;
	return options->oci_layer_type == EROFS_OCI_LAYER_DRAFT || strcmp(value, "containerd") == 0 ||
	       mkfs_refuse("--oci: type=%s: containerd or draft", value);
}

/* Whether this is a part of its own: else the comma belongs to the location. */
static bool is_key(const char *text)
{
	return strncmp(text, "ref=", 4) == 0 || strncmp(text, "platform=", 9) == 0 ||
	       strncmp(text, "layers=", 7) == 0 || strncmp(text, "type=", 5) == 0 || strcmp(text, "http") == 0;
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

bool mkfs_settle_oci(struct mkfs_options *options)
{
	if (options->oci.allow_http && strncmp(options->oci.location, "docker://", strlen("docker://")) != 0)
		return mkfs_refuse("--oci: http is for registries (docker://...)");
	if (options->oci_layer_type_given && options->oci_layers != MKFS_IMAGE)
		return mkfs_refuse("--oci: type is for layers=image");
	if (options->oci_layers == MKFS_IMAGE && strncmp(options->output, "docker://", strlen("docker://")) == 0)
		return mkfs_refuse("layers=image makes an OCI layout in a directory, and '%s' is none",
				   options->output);
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
