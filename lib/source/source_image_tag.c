/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/text.h>

#include "lib/codec/hasher.h"
#include "lib/source/source_image.h"
#include "lib/util/pool.h"
#include "lib/util/report.h"

/* What the slot of an image in a device table is called. */

#define TAG_READ (1u << 20)
#define TAG_SIZE (sizeof(((struct image_layer *)NULL)->tag) - 1)

/* A file that is called by a digest is found by it again, without being read. */
static bool take_name(struct image_layer *layer)
{
	const char *slash = strrchr(layer->path, '/'), *name = slash ? slash + 1 : layer->path;
	size_t length = strspn(name, "0123456789abcdef");

	if (length != TAG_SIZE || (name[length] && strcmp(name + length, ".erofs") != 0))
		return false;
	memcpy(layer->tag, name, TAG_SIZE);
	return true;
}

static int hash_file(struct image_source *source, struct image_layer *layer, struct erofs_hasher *hasher, uint8_t *buf)
{
	const struct erofs_device *device = &layer->image->primary;
	uint8_t raw[EROFS_DIGEST_MAX];
	int err = erofs_hasher_begin(hasher);

	for (uint64_t at = 0; !err && at < device->size; at += TAG_READ) {
		uint64_t rest = device->size - at;
		size_t length = rest < TAG_READ ? (size_t)rest : TAG_READ;

		if (erofs_cancel_requested(source->options->cancel))
			return -ECANCELED;
		err = erofs_device_read(device, buf, length, at);
		if (!err)
			err = erofs_hasher_append(hasher, buf, length);
	}
	if (!err)
		err = erofs_hasher_end(hasher, raw);
	if (!err)
		erofs_hex_encode(layer->tag, raw, TAG_SIZE / 2);
	return err;
}

static int make_tag(void *ctx, unsigned int item, unsigned int worker)
{
	struct image_source *source = ctx;
	struct image_layer *layer = &source->layers[item];
	struct erofs_hasher *hasher;
	uint8_t *buf;
	int err;

	(void)worker;
	if (take_name(layer))
		return 0;
	hasher = erofs_hasher_new(EROFS_DIGEST_SHA256);
	buf = malloc(TAG_READ);
	err = hasher && buf ? hash_file(source, layer, hasher, buf) : -ENOMEM;
	free(buf);
	erofs_hasher_free(hasher);
	if (err && err != -ENOMEM && err != -ECANCELED)
		erofs_report(source->diag, err, "'%s' cannot be read: %s", layer->path, strerror(-err));
	return err;
}

int erofs_source_image_make_tags(struct image_source *source)
{
	unsigned int count = (unsigned int)source->layer_count, workers = source->options->workers;
	struct erofs_pool *pool = erofs_pool_new(workers < count ? workers : count);
	int err = pool ? erofs_pool_each(pool, make_tag, source, count) : -ENOMEM;

	erofs_pool_free(pool);
	return err;
}
