/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_oci_layers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/source/source_begin.h"
#include "lib/util/cleanup.h"
#include "lib/util/path.h"
#include "lib/util/report.h"

/* ---- a layer ------------------------------------------------------------------------------------------------------------ */

static int64_t feed(void *ctx, void *buf, size_t length)
{
	return erofs_oci_layer_read(ctx, buf, length);
}

static void drop_layer(struct oci_source *source)
{
	erofs_archive_tar_members_release(&source->tar.members);
	erofs_archive_tar_input_close(&source->tar.input);
	erofs_oci_layer_close(source->layer);
	source->layer = NULL;
}

static int open_layer(struct oci_source *source, struct oci_layer **out, size_t number, bool is_first)
{
	const struct erofs_oci_image *image = source->image;
	const struct oci_descriptor *blob = &image->manifest.layers[number];
	const struct oci_digest *diff_id = image->config.lists_layers ? &image->config.diff_ids[number] : NULL;

	/* Once is enough, but layers of `docker save` have no other digest. */
	if (!is_first && blob->digest.algorithm != EROFS_DIGEST_NONE)
		diff_id = NULL;
	return erofs_oci_layer_open(out, image->store, blob, diff_id);
}

/* Whether this layer is another one's twin that is on its way: then it is waited for, and need not come twice. */
static bool has_twin_on_its_way(const struct oci_source *source, size_t number)
{
	const struct oci_descriptor *layers = source->image->manifest.layers;

	for (size_t i = number + 1; i <= source->number; i++)
		if (strcmp(layers[i].digest.text, layers[number].digest.text) == 0)
			return true;
	return false;
}

/* Layers below the one in hand begin to come. */
static int open_coming(struct oci_source *source)
{
	unsigned int most = source->image->store->layers_ahead;
	int err = 0;

	if (most > OCI_LAYERS_AHEAD)
		most = OCI_LAYERS_AHEAD;
	while (!err && source->coming_count < most && source->number - source->coming_count > source->first) {
		struct oci_layer **out = &source->coming[source->coming_count];
		size_t number = source->number - source->coming_count - 1;

		if (has_twin_on_its_way(source, number))
			break;
		err = open_layer(source, out, number, true);
		if (err)
			break;
		source->coming_count++;
		erofs_oci_layer_start(*out);
	}
	return err;
}

static int take_layer(struct oci_source *source, bool is_first)
{
	int err;

	if (source->coming_count) {
		source->layer = source->coming[0];
		source->coming_count--;
		memmove(source->coming, source->coming + 1, source->coming_count * sizeof(source->coming[0]));
		return open_coming(source);
	}
	err = open_layer(source, &source->layer, source->number, is_first);
	if (err || !is_first)
		return err;
	erofs_oci_layer_start(source->layer);
	return open_coming(source);
}

int erofs_source_oci_begin_layer(struct oci_source *source, size_t number, bool is_first)
{
	const struct erofs_oci_image *image = source->image;
	erofs_auto_free char *name = erofs_source_oci_layer_name(source, number);
	int err;

	if (!name)
		return -ENOMEM;
	erofs_message(source->tar.diag, EROFS_SEV_NOTE, "reading layer %zu of %zu: %s", number + 1,
		      image->manifest.layer_count, erofs_oci_blob_name(&image->manifest.layers[number]));
	free(source->tar.input.name);
	source->tar.input.name = NULL;
	source->number = number;
	source->member = 0;
	err = take_layer(source, is_first);
	if (!err)
		err = erofs_archive_tar_input_feed(&source->tar.input, name, feed, source->layer, source->tar.diag);
	/* Some writers leave out the padding at the end, too; the digest knows where that is. */
	source->tar.members = (struct tar_members){
		.input = &source->tar.input,
		.diag = source->tar.diag,
		.is_vouched_for = true,
	};
	return err;
}

int erofs_source_oci_next_member(struct oci_source *source, struct tar_member *out)
{
	const struct erofs_cancel *cancel = source->tar.options->cancel;

	if (erofs_cancel_requested(cancel))
		return -ECANCELED;
	source->member++;
	return erofs_archive_tar_member_next(&source->tar.members, out);
}

int erofs_source_oci_end_layer(struct oci_source *source)
{
	int err = erofs_oci_layer_finish(source->layer);

	drop_layer(source);
	return err;
}

/* ---- the first reading -------------------------------------------------------------------------------------------------- */

