/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_dir_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/cleanup.h"
#include "lib/util/pool.h"
#include "lib/util/report.h"

/* Directories in hand for each worker: a large one should not hold up the commits of those behind it. */
#define SLOTS_PER_WORKER 16

struct scan {
	struct dir_source *source;
	struct erofs_buffer queue; /* directories in the order in which they were found: struct erofs_tree_inode * */
	size_t next;		   /* in the queue */
	unsigned int in_hand;	   /* taken, and not committed */
	struct dir_listing *slots;
	unsigned int slot_count;
	struct dir_worker *workers;
	unsigned int worker_count;
};

static int next_directory(void *ctx, unsigned int slot)
{
	struct scan *scan = ctx;
	struct erofs_tree_inode **queue = (void *)scan->queue.data;
	struct dir_listing *listing = &scan->slots[slot];

	if (erofs_cancel_requested(scan->source->options->cancel))
		return -ECANCELED;
	if (scan->next * sizeof(*queue) == scan->queue.size)
		return scan->in_hand ? EROFS_POOL_LATER : 0;
	listing->dir = queue[scan->next++];
	scan->in_hand++;
	return 1;
}

static int list_directory(void *ctx, unsigned int slot, unsigned int worker)
{
	struct scan *scan = ctx;

	return erofs_source_dir_list(scan->source, &scan->slots[slot], &scan->workers[worker]);
}

static void note_excluded(const struct dir_source *source, const struct erofs_buffer *paths)
{
	for (size_t at = 0; at < paths->size; at += strlen((const char *)paths->data + at) + 1)
		erofs_source_filter_excludes(source->filter, (const char *)paths->data + at);
}

static void empty_listing(struct dir_listing *listing)
{
	listing->subdirectories.size = listing->excluded.size = 0;
	listing->xattrs.items.size = listing->xattrs.bytes.size = 0;
}

static int commit_directory(void *ctx, unsigned int slot)
{
	struct scan *scan = ctx;
	struct dir_listing *listing = &scan->slots[slot];
	int err = erofs_source_dir_set_xattrs(scan->source, &listing->xattrs);

	if (!err)
		err = erofs_buffer_append(&scan->queue, listing->subdirectories.data, listing->subdirectories.size);
	note_excluded(scan->source, &listing->excluded);
	empty_listing(listing);
	scan->in_hand--;
	return err;
}

static void release_listing(struct dir_listing *listing)
{
	erofs_buffer_release(&listing->subdirectories);
	erofs_buffer_release(&listing->excluded);
	erofs_buffer_release(&listing->xattrs.items);
	erofs_buffer_release(&listing->xattrs.bytes);
}

static void release_worker(struct dir_source *source, struct dir_worker *worker)
{
	/* What it allocated is part of the tree now, complete or not. */
	erofs_arena_adopt(&source->tree->arena, &worker->arena);
	erofs_buffer_release(&worker->path);
	erofs_buffer_release(&worker->entries);
	erofs_buffer_release(&worker->list);
	erofs_buffer_release(&worker->xattr_names);
	erofs_source_loss_merge(&source->losses.xattrs, &worker->left_out);
	erofs_source_unreadable_merge(&source->unreadable, &worker->unreadable);
}

static void release_scan(struct scan *scan)
{
	for (unsigned int i = 0; scan->workers && i < scan->worker_count; i++)
		release_worker(scan->source, &scan->workers[i]);
	for (unsigned int i = 0; scan->slots && i < scan->slot_count; i++)
		release_listing(&scan->slots[i]);
	free(scan->workers);
	free(scan->slots);
	erofs_buffer_release(&scan->queue);
}

static int scan_root(struct scan *scan)
{
	struct erofs_tree_inode *root = scan->source->tree->root;
	struct dir_listing *listing = &scan->slots[0];
	int err = erofs_source_dir_list_root(scan->source, listing, &scan->workers[0]);

	if (!err)
		err = erofs_source_dir_set_xattrs(scan->source, &listing->xattrs);
	empty_listing(listing);
	return err ? err : erofs_buffer_append(&scan->queue, &root, sizeof(root));
}

static int scan_with(struct dir_source *source, struct erofs_pool *pool)
{
	static const struct erofs_pool_ops ops = {
		.next = next_directory,
		.work = list_directory,
		.commit = commit_directory,
		.commits_find_jobs = true,
	};
	erofs_auto(release_scan) struct scan scan = { .source = source, .worker_count = erofs_pool_width(pool) };
	int err;

	scan.slot_count = SLOTS_PER_WORKER * scan.worker_count;
	scan.workers = calloc(scan.worker_count, sizeof(*scan.workers));
	scan.slots = calloc(scan.slot_count, sizeof(*scan.slots));
	if (!scan.workers || !scan.slots)
		return -ENOMEM;
	err = scan_root(&scan);
	return err ? err : erofs_pool_run(pool, &ops, &scan, scan.slot_count);
}

static void release_pool(struct erofs_pool **pool)
{
	erofs_pool_free(*pool);
}

int erofs_source_dir_scan(struct dir_source *source)
{
	erofs_auto(release_pool) struct erofs_pool *pool = erofs_pool_new(source->options->workers);
	int err;

	if (!pool)
		return erofs_report(source->diag, -EAGAIN, "cannot start %u workers", source->options->workers);
	err = scan_with(source, pool);
	if (!err)
		err = erofs_source_unreadable_report(&source->unreadable, source->path,
						     source->options->ignore_unreadable, source->diag);
	if (!err)
		erofs_source_losses_report(&source->losses, source->path, source->diag);
	if (!err && !source->options->hard_dereference)
		err = erofs_source_dir_merge_links(source->tree);
	return err;
}
