/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CHECK_STATE_H
#define EROFS_CHECK_STATE_H

#include <erofs/check.h>

#include "lib/check/check_claims.h"
#include "lib/reader/nodes.h"
#include "lib/util/index.h"
#include "lib/util/progress.h"

/*
 * One run of the checker. It goes over the image in five steps, each in the order of the tree:
 *
 *	superblock	check_super.c
 *	tree		check_tree.c, check_dir.c, check_inode.c, check_xattr.c	 collects the nodes and their claims
 *	accounts	check_tree.c						 link counts, overlaps, number of inodes
 *	choice		check_choose.c						 of the files whose contents are to be checked
 *	data		check_data.c						 where they lie, what they hash to; in parallel
 *
 * Functions that return int: 0 the check goes on (whatever was found), negative it cannot.
 */
struct erofs_check {
	const struct erofs_image *image;
	const struct erofs_superblock *sb;
	const struct erofs_check_options *options;
	struct erofs_check_summary *summary;
	const struct erofs_diag *diag;
	uint64_t limit; /* bytes of the primary device that belong to the image */
	struct erofs_nodes nodes;
	struct erofs_claims claims;
	struct erofs_index shared; /* shared attributes with a claim: its number by offset */
	uint64_t unreadable;	   /* inodes in a form that the reader does not know yet */
	uint32_t first_unreadable;
	uint64_t absent; /* inodes with data on a device that was not given */
	uint32_t first_absent;
	bool fingerprints; /* the image has what they take */
	uint64_t files_total, bytes_total; /* for those who want to know how far it is; the latter 0: not known */
};

/* ---- check_report.c: findings -------------------------------------------------------------------------------------------- */

/* A defect of a node (`name` NULL) or of an entry in directory `node`; "PATH: text". */
void erofs_check_finding(struct erofs_check *check, uint32_t node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void erofs_check_finding_at(struct erofs_check *check, uint32_t node, const char *name, size_t name_len,
			    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A defect that belongs to no path: "superblock: text". */
void erofs_check_finding_of(struct erofs_check *check, const char *what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * What to make of an error of the reader's: corruption becomes a finding "PATH: what", a form that it does not know is
 * counted; both return 0. Anything else is reported as an operational error and returned.
 */
int erofs_check_failed(struct erofs_check *check, uint32_t node, int err, const char *what);

/* "directory data of /a" and the like; NULL when out of memory; freed by the caller. */
char *erofs_check_claim_text(const struct erofs_check *check, const struct erofs_claim *claim);

/* ---- the steps ------------------------------------------------------------------------------------------------------------ */

int erofs_check_super(struct erofs_check *check);

/* Whether metadata lie inside the image, or inside the metabox if that is where they are. */
bool erofs_check_lies_inside(const struct erofs_check *check, uint64_t start, uint64_t length);

int erofs_check_tree(struct erofs_check *check);
int erofs_check_accounts(struct erofs_check *check);
int erofs_check_choose(struct erofs_check *check);
int erofs_check_data(struct erofs_check *check);

/* An inode as it is found, `node` being its new node: body, attributes, claim. `*usable` tells whether to look at its data. */
int erofs_check_inode(struct erofs_check *check, uint32_t node, struct erofs_inode *inode, bool *usable);

/* The inode's attributes; the area's bytes are claimed already. */
int erofs_check_xattrs(struct erofs_check *check, uint32_t node, const struct erofs_inode *inode);

/* Walks a directory and adds what it names. */
int erofs_check_dir(struct erofs_check *check, uint32_t node);

#endif
