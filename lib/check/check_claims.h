/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CHECK_CLAIMS_H
#define EROFS_CHECK_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which objects say that bytes of the primary device are their metadata. Objects that do not overlap cannot claim more bytes in all than
 * there are; an object that would go beyond that is turned away, and that bounds the work which the objects of a hostile image can
 * cause. Zero-initialised, with `budget` set, it is empty and ready.
 */

enum erofs_claim_kind {
	EROFS_CLAIM_SUPERBLOCK,
	EROFS_CLAIM_DEVICE_TABLE,
	EROFS_CLAIM_PREFIX_TABLE,
	EROFS_CLAIM_INODE, /* with its attributes, chunk map and inline data */
	EROFS_CLAIM_DIRECTORY,
	EROFS_CLAIM_SHARED_XATTR,
};

struct erofs_claim {
	uint64_t start, end; /* bytes; not empty */
	uint32_t node;	     /* the object that said so, EROFS_NODE_NONE where the kind says it all */
	uint8_t kind;
};

struct erofs_claims {
	struct erofs_claim *items;
	size_t count, capacity;
	uint64_t budget; /* bytes that may still be claimed */
};

void erofs_check_claims_release(struct erofs_claims *claims);

/* 1: noted; 0: that is more than the device holds, which proves an overlap; -ENOMEM. */
int erofs_check_claims_add(struct erofs_claims *claims, uint64_t start, uint64_t length, enum erofs_claim_kind kind,
			   uint32_t node);

/* Takes `length` bytes off the budget for something that lies on another device. The same results. */
int erofs_check_claims_charge(struct erofs_claims *claims, uint64_t length);

/*
 * Sorts the claims and calls `overlap` for each that begins inside an earlier one; afterwards they are disjoint, an overlap
 * being given to the earlier, and erofs_check_claims_find() works.
 */
void erofs_check_claims_settle(struct erofs_claims *claims,
			       void (*overlap)(void *ctx, const struct erofs_claim *earlier,
					       const struct erofs_claim *later),
			       void *ctx);

/* A claim on some of the bytes from start to end, NULL if there is none. */
const struct erofs_claim *erofs_check_claims_find(const struct erofs_claims *claims, uint64_t start, uint64_t end);

#endif
