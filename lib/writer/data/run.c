/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/run.h"
#include "lib/writer/data/chunks.h"
#include "lib/writer/data/duplicates.h"
#include "lib/writer/data/jobs.h"
#include "lib/writer/data/long.h"
#include "lib/writer/data/repeats.h"
#include "lib/writer/data/run_all.h"
#include "lib/writer/data/small.h"
#include "lib/writer/data/zero_cluster.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"
#include "lib/util/data_buffer.h"
#include "lib/util/report.h"

/*
 * Jobs differ much in how long they take, and commits go in order: many slots keep the workers busy while one job holds up the
 * others, within a bound for the bytes in flight. Jobs that encode nothing are all alike.
 */
#define ENCODING_JOBS_PER_WORKER 8u
#define STORING_JOBS_PER_WORKER	 3u
#define IN_FLIGHT_MOST		 ((size_t)64 * 1024 * 1024)

/* ---- steps ----------------------------------------------------------------------------------------------------------------- */

static int next(void *ctx, unsigned int slot)
{
	struct erofs_run *run = ctx;

	return erofs_writer_next_job(run, &run->jobs[slot]);
}

static int work(void *ctx, unsigned int slot, unsigned int worker)
{
	struct erofs_run *run = ctx;
	struct erofs_job *job = &run->jobs[slot];

	job->extents.size = 0;
	job->sum_count = 0;
	return job->count ? erofs_writer_small_work(run, job, worker) : erofs_writer_long_work(run, job, worker);
}

static int commit(void *ctx, unsigned int slot)
{
	struct erofs_run *run = ctx;
	struct erofs_job *job = &run->jobs[slot];
	int err = job->count ? erofs_writer_small_commit(run, job) : erofs_writer_long_commit(run, job);

	return err ? err : erofs_writer_chunks_flush(run);
}

static int finish(void *ctx, unsigned int slot, unsigned int worker)
{
	struct erofs_run *run = ctx;
	struct erofs_job *job = &run->jobs[slot];

	return job->count ? erofs_writer_small_finish(run, job) : erofs_writer_long_finish(run, job, worker);
}

/* ---- beginning and end ----------------------------------------------------------------------------------------------------- */

static void release_run(struct erofs_run *run)
{
	unsigned int width = erofs_pool_width(run->pool);

	for (uint32_t i = 0; i < run->file_count; i++)
		erofs_writer_long_free(run, erofs_writer_long_file(run, i));
	erofs_writer_repeats_release(&run->repeats);
	erofs_buffer_release(&run->resolved);
	erofs_writer_chunks_release(&run->chunks);
	erofs_progress_release(&run->progress.count);
	erofs_pages_release(&run->files);
	free(run->open);
	erofs_index_release(&run->first_segments);
	for (unsigned int i = 0; run->jobs && i < run->job_count; i++) {
		free(run->jobs[i].in);
		free(run->jobs[i].out);
		free(run->jobs[i].sums);
		erofs_buffer_release(&run->jobs[i].extents);
	}
	free(run->jobs);
	for (unsigned int i = 0; run->workers && i < width; i++) {
		if (!run->arrivals)
			run->source->reader_free(run->workers[i].reader);
		erofs_writer_hash_release(&run->workers[i].hash);
		erofs_writer_encode_tools_release(&run->workers[i].encode);
	}
	free(run->workers);
	if (!run->arrivals)
		run->source->reader_free(run->reader);
}

static bool is_encoding(const struct erofs_run *run)
{
	return run->plan->options->compression_count;
}

/* Where they are put is known when they are. */
static bool stores_in_chunks(const struct erofs_run *run)
{
	return erofs_writer_wants_chunks(run->plan->options);
}

/* Whether equal runs of bytes are looked for. Fragments that arrive are read when all are there. */
static bool finds_repeats(const struct erofs_run *run)
{
	return run->plan->options->dedupe_runs && is_encoding(run) && !run->arrivals && !run->is_hashing_only;
}

/*
 * Extents that are taken over round up to a block each, begin in different ones, and the last one of a segment may go far
 * beyond it.
 */
static size_t choose_out_room(const struct erofs_run *run)
{
	size_t room = erofs_writer_encode_room(&run->plan->methods, run->segment);

	if (!is_encoding(run))
		return 0;
	/* In two ways, of which one will be chosen. */
	if (finds_repeats(run) && !run->source->encoded)
		return 2 * room;
	return run->arrivals || !run->source->encoded ? room : 2 * (room + EROFS_PCLUSTER_ENCODED_MAX);
}

static unsigned int count_jobs(const struct erofs_run *run)
{
	unsigned int width = erofs_pool_width(run->pool);
	size_t wanted = width * (is_encoding(run) ? ENCODING_JOBS_PER_WORKER : STORING_JOBS_PER_WORKER);
	size_t most = IN_FLIGHT_MOST / (run->segment + run->out_room);

	if (most > wanted)
		most = wanted;
	if (run->plan->options->jobs_most && most > run->plan->options->jobs_most)
		most = run->plan->options->jobs_most;
	return most > width + 1 ? (unsigned int)most : width + 1;
}

static int init_jobs(struct erofs_run *run)
{
	run->out_room = choose_out_room(run);
	run->job_count = count_jobs(run);
	run->jobs = calloc(run->job_count, sizeof(*run->jobs));
	if (!run->jobs)
		return -ENOMEM;
	for (unsigned int i = 0; i < run->job_count; i++) {
		run->jobs[i].in = erofs_data_buffer(run->segment);
		run->jobs[i].out = run->out_room ? erofs_data_buffer(run->out_room) : NULL;
		if (!run->jobs[i].in || (run->out_room && !run->jobs[i].out))
			return -ENOMEM;
	}
	return 0;
}

