/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_XATTRS_H
#define EROFS_SOURCE_XATTRS_H

#include <string.h>

#include <erofs/source.h>

/* Whether the options leave out the attribute of this name. */
static inline bool erofs_source_ignores(const struct erofs_scan_options *options, const char *name)
{
	static const char overlay[] = "trusted.overlay.";

	return options->ignore_xattrs && !(options->overlay_xattrs && strncmp(name, overlay, sizeof(overlay) - 1) == 0);
}

#endif
