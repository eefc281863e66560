/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_LABEL_H
#define EROFS_SOURCE_LABEL_H

#include <stdbool.h>
#include <string.h>

#include "lib/tree/tree.h"

#define EROFS_SELINUX_NAME "security.selinux"

/* SELinux labels from a file_contexts file. */
struct erofs_labels;

/* -EOPNOTSUPP without SELinux in the build; failures are reported. `mount_point` NULL is "/". */
int erofs_source_labels_open(struct erofs_labels **out, const char *file_contexts, const char *mount_point,
			     const struct erofs_diag *diag);
void erofs_source_labels_close(struct erofs_labels *labels);

/*
 * The label of an inode in `*label`, to be freed by the caller; NULL if the file has none for it, or there is no file (`labels`
 * NULL). Reports failures. One thread at a time: older libselinux compiles its expressions on first use.
 */
int erofs_source_label_of(struct erofs_labels *labels, char **label, const struct erofs_tree_inode *inode,
			  const struct erofs_diag *diag);

/* Whether the label of the file stands for an attribute that the source has. */
static inline bool erofs_source_label_replaces(const struct erofs_labels *labels, const char *name)
{
	return labels && strcmp(name, EROFS_SELINUX_NAME) == 0;
}

#endif
