/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_UNIT_TREE_MAKER_H
#define TESTS_UNIT_TREE_MAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/tree/tree.h"

/* Trees made by hand instead of by a source, and a place where messages can be looked at. Failures end the test. */

struct erofs_tree *tree_make(void);

/* A new inode under this name, with the name's place noted as a source would. */
struct erofs_tree_inode *tree_add(struct erofs_tree *tree, struct erofs_tree_inode *dir, const char *name,
				  uint16_t mode);

/* One more name for an inode. */
void tree_link(struct erofs_tree *tree, struct erofs_tree_inode *dir, const char *name, struct erofs_tree_inode *inode);

/* Gives an inode attributes: name, value, name, value, ..., NULL. */
void tree_set_xattrs(struct erofs_tree *tree, struct erofs_tree_inode *inode, ...) __attribute__((sentinel));

/* The entry of that name, NULL if there is none. */
struct erofs_tree_inode *tree_child(const struct erofs_tree_inode *dir, const char *name);

struct messages {
	struct erofs_diag diag;
	unsigned int count;
	char last[1024];
};

void messages_init(struct messages *messages);

/* The same numbers in every run. */
uint64_t random_next(uint64_t *state);

#endif
