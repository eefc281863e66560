/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/tool.h"
#include "dump/dump.h"
#include "dump/ishare.h"

/* "/a/b" from "a//b/" and the like, so that paths below it can be appended; NULL when out of memory. */
static char *clean_path(const char *path)
{
	char *out = malloc(strlen(path) + 2), *to = out;

	if (!out)
		return NULL;
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length) {
			*to++ = '/';
			memcpy(to, path, length);
			to += length;
		}
		path += length;
		path += *path == '/';
	}
	if (to == out)
		*to++ = '/';
	*to = 0;
	return out;
}

static int find_inode(const struct dump *dump, struct erofs_inode *inode)
{
	const struct dump_options *o = dump->options;
	int err;

	if (o->use_nid)
		err = erofs_image_inode(dump->image, inode, o->nid);
	else
		err = erofs_image_lookup(dump->image, inode, o->path ? o->path : "/");
	if (err == -EUCLEAN && o->use_nid)
		return dump_path_misuse(dump, err, dump->subject, "no inode is there, or a damaged one");
	return err ? dump_path_error(dump, err, dump->subject, "") : 0;
}

/* Views of the whole image or of a tree. */
static int show_views(const struct dump *dump)
{
	const struct dump_options *o = dump->options;
	bool one_inode = o->path || o->use_nid || o->extents;
	int result = 0, err;

	if (one_inode && !o->statistics && o->fingerprints == FINGERPRINTS_NONE && !(o->list && o->recursive))
		result = dump_inode(dump);
	if (o->extents && (err = dump_extents(dump)))
		result = err;
	if (o->statistics && (err = dump_statistics(dump)))
		result = err;
	if (o->list && (err = dump_list(dump)))
		result = err;
	if (o->fingerprints != FINGERPRINTS_NONE && (err = dump_fingerprints(dump)))
		result = err;
	return result;
}

static bool needs_inode(const struct dump_options *o)
{
	return o->path || o->use_nid || o->statistics || o->list || o->fingerprints != FINGERPRINTS_NONE;
}

static int show(struct dump *dump)
{
	const struct dump_options *o = dump->options;
	struct erofs_inode inode;
	int result = 0, err;

	dump->inode = &inode;
	if (o->superblock)
		result = dump_superblock(dump);
	if (!needs_inode(o))
		return result;
	err = find_inode(dump, &inode);
	if (err)
		return err;
	if (o->cat)
		return dump_cat(dump);
	err = show_views(dump);
	return err ? err : result;
}

static int show_document(struct dump *dump)
{
	struct json_writer writer = { .out = stdout };
	int err;

	if (dump->options->json) {
		dump->json = &writer;
		json_begin(&writer, NULL, '{');
	}
	err = show(dump);
	if (dump->options->json)
		json_end(&writer, '}');
	return err;
}

static int run(const struct dump_options *options, const struct erofs_diag *diag)
{
	struct erofs_image_options how = { .size = sizeof(how),
					   .offset = options->offset,
					   .devices = options->devices,
					   .device_count = options->device_count,
					   .tolerate_bad_checksum = true };
	struct dump dump = { .options = options, .diag = diag, .path = "" };
	struct erofs_image *image;
	char *path = NULL, nid[32];
	int err = erofs_image_open(&image, options->images[0], &how, diag);

	if (err)
		return err;
	dump.image = image;
	if (!erofs_image_checksum_ok(image))
		dump_warning(&dump, "%s: wrong superblock checksum", options->images[0]);
	if (!options->use_nid) {
		path = clean_path(options->path ? options->path : "/");
		dump.path = dump.subject = path;
	} else {
		snprintf(nid, sizeof(nid), "nid %" PRIu64, options->nid);
		dump.subject = nid;
	}
	err = path || options->use_nid ? show_document(&dump) : dump_error(&dump, -ENOMEM, "%s", strerror(ENOMEM));
	erofs_image_close(image);
	free(path);
	return err;
}

int main(int argc, char **argv)
{
	const struct erofs_diag *diag = tool_diag(EROFS_SEV_WARNING, false);
	int parsed, status = EXIT_SUCCESS;
	struct dump_options options;

	tool_begin("dump.erofs");
	parsed = options_parse(&options, argc, argv);
	if (parsed < 0)
		status = EXIT_USAGE;
	else if (!parsed && options.ishare_report)
		status = ishare_run(&options, diag);
	else if (!parsed && run(&options, diag))
		status = EXIT_FAILURE;
	options_release(&options);
	return tool_flush_stdout() || status == EXIT_USAGE ? status : EXIT_FAILURE;
}
