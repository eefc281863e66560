/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/hash_chain.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct erofs_hash_chain_link {
	_Atomic(const uint8_t *) data; /* NULL: nothing is offered; set last, taken with the lock held */
	size_t size;
};

int erofs_writer_chain_init(struct erofs_hash_chain *chain, unsigned int width, enum erofs_digest digest,
			    enum erofs_identity_kind kind)
{
	int err;

	*chain = (struct erofs_hash_chain){ .width = width };
	chain->links = calloc(width, sizeof(*chain->links));
	if (!chain->links)
		return -ENOMEM;
	erofs_monitor_init(&chain->monitor);
	err = erofs_writer_hash_new(&chain->hash, digest);
	return err ? err : erofs_writer_hash_begin(&chain->hash, kind);
}

void erofs_writer_chain_release(struct erofs_hash_chain *chain)
{
	if (!chain->links)
		return;
	free(chain->links);
	chain->links = NULL;
	erofs_writer_hash_release(&chain->hash);
	erofs_monitor_destroy(&chain->monitor);
}

static int hash_offered(struct erofs_hash_chain *chain)
{
	int err = 0;

	while (!err) {
		struct erofs_hash_chain_link *link = &chain->links[chain->next % chain->width];
		const uint8_t *data = atomic_exchange(&link->data, NULL);

		if (!data)
			break;
		err = erofs_writer_hash_append(&chain->hash, data, link->size);
		chain->next++;
	}
	return err;
}

int erofs_writer_chain_offer(struct erofs_hash_chain *chain, uint64_t segment, const uint8_t *data, size_t size)
{
	struct erofs_hash_chain_link *link = &chain->links[segment % chain->width];

	link->size = size;
	atomic_store(&link->data, data);
	/* The thread that hashes takes this one, too; if it has just passed by, the next drain does. */
	erofs_monitor_try_hold(&chain->monitor);

	return held_monitor ? hash_offered(chain) : 0;
}

int erofs_writer_chain_drain(struct erofs_hash_chain *chain)
{
	erofs_monitor_hold(&chain->monitor);

	return hash_offered(chain);
}

int erofs_writer_chain_end(struct erofs_hash_chain *chain, struct erofs_identity *identity)
{
	return erofs_writer_hash_end(&chain->hash, identity);
}