static int init_worker(struct erofs_run *run, struct erofs_run_worker *worker)
{
	int err = erofs_writer_hash_new(&worker->hash, run->digest);

	if (err == -EIO)
		return erofs_report(run->plan->diag, err, "libcrypto has no %s", erofs_digest_name(run->digest));
	if (!err && is_encoding(run))
		err = erofs_writer_encode_tools_init(&worker->encode, &run->plan->methods);
	if (!err && !run->arrivals)
		err = run->source->reader_new(&worker->reader, run->plan->tree->source, run->plan->diag);
	return err;
}

static int init_workers(struct erofs_run *run)
{
	unsigned int width = erofs_pool_width(run->pool);
	int err = 0;

	run->workers = calloc(width, sizeof(*run->workers));
	if (!run->workers)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < width; i++)
		err = init_worker(run, &run->workers[i]);
	if (!err && !run->arrivals)
		err = run->source->reader_new(&run->reader, run->plan->tree->source, run->plan->diag);
	return err;
}

static int init_run(struct erofs_run *run)
{
	const struct erofs_plan *plan = run->plan;
	int err = erofs_pages_init(&run->files, sizeof(struct erofs_long_file *),
				   run->arrivals ? UINT32_MAX : plan->tree->inode_count);

	run->is_hashing_only = plan->options->data_outside;
	run->digest = erofs_writer_digest(plan);
	run->segment = erofs_writer_methods_segment(&plan->methods);
	run->takes_turns = !run->arrivals && !is_encoding(run) && !stores_in_chunks(run);
	run->open_most = run->takes_turns ? erofs_pool_width(run->pool) : 1;
	run->open = calloc(run->open_most, sizeof(struct erofs_long_file *));
	erofs_writer_progress_init(&run->progress, plan, plan->stage);
	if (!err)
		err = run->open ? init_jobs(run) : -ENOMEM;
	if (!err && stores_in_chunks(run))
		err = erofs_writer_chunks_init(run);
	return err ? err : init_workers(run);
}

/* ---- the stage ------------------------------------------------------------------------------------------------------------- */

static int store(struct erofs_run *run)
{
	static const struct erofs_pool_ops ops = { .next = next, .work = work, .commit = commit, .finish = finish };
	struct erofs_build_summary *summary = run->plan->summary;
	int err = finds_repeats(run) ? erofs_writer_repeats_find(run) : 0;

	if (!err)
		err = erofs_pool_run(run->pool, &ops, run, run->job_count);
	if (!err && !run->arrivals)
		err = erofs_writer_settle_candidates(run, &ops);
	for (unsigned int i = 0; !err && is_encoding(run) && i < erofs_pool_width(run->pool); i++)
		erofs_writer_encode_tools_count(&run->workers[i].encode, &summary->encoder_runs,
						&summary->encoded_extents);
	return err;
}

/* Contents that are neither stored nor hashed are passed over. */
static int pass_over(struct erofs_plan *plan)
{
	struct erofs_tree_inode *inode;
	int more = 0;

	while (plan->is_arriving && (more = plan->tree->arrival_ops->next(plan->tree->source, &inode)) > 0)
		if (erofs_writer_is_cancelled(plan))
			return -ECANCELED;
	return more;
}

int erofs_writer_run_all(struct erofs_data *data, struct erofs_plan *plan, struct erofs_pool *pool)
{
	erofs_auto(release_run) struct erofs_run run = {
		.data = data,
		.plan = plan,
		.pool = pool,
		.source = plan->tree->source_ops,
		.arrivals = plan->is_arriving ? plan->tree->arrival_ops : NULL,
	};
	int err = init_run(&run);

	return err ? err : store(&run);
}

/* Digests that the source knows. */
static int note_known(struct erofs_data *data, struct erofs_plan *plan)
{
	struct erofs_run run = { .data = data, .plan = plan, .digest = erofs_writer_digest(plan) };
	int err = 0;

	for (uint32_t i = 0; !err && i < plan->tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = plan->tree->inodes[i];
		struct erofs_identity identity;

		if (!S_ISREG(inode->mode) || !inode->size)
			continue;
		memcpy(identity.digest, plan->tree->source_ops->digest(inode), erofs_digest_size(run.digest));
		err = erofs_writer_note(&run, inode, &identity);
	}
	return err;
}

int erofs_writer_data_store(struct erofs_data *data, struct erofs_plan *plan, struct erofs_pool *pool)
{
	/* The tags of images beside this one stand for their contents in the UUID. */
	bool names_contents = data->uuid_hasher && !plan->tree->source_ops->thin;
	int err;

	if (plan->options->fingerprint != EROFS_DIGEST_NONE && plan->tree->has_digests)
		err = note_known(data, plan);
	else if (!plan->options->data_outside || plan->options->fingerprint != EROFS_DIGEST_NONE || names_contents)
		err = erofs_writer_run_all(data, plan, pool);
	else
		err = pass_over(plan);

	if (!err)
		err = erofs_writer_zero_clusters_store(data, plan);
	/* Metadata begin with a block. */
	return err ? err : erofs_writer_zone_align(&data->zone);
}
