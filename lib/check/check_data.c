/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check/check_data.h"
#include "lib/reader/reader.h"
#include "lib/util/cleanup.h"
#include "lib/util/pool.h"
#include "lib/util/report.h"

/*
 * How many bytes are read or hashed for all files of an image, at most: far more than any real image needs, but a hostile one
 * could ask for eight exabytes of zeros in a few bytes of chunk map.
 */
#define DATA_BUDGET(device_size) ((UINT64_C(16) << 40) + 1024 * (device_size))

#define SLOTS_PER_WORKER 64u /* a slot is small; many of them, or one long file would stop the others */

struct data {
	struct erofs_check *check;
	struct erofs_check_worker *workers; /* by worker number */
	unsigned int width;
	struct erofs_check_job *jobs; /* by slot */
	unsigned int slots;
	uint32_t next;	 /* node */
	uint64_t budget; /* bytes */
	struct erofs_progress progress;
};

/* ---- where the data lie --------------------------------------------------------------------------------------------------- */

static int check_places(const struct erofs_check *check, struct erofs_check_job *job, struct erofs_check_worker *worker)
{
	struct erofs_extent extent;
	bool bad = false;
	int found, err = 0;

	if (erofs_inode_is_compressed(&job->inode))
		return erofs_check_compressed(check, job, worker);
	for (uint64_t offset = 0; (found = erofs_image_map(check->image, &extent, &job->inode, offset)) > 0;
	     offset = extent.logical + extent.length) {
		err = erofs_check_place(check, job, &extent, &bad);
		if (err || bad)
			return err;
	}
	return found;
}

/* ---- jobs ------------------------------------------------------------------------------------------------------------------ */

static bool has_job(const struct erofs_node *node)
{
	return node->type == EROFS_FT_REG || node->type == EROFS_FT_SYMLINK;
}

static bool reads_contents(const struct erofs_check *check)
{
	return check->options->read_data || (check->options->verify_fingerprints && check->fingerprints);
}

/* Whether the job's bytes are wanted. Decided here, in order, so that the budget ends with the same file every time. */
static int plan(struct data *data, struct erofs_check_job *job)
{
	const struct erofs_check *check = data->check;
	const struct erofs_node *node = &check->nodes.items[job->node];

	if (node->type != EROFS_FT_REG || !node->chosen || !reads_contents(check))
		return 0;
	if (job->inode.size > data->budget)
		return erofs_check_job_finding(job, "not read: the files of the image are too large for it in all");
	data->budget -= job->inode.size;
	job->wanted = true;
	return 0;
}

static int next_job(void *ctx, unsigned int slot)
{
	struct data *data = ctx;
	const struct erofs_nodes *nodes = &data->check->nodes;
	struct erofs_check_job *job = &data->jobs[slot];

	while (data->next < nodes->count && !has_job(&nodes->items[data->next]))
		data->next++;
	if (data->next >= nodes->count)
		return 0;
	job->node = data->next++;
	job->causes.size = 0;
	job->compared = job->wanted = job->absent = false;
	job->hashed = 0;
	job->what = "";
	job->err = erofs_image_inode(data->check->image, &job->inode, nodes->items[job->node].nid);
	if (!job->err)
		job->err = plan(data, job);
	return 1;
}

static int do_job(void *ctx, unsigned int slot, unsigned int worker)
{
	struct data *data = ctx;
	const struct erofs_check *check = data->check;
	const struct erofs_node *nodes = check->nodes.items;
	struct erofs_check_job *job = &data->jobs[slot];

	if (job->err)
		return 0;
	job->what = "its data lie outside the image";
	job->err = check_places(check, job, &data->workers[worker]);
	if (nodes[job->node].type == EROFS_FT_SYMLINK && (job->err == -EUCLEAN || job->err == -EOPNOTSUPP))
		job->err = 0; /* said already when its target was read */
	if (job->err || job->absent || nodes[job->node].type != EROFS_FT_REG)
		return 0;
	if (erofs_inode_is_compressed(&job->inode))
		job->what = "its compressed data cannot be decoded";
	if (check->fingerprints && nodes[job->node].chosen && reads_contents(check) && !nodes[job->node].internal)
		job->err = erofs_check_fingerprint(check, job, &data->workers[worker]);
	else if (job->wanted)
		job->err = erofs_check_read(check, job, &data->workers[worker], NULL);
	return 0;
}

