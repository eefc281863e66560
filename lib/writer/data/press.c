/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/press.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * Jobs differ much in how long they take, and commits go in order: many slots keep the workers busy while one job holds up the
 * others, within a bound for the bytes in flight.
 */
#define SLOTS_PER_WORKER 8u
#define IN_FLIGHT_MOST	 ((size_t)64 * 1024 * 1024)

#define BATCH_BYTES ((size_t)512 * 1024)

/* ---- where data go ------------------------------------------------------------------------------------------------------- */

static void tell(const struct press *press, const struct erofs_tree_inode *inode, const char *how)
{
	const struct erofs_builder *builder = press->pack->builder;
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;

	if (!erofs_wants(builder->diag, EROFS_SEV_DEBUG))
		return;
	erofs_extent_lists_open(&builder->extent_lists, erofs_plan(builder, inode->number)->list_at, &list, &cursor);
	erofs_message(builder->diag, EROFS_SEV_DEBUG,
		      "%s: %" PRIu64 " bytes, %s %" PRIu64 " bytes in %" PRIu64 " extents at byte %" PRIu64,
		      erofs_tree_path(&path, inode), inode->size, how,
		      list.plen * builder->compress.ways[list.compression].unit, list.count,
		      list.start * builder->compress.ways[list.compression].unit);
}

static void count_compressed(struct erofs_build_summary *summary, const struct erofs_tree_inode *inode)
{
	summary->compressed_files++;
	summary->compressed_bytes += inode->size;
}

int erofs_press_own(struct press *press, const struct erofs_tree_inode *inode, const struct erofs_extent_list *list,
		    const struct erofs_buffer *extents)
{
	struct erofs_builder *builder = press->pack->builder;
	struct inode_plan *plan = erofs_plan(builder, inode->number);
	int err = erofs_extent_lists_add(&builder->extent_lists, &plan->list_at, list, extents);

	if (err)
		return err;
	plan->layout = (uint8_t)erofs_zindex_layout(builder->options);
	builder->has_compressed = true;
	count_compressed(builder->summary, inode);
	builder->summary->encoded_bytes += list->plen * builder->compress.ways[list->compression].unit;
	tell(press, inode, "compressed to");
	return 0;
}

bool erofs_press_share(struct press *press, const struct erofs_tree_inode *inode)
{
	struct erofs_builder *builder = press->pack->builder;
	struct inode_plan *plan = erofs_plan(builder, inode->number);
	const struct inode_plan *have;
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;
	uint32_t *owner;

	if (!builder->options->dedupe_files || plan->content == EROFS_CONTENT_NONE)
		return false;
	owner = erofs_contents_owner(&builder->contents, plan->content);
	have = *owner == EROFS_CONTENT_NONE ? NULL : erofs_plan(builder, *owner);
	if (!have || !erofs_plan_is_compressed(have) || have->way != plan->way) {
		*owner = inode->number;
		return false;
	}
	plan->layout = have->layout;
	plan->list_at = have->list_at;
	builder->summary->shared_files++;
	erofs_extent_lists_open(&builder->extent_lists, plan->list_at, &list, &cursor);
	builder->summary->saved_bytes += list.plen * builder->compress.ways[list.compression].unit;
	count_compressed(builder->summary, inode);
	tell(press, inode, "shares");
	return true;
}

bool erofs_press_share_any(struct press *press, const struct erofs_tree_inode *inode)
{
	struct erofs_builder *builder = press->pack->builder;
	struct inode_plan *plan = erofs_plan(builder, inode->number);
	uint32_t owner;

	if (!builder->options->dedupe_files || plan->content == EROFS_CONTENT_NONE)
		return false;
	owner = *erofs_contents_owner(&builder->contents, plan->content);
	if (owner == EROFS_CONTENT_NONE || owner == inode->number)
		return false;
	if (erofs_plan_is_compressed(erofs_plan(builder, owner)))
		return erofs_press_share(press, inode);
	/* A stream's last bytes are with the others. */
	plan->layout = EROFS_LAYOUT_FLAT_PLAIN;
	return erofs_pack_share(press->pack, inode);
}

