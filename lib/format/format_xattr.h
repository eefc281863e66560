/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_XATTR_H
#define EROFS_FORMAT_XATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EROFS_XATTR_HEADER_SIZE 12u /* in front of shared ids and inline entries */
#define EROFS_XATTR_ENTRY_SIZE	4u  /* in front of an entry's name */
#define EROFS_XATTR_ALIGN	4u  /* of entries, shared ids and prefix records */

#define EROFS_XATTR_LONG_PREFIX	     0x80u /* e_name_index: bits 0-6 are a record of the long-prefix table */
#define EROFS_XATTR_LONG_PREFIX_MASK 0x7fu
#define EROFS_XATTR_PREFIXES_MAX     128u
#define EROFS_XATTR_NAME_MAX	     255u   /* e_name_len has 8 bits */
#define EROFS_XATTR_INFIX_MAX	     254u   /* base index and infix of a prefix record share 255 bytes on Linux */
#define EROFS_XATTR_VALUE_MAX	     65535u /* e_value_size has 16 bits */
#define EROFS_XATTR_SHARED_MAX	     255u   /* h_shared_count has 8 bits */

/* ---- names --------------------------------------------------------------------------------------------------------------- */

enum erofs_xattr_index {
	EROFS_XATTR_INDEX_NONE = 0, /* no base prefix: hidden from getxattr(2) */
	EROFS_XATTR_INDEX_USER = 1,
	EROFS_XATTR_INDEX_POSIX_ACL_ACCESS = 2,
	EROFS_XATTR_INDEX_POSIX_ACL_DEFAULT = 3,
	EROFS_XATTR_INDEX_TRUSTED = 4,
	EROFS_XATTR_INDEX_LUSTRE = 5,
	EROFS_XATTR_INDEX_SECURITY = 6,
};

/* erofs_xattr_base_prefix() of <erofs/image.h> gives the text of an index. */

/*
 * Splits a whole name: the index of its base prefix, and in `*rest` the offset of what stands behind it. False if no base
 * prefix fits (`*index` = EROFS_XATTR_INDEX_NONE, `*rest` = 0). The ACL names match only as a whole.
 */
bool erofs_xattr_split_name(uint8_t *index, size_t *rest, const char *name, size_t name_len);

/* ---- values ------------------------------------------------------------------------------------------------------ */

/*
 * Whether a POSIX ACL in its version-2 xattr form (a le32 version, then {le16 tag, le16 permissions, le32 id} for each entry)
 * names a user or group -1: what Linux hands out for an id that the reader's user namespace does not map, and what it
 * refuses to take back.
 */
bool erofs_xattr_acl_has_unmapped_id(const void *value, size_t size);

/* ---- name filter --------------------------------------------------------------------------------------------------------- */

#define EROFS_XATTR_FILTER_EMPTY 0xFFFFFFFFu

/* The bit that an attribute clears; `rest` is what stands behind the *base* prefix. */
uint32_t erofs_xattr_filter_bit(uint8_t base_index, const void *rest, size_t rest_len);

/* ---- inline area ------------------------------------------------------------------------------------------------------------ */

struct erofs_xattr_header {
	uint32_t name_filter;
	uint8_t shared_count;
};

void erofs_xattr_header_encode(const struct erofs_xattr_header *header, uint8_t out[EROFS_XATTR_HEADER_SIZE]);
void erofs_xattr_header_decode(struct erofs_xattr_header *out, const uint8_t in[EROFS_XATTR_HEADER_SIZE]);
/* Number of the first reserved byte that is not zero, or -1. */
int erofs_xattr_header_reserved_byte(const uint8_t in[EROFS_XATTR_HEADER_SIZE]);

/* A shared attribute in the list behind the header: its offset in the shared zone, in units of EROFS_XATTR_ALIGN. */
#define EROFS_XATTR_SHARED_ID_SIZE 4u
void erofs_xattr_shared_id_encode(uint32_t id, uint8_t out[EROFS_XATTR_SHARED_ID_SIZE]);
uint32_t erofs_xattr_shared_id_decode(const uint8_t in[EROFS_XATTR_SHARED_ID_SIZE]);

/* Offset in the area of the shared id `number`; of as many as there are, where the inline entries begin. */
static inline uint32_t erofs_xattr_shared_id_at(uint32_t number)
{
	return EROFS_XATTR_HEADER_SIZE + EROFS_XATTR_SHARED_ID_SIZE * number;
}

/* i_xattr_icount <-> bytes of the whole area, header included; 0 <-> 0. An area of a header alone is icount 1. */
static inline uint32_t erofs_xattr_area_size(uint16_t icount)
{
	return icount ? EROFS_XATTR_HEADER_SIZE + 4u * (icount - 1u) : 0;
}

static inline uint32_t erofs_xattr_icount(uint32_t area_size)
{
	return area_size ? (area_size - EROFS_XATTR_HEADER_SIZE) / 4u + 1u : 0;
}
#define EROFS_XATTR_AREA_MAX (EROFS_XATTR_HEADER_SIZE + 4u * (65535u - 1u))

/* ---- entries --------------------------------------------------------------------------------------------------------------- */

struct erofs_xattr_entry {
	uint8_t name_len;
	uint8_t name_index;
	uint16_t value_size;
};

void erofs_xattr_entry_encode(const struct erofs_xattr_entry *entry, uint8_t out[EROFS_XATTR_ENTRY_SIZE]);
void erofs_xattr_entry_decode(struct erofs_xattr_entry *out, const uint8_t in[EROFS_XATTR_ENTRY_SIZE]);

/* Bytes of a whole entry, name, value and padding included. */
static inline uint32_t erofs_xattr_entry_span(uint32_t name_len, uint32_t value_size)
{
	return (EROFS_XATTR_ENTRY_SIZE + name_len + value_size + EROFS_XATTR_ALIGN - 1) & ~(EROFS_XATTR_ALIGN - 1);
}

/* ---- long-prefix table ----------------------------------------------------------------------------------------------------- */

/*
 * A record is {le16 size, u8 base_index, infix[size - 1]}, padded to 4 bytes. Writes it to `out` (when not NULL) with its
 * padding and returns its whole span.
 */
size_t erofs_xattr_prefix_encode(uint8_t *out, uint8_t base_index, const void *infix, size_t infix_len);

/*
 * Reads the record at `in`: `*infix` points into `in`. Returns its span with padding, 0 if `avail` bytes do not hold it or
 * its size makes no sense.
 */
size_t erofs_xattr_prefix_decode(uint8_t *base_index, const uint8_t **infix, size_t *infix_len, const uint8_t *in,
				 size_t avail);

#endif