/* Where and what a file is stands in its member's record; its place in the tree is known later. */
static int make_arrival(struct oci_source *source, struct erofs_tree_inode **out, const struct tar_member *member)
{
	struct erofs_tree *tree = source->tar.tree;
	struct erofs_tree_inode *inode = erofs_arena_alloc(&tree->arena, sizeof(*inode));
	erofs_auto_free char *path = erofs_path_simplify(member->path);
	int err;

	if (!inode || !path)
		return -ENOMEM;
	inode->mode = (uint16_t)member->mode;
	inode->uid = member->uid;
	inode->gid = member->gid;
	inode->mtime = member->mtime;
	inode->mtime_nsec = member->mtime_nsec;
	inode->parent = tree->root;
	inode->name = erofs_arena_copy(&tree->arena, path, strlen(path));
	err = inode->name ? erofs_source_tar_set_file(&source->tar, inode, member) : -ENOMEM;
	if (!err)
		err = erofs_source_tar_set_xattrs(&source->tar, inode, member->extended, member->path);
	*out = inode;
	return err;
}

/* The next file of the layer that may have a place in the tree: 1; 0 at its end. */
static int next_of_layer(struct oci_source *source, struct erofs_tree_inode **out)
{
	struct oci_records *records = &source->records[source->number - source->first];
	struct tar_member member;
	int more, err;

	while ((more = erofs_source_oci_next_member(source, &member)) > 0) {
		bool is_wanted;

		*out = NULL;
		err = erofs_source_oci_foresee(source, &member, &is_wanted);
		if (!err && is_wanted)
			err = make_arrival(source, out, &member);
		if (!err)
			err = erofs_source_oci_record(records, &member, *out);
		if (err)
			return err;
		if (*out)
			return 1;
	}
	return more;
}

static int next_unread(struct oci_source *source, struct erofs_tree_inode **out)
{
	for (;;) {
		int more, err;

		if (!source->layer && source->read == source->end - source->first)
			return 0;
		err = source->layer ? 0 : erofs_source_oci_begin_layer(source, source->end - ++source->read, true);
		if (err)
			return err;
		more = next_of_layer(source, out);
		if (more)
			return more;
		err = erofs_source_oci_end_layer(source);
		if (err)
			return err;
		erofs_source_oci_hidden_next_layer(&source->hidden);
	}
}

/* ---- the second reading -------------------------------------------------------------------------------------------------- */

static int report_changed(const struct oci_source *source, const struct erofs_tree_inode *inode)
{
	return erofs_tree_report(source->tar.diag, -EBUSY, inode, "the image changed while it was read");
}

static int go_to(struct oci_source *source, const struct oci_file *file)
{
	struct tar_member member = { 0 };
	int more = 1, err = 0;

	if (source->layer && source->number != file->layer)
		err = erofs_source_oci_end_layer(source);
	if (!err && !source->layer)
		err = erofs_source_oci_begin_layer(source, file->layer, false);
	while (!err && more > 0 && source->member < file->member)
		more = erofs_source_oci_next_member(source, &member);
	if (err || more < 0)
		return err ? err : more;
	if (!more || !S_ISREG(member.mode) || member.size != file->inode->size)
		return report_changed(source, file->inode);
	return 0;
}

static int next_missing(struct oci_source *source, struct erofs_tree_inode **out)
{
	const struct oci_file *file = (const struct oci_file *)source->files.data;
	int err;

	if (source->next == source->files.size / sizeof(*file))
		return source->layer ? erofs_source_oci_end_layer(source) : 0;
	file += source->next++;
	err = go_to(source, file);
	*out = file->inode;
	return err ? err : 1;
}

/* ---- both ------------------------------------------------------------------------------------------------------------------ */

static int find_next(struct oci_source *source, struct erofs_tree_inode **out)
{
	int more = source->is_complete ? 0 : next_unread(source, out);

	if (!more && !source->is_complete)
		more = erofs_source_oci_complete(source);
	return more ? more : next_missing(source, out);
}

static int next_file(void *arg, struct erofs_tree_inode **out)
{
	struct oci_source *source = arg;
	int more = find_next(source, out);

	if (more == -ENOMEM)
		erofs_report(source->tar.diag, more, "out of memory");
	if (more <= 0)
		return more;
	source->tar.file = (*out)->origin;
	source->tar.file_size = (*out)->size;
	source->tar.file_at = 0;
	source->tar.range = 0;
	return 1;
}

static int read_file(void *arg, void *buf, size_t length)
{
	struct oci_source *source = arg;
	int err = erofs_source_tar_arrival_ops.read(&source->tar, buf, length);

	return err == -EINVAL
		       ? erofs_report(source->tar.diag, err, "%s: a member is not what it was", source->tar.input.name)
		       : err;
}

