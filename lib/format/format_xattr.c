/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_xattr.h"

#include <string.h>
#include <xxhash.h>

#include <erofs/image.h>

#include "lib/format/le.h"

#define FILTER_SEED 0x25BBE08Fu

struct base_prefix {
	const char *text;
	size_t length;
	bool whole_name; /* the prefix is the name; nothing may follow */
};

#define PREFIX(text, whole)                                                                                            \
	{                                                                                                              \
		text, sizeof(text) - 1, whole                                                                          \
	}
static const struct base_prefix base_prefixes[] = {
	[EROFS_XATTR_INDEX_NONE] = PREFIX("", false),
	[EROFS_XATTR_INDEX_USER] = PREFIX("user.", false),
	[EROFS_XATTR_INDEX_POSIX_ACL_ACCESS] = PREFIX("system.posix_acl_access", true),
	[EROFS_XATTR_INDEX_POSIX_ACL_DEFAULT] = PREFIX("system.posix_acl_default", true),
	[EROFS_XATTR_INDEX_TRUSTED] = PREFIX("trusted.", false),
	[EROFS_XATTR_INDEX_LUSTRE] = PREFIX("lustre.", false),
	[EROFS_XATTR_INDEX_SECURITY] = PREFIX("security.", false),
};
#define BASE_PREFIX_COUNT (sizeof(base_prefixes) / sizeof(base_prefixes[0]))

const char *erofs_xattr_base_prefix(uint8_t base_index)
{
	return base_index < BASE_PREFIX_COUNT ? base_prefixes[base_index].text : NULL;
}

static bool prefix_fits(const struct base_prefix *prefix, const char *name, size_t name_len)
{
	if (prefix->whole_name ? name_len != prefix->length : name_len <= prefix->length)
		return false;
	return memcmp(name, prefix->text, prefix->length) == 0;
}

bool erofs_xattr_split_name(uint8_t *index, size_t *rest, const char *name, size_t name_len)
{
	for (size_t i = 1; i < BASE_PREFIX_COUNT; i++) {
		/* Linux has no handler for Lustre's attributes; they are not written. */
		if (i == EROFS_XATTR_INDEX_LUSTRE || !prefix_fits(&base_prefixes[i], name, name_len))
			continue;
		*index = (uint8_t)i;
		*rest = base_prefixes[i].length;
		return true;
	}
	*index = EROFS_XATTR_INDEX_NONE;
	*rest = 0;
	return false;
}

#define ACL_HEADER_SIZE 4u
#define ACL_TAG_USER	0x02u
#define ACL_TAG_GROUP	0x08u
#define ACL_NO_ID	0xffffffffu

struct acl_entry {
	erofs_le16 tag;
	erofs_le16 permissions;
	erofs_le32 id;
};
_Static_assert(sizeof(struct acl_entry) == 8, "ACL entry size");

bool erofs_xattr_acl_has_unmapped_id(const void *value, size_t size)
{
	for (size_t at = ACL_HEADER_SIZE; at + sizeof(struct acl_entry) <= size; at += sizeof(struct acl_entry)) {
		struct acl_entry entry;
		uint16_t tag;

		memcpy(&entry, (const uint8_t *)value + at, sizeof(entry));
		tag = erofs_get16(entry.tag);
		if ((tag == ACL_TAG_USER || tag == ACL_TAG_GROUP) && erofs_get32(entry.id) == ACL_NO_ID)
			return true;
	}
	return false;
}

uint32_t erofs_xattr_filter_bit(uint8_t base_index, const void *rest, size_t rest_len)
{
	return 1u << (XXH32(rest, rest_len, FILTER_SEED + base_index) & 31u);
}

struct disk_xattr_header {
	erofs_le32 name_filter;
	uint8_t shared_count;
	uint8_t reserved[7];
};
_Static_assert(sizeof(struct disk_xattr_header) == EROFS_XATTR_HEADER_SIZE, "xattr header size");

