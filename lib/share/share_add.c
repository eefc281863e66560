/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/superblock.h>

#include "lib/io/file.h"
#include "lib/share/share_set.h"
#include "lib/util/cleanup.h"
#include "lib/util/pool.h"
#include "lib/util/report.h"

/* Inputs are read by workers, each into a batch, and merged in their order. */
struct adding {
	struct erofs_share *share;
	const struct erofs_diag *diag;
	const char *const *paths;
	const uint32_t *copies; /* NULL: 1 each */
	size_t count, next, merged;
	struct erofs_share_batch *batches; /* one for each slot */
};

static bool is_image(const struct erofs_share_head *head)
{
	return head->size >= EROFS_SUPERBLOCK_OFFSET + sizeof(uint32_t) &&
	       erofs_is_magic(head->bytes + EROFS_SUPERBLOCK_OFFSET);
}

static bool is_manifest(const struct erofs_share_head *head)
{
	size_t at = 0;

	while (at < head->size && strchr(" \t\r\n", head->bytes[at]) && head->bytes[at])
		at++;
	return at < head->size && head->bytes[at] == '{';
}

static int read_input(struct erofs_share_batch *batch, const char *path, const struct erofs_diag *diag)
{
	erofs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct erofs_share_head head;
	int64_t count = fd < 0 ? -errno : erofs_file_read(fd, head.bytes, sizeof(head.bytes));

	if (count < 0)
		return erofs_report(diag, (int)count, "%s: %s", path, strerror((int)-count));
	head.size = (size_t)count;
	if (!is_image(&head) && is_manifest(&head))
		return erofs_share_read_manifest(batch, &head, fd, path, diag);
	return erofs_share_read_image(batch, path, diag);
}

static int next(void *ctx, unsigned int slot)
{
	struct adding *adding = ctx;
	size_t number = adding->next;

	if (number == adding->count)
		return 0;
	adding->next++;
	erofs_share_batch_reset(&adding->batches[slot], adding->paths[number],
				adding->copies ? adding->copies[number] : 1);
	return 1;
}

static int work(void *ctx, unsigned int slot, unsigned int worker)
{
	struct adding *adding = ctx;

	(void)worker;
	return read_input(&adding->batches[slot], adding->batches[slot].name, adding->diag);
}

static void report_progress(const struct adding *adding)
{
	const struct erofs_share_options *options = &adding->share->options;
	struct erofs_share_progress progress = { .inputs = adding->merged, .inputs_total = adding->count };

	if (options->progress)
		options->progress(options->progress_ctx, &progress);
}

static int commit(void *ctx, unsigned int slot)
{
	struct adding *adding = ctx;
	int err = erofs_share_merge(adding->share, &adding->batches[slot]);

	adding->merged++;
	report_progress(adding);
	return err ? erofs_report(adding->diag, err, "%s: %s", adding->batches[slot].name, strerror(-err)) : 0;
}

static void free_pool(struct erofs_pool **pool)
{
	erofs_pool_free(*pool);
}

static int add(struct erofs_share *share, const char *const *paths, const uint32_t *copies, size_t count,
	       const struct erofs_diag *diag)
{
	static const struct erofs_pool_ops ops = { .next = next, .work = work, .commit = commit };
	erofs_auto(free_pool) struct erofs_pool *pool = erofs_pool_new(share->options.workers);
	struct adding adding = { .share = share, .diag = diag, .paths = paths, .copies = copies, .count = count };
	unsigned int slots = pool ? 2 * erofs_pool_width(pool) : 0;
	int err;

	adding.batches = slots ? calloc(slots, sizeof(*adding.batches)) : NULL;
	if (!adding.batches)
		return erofs_report(diag, -ENOMEM, "%s", strerror(ENOMEM));
	err = erofs_pool_run(pool, &ops, &adding, slots);
	for (unsigned int i = 0; i < slots; i++)
		erofs_share_batch_release(&adding.batches[i]);
	free(adding.batches);
	if (err)
		return err;
	err = erofs_share_settle(share);
	return err ? erofs_report(diag, err, "%s", strerror(-err)) : 0;
}

int erofs_share_add_copies(struct erofs_share *share, const char *const *paths, const uint32_t *copies, size_t count,
			   const struct erofs_diag *diag)
{
	if (!share)
		return erofs_report(diag, -EINVAL, "erofs_share_add(): no set (NULL)");
	for (size_t i = 0; i < count; i++)
		if (!paths || !paths[i])
			return erofs_report(diag, -EINVAL, "erofs_share_add(): input %zu has no path (NULL)", i);
	for (size_t i = 0; copies && i < count; i++)
		if (!copies[i])
			return erofs_report(diag, -EINVAL, "%s: no copies of it", paths[i]);
	return add(share, paths, copies, count, diag);
}

int erofs_share_add(struct erofs_share *share, const char *const *paths, size_t count, const struct erofs_diag *diag)
{
	return erofs_share_add_copies(share, paths, NULL, count, diag);
}