const struct erofs_arrival_ops erofs_source_oci_arrival_ops = {
	.next = next_file,
	.read = read_file,
};

/* ---- the source --------------------------------------------------------------------------------------------------------- */

static void release_source(void *arg)
{
	struct oci_source *source = arg;

	drop_layer(source);
	for (size_t i = 0; i < source->coming_count; i++)
		erofs_oci_layer_close(source->coming[i]);
	erofs_source_labels_close(source->tar.labels);
	erofs_source_filter_free(source->tar.filter);
	erofs_tree_paths_release(&source->tar.paths);
	erofs_source_losses_release(&source->tar.losses);
	erofs_buffer_release(&source->tar.scratch);
	erofs_buffer_release(&source->tar.found);
	erofs_buffer_release(&source->files);
	erofs_source_oci_hidden_release(&source->hidden);
	for (size_t i = 0; source->records && i < source->end - source->first; i++)
		erofs_source_oci_records_release(&source->records[i]);
	free(source->records);
	free(source);
}

static const struct erofs_source_ops source_ops = {
	.release = release_source,
};

/* Layers that may be read again: the uppermost is not hidden, but its labels may turn out to be others. */
static int keep_layers(struct oci_source *source)
{
	size_t never = source->tar.labels ? 0 : 1;
	int err = 0;

	for (size_t i = source->first; !err && i + never < source->end; i++)
		err = erofs_oci_store_keep(source->image->store, &source->image->manifest.layers[i]);
	return err;
}

static int prepare(struct oci_source *source)
{
	const struct erofs_scan_options *options = source->tar.options;
	int err = erofs_tree_set_source_name(source->tar.tree, source->image->store->name, false);

	if (!err)
		err = erofs_tree_paths_init(&source->tar.paths, source->tar.tree);
	source->records = calloc(source->end - source->first + 1, sizeof(*source->records));
	if (!err)
		err = source->records ? erofs_source_oci_hidden_init(&source->hidden) : -ENOMEM;
	if (!err)
		err = erofs_source_filter_new(&source->tar.filter, options, source->tar.diag);
	if (!err && options->file_contexts)
		err = erofs_source_labels_open(&source->tar.labels, options->file_contexts, options->mount_point,
					       source->tar.diag);
	if (!err)
		err = keep_layers(source);
	if (err == -ENOMEM)
		erofs_report(source->tar.diag, err, "out of memory");
	return err;
}

static int scan_layers(struct erofs_tree *tree, struct erofs_oci_image *image, size_t first, size_t end, bool as_it_is,
		       const struct erofs_scan_options *options, const struct erofs_diag *diag)
{
	struct oci_source *source = calloc(1, sizeof(*source));

	if (!source)
		return -ENOMEM;
	*source = (struct oci_source){
		.tar = { .tree = tree,
			 .own_options = *options,
			 .diag = diag,
			 .input = { .fd = -1 },
			 .passes_by = true },
		.image = image,
		.first = first,
		.end = end,
		.as_it_is = as_it_is,
	};
	source->tar.options = &source->tar.own_options;
	/* From here on the tree owns the source. */
	tree->source = source;
	tree->source_ops = &source_ops;
	tree->arrival_ops = &erofs_source_oci_arrival_ops;
	return erofs_source_end(tree, prepare(source));
}

int erofs_scan_oci(struct erofs_tree *tree, struct erofs_oci_image *image, const struct erofs_scan_options *options,
		   const struct erofs_diag *diag)
{
	struct erofs_scan_options known;
	int err = erofs_source_begin(tree, &known, options, "erofs_scan_oci", diag);

	if (!err && !image)
		err = erofs_report(diag, -EINVAL, "erofs_scan_oci(): no image (NULL)");
	return err ? err : scan_layers(tree, image, 0, image->manifest.layer_count, false, &known, diag);
}

int erofs_scan_oci_layer(struct erofs_tree *tree, struct erofs_oci_image *image, size_t layer,
			 const struct erofs_scan_options *options, const struct erofs_diag *diag)
{
	struct erofs_scan_options known;
	int err = erofs_source_begin(tree, &known, options, "erofs_scan_oci_layer", diag);

	if (err)
		return err;
	if (!image || layer >= image->manifest.layer_count)
		return erofs_report(diag, -EINVAL, "erofs_scan_oci_layer(): %s",
				    image ? "the image has no such layer" : "no image (NULL)");
	return scan_layers(tree, image, layer, layer + 1, true, &known, diag);
}