void erofs_xattr_header_encode(const struct erofs_xattr_header *header, uint8_t out[EROFS_XATTR_HEADER_SIZE])
{
	struct disk_xattr_header disk = {
		.name_filter = erofs_put32(header->name_filter),
		.shared_count = header->shared_count,
	};

	memcpy(out, &disk, sizeof(disk));
}

void erofs_xattr_header_decode(struct erofs_xattr_header *out, const uint8_t in[EROFS_XATTR_HEADER_SIZE])
{
	struct disk_xattr_header disk;

	memcpy(&disk, in, sizeof(disk));
	out->name_filter = erofs_get32(disk.name_filter);
	out->shared_count = disk.shared_count;
}

int erofs_xattr_header_reserved_byte(const uint8_t in[EROFS_XATTR_HEADER_SIZE])
{
	for (size_t i = offsetof(struct disk_xattr_header, reserved); i < EROFS_XATTR_HEADER_SIZE; i++)
		if (in[i])
			return (int)i;
	return -1;
}

void erofs_xattr_shared_id_encode(uint32_t id, uint8_t out[EROFS_XATTR_SHARED_ID_SIZE])
{
	erofs_le32 disk = erofs_put32(id);

	memcpy(out, disk.b, sizeof(disk));
}

uint32_t erofs_xattr_shared_id_decode(const uint8_t in[EROFS_XATTR_SHARED_ID_SIZE])
{
	erofs_le32 disk;

	memcpy(disk.b, in, sizeof(disk));
	return erofs_get32(disk);
}

struct disk_xattr_entry {
	uint8_t name_len;
	uint8_t name_index;
	erofs_le16 value_size;
};
_Static_assert(sizeof(struct disk_xattr_entry) == EROFS_XATTR_ENTRY_SIZE, "xattr entry size");

void erofs_xattr_entry_encode(const struct erofs_xattr_entry *entry, uint8_t out[EROFS_XATTR_ENTRY_SIZE])
{
	struct disk_xattr_entry disk = {
		.name_len = entry->name_len,
		.name_index = entry->name_index,
		.value_size = erofs_put16(entry->value_size),
	};

	memcpy(out, &disk, sizeof(disk));
}

void erofs_xattr_entry_decode(struct erofs_xattr_entry *out, const uint8_t in[EROFS_XATTR_ENTRY_SIZE])
{
	struct disk_xattr_entry disk;

	memcpy(&disk, in, sizeof(disk));
	*out = (struct erofs_xattr_entry){
		.name_len = disk.name_len,
		.name_index = disk.name_index,
		.value_size = erofs_get16(disk.value_size),
	};
}

#define PREFIX_SIZE_FIELD 2u

static size_t prefix_span(size_t size_field)
{
	return (PREFIX_SIZE_FIELD + size_field + EROFS_XATTR_ALIGN - 1) & ~(size_t)(EROFS_XATTR_ALIGN - 1);
}

size_t erofs_xattr_prefix_encode(uint8_t *out, uint8_t base_index, const void *infix, size_t infix_len)
{
	size_t span = prefix_span(1 + infix_len);
	erofs_le16 size = erofs_put16((uint16_t)(1 + infix_len));

	if (out) {
		memset(out, 0, span);
		memcpy(out, size.b, sizeof(size));
		out[PREFIX_SIZE_FIELD] = base_index;
		memcpy(out + PREFIX_SIZE_FIELD + 1, infix, infix_len);
	}
	return span;
}

size_t erofs_xattr_prefix_decode(uint8_t *base_index, const uint8_t **infix, size_t *infix_len, const uint8_t *in,
				 size_t avail)
{
	erofs_le16 field;
	size_t size;

	if (avail < PREFIX_SIZE_FIELD + 1)
		return 0;
	memcpy(&field, in, sizeof(field));
	size = erofs_get16(field);
	if (size < 1 || size > 1 + EROFS_XATTR_NAME_MAX || PREFIX_SIZE_FIELD + size > avail)
		return 0;
	*base_index = in[PREFIX_SIZE_FIELD];
	*infix = in + PREFIX_SIZE_FIELD + 1;
	*infix_len = size - 1;
	return prefix_span(size);
}
