/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/summary.h"

#include <inttypes.h>
#include <stdio.h>

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

/* What they cost whoever mounts the image belongs to what they save. */
static void print_fragments(const struct erofs_build_summary *summary)
{
	printf("  fragments:    %" PRIu64
	       " files, %.2f MB of them packed to %.2f MB; read, up to %.2f MB more stay in memory\n",
	       summary->fragments, megabytes(summary->packed_bytes), megabytes(summary->packed_encoded_bytes),
	       megabytes(summary->packed_bytes));
}

static void print_stored(const struct mkfs_job *job)
{
	const struct erofs_build_options *build = &job->build;
	const struct erofs_build_summary *summary = &job->summary;

	if (build->fingerprint != EROFS_DIGEST_NONE)
		printf("  fingerprints: %" PRIu64 " (%s, %s), %" PRIu64 " distinct\n", summary->fingerprinted_files,
		       erofs_digest_name(build->fingerprint), build->fingerprint_name, summary->distinct_fingerprints);
	if (summary->shared_files)
		printf("  stored once:  %" PRIu64 " files share the blocks of equal ones, %.2f MB saved\n",
		       summary->shared_files, megabytes(summary->saved_bytes));
	if (build->compression_count)
		print_compression(job->options, summary);
	if (summary->repeats)
		printf("  dedupe:       %" PRIu64 " runs of bytes inside of files that others have, too, %.2f MB\n",
		       summary->repeats, megabytes(summary->repeat_bytes));
	if (summary->metabox_bytes)
		printf("  metabox:      %.2f MB of metadata and small files to %.2f MB, in %" PRIu64 " pieces\n",
		       megabytes(summary->metabox_bytes), megabytes(summary->metabox_encoded_bytes),
		       summary->metabox_pieces);
	if (summary->packed_bytes)
		print_fragments(summary);
	if (summary->abandoned_files)
		printf("  replaced:     %" PRIu64
		       " files that arrived before others of their names, %.2f MB of zeros in their place\n",
		       summary->abandoned_files, megabytes(summary->abandoned_bytes));
}

static void print_changes(const struct mkfs_job *job)
{
	const struct erofs_build_summary *summary = &job->summary;

	if (job->recoded)
		printf("  recompressed: %" PRIu64
		       " files, all or in part, because their data lie among those of others\n",
		       job->recoded);
	if (job->dropped_xattrs)
		printf("  dropped:      %" PRIu64 " xattrs of the source that had the fingerprint's name\n",
		       job->dropped_xattrs);
	if (summary->lost_times)
		printf("  dropped:      %" PRIu64 " mtimes, because compact inodes were forced\n", summary->lost_times);
}

static void print_verity(const struct erofs_build_summary *summary)
{
	fputs("  root hash:    ", stdout);
	for (size_t i = 0; i < sizeof(summary->verity_root); i++)
		printf("%02x", summary->verity_root[i]);
	printf(" (dm-verity, at %" PRIu64 ")\n", summary->verity_offset);
}

bool mkfs_wants_summary(const struct mkfs_job *job)
{
	return !job->options->quiet && !job->options->json && !job->no_summary;
}

void mkfs_print_summary(const struct mkfs_job *job)
{
	const struct erofs_build_summary *summary = &job->summary;

	printf("%s: %" PRIu64 " inodes (%" PRIu64 " files, %" PRIu64 " directories), %.2f MB of contents\n",
	       job->title ? job->title : job->output, summary->inodes, summary->regular_files, summary->directories,
	       megabytes(summary->source_bytes));
	printf("  image:        %.2f MB: data %.2f MB, metadata %.2f MB\n", megabytes(summary->image_bytes),
	       megabytes(summary->data_bytes), megabytes(summary->metadata_bytes));
	print_stored(job);
	if (summary->has_verity)
		print_verity(summary);
	print_changes(job);
	printf("  time:         %.2f s\n", mkfs_progress_seconds(&job->progress));
}
