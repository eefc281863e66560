/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PLACE_H
#define EROFS_WRITER_PLACE_H

#include "lib/writer/data/run.h"

/* Placing, for commits. */

/* Takes blocks for a file that is stored as it is, all at once. */
int erofs_writer_place_stored(struct erofs_run *run, const struct erofs_tree_inode *inode);

/* Keeps a stored file's inline tail, if it has one, for the metadata. */
int erofs_writer_append_tail(struct erofs_run *run, const struct erofs_tree_inode *inode, const uint8_t *tail);

/* Takes `size` bytes at the end of the zone for a file. */
int erofs_writer_place_bytes(struct erofs_run *run, const struct erofs_tree_inode *inode, uint64_t *start,
			     uint64_t size);

/* Reports what the zone said of a file; returns `err`. */
int erofs_writer_report_place(const struct erofs_run *run, const struct erofs_tree_inode *inode, int err);

/*
 * Encoded data of an inode found their place: makes its list of extents, and the inode a compressed one. Keeps its packed tail,
 * list->tail_size bytes at `tail`, for the metadata.
 */
int erofs_writer_place_extents(struct erofs_run *run, const struct erofs_tree_inode *inode,
			       struct erofs_extent_list *list, const struct erofs_buffer *extents, const uint8_t *tail);

/* Keeps the bytes that a file ends with as a fragment of its list, if there are any. */
int erofs_writer_place_fragment(struct erofs_run *run, const struct erofs_tree_inode *inode,
				struct erofs_extent_list *list, const uint8_t *bytes, size_t size);

/* Whether all of a file, however long it is, goes to the packed inode. */
bool erofs_writer_is_whole_fragment(const struct erofs_run *run, const struct erofs_long_file *file);

/* Keeps one segment of such a file. */
int erofs_writer_place_whole(struct erofs_run *run, const struct erofs_job *job);

/* A line for each file, if the diag wants it. */
void erofs_writer_tell(const struct erofs_run *run, const struct erofs_tree_inode *inode, const char *how);

#endif
