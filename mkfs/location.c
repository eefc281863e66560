/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/location.h"

#include <string.h>
#include <unistd.h>

#include "common/nearest.h"

bool mkfs_is_registry(const char *location)
{
	return strncmp(location, "docker://", strlen("docker://")) == 0;
}

/* Something between a comma and the next '=', which no file is called by. */
static bool refuse_key(const char *location, const char *key)
{
	static const char *const keys[] = { "ref", "platform", "layers", "type", "cache-from", "http" };
	struct tool_nearest nearest = tool_nearest_to(key, strcspn(key, "=,"));
	char hint[TOOL_HINT_MAX];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		tool_nearest_offer(&nearest, keys[i]);
	return mkfs_refuse("--oci: unknown key '%.*s' in '%s'%s", (int)nearest.length, key, location,
			   tool_nearest_hint(&nearest, hint, ""));
}

/* DIR:TAG, as other tools name an image of a layout: the tag becomes the reference. */
static void split_tag(struct mkfs_options *options)
{
	char *colon = strrchr(options->oci_text, ':');

	if (!colon || !colon[1] || options->oci.reference)
		return;
	*colon = 0;
	if (access(options->oci_text, F_OK))
		*colon = ':';
	else
		options->oci.reference = colon + 1;
}

bool mkfs_settle_location(struct mkfs_options *options)
{
	const char *location = options->oci.location, *comma = strrchr(location, ',');
	bool is_registry = mkfs_is_registry(location);

	if (!is_registry && !access(location, F_OK))
		return true;
	/* Names in registries have no commas; those of files may have some. */
	if (comma && (is_registry || strchr(comma, '=')))
		return refuse_key(location, comma + 1);
	if (!is_registry)
		split_tag(options);
	return true;
}
