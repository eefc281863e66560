/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_LE_H
#define EROFS_FORMAT_LE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/*
 * Little-endian integers as byte arrays: they have no alignment, and a plain assignment from or to an integer does not
 * compile, so that a forgotten conversion cannot hide.
 */
typedef struct {
	uint8_t b[2];
} erofs_le16;
typedef struct {
	uint8_t b[4];
} erofs_le32;
typedef struct {
	uint8_t b[8];
} erofs_le64;

static inline uint16_t erofs_get16(erofs_le16 v)
{
	uint16_t host;

	memcpy(&host, v.b, sizeof(host));
	return le16toh(host);
}

static inline uint32_t erofs_get32(erofs_le32 v)
{
	uint32_t host;

	memcpy(&host, v.b, sizeof(host));
	return le32toh(host);
}

static inline uint64_t erofs_get64(erofs_le64 v)
{
	uint64_t host;

	memcpy(&host, v.b, sizeof(host));
	return le64toh(host);
}

static inline erofs_le16 erofs_put16(uint16_t host)
{
	erofs_le16 v;

	host = htole16(host);
	memcpy(v.b, &host, sizeof(host));
	return v;
}

static inline erofs_le32 erofs_put32(uint32_t host)
{
	erofs_le32 v;

	host = htole32(host);
	memcpy(v.b, &host, sizeof(host));
	return v;
}

static inline erofs_le64 erofs_put64(uint64_t host)
{
	erofs_le64 v;

	host = htole64(host);
	memcpy(v.b, &host, sizeof(host));
	return v;
}

#endif