/* ---- jobs ----------------------------------------------------------------------------------------------------------------- */

static bool is_stream(const struct press *press, const struct erofs_tree_inode *inode)
{
	return inode->size > press->segment;
}

static int add_stream(struct press *press, const struct erofs_tree_inode *inode)
{
	int err;

	if (press->stream_count == press->stream_room) {
		uint32_t room = 2 * press->stream_room + 16;
		struct press_stream **streams = reallocarray(press->streams, room, sizeof(*streams));

		if (!streams)
			return -ENOMEM;
		press->streams = streams;
		press->stream_room = room;
	}
	err = erofs_press_stream_new(press, &press->current, inode);
	if (err)
		return err;
	press->current->number = press->stream_count;
	press->streams[press->stream_count++] = press->current;
	return 0;
}

/* A stream's next bytes; other sources are asked by the job. Returns 1. */
static int read_streamed(struct press *press, uint8_t *buffer, size_t size)
{
	struct pack *pack = press->pack;
	int err = pack->streamed ? pack->streamed->read(pack->builder->tree->source, buffer, size) : 0;

	return err ? err : 1;
}

/* The next segment of the stream in hand: 1, or 0 if there is none. */
static int next_segment(struct press *press, struct press_slot *slot)
{
	uint64_t offset = press->current_segment * press->segment;
	struct press_stream *stream = press->current;

	if (!stream || offset >= stream->inode->size || (stream->candidate && !press->again)) {
		press->current = NULL;
		press->current_segment = 0;
		return 0;
	}
	slot->count = 0;
	slot->stream = stream;
	slot->segment = press->current_segment++;
	slot->length =
		stream->inode->size - offset < press->segment ? (size_t)(stream->inode->size - offset) : press->segment;
	return read_streamed(press, slot->in, slot->length);
}

/* The next file with data in `*inode`: 1; 0 if there is none. */
static int next_file(struct press *press, const struct erofs_tree_inode **inode)
{
	struct erofs_builder *builder = press->pack->builder;
	struct erofs_tree_inode *arrived;
	int found;

	*inode = press->waiting;
	press->waiting = NULL;
	if (*inode)
		return 1;
	if (press->pack->streamed) {
		found = press->pack->streamed->next(builder->tree->source, &arrived);
		if (found <= 0)
			return found;
		*inode = arrived;
		found = erofs_build_plan_arrival(builder, arrived);
		return found ? found : 1;
	}
	while (press->next < builder->tree->inode_count) {
		*inode = builder->tree->inodes[press->next++];
		if (S_ISREG((*inode)->mode) && (*inode)->size)
			return 1;
	}
	return 0;
}

static int begin_stream(struct press *press, struct press_slot *slot, const struct erofs_tree_inode *inode)
{
	int err = add_stream(press, inode);

	return err ? err : next_segment(press, slot);
}

/* The next files: as many as make a batch, or the first segment of a stream. */
static int next_batch(struct press *press, struct press_slot *slot)
{
	const struct erofs_compress_plan *compress = &press->pack->builder->compress;
	const struct erofs_tree_inode *inode;
	size_t used = 0;
	int found;

	slot->count = 0;
	while ((found = next_file(press, &inode)) > 0) {
		bool whole = !is_stream(press, inode);
		size_t span = whole ? erofs_compress_room(compress, (size_t)inode->size) : press->segment;

		if (slot->count == PACK_BATCH_MAX || (slot->count && used + span > BATCH_BYTES)) {
			press->waiting = inode;
			return 1;
		}
		if (!whole)
			return begin_stream(press, slot, inode);
		found = read_streamed(press, slot->in + used, (size_t)inode->size);
		if (found < 0)
			return found;
		slot->files[slot->count++] = (struct press_file){ .inode = inode, .at = used };
		used += span;
	}
	return found < 0 ? found : slot->count > 0;
}

