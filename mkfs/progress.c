/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/tool.h"

#define REDRAW_SECONDS 0.2

static double started;
/* Progress comes from one thread, a message perhaps from another at the same time. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double drawn; /* when the line was drawn last; protected by the lock */
static bool shown;   /* a line stands on the terminal; likewise */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void wipe(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}

/* Makes room for a message, and keeps it until that is out; the line comes again with the next progress. */
static void step_aside(bool before)
{
	if (before) {
		pthread_mutex_lock(&lock);
		wipe();
	} else {
		pthread_mutex_unlock(&lock);
	}
}

static void draw(const struct erofs_build_progress *progress, double time)
{
	double elapsed = time - started;
	double rate = elapsed > 0 ? (double)progress->bytes / elapsed : 0;

	drawn = time;
	shown = true;
	/* What a stream will bring is not known. */
	if (!progress->bytes_total) {
		fprintf(stderr, "\r\033[Kpacking: %" PRIu64 " files, %.1f MB, %.0f MB/s", progress->files,
			(double)progress->bytes / 1e6, rate / 1e6);
		return;
	}
	fprintf(stderr, "\r\033[K%s: %" PRIu64 "/%" PRIu64 " files, %.1f/%.1f MB, %.0f MB/s",
		progress->stage == EROFS_STAGE_PACK ? "packing" : "writing metadata", progress->files,
		progress->files_total, (double)progress->bytes / 1e6, (double)progress->bytes_total / 1e6, rate / 1e6);
	if (rate > 0 && progress->bytes < progress->bytes_total)
		fprintf(stderr, ", %.0f s left", (double)(progress->bytes_total - progress->bytes) / rate);
}

static void update(void *ctx, const struct erofs_build_progress *progress)
{
	double time = now();

	(void)ctx;
	pthread_mutex_lock(&lock);
	if (time - drawn >= REDRAW_SECONDS)
		draw(progress, time);
	pthread_mutex_unlock(&lock);
}

void mkfs_start_progress(struct mkfs_options *options)
{
	started = now();
	if (options->quiet || !isatty(STDERR_FILENO))
		return;
	options->build.progress = update;
	tool_set_message_hook(step_aside);
}

void mkfs_stop_progress(void)
{
	tool_set_message_hook(NULL);
	wipe();
}

static double megabytes(uint64_t bytes)
{
	return (double)bytes / 1e6;
}

static void print_compression(const struct mkfs_options *options, const struct erofs_build_summary *summary)
{
	/* Equal contents are encoded once, so this is what compression and equal files save together. */
	printf("  compressed:   %" PRIu64 " files, %.2f MB to %.2f MB", summary->compressed_files,
	       megabytes(summary->compressed_bytes), megabytes(summary->encoded_bytes));
	if (summary->compressed_bytes)
		printf(" (%.1f %%)", 100.0 * (double)summary->encoded_bytes / (double)summary->compressed_bytes);
	putchar('\n');
	if (options->debug_level >= 3 && summary->encoded_extents)
		printf("  encoders:     %" PRIu64 " extents, %.2f compressions an extent\n", summary->encoded_extents,
		       (double)summary->encoder_runs / (double)summary->encoded_extents);
}

void mkfs_print_summary(const struct mkfs_options *options, const struct erofs_build_summary *summary,
			uint64_t dropped_xattrs)
{
	printf("%s: %" PRIu64 " inodes (%" PRIu64 " files, %" PRIu64 " directories), %.2f MB of contents\n",
	       options->output, summary->inodes, summary->regular_files, summary->directories,
	       megabytes(summary->source_bytes));
	printf("  image:        %.2f MB: data %.2f MB, metadata %.2f MB\n", megabytes(summary->image_bytes),
	       megabytes(summary->data_bytes), megabytes(summary->metadata_bytes));
	if (options->build.fingerprint != EROFS_DIGEST_NONE)
		printf("  fingerprints: %" PRIu64 " (%s, %s), %" PRIu64 " distinct\n", summary->fingerprinted_files,
		       erofs_digest_name(options->build.fingerprint), options->build.fingerprint_name,
		       summary->distinct_fingerprints);
	if (summary->shared_files)
		printf("  stored once:  %" PRIu64 " files share the blocks of equal ones, %.2f MB saved\n",
		       summary->shared_files, megabytes(summary->saved_bytes));
	if (options->build.compression_count)
		print_compression(options, summary);
	if (summary->abandoned_files)
		printf("  replaced:     %" PRIu64
		       " files of the stream by later ones of their names, %.2f MB of zeros in their place\n",
		       summary->abandoned_files, megabytes(summary->abandoned_bytes));
	if (options->recoded)
		printf("  recompressed: %" PRIu64
		       " files, all or in part, because their data lie among those of others\n",
		       options->recoded);
	if (dropped_xattrs)
		printf("  dropped:      %" PRIu64 " xattrs of the source that had the fingerprint's name\n",
		       dropped_xattrs);
	if (summary->lost_times)
		printf("  dropped:      %" PRIu64 " mtimes, because compact inodes were forced\n", summary->lost_times);
	printf("  time:         %.2f s\n", now() - started);
}
