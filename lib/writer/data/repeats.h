/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_REPEATS_H
#define EROFS_WRITER_REPEATS_H

#include "lib/writer/data/run.h"

/*
 * Repeats: runs of bytes of one file that stand in an earlier one, or further in front in the same, too. Their extents are stored
 * once. Before the run over all files its contents are read to find them (repeats_find.c, repeats_settle.c, repeats_cuts.c); then
 *
 *	work      encodes what has repeats or cuts a second time, with these (repeats_encode.c)
 *	commit    chooses one of both, when it is known where the extents that a repeat needs are (repeats_place.c)
 *
 * The format lets an extent of a file be one of another's, or the first part of it. So the earlier file gets a cut where a
 * repeat begins: an extent of its own begins there.
 */

/* Finds the repeats of the run's files. What the sources say of files that cannot be read, -ENOMEM. */
int erofs_writer_repeats_find(struct erofs_run *run);
void erofs_writer_repeats_release(struct erofs_repeats *repeats);

/* From the runs that were found, in the order of files: which are worth it, and the cuts. For erofs_writer_repeats_find(). */
int erofs_writer_repeats_settle(struct erofs_run *run);

/* From the repeats of all files: the cuts, and what is left of repeats that begin at them. -ENOMEM. */
int erofs_writer_repeats_cut(struct erofs_run *run);

/* Whether extents lie byte behind byte, not in clusters of whole blocks. */
static inline bool erofs_writer_repeats_in_extents(const struct erofs_run *run)
{
	return run->plan->options->compressed_form == EROFS_COMPRESSED_EXTENTS;
}

/* Up to which byte a file may have repeats or cuts; 0: it has none. It follows from size and options. */
uint64_t erofs_writer_repeats_end(const struct erofs_run *run, const struct erofs_tree_inode *inode);

/* Bytes of a repeat that are worth an extent of their own. */
uint64_t erofs_writer_repeats_least(const struct erofs_run *run);

/* ---- worth (repeats_worth.c) ------------------------------------------------------------------------------------------------ */

/* Whether the bytes of a repeat encode to more than it costs. */
struct erofs_worth {
	struct erofs_encode_tools *tools;
	uint8_t method;
	struct erofs_buffer extents;
	struct erofs_encoded encoded;
};

void erofs_writer_worth_begin(struct erofs_worth *worth, struct erofs_run *run, unsigned int worker,
			      const struct erofs_tree_inode *inode);
void erofs_writer_worth_end(struct erofs_worth *worth);
/* Adds some of them. 1: all so far are worth it; 0: not yet; -ENOMEM, or what the compressor says. */
int erofs_writer_worth_add(struct erofs_worth *worth, const uint8_t *in, size_t size);

/* ---- finding one ----------------------------------------------------------------------------------------------------------- */

/* The first repeat or cut of a file that is not in front of `at`, or what comes behind those of the file. */
size_t erofs_writer_repeats_first(const struct erofs_repeats *repeats, uint32_t inode, uint64_t at);
size_t erofs_writer_repeats_first_cut(const struct erofs_repeats *repeats, uint32_t inode, uint64_t at);

/* ---- work --------------------------------------------------------------------------------------------------------------- */

/*
 * Encodes `length` bytes of the file, which are at `offset`, with its cuts, and leaves out its repeats: of each stands an extent
 * in the list, with place = number + 1. Nothing is made, and to->count is 0, if there are neither. In more bytes than to->room: to->full.
 */
int erofs_writer_encode_around(struct erofs_run *run, unsigned int worker, const struct erofs_tree_inode *inode,
			       const uint8_t *in, uint64_t offset, size_t length, struct erofs_encoded *to);

/* ---- commits ------------------------------------------------------------------------------------------------------------ */

/* The encoded form of some bytes of a file. */
struct erofs_choice {
	const struct erofs_tree_inode *inode;
	uint64_t offset; /* of these in the file */
	size_t length;
	const struct erofs_encoded *plain, *around;
	struct erofs_buffer around_extents; /* not owned */
};

struct erofs_chosen {
	uint64_t count; /* of extents */
	bool has_shared, has_zeros;
};

/* Whether the form with repeats is possible and better: 1, then run->resolved is its list of extents; 0; -ENOMEM. */
int erofs_writer_choose_around(struct erofs_run *run, const struct erofs_choice *choice, struct erofs_chosen *chosen);

/* Remembers where extents are that repeats will need: those of the list, the first at byte `start` of the device. -ENOMEM. */
int erofs_writer_note_extents(struct erofs_run *run, const struct erofs_tree_inode *inode, uint64_t offset,
			      uint64_t start, const struct erofs_buffer *extents, uint64_t count);

#endif
