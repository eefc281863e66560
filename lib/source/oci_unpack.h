/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_OCI_UNPACK_H
#define EROFS_SOURCE_OCI_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Takes the compression off a stream, if there is one: gzip and zstd, also of several members, by what the bytes say, since what is
 * written about them is often wrong.
 */
struct oci_unpacker;

struct oci_unpack_buffers {
	const uint8_t *in; /* moves on over what was used */
	size_t in_left;
	uint8_t *out; /* likewise over what was filled */
	size_t out_left;
};

/*
 * By the first bytes, which should be four at least unless there are no more. `*format` is the name of what they are in. -ENOMEM;
 * -EOPNOTSUPP if this build cannot take it off.
 */
int erofs_oci_unpacker_new(struct oci_unpacker **out, const char **format, const uint8_t *start, size_t size);
void erofs_oci_unpacker_free(struct oci_unpacker *unpacker);

/* Fills what it can: 0; -EBADMSG for bytes that are no such stream; -ENOMEM. */
int erofs_oci_unpack(struct oci_unpacker *unpacker, struct oci_unpack_buffers *buffers);

/* Whether the input may end here. */
bool erofs_oci_unpack_is_complete(const struct oci_unpacker *unpacker);

#endif