static int commit_job(void *ctx, unsigned int slot)
{
	struct data *data = ctx;
	struct erofs_check *check = data->check;
	struct erofs_check_job *job = &data->jobs[slot];

	for (size_t at = 0; at < job->causes.size; at += strlen((char *)job->causes.data + at) + 1)
		erofs_check_finding(check, job->node, "%s", (char *)job->causes.data + at);
	/* A fragment lies there, perhaps. */
	if (job->err == -ENXIO) {
		job->absent = true;
		job->err = 0;
	}
	if (job->absent && !check->absent++)
		check->first_absent = job->node;
	check->summary->hashed_files += job->compared;
	check->summary->hashed_bytes += job->hashed;
	if (check->nodes.items[job->node].type == EROFS_FT_REG)
		erofs_progress_add(&data->progress, 1, 0);
	return job->err ? erofs_check_failed(check, job->node, job->err, job->what) : 0;
}

static void tell(const void *ctx, uint64_t files, uint64_t bytes)
{
	const struct erofs_check *check = ctx;
	const struct erofs_check_options *options = check->options;
	struct erofs_check_progress progress = {
		.stage = EROFS_CHECK_CONTENTS,
		.files = files,
		.files_total = check->files_total,
		.bytes = bytes,
		.bytes_total = check->bytes_total,
	};

	/* What holds fragments, or metadata, is read besides. */
	if (progress.bytes_total && progress.bytes > progress.bytes_total)
		progress.bytes = progress.bytes_total;
	options->progress(options->progress_ctx, &progress);
}

/* How large the files of one path are is not known before they are read. */
static void begin_progress(struct data *data)
{
	struct erofs_check *check = data->check;
	const struct erofs_check_options *options = check->options;
	bool everywhere = !options->path && !options->use_nid;

	for (uint32_t i = 0; i < check->nodes.count; i++)
		check->files_total += check->nodes.items[i].type == EROFS_FT_REG;
	check->bytes_total = everywhere && reads_contents(check) ? check->summary->data_bytes : 0;
	erofs_progress_init(&data->progress, options->progress ? tell : NULL, check);
}

static void release_data(struct data *data)
{
	erofs_progress_release(&data->progress);
	for (unsigned int i = 0; data->workers && i < data->width; i++) {
		free(data->workers[i].buffer);
		for (unsigned int digest = 0; digest < EROFS_DIGEST_COUNT; digest++)
			erofs_hasher_free(data->workers[i].hashers[digest]);
	}
	for (unsigned int i = 0; data->jobs && i < data->slots; i++)
		erofs_buffer_release(&data->jobs[i].causes);
	free(data->workers);
	free(data->jobs);
}

static void free_pool(struct erofs_pool **pool)
{
	erofs_pool_free(*pool);
}

int erofs_check_data(struct erofs_check *check)
{
	static const struct erofs_pool_ops ops = { .next = next_job, .work = do_job, .commit = commit_job };
	erofs_auto(free_pool) struct erofs_pool *pool = erofs_pool_new(check->options->workers);
	erofs_auto(release_data) struct data data = { .check = check };

	data.budget = DATA_BUDGET(erofs_image_device_size(check->image));
	if (pool) {
		data.width = erofs_pool_width(pool);
		data.slots = SLOTS_PER_WORKER * data.width;
		data.workers = calloc(data.width, sizeof(*data.workers));
		data.jobs = calloc(data.slots, sizeof(*data.jobs));
	}
	if (!data.workers || !data.jobs)
		return erofs_report(check->diag, -ENOMEM, "cannot start %u workers", check->options->workers);
	begin_progress(&data);
	for (unsigned int i = 0; i < data.width; i++)
		data.workers[i].progress = &data.progress;
	return erofs_pool_run(pool, &ops, &data, data.slots);
}
