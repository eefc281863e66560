/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_SOURCE_OCI_HIDDEN_H
#define EROFS_SOURCE_SOURCE_OCI_HIDDEN_H

#include "lib/util/arena.h"
#include "lib/util/index.h"

/*
 * What layers hide of those below them, as far as it is known when they are read from the top down: by the paths as members give
 * them, since links that lower layers may have on the way have not been seen. So it is a guess, and only saves packing: the
 * tree is made of the members of all layers, the lowest first.
 */

struct hidden_name; /* one name in one directory */

struct oci_hidden {
	struct erofs_arena arena;
	struct erofs_index index; /* of names */
	struct hidden_name **names;
	uint32_t count;
	size_t room;
	struct hidden_name *root;
	uint64_t seed;	/* of their hashes */
	uint32_t layer; /* the one that is read: the first, which is the uppermost, has the number 1 */
};

int erofs_source_oci_hidden_init(struct oci_hidden *hidden);
void erofs_source_oci_hidden_release(struct oci_hidden *hidden);

/* From here on, the next lower layer is read. */
void erofs_source_oci_hidden_next_layer(struct oci_hidden *hidden);

/* What the layer that is read has. A path that makes no sense is passed over. -ENOMEM. */
enum oci_hides {
	OCI_HAS_DIRECTORY, /* hides what is no directory */
	OCI_HAS_OTHER,	   /* a file, or a whiteout: hides what is there and below */
	OCI_HAS_OPAQUE,	   /* a directory that hides what is below */
	OCI_WANTS, /* the target of a hard link: if this layer has it not, that of a lower one is needed, hidden or not */
};
int erofs_source_oci_hidden_note(struct oci_hidden *hidden, const char *path, enum oci_hides what);

/* Whether layers above the one that is read hide a file that this one has at the path. */
bool erofs_source_oci_is_hidden(const struct oci_hidden *hidden, const char *path);

#endif
