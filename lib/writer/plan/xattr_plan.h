/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_XATTR_PLAN_H
#define EROFS_WRITER_XATTR_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include <erofs/build.h>

#include "lib/tree/tree.h"
#include "lib/util/buffer.h"

/*
 * How xattrs are stored: the long-prefix table, which of them go to the shared zone, and the inline area of each set. Made
 * once from the frozen tree, then read by many threads.
 */

/* A record of the long-prefix table. */
struct xattr_prefix {
	uint8_t base_index;
	const char *infix; /* points into an option */
	size_t infix_len;
};

/* The encoded attributes of one set, but for the fingerprint. */
struct xattr_area {
	uint32_t shared_at, shared_count; /* place in shared_ids */
	uint32_t inline_at, inline_size;  /* place in inline_entries */
	uint32_t name_filter;
};

struct erofs_xattr_plan {
	struct xattr_prefix prefixes[129];
	uint32_t prefix_count;
	int fingerprint_prefix; /* record of the fingerprint's name; -1: no fingerprints */
	enum erofs_digest fingerprint;
	bool name_filter;
	bool any; /* at least one inode has an attribute */

	struct erofs_buffer shared_zone; /* its bytes */
	uint32_t shared_count;

	struct xattr_area *areas;	    /* by set id */
	struct erofs_buffer shared_ids;	    /* uint32_t in host order */
	struct erofs_buffer inline_entries; /* encoded */
};

/* The long prefixes, which depend on the options alone. */
int erofs_writer_xattr_plan_begin(struct erofs_xattr_plan *plan, const struct erofs_build_options *options,
				  const struct erofs_diag *diag);

/* Everything else. -ENOMEM. */
int erofs_writer_xattr_plan_init(struct erofs_xattr_plan *plan, const struct erofs_tree *tree,
				 const struct erofs_build_options *options);
void erofs_writer_xattr_plan_release(struct erofs_xattr_plan *plan);

/* Bytes of the inline area of an inode with this set (NULL: none) and perhaps a fingerprint; 0 if it has neither. */
uint32_t erofs_writer_xattr_plan_area_size(const struct erofs_xattr_plan *plan, const struct erofs_xattr_set *set,
					   bool fingerprinted);

/* At most so many bytes, whatever of it is shared or has a long prefix. */
uint32_t erofs_writer_xattr_plan_area_bound(const struct erofs_xattr_plan *plan, const struct erofs_xattr_set *set,
					    bool fingerprinted);

/* Appends that area; `digest` is the raw digest of a fingerprinted file, else NULL. */
int erofs_writer_xattr_plan_encode(const struct erofs_xattr_plan *plan, struct erofs_buffer *out,
				   const struct erofs_xattr_set *set, const uint8_t *digest);

/* Appends the long-prefix table. */
int erofs_writer_xattr_plan_encode_prefixes(const struct erofs_xattr_plan *plan, struct erofs_buffer *out);

#endif
