/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/sink.h"

#include <string.h>
#include <sys/stat.h>

static bool is_archive(const char *target)
{
	size_t length = strlen(target);
	struct stat st;

	return length > strlen(".tar") && strcmp(target + length - strlen(".tar"), ".tar") == 0 &&
	       (stat(target, &st) || !S_ISDIR(st.st_mode));
}

int erofs_oci_sink_open(struct oci_sink **out, const char *target, const struct oci_sink_options *options)
{
	if (erofs_oci_is_in_registry(target))
		return erofs_oci_sink_open_registry(out, target, options);
	if (is_archive(target))
		return erofs_oci_sink_open_archive(out, target, options);
	return erofs_oci_sink_open_directory(out, target, options);
}

void erofs_oci_sink_close(struct oci_sink *sink)
{
	if (sink)
		sink->ops->close(sink);
}
