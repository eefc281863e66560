/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/share/share_batch.h"

#include <errno.h>
#include <string.h>

#include <erofs/fingerprint.h>

void erofs_share_batch_release(struct erofs_share_batch *batch)
{
	erofs_buffer_release(&batch->files);
	erofs_buffer_release(&batch->text);
	erofs_buffer_release(&batch->last);
	erofs_hasher_free(batch->hasher);
	batch->hasher = NULL;
}

void erofs_share_batch_reset(struct erofs_share_batch *batch, const char *name, uint32_t copies)
{
	struct erofs_share_batch old = *batch;

	*batch = (struct erofs_share_batch){ .name = name,
					     .copies = copies,
					     .files = old.files,
					     .text = old.text,
					     .last = old.last,
					     .hasher = old.hasher };
	batch->files.size = 0;
	batch->text.size = 0;
	batch->last.size = 0;
}

static size_t common_size(const struct erofs_buffer *last, const char *path, size_t path_size)
{
	size_t end = last->size < path_size ? last->size : path_size, at = 0;

	while (at < end && last->data[at] == (uint8_t)path[at])
		at++;
	return at;
}

int erofs_share_batch_add(struct erofs_share_batch *batch, const struct erofs_share_file *file, const char *path,
			  size_t path_size)
{
	size_t kept = common_size(&batch->last, path, path_size);
	struct erofs_share_file placed = *file;
	int err;

	if (path_size > UINT32_MAX)
		return -EFBIG;
	placed.kept = (uint32_t)kept;
	placed.added = (uint32_t)(path_size - kept);
	batch->last.size = kept;
	err = erofs_buffer_append(&batch->last, path + kept, path_size - kept);
	if (!err)
		err = erofs_buffer_append(&batch->text, path + kept, path_size - kept);
	return err ? err : erofs_buffer_append(&batch->files, &placed, sizeof(placed));
}

int erofs_share_batch_value(struct erofs_share_batch *batch, struct erofs_share_value *out, const void *value,
			    size_t size)
{
	enum erofs_digest digest;
	const uint8_t *raw;
	int err;

	digest = erofs_fingerprint_parse(&raw, value, size);
	batch->algorithms |= 1u << digest;
	out->other = digest != EROFS_DIGEST_SHA256;
	if (!out->other) {
		memcpy(out->digest, raw, sizeof(out->digest));
		return 0;
	}
	if (!batch->hasher)
		batch->hasher = erofs_hasher_new(EROFS_DIGEST_SHA256);
	if (!batch->hasher)
		return -ENOMEM;
	err = erofs_hasher_begin(batch->hasher);
	if (!err)
		err = erofs_hasher_append(batch->hasher, value, size);
	return err ? err : erofs_hasher_end(batch->hasher, out->digest);
}
