/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_LABEL_H
#define EROFS_SOURCE_LABEL_H

#include <stdint.h>

#include <erofs/diag.h>

/* SELinux labels from a file_contexts file. */
struct erofs_labels;

/* -EOPNOTSUPP without SELinux in the build; failures are reported. `mount_point` NULL is "/". */
int erofs_source_labels_open(struct erofs_labels **out, const char *file_contexts, const char *mount_point,
			     const struct erofs_diag *diag);
void erofs_source_labels_close(struct erofs_labels *labels);

/*
 * The label of `path` (from the root, with its leading slash) in `*label`, to be freed by the caller; NULL if the file has none
 * for it. Safe from several threads.
 */
int erofs_source_labels_find(struct erofs_labels *labels, char **label, const char *path, uint32_t mode);

#endif
