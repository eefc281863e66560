/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "config.h"

#include "lib/source/source_label.h"

#include <errno.h>
#include <stddef.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#ifdef HAVE_SELINUX
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <stdio.h>
#include <stdlib.h>

struct erofs_labels {
	struct selabel_handle *handle;
	char *mount_point; /* without trailing slashes */
};

int erofs_source_labels_open(struct erofs_labels **out, const char *file_contexts, const char *mount_point,
			     const struct erofs_diag *diag)
{
	struct selinux_opt options[] = { { SELABEL_OPT_PATH, file_contexts } };
	struct erofs_labels *labels = calloc(1, sizeof(*labels));
	size_t length;

	if (!labels)
		return -ENOMEM;
	labels->mount_point = strdup(mount_point ? mount_point : "");
	labels->handle = selabel_open(SELABEL_CTX_FILE, options, 1);
	if (!labels->handle || !labels->mount_point) {
		int err = labels->mount_point ? -errno : -ENOMEM;

		erofs_source_labels_close(labels);
		return erofs_report(diag, err, "cannot use the SELinux contexts in '%s': %s", file_contexts,
				    strerror(-err));
	}
	length = strlen(labels->mount_point);
	while (length && labels->mount_point[length - 1] == '/')
		labels->mount_point[--length] = 0;
	*out = labels;
	return 0;
}

void erofs_source_labels_close(struct erofs_labels *labels)
{
	if (!labels)
		return;
	if (labels->handle)
		selabel_close(labels->handle);
	free(labels->mount_point);
	free(labels);
}

static int look_up(struct erofs_labels *labels, char **label, const char *path, uint32_t mode)
{
	char *found;

	if (!selabel_lookup(labels->handle, &found, path, (int)mode)) {
		*label = strdup(found);
		freecon(found);
		return *label ? 0 : -ENOMEM;
	}
	return errno == ENOENT ? 0 : -errno;
}

static int find(struct erofs_labels *labels, char **label, const char *path, uint32_t mode)
{
	erofs_auto_free char *mounted = NULL;

	/* The root of something mounted at /x is /x, not /x/. */
	if (*labels->mount_point && strcmp(path, "/") == 0)
		path = "";
	if (asprintf(&mounted, "%s%s", labels->mount_point, path) < 0) {
		mounted = NULL;
		return -ENOMEM;
	}
	return look_up(labels, label, mounted, mode);
}
#else
int erofs_source_labels_open(struct erofs_labels **out, const char *file_contexts, const char *mount_point,
			     const struct erofs_diag *diag)
{
	(void)mount_point;
	*out = NULL;
	return erofs_report(diag, -EOPNOTSUPP, "cannot use the SELinux contexts in '%s': built without SELinux",
			    file_contexts);
}

void erofs_source_labels_close(struct erofs_labels *labels)
{
	(void)labels;
}

static int find(struct erofs_labels *labels, char **label, const char *path, uint32_t mode)
{
	(void)labels;
	(void)label;
	(void)path;
	(void)mode;
	return -EOPNOTSUPP;
}
#endif

int erofs_source_label_of(struct erofs_labels *labels, char **label, const struct erofs_tree_inode *inode,
			  const struct erofs_diag *diag)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	int err;

	*label = NULL;
	if (!labels)
		return 0;
	err = find(labels, label, erofs_tree_path(&path, inode), inode->mode);
	return err ? erofs_tree_report(diag, err, inode, "cannot look up its SELinux label: %s", strerror(-err)) : 0;
}