static int next_job(void *ctx, unsigned int number)
{
	struct press *press = ctx;
	struct press_slot *slot = &press->slots[number];
	int found;

	if (erofs_build_cancelled(press->pack->builder))
		return -ECANCELED;
	found = next_segment(press, slot);
	if (found)
		return found;
	if (!press->again)
		return next_batch(press, slot);
	while (press->next < press->stream_count) {
		press->current = press->streams[press->next++];
		if (press->current->candidate && !press->current->copy && next_segment(press, slot))
			return 1;
	}
	return 0;
}

static int work(void *ctx, unsigned int number, unsigned int worker)
{
	struct press *press = ctx;
	struct press_slot *slot = &press->slots[number];

	slot->extents.size = 0;
	return slot->count ? erofs_press_batch_work(press, slot, worker) : erofs_press_stream_work(press, slot, worker);
}

/* The bytes of a stream are hashed by its commit if need be, so it takes the lock when that is done. */
static int commit_batch(struct press *press, struct press_slot *slot)
{
	int err;

	pthread_mutex_lock(&press->committing);
	err = erofs_press_batch_commit(press, slot);
	pthread_mutex_unlock(&press->committing);
	return err;
}

static int commit(void *ctx, unsigned int number)
{
	struct press *press = ctx;
	struct press_slot *slot = &press->slots[number];

	return slot->count ? commit_batch(press, slot) : erofs_press_stream_commit(press, slot);
}

static int finish(void *ctx, unsigned int number, unsigned int worker)
{
	struct press *press = ctx;
	struct press_slot *slot = &press->slots[number];

	return slot->count ? erofs_press_batch_finish(press, slot) : erofs_press_stream_finish(press, slot, worker);
}

/* ---- candidates ----------------------------------------------------------------------------------------------------------- */

static int digest_candidate(void *ctx, unsigned int item, unsigned int worker)
{
	struct press *press = ctx;

	if (!press->streams[item]->candidate)
		return 0;
	return erofs_press_stream_digest(press, press->streams[item], press->slots[worker].in, worker);
}

/* Whether the candidate is a copy of an earlier file that goes the same way; those to come may be copies of it, else. */
static bool is_copy(struct press *press, struct press_stream *stream)
{
	struct erofs_builder *builder = press->pack->builder;
	const struct inode_plan *plan = erofs_plan(builder, stream->inode->number);
	uint32_t *owner = erofs_contents_owner(&builder->contents, plan->content);

	stream->original = *owner;
	if (*owner != EROFS_CONTENT_NONE && erofs_plan(builder, *owner)->way == plan->way)
		return true;
	*owner = stream->inode->number;
	return false;
}

static int share_candidate(struct press *press, const struct press_stream *stream)
{
	struct erofs_builder *builder = press->pack->builder;

	/* Later ones that go another way may have become the owner since. */
	*erofs_contents_owner(&builder->contents, erofs_plan(builder, stream->inode->number)->content) =
		stream->original;
	if (erofs_press_share_any(press, stream->inode))
		return 0;
	return erofs_tree_report(builder->diag, -EIO, stream->inode, "its copy was not stored in the same way");
}

