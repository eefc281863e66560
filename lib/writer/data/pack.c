/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/pack.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * Pack: workers read, hash and compress; the commit, in the order of the tree, decides on sharing and addresses; workers write.
 * Nothing here depends on how many workers there are or who is faster.
 */

static void release_pack(struct pack *pack)
{
	unsigned int width = erofs_pool_width(pack->builder->pool);

	for (unsigned int i = 0; pack->workers && i < width; i++) {
		if (!pack->streamed)
			pack->source->reader_free(pack->workers[i].reader);
		erofs_pack_hash_free(&pack->workers[i].hash);
	}
	free(pack->workers);
}

int erofs_pack_hash_new(struct pack_hash *hash, const struct pack *pack)
{
	hash->hasher = erofs_hasher_new(pack->digest);
	if (!hash->hasher)
		return erofs_report(pack->builder->diag, -EIO, "libcrypto has no %s", erofs_digest_name(pack->digest));
	hash->summer = XXH3_createState();
	return hash->summer ? 0 : -ENOMEM;
}

void erofs_pack_hash_free(struct pack_hash *hash)
{
	erofs_hasher_free(hash->hasher);
	XXH3_freeState(hash->summer);
	*hash = (struct pack_hash){ 0 };
}

static int init_pack(struct pack *pack)
{
	struct erofs_builder *builder = pack->builder;
	unsigned int width = erofs_pool_width(builder->pool);
	int err = 0;

	pack->source = builder->tree->source_ops;
	pack->streamed = builder->tree->stream_ops;
	pack->wants_sums = builder->uuid_hasher;
	/* Equality is never decided by less than a cryptographic digest. */
	pack->digest = builder->options->fingerprint == EROFS_DIGEST_NONE ? EROFS_DIGEST_SHA256
									  : builder->options->fingerprint;
	builder->contents.digest_size = erofs_digest_size(pack->digest);
	atomic_flag_clear(&pack->reporting);
	pack->workers = calloc(width, sizeof(*pack->workers));
	if (!pack->workers)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < width; i++) {
		if (!pack->streamed)
			err = pack->source->reader_new(&pack->workers[i].reader, builder->tree->source, builder->diag);
		if (!err)
			err = erofs_pack_hash_new(&pack->workers[i].hash, pack);
	}
	return err;
}

int erofs_build_pack(struct erofs_builder *builder)
{
	erofs_auto(release_pack) struct pack pack = { .builder = builder };
	int err = init_pack(&pack);

	if (!err && builder->options->data_outside)
		err = erofs_pack_outside(&pack);
	else if (!err)
		err = builder->options->compression_count || builder->is_streamed ? erofs_pack_compressed(&pack)
										  : erofs_pack_plain(&pack);
	/* Metadata begin with a block. */
	return err ? err : erofs_pack_align(&pack);
}
