/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_LOSSES_H
#define EROFS_SOURCE_LOSSES_H

#include <stdint.h>

#include <erofs/diag.h>

/* What a source leaves out because the format cannot hold it, for a word at the end. */

struct erofs_loss {
	uint64_t count;
	char *what, *where; /* the first one; NULL: none, or no memory for it */
};

struct erofs_losses {
	struct erofs_loss xattrs;	/* of namespaces that the format does not know */
	struct erofs_loss acl_entries;	/* that name a user or group and carry no number */
	uint64_t nfs4_acls, file_flags; /* members that have such */
};

/* Counts losses in the order of the source. */
void erofs_source_loss_add(struct erofs_loss *loss, uint64_t count, const char *what, const char *where);

/* Counts one that comes in any order: the first one is that of the least path. */
void erofs_source_loss_add_unordered(struct erofs_loss *loss, const char *what, const char *where);

/* Adds what a worker has counted in that way to the losses of the whole source. Leaves nothing in `from`. */
void erofs_source_loss_merge(struct erofs_loss *loss, struct erofs_loss *from);

/* Warns of each kind; `source` begins the lines. */
void erofs_source_losses_report(const struct erofs_losses *losses, const char *source, const struct erofs_diag *diag);
void erofs_source_losses_release(struct erofs_losses *losses);

#endif
