/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/extract/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/reader/reader.h"
#include "lib/util/data_buffer.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

static int extract_dir(struct erofs_extract *extract, const char *target, const struct erofs_inode *inode)
{
	if (mkdir(target, 0777) && errno != EEXIST)
		return erofs_report(extract->diag, -errno, "%s: cannot create the directory: %s", target,
				    strerror(errno));
	extract->root = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (extract->root < 0)
		return erofs_report(extract->diag, -errno, "%s: %s", target, strerror(errno));
	return erofs_extract_tree(extract, inode);
}

/* A single file: the target is its name. */
static int extract_file(struct erofs_extract *extract, const char *target, const struct erofs_inode *inode)
{
	const char *slash = strrchr(target, '/');
	const char *name = slash ? slash + 1 : target;
	erofs_auto_free char *parent = slash ? strndup(target, (size_t)(slash - target) + 1) : strdup(".");
	struct erofs_extract_place place = { .parent = EROFS_NODE_NONE, .name = name, .name_len = strlen(name) };

	if (!parent)
		return erofs_report(extract->diag, -ENOMEM, "%s: %s", target, strerror(ENOMEM));
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") || strlen(name) > EROFS_NAME_MAX)
		return erofs_report(extract->diag, -EISDIR, "%s: a file is to be extracted, this names a directory",
				    target);
	extract->root = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (extract->root < 0)
		return erofs_report(extract->diag, -errno, "%s: %s", parent, strerror(errno));
	place.dir = extract->root;
	return erofs_extract_object(extract, &place, inode);
}

static int find_start(struct erofs_inode *out, const struct erofs_image *image,
		      const struct erofs_extract_options *options, const struct erofs_diag *diag)
{
	int err;

	if (options->use_nid) {
		err = erofs_image_inode(image, out, options->nid);
		return err ? erofs_report(diag, err, "nid %llu is not a valid inode", (unsigned long long)options->nid)
			   : 0;
	}
	if (options->path) {
		err = erofs_image_lookup(image, out, options->path);
		return err ? erofs_report(diag, err, "%s: %s", options->path,
					  err == -EUCLEAN ? "the image is damaged on the way there" : strerror(-err))
			   : 0;
	}
	err = erofs_image_inode(image, out, erofs_image_superblock(image)->root_nid);
	if (!err && !S_ISDIR(out->mode))
		err = -EUCLEAN;
	return err ? erofs_report(diag, err, "/: the root directory cannot be read") : 0;
}

static void release_extract(struct erofs_extract *extract)
{
	int *fds[] = { &extract->root, &extract->here, &extract->link_dir };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		erofs_release_fd(fds[i]);
	erofs_reader_nodes_release(&extract->nodes);
	erofs_buffer_release(&extract->levels);
	erofs_buffer_release(&extract->pending);
	erofs_extract_release_digest(extract);
	for (unsigned int i = 0; i < EROFS_EXTRACT_KINDS; i++)
		free(extract->missing[i].first);
	free(extract->buffer);
}

int erofs_extract(const struct erofs_image *image, const char *target, const struct erofs_extract_options *options,
		  const struct erofs_diag *diag)
{
	struct erofs_extract_options known = erofs_extract_options_init();
	erofs_auto(release_extract) struct erofs_extract extract = {
		.image = image,
		.options = &known,
		.diag = diag,
		.root = -1,
		.here = -1,
		.link_dir = -1,
	};
	struct erofs_inode inode;
	int err = erofs_sized_take(&known, sizeof(known), options, "erofs_extract_options", diag);

	if (err)
		return err;
	if (!image || !target)
		return erofs_report(diag, -EINVAL, "erofs_extract(): no %s (NULL)", image ? "target" : "image");
	extract.budget = erofs_reader_dirs_budget(image);
	extract.buffer = erofs_data_buffer(EROFS_EXTRACT_BUFFER);
	if (!extract.buffer)
		return erofs_report(diag, -ENOMEM, "%s: %s", target, strerror(ENOMEM));
	err = find_start(&inode, image, &known, diag);
	if (err)
		return err;
	err = S_ISDIR(inode.mode) ? extract_dir(&extract, target, &inode) : extract_file(&extract, target, &inode);
	erofs_extract_report_missing(&extract);
	return extract.err ? extract.err : err;
}
