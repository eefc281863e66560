/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "lib/source/source_oci_layers.h"
#include "lib/util/cleanup.h"

/* The tree from the records of all layers, when their contents have arrived. */

/* Numbers of inodes that are missing: no arrival has them. */
#define MISSING	      UINT32_MAX
#define MISSING_KNOWN (UINT32_MAX - 1) /* ... and in the tree */

static int note_missing(struct oci_source *source, struct erofs_tree_inode *inode, size_t layer)
{
	struct oci_file file = { .inode = inode, .member = source->member, .layer = layer };

	inode->number = MISSING;
	return erofs_buffer_append(&source->files, &file, sizeof(file));
}

/*
 * The inode that arrived, in the place of that which the tree has made. What is behind a tail in the image was planned with
 * its attributes: if a label turns out to be another one, since links led somewhere else, the contents are read again.
 */
static int put_arrival(struct oci_source *source, const struct tar_member *member, struct erofs_tree_inode *arrival,
		       struct erofs_tree_inode *inode, size_t layer)
{
	if (inode->xattrs != arrival->xattrs)
		return note_missing(source, inode, layer);
	return erofs_tree_paths_link(&source->tar.paths, member->path, arrival);
}

static int apply_record(struct oci_source *source, const struct oci_record *record, size_t layer)
{
	struct erofs_tree_inode *inode;
	struct tar_member member;
	int err;

	if (erofs_cancel_requested(source->tar.options->cancel))
		return -ECANCELED;
	source->member++;
	erofs_source_oci_recorded(&member, record);
	/* Where the path leads says nothing about an inode but its label. */
	source->tar.known = source->tar.labels ? NULL : record->inode;
	err = erofs_source_oci_apply(source, &member, &inode);
	source->tar.known = NULL;
	if (err || !inode || !inode->size || inode == record->inode)
		return err;
	return record->inode ? put_arrival(source, &member, record->inode, inode, layer)
			     : note_missing(source, inode, layer);
}

static int apply_layer(struct oci_source *source, size_t layer)
{
	int err = 0;

	/* For messages. */
	free(source->tar.input.name);
	source->tar.input.name = erofs_source_oci_layer_name(source, layer);
	if (!source->tar.input.name)
		return -ENOMEM;
	source->member = 0;
	for (const struct oci_record *record = source->records[layer - source->first].first; !err && record;
	     record = record->next)
		err = apply_record(source, record, layer);
	/* The tree has it all, and grows. */
	erofs_source_oci_records_release(&source->records[layer - source->first]);
	return err ? err : erofs_source_oci_forget_pseudo_links(source);
}

/* Marks the missing files that are in the tree. */
static int mark_files(const struct oci_source *source)
{
	erofs_auto(erofs_tree_walk_release) struct erofs_tree_walk walk = { 0 };
	struct erofs_tree_inode *dir = NULL;
	int err = erofs_tree_walk_begin(&walk, source->tar.tree);

	while (!err && (err = erofs_tree_walk_next(&walk, &dir)) > 0) {
		for (uint32_t i = 0; i < dir->dir.count; i++) {
			struct erofs_tree_inode *inode = dir->dir.entries[i].inode;

			/* The numbers of arrivals are the writer's. */
			if (S_ISREG(inode->mode) && inode->size && inode->number == MISSING)
				inode->number = MISSING_KNOWN;
		}
		err = 0;
	}
	return err;
}

/* Forgets the files that later members or layers have replaced. */
static int keep_files_of_tree(struct oci_source *source)
{
	struct oci_file *files = (void *)source->files.data;
	size_t count = source->files.size / sizeof(*files), kept = 0;
	int err = count ? mark_files(source) : 0;

	for (size_t i = 0; !err && i < count; i++) {
		if (files[i].inode->number != MISSING_KNOWN)
			continue;
		files[i].inode->number = 0;
		files[kept++] = files[i];
	}
	source->files.size = kept * sizeof(*files);
	return err;
}

int erofs_source_oci_complete(struct oci_source *source)
{
	int err = 0;

	/* Nobody asks it any more, and the tree wants the memory. */
	erofs_source_oci_hidden_release(&source->hidden);
	/* What was lost on the way is counted where it would have gone. */
	erofs_source_losses_release(&source->tar.losses);
	source->tar.losses = (struct erofs_losses){ 0 };
	for (size_t i = source->first; !err && i < source->end; i++) {
		if (i > source->first)
			erofs_tree_paths_next_layer(&source->tar.paths);
		err = apply_layer(source, i);
	}
	if (!err)
		err = erofs_tree_paths_finish(&source->tar.paths);
	if (!err)
		err = erofs_source_tar_label_missing_parents(&source->tar);
	erofs_tree_paths_release(&source->tar.paths);
	if (!err)
		err = keep_files_of_tree(source);
	if (err)
		return err;
	source->is_complete = true;
	/* Once, for all layers. */
	erofs_source_losses_report(&source->tar.losses, source->image->store->name, source->tar.diag);
	return 0;
}
