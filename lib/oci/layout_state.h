/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_LAYOUT_STATE_H
#define EROFS_OCI_LAYOUT_STATE_H

#include "lib/oci/layout.h"

/* What layout.c and layout_index.c share. */

struct oci_layout {
	const struct erofs_diag *diag;
	char *path;
	bool no_sync;
	bool is_new;	   /* and not published: goes again */
	char **made;	   /* paths of blobs, for a new directory to be emptied */
	size_t made_count; /* ... and how many */
	size_t made_room;
};

int erofs_oci_layout_report(const struct oci_layout *layout, int err, const char *what, const char *path);

/* Writes a file beside its name, and renames it when it is on the disk. `path` is whole. Reported. */
int erofs_oci_layout_write(const struct oci_layout *layout, const char *path, const void *bytes, size_t size);

#endif
