/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include <erofs/fingerprint.h>

struct digest_kind {
	const char *name;
	size_t size;
};

static const struct digest_kind kinds[] = {
	[EROFS_DIGEST_NONE] = { "none", 0 },
	[EROFS_DIGEST_SHA256] = { "sha256", 32 },
	[EROFS_DIGEST_SHA512] = { "sha512", 64 },
	[EROFS_DIGEST_FSVERITY] = { "fsverity-sha256-4096", 32 },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))
_Static_assert(KIND_COUNT == EROFS_DIGEST_COUNT, "one of each");

size_t erofs_digest_size(enum erofs_digest digest)
{
	if ((unsigned int)digest >= KIND_COUNT)
		return 0;
	return kinds[digest].size;
}

const char *erofs_digest_name(enum erofs_digest digest)
{
	if ((unsigned int)digest >= KIND_COUNT)
		return "none";
	return kinds[digest].name;
}

enum erofs_digest erofs_digest_by_name(const char *name)
{
	if (!name)
		return EROFS_DIGEST_NONE;
	if (strcmp(name, "fsverity") == 0)
		return EROFS_DIGEST_FSVERITY;
	for (size_t i = 1; i < KIND_COUNT; i++)
		if (strcmp(name, kinds[i].name) == 0)
			return (enum erofs_digest)i;
	return EROFS_DIGEST_NONE;
}

size_t erofs_fingerprint_value_size(enum erofs_digest digest)
{
	if ((unsigned int)digest >= KIND_COUNT)
		return 0;
	return digest == EROFS_DIGEST_NONE ? 0 : strlen(kinds[digest].name) + 1 + kinds[digest].size;
}

size_t erofs_fingerprint_compose(uint8_t *out, enum erofs_digest digest, const uint8_t *raw)
{
	size_t name_len;

	if (!out || !raw || digest == EROFS_DIGEST_NONE || (unsigned int)digest >= KIND_COUNT)
		return 0;
	name_len = strlen(kinds[digest].name);
	memcpy(out, kinds[digest].name, name_len);
	out[name_len] = ':';
	memcpy(out + name_len + 1, raw, kinds[digest].size);
	return erofs_fingerprint_value_size(digest);
}

enum erofs_digest erofs_fingerprint_parse(const uint8_t **raw, const void *value, size_t size)
{
	if (!raw || !value)
		return EROFS_DIGEST_NONE;
	for (size_t i = 1; i < KIND_COUNT; i++) {
		size_t name_len = strlen(kinds[i].name);

		if (size != erofs_fingerprint_value_size((enum erofs_digest)i) ||
		    memcmp(value, kinds[i].name, name_len) != 0 || ((const uint8_t *)value)[name_len] != ':')
			continue;
		*raw = (const uint8_t *)value + name_len + 1;
		return (enum erofs_digest)i;
	}
	return EROFS_DIGEST_NONE;
}
