/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SHARE_SHARE_BATCH_H
#define EROFS_SHARE_SHARE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/diag.h>

#include "lib/codec/hasher.h"
#include "lib/util/buffer.h"

/* What one input says, as read by a worker: to be added to the set in the order of the inputs. */

/* A fingerprint value in 32 bytes: the digest of a well-formed SHA-256 one, the SHA-256 of any other one. */
struct erofs_share_value {
	uint8_t digest[32];
	bool other; /* the latter */
};

/* Bytes of the packed inode, of whole extents of it; from = to: none. */
struct erofs_packed_range {
	uint64_t from, to;
};

struct erofs_share_file {
	uint64_t size;
	/* Its path: so many bytes of the path before it, then so many of the text. Deep trees stay small. */
	uint32_t kept, added;
	uint32_t value_size; /* 0: no fingerprint */
	bool compressed;
	struct erofs_packed_range fragment; /* that are read with the file */
	struct erofs_share_value value;
};

struct erofs_share_batch {
	const char *name; /* of the input; borrowed */
	uint32_t copies;
	bool manifest;
	bool fingerprinted;
	char uuid[37];
	uint32_t block_size;
	uint64_t packed_size; /* bytes of the packed inode, 0: there is none */
	uint64_t damaged;
	uint32_t algorithms;	     /* of the values asked for: 1 << enum erofs_digest each */
	struct erofs_buffer files;   /* of struct erofs_share_file */
	struct erofs_buffer text;    /* their paths */
	struct erofs_buffer last;    /* the path added last */
	struct erofs_hasher *hasher; /* made when first needed */
};

void erofs_share_batch_release(struct erofs_share_batch *batch);

/* Empties it for another input, keeping its memory. */
void erofs_share_batch_reset(struct erofs_share_batch *batch, const char *name, uint32_t copies);

/* Adds a file: `file` without `kept` and `added`, which follow from the path. -ENOMEM, -EFBIG. */
int erofs_share_batch_add(struct erofs_share_batch *batch, const struct erofs_share_file *file, const char *path,
			  size_t path_size);

/* Tells what stands for a value as stored. -ENOMEM, -EIO if libcrypto fails. */
int erofs_share_batch_value(struct erofs_share_batch *batch, struct erofs_share_value *out, const void *value,
			    size_t size);

/* Reads a whole input. Reports. */
int erofs_share_read_image(struct erofs_share_batch *batch, const char *path, const struct erofs_diag *diag);

/* The first bytes of an input, which were read to see what it is. */
struct erofs_share_head {
	uint8_t bytes[2048];
	size_t size;
};

/* Reads on from `fd`, which may be a pipe. */
int erofs_share_read_manifest(struct erofs_share_batch *batch, const struct erofs_share_head *head, int fd,
			      const char *path, const struct erofs_diag *diag);

#endif
