/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/units.h"
#include "mkfs/next.h"

static void print_compression(const struct mkfs_options *options, const struct erofs_build_summary *summary)
{
	/* Equal contents are encoded once, so this is what compression and equal files save together. */
	printf("  compressed:   %" PRIu64 " file%s, %s to %s", summary->compressed_files,
	       tool_plural(summary->compressed_files), TOOL_SIZE(summary->compressed_bytes),
	       TOOL_SIZE(summary->encoded_bytes));
	if (summary->compressed_bytes)
		printf(" (%.1f %%)", 100.0 * (double)summary->encoded_bytes / (double)summary->compressed_bytes);
	putchar('\n');
	if (options->debug_level >= 3 && summary->encoded_extents)
		printf("  encoders:     %" PRIu64 " extent%s, %.2f compressions an extent\n", summary->encoded_extents,
		       tool_plural(summary->encoded_extents),
		       (double)summary->encoder_runs / (double)summary->encoded_extents);
}

/* What they cost whoever mounts the image belongs to what they save. */
static void print_fragments(const struct erofs_build_summary *summary)
{
	printf("  fragments:    %" PRIu64 " file%s, %s of them packed to %s; read, up to %s more stay in memory\n",
	       summary->fragments, tool_plural(summary->fragments), TOOL_SIZE(summary->packed_bytes),
	       TOOL_SIZE(summary->packed_encoded_bytes), TOOL_SIZE(summary->packed_bytes));
}

static void print_stored(const struct mkfs_job *job)
{
	const struct erofs_build_options *build = &job->build;
	const struct erofs_build_summary *summary = &job->summary;

	if (build->fingerprint != EROFS_DIGEST_NONE)
		printf("  fingerprints: %" PRIu64 " (%s, %s), %" PRIu64 " distinct\n", summary->fingerprinted_files,
		       erofs_digest_name(build->fingerprint), build->fingerprint_name, summary->distinct_fingerprints);
	if (summary->shared_files)
		printf("  stored once:  %" PRIu64 " file%s with the blocks of equal ones, %s saved\n",
		       summary->shared_files, tool_plural(summary->shared_files), TOOL_SIZE(summary->saved_bytes));
	if (build->compression_count)
		print_compression(job->options, summary);
	if (summary->repeats)
		printf("  dedupe:       %" PRIu64 " run%s of bytes inside of files that others have, too, %s\n",
		       summary->repeats, tool_plural(summary->repeats), TOOL_SIZE(summary->repeat_bytes));
	if (summary->metabox_bytes)
		printf("  metabox:      %s of metadata and small files to %s, in %" PRIu64 " piece%s\n",
		       TOOL_SIZE(summary->metabox_bytes), TOOL_SIZE(summary->metabox_encoded_bytes),
		       summary->metabox_pieces, tool_plural(summary->metabox_pieces));
	if (summary->packed_bytes)
		print_fragments(summary);
	if (summary->abandoned_files)
		printf("  replaced:     %" PRIu64
		       " file%s that arrived before others of the same name, %s of zeros in their place\n",
		       summary->abandoned_files, tool_plural(summary->abandoned_files),
		       TOOL_SIZE(summary->abandoned_bytes));
}

static void print_changes(const struct mkfs_job *job)
{
	const struct erofs_build_summary *summary = &job->summary;

	if (job->recoded)
		printf("  recompressed: %" PRIu64
		       " file%s, all or in part, because the data lie among those of others\n",
		       job->recoded, tool_plural(job->recoded));
	if (job->dropped_xattrs)
		printf("  dropped:      %" PRIu64 " xattr%s of the source that had the fingerprint's name\n",
		       job->dropped_xattrs, tool_plural(job->dropped_xattrs));
	if (summary->lost_times)
		printf("  dropped:      %" PRIu64 " mtime%s, because compact inodes were forced\n", summary->lost_times,
		       tool_plural(summary->lost_times));
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

	printf("%s: %" PRIu64 " inode%s (%" PRIu64 " file%s, %" PRIu64 " director%s), %s of contents\n",
	       job->title ? job->title : job->output, summary->inodes, tool_plural(summary->inodes),
	       summary->regular_files, tool_plural(summary->regular_files), summary->directories,
	       summary->directories == 1 ? "y" : "ies", TOOL_SIZE(summary->source_bytes));
	printf("  image:        %s: data %s, metadata %s\n", TOOL_SIZE(summary->image_bytes),
	       TOOL_SIZE(summary->data_bytes), TOOL_SIZE(summary->metadata_bytes));
	if (summary->device_bytes)
		printf("  device:       %s in '%s', for mount -o device=\n", TOOL_SIZE(summary->device_bytes),
		       job->options->build.data_device);
	print_stored(job);
	if (summary->has_verity)
		print_verity(summary);
	print_changes(job);
	printf("  time:         %.2f s\n", tool_progress_seconds(&job->progress));
	mkfs_print_next(job);
}
