/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/extract/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/reader/reader.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

#define REPORTS_LISTED 10000u

/* The path of the innermost level, or of an entry in its directory. */
static char *path_of(const struct erofs_extract *extract, const struct erofs_extract_place *place)
{
	size_t levels = extract->levels.size / sizeof(struct erofs_extract_level);
	uint32_t here = EROFS_NODE_NONE;

	if (place)
		return erofs_reader_nodes_path(&extract->nodes, place->parent, place->name, place->name_len);
	if (levels)
		here = ((const struct erofs_extract_level *)extract->levels.data)[levels - 1].node;
	return erofs_reader_nodes_path(&extract->nodes, here, NULL, 0);
}

int erofs_extract_failed(struct erofs_extract *extract, const struct erofs_extract_place *place, int err,
			 const char *format, ...)
{
	erofs_auto_free char *path = NULL, *text = NULL;
	va_list args;

	if (!extract->err)
		extract->err = err;
	if (++extract->reported > REPORTS_LISTED) {
		if (extract->reported == REPORTS_LISTED + 1)
			erofs_report(extract->diag, err, "more than %u failures: the rest are not listed",
				     REPORTS_LISTED);
		return err;
	}
	path = path_of(extract, place);
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return erofs_report(extract->diag, err, "%s: %s", path ? path : "(out of memory)", text ? text : format);
}

static bool is_lenient(const struct erofs_extract_options *options, enum erofs_extract_kind kind)
{
	switch (kind) {
	case EROFS_EXTRACT_OWNER:
		return options->lenient_owner;
	case EROFS_EXTRACT_MODE:
		return options->lenient_perms;
	default:
		return options->lenient_xattrs;
	}
}

/* A user namespace has no words for owners from outside of it; some file systems have no place for attributes. */
static bool lacks_privilege(enum erofs_extract_kind kind, int err)
{
	if (err == -EPERM || err == -EACCES)
		return true;
	return kind == EROFS_EXTRACT_OWNER ? err == -EINVAL : kind == EROFS_EXTRACT_XATTR && err == -EOPNOTSUPP;
}

int erofs_extract_not_set(struct erofs_extract *extract, const struct erofs_extract_place *place,
			  enum erofs_extract_kind kind, int err, const char *format, ...)
{
	struct erofs_extract_missing *missing = &extract->missing[kind];
	erofs_auto_free char *path = NULL, *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!is_lenient(extract->options, kind) || !lacks_privilege(kind, err))
		return erofs_extract_failed(extract, place, err, "%s", text ? text : format);
	if (missing->count++)
		return 0;
	path = path_of(extract, place);
	if (asprintf(&missing->first, "%s: %s", path ? path : "(out of memory)", text ? text : format) < 0)
		missing->first = NULL;
	return 0;
}

static void report_missing(const struct erofs_extract *extract)
{
	static const char *const kinds[EROFS_EXTRACT_KINDS] = { "owners", "modes", "xattrs" };

	for (unsigned int i = 0; i < EROFS_EXTRACT_KINDS; i++)
		if (extract->missing[i].count)
			erofs_message(extract->diag, EROFS_SEV_WARNING, "%s (%s not set: %llu)",
				      extract->missing[i].first ? extract->missing[i].first : "(out of memory)",
				      kinds[i], (unsigned long long)extract->missing[i].count);
}

bool erofs_extract_is_fatal(int err)
{
	return err == -ENOMEM || err == -ENOSPC || err == -EDQUOT || err == -EROFS || err == -ESTALE ||
	       err == -EMFILE || err == -ENFILE;
}

/* ---- the target -------------------------------------------------------------------------------------------------------------- */

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

static uint64_t directory_budget(const struct erofs_image *image)
{
	uint64_t budget = erofs_image_device_size(image);

	for (unsigned int i = 0; i < image->slot_count; i++)
		budget += image->slots[i].device.size;
	return budget;
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
	extract.budget = directory_budget(image);
	extract.buffer = malloc(EROFS_EXTRACT_BUFFER);
	if (!extract.buffer)
		return erofs_report(diag, -ENOMEM, "%s: %s", target, strerror(ENOMEM));
	err = find_start(&inode, image, &known, diag);
	if (err)
		return err;
	err = S_ISDIR(inode.mode) ? extract_dir(&extract, target, &inode) : extract_file(&extract, target, &inode);
	report_missing(&extract);
	return extract.err ? extract.err : err;
}