/* Who is no copy after all is carried through once more; then the others share what they are copies of. */
static int settle_candidates(struct press *press, const struct erofs_pool_ops *ops)
{
	struct pack *pack = press->pack;
	int err = erofs_pool_each(pack->builder->pool, digest_candidate, press, press->stream_count);

	for (uint32_t i = 0; !err && i < press->stream_count; i++) {
		struct press_stream *stream = press->streams[i];

		if (!stream->candidate)
			continue;
		err = erofs_pack_note_content(pack, stream->inode, stream->digest, stream->sum);
		stream->noted = true;
		stream->copy = !err && is_copy(press, stream);
	}
	press->again = true;
	press->next = 0;
	press->current = NULL;
	press->current_segment = 0;
	if (!err)
		err = erofs_pool_run(pack->builder->pool, ops, press, press->slot_count);
	for (uint32_t i = 0; !err && i < press->stream_count; i++)
		if (press->streams[i]->copy)
			err = share_candidate(press, press->streams[i]);
	return err;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------------ */

static void release_press(struct press *press)
{
	unsigned int width = erofs_pool_width(press->pack->builder->pool);

	for (uint32_t i = 0; i < press->stream_count; i++)
		erofs_press_stream_free(press, press->streams[i]);
	free(press->streams);
	pthread_mutex_destroy(&press->committing);
	erofs_index_release(&press->first_segments);
	for (unsigned int i = 0; press->slots && i < press->slot_count; i++) {
		free(press->slots[i].in);
		free(press->slots[i].out);
		erofs_buffer_release(&press->slots[i].extents);
	}
	free(press->slots);
	for (unsigned int i = 0; press->tools && i < width; i++)
		erofs_compress_tools_release(&press->tools[i]);
	free(press->tools);
}

/*
 * Extents that are taken over round up to a block each, begin in different ones, and the last one of a segment may go far
 * beyond it.
 */
static size_t choose_out_room(const struct press *press)
{
	const struct erofs_builder *builder = press->pack->builder;
	size_t room = erofs_compress_room(&builder->compress, press->segment);

	if (press->pack->streamed || !press->pack->source->encoded)
		return room;
	return 2 * (room + EROFS_PCLUSTER_ENCODED_MAX);
}

static unsigned int count_slots(const struct press *press)
{
	unsigned int width = erofs_pool_width(press->pack->builder->pool);
	size_t most = IN_FLIGHT_MOST / (press->segment + press->out_room);

	if (most > SLOTS_PER_WORKER * width)
		most = SLOTS_PER_WORKER * width;
	return most > width + 1 ? (unsigned int)most : width + 1;
}

static size_t count_streams(const struct press *press)
{
	const struct erofs_tree *tree = press->pack->builder->tree;
	size_t count = 0;

	for (uint32_t i = 0; i < tree->inode_count; i++)
		count += S_ISREG(tree->inodes[i]->mode) && is_stream(press, tree->inodes[i]);
	return count;
}

static int init_press(struct press *press)
{
	struct erofs_builder *builder = press->pack->builder;
	unsigned int width = erofs_pool_width(builder->pool);
	int err = 0;

	pthread_mutex_init(&press->committing, NULL);
	press->segment = erofs_compress_segment(&builder->compress);
	press->out_room = choose_out_room(press);
	press->slot_count = count_slots(press);
	press->slots = calloc(press->slot_count, sizeof(*press->slots));
	press->tools = calloc(width, sizeof(*press->tools));
	press->stream_room = press->pack->streamed ? 0 : (uint32_t)count_streams(press);
	press->streams = calloc(press->stream_room + 1, sizeof(struct press_stream *));
	if (!press->slots || !press->tools || !press->streams)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < press->slot_count; i++) {
		struct press_slot *slot = &press->slots[i];

		slot->in = malloc(press->segment);
		slot->out = malloc(press->out_room);
		err = slot->in && slot->out ? 0 : -ENOMEM;
	}
	for (unsigned int i = 0; !err && i < width; i++)
		err = erofs_compress_tools_init(&press->tools[i], &builder->compress);
	return err;
}

int erofs_pack_compressed(struct pack *pack)
{
	static const struct erofs_pool_ops ops = { .next = next_job, .work = work, .commit = commit, .finish = finish };
	erofs_auto(release_press) struct press press = { .pack = pack };
	struct erofs_build_summary *summary = pack->builder->summary;
	int err = init_press(&press);

	if (!err)
		err = erofs_pool_run(pack->builder->pool, &ops, &press, press.slot_count);
	if (!err && !pack->streamed)
		err = settle_candidates(&press, &ops);
	for (unsigned int i = 0; !err && i < erofs_pool_width(pack->builder->pool); i++)
		erofs_compress_tools_count(&press.tools[i], &summary->encoder_runs, &summary->encoded_extents);
	return err;
}
