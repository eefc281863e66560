/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_acl.h"

#include "lib/format/le.h"

#define ACL_VERSION 2u

struct raw_header {
	erofs_le32 version;
};
_Static_assert(sizeof(struct raw_header) == EROFS_ACL_HEADER, "");

struct raw_entry {
	erofs_le16 tag, permissions;
	erofs_le32 id;
};
_Static_assert(sizeof(struct raw_entry) == EROFS_ACL_ENTRY_SIZE, "");

int erofs_acl_compare(const void *a, const void *b)
{
	const struct erofs_acl_entry *one = a, *other = b;

	if (one->tag != other->tag)
		return one->tag < other->tag ? -1 : 1;
	return one->id < other->id ? -1 : one->id > other->id;
}

size_t erofs_acl_encode(uint8_t *out, const struct erofs_acl_entry *entries, size_t count)
{
	const struct raw_header header = { erofs_put32(ACL_VERSION) };

	if (!out)
		return sizeof(header) + count * sizeof(struct raw_entry);
	memcpy(out, &header, sizeof(header));
	for (size_t i = 0; i < count; i++) {
		const struct raw_entry raw = {
			.tag = erofs_put16(entries[i].tag),
			.permissions = erofs_put16(entries[i].permissions),
			.id = erofs_put32(entries[i].id),
		};

		memcpy(out + sizeof(header) + i * sizeof(raw), &raw, sizeof(raw));
	}
	return sizeof(header) + count * sizeof(struct raw_entry);
}
