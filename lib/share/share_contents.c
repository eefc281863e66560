/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/share/share_contents.h"

#include <errno.h>
#include <string.h>

#include <xxhash.h>

_Static_assert(sizeof(struct erofs_share_content) <= 72, "there are millions of them");

void erofs_share_contents_release(struct erofs_share_contents *contents)
{
	erofs_buffer_release(&contents->items);
	erofs_index_release(&contents->by_value);
	erofs_index_release(&contents->by_variant);
}

static bool same_value(const struct erofs_share_value *a, const struct erofs_share_value *b)
{
	return a->other == b->other && memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
}

static bool match_value(const void *ctx, uint32_t number, const void *key)
{
	return same_value(&erofs_share_content(ctx, number)->value, key);
}

struct variant {
	const struct erofs_share_value *value;
	uint64_t size;
	bool compressed;
};

static bool match_variant(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_share_content *content = erofs_share_content(ctx, number);
	const struct variant *variant = key;

	return content->size == variant->size && content->compressed == variant->compressed &&
	       same_value(&content->value, variant->value);
}

static uint64_t hash_value(const struct erofs_share_contents *contents, const struct erofs_share_value *value)
{
	return XXH3_64bits_withSeed(value->digest, sizeof(value->digest), contents->seed);
}

/* A forger may give one value millions of sizes. */
static uint64_t hash_variant(const struct erofs_share_contents *contents, const struct variant *variant)
{
	uint64_t parts[2] = { hash_value(contents, variant->value), variant->size };

	return XXH3_64bits_withSeed(parts, sizeof(parts), contents->seed + variant->compressed);
}

static uint32_t find(const struct erofs_share_contents *contents, uint32_t head, const struct variant *variant)
{
	const struct erofs_share_content *first = erofs_share_content(contents, head);

	if (first->size == variant->size && first->compressed == variant->compressed)
		return head;
	if (first->next == EROFS_SHARE_CONTENT_NONE)
		return EROFS_SHARE_CONTENT_NONE;
	return erofs_index_find(&contents->by_variant, hash_variant(contents, variant), match_variant, contents,
				variant);
}

static uint32_t find_head(const struct erofs_share_contents *contents, const struct erofs_share_value *value)
{
	return erofs_index_find(&contents->by_value, hash_value(contents, value), match_value, contents, value);
}

uint32_t erofs_share_contents_find(const struct erofs_share_contents *contents, const struct erofs_share_value *value,
				   uint64_t size, bool compressed)
{
	const struct variant variant = { value, size, compressed };
	uint32_t head = find_head(contents, value);

	return head == EROFS_SHARE_CONTENT_NONE ? head : find(contents, head, &variant);
}

static int append(struct erofs_share_contents *contents, uint32_t head, const struct variant *variant)
{
	struct erofs_share_content new = { .value = *variant->value,
					   .size = variant->size,
					   .compressed = variant->compressed,
					   .head = head == EROFS_SHARE_CONTENT_NONE,
					   .next = EROFS_SHARE_CONTENT_NONE };
	uint32_t number = (uint32_t)contents->count;
	int err;

	if (contents->count >= UINT32_MAX - 1)
		return -EFBIG;
	if (!new.head)
		new.next = erofs_share_content(contents, head)->next;
	err = erofs_buffer_append(&contents->items, &new, sizeof(new));
	if (err)
		return err;
	contents->count++;
	if (new.head)
		return erofs_index_add(&contents->by_value, hash_value(contents, variant->value), number);
	erofs_share_content(contents, head)->next = number;
	return erofs_index_add(&contents->by_variant, hash_variant(contents, variant), number);
}

int erofs_share_contents_add(struct erofs_share_contents *contents, uint32_t *number, uint32_t *head, bool *added,
			     const struct erofs_share_file *file)
{
	const struct variant variant = { &file->value, file->size, file->compressed };
	int err;

	*head = find_head(contents, &file->value);
	*number = *head == EROFS_SHARE_CONTENT_NONE ? *head : find(contents, *head, &variant);
	*added = *number == EROFS_SHARE_CONTENT_NONE;
	if (!*added)
		return 0;
	*number = (uint32_t)contents->count;
	err = append(contents, *head, &variant);
	if (*head == EROFS_SHARE_CONTENT_NONE)
		*head = *number;
	return err;
}
