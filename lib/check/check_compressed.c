/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/check/check_data.h"
#include "lib/reader/reader.h"

#define ADVISE_INDEX                                                                                                   \
	(EROFS_ZADVISE_COMPACTED_2B | EROFS_ZADVISE_BIG_PCLUSTER_1 | EROFS_ZADVISE_BIG_PCLUSTER_2 |                    \
	 EROFS_ZADVISE_INLINE_PCLUSTER | EROFS_ZADVISE_INTERLACED_PCLUSTER | EROFS_ZADVISE_FRAGMENT_PCLUSTER)
#define ADVISE_EXTENTS                                                                                                 \
	(EROFS_ZADVISE_EXTENTS | 3u << EROFS_ZADVISE_EXTENT_SIZE_SHIFT | EROFS_ZADVISE_INTERLACED_PCLUSTER |           \
	 EROFS_ZADVISE_FRAGMENT_PCLUSTER)

/* What stands in the superblock for features that an index uses. */
static int check_features(const struct erofs_check *check, struct erofs_check_job *job, const struct erofs_zmap *map)
{
	uint16_t advise = map->header.advise, known = map->extent_size ? ADVISE_EXTENTS : ADVISE_INDEX;
	int err = 0;

	if (advise & ~known)
		err = erofs_check_job_finding(job, "unknown bits 0x%x in the header of its compressed data",
					      advise & ~known);
	if (!err && map->inline_size && !erofs_has_incompat(check->sb, EROFS_FEATURE_INCOMPAT_ZTAILPACKING))
		err = erofs_check_job_finding(job, "an inline tail without the superblock's ZTAILPACKING bit");
	return err;
}

/* i_u counts compressed blocks, which nobody reads to find data; only what is impossible is worth a word. */
static int check_count(const struct erofs_check *check, struct erofs_check_job *job)
{
	uint64_t blocks = ((job->inode.size - 1) >> check->sb->blkszbits) + 1;

	if (job->inode.u <= blocks)
		return 0;
	return erofs_check_job_finding(job, "%u compressed blocks are more than without compression", job->inode.u);
}

static int check_length(struct erofs_check_job *job, const struct erofs_zmap *map, const struct erofs_extent *extent,
			bool *bad)
{
	if (!erofs_reader_zmap_grows(map, extent))
		return 0;
	*bad = true;
	return erofs_check_job_finding(job, "an extent of %llu bytes that takes %llu when compressed",
				       (unsigned long long)extent->length, (unsigned long long)extent->plen);
}

static int check_extents(const struct erofs_check *check, struct erofs_check_job *job,
			 struct erofs_check_worker *worker, struct erofs_zmap *map)
{
	struct erofs_check_hole hole = { .map = map };
	bool bad = false;
	int err = 0;

	for (; hole.offset < job->inode.size && !err && !bad;) {
		struct erofs_extent extent;

		err = erofs_reader_zmap_map(map, &extent, hole.offset, &hole.reason);
		if (!err && extent.kind == EROFS_EXTENT_HOLE)
			err = erofs_check_zeros(check, job, worker, &hole, &bad);
		else if (!err)
			err = erofs_check_place(check, job, &extent, &bad);
		if (!err && !bad)
			err = check_length(job, map, &extent, &bad);
		hole.follows_data = extent.kind != EROFS_EXTENT_HOLE;
		hole.offset = extent.logical + extent.length;
	}
	if (err && hole.reason)
		job->what = hole.reason;
	return err;
}

int erofs_check_compressed(const struct erofs_check *check, struct erofs_check_job *job,
			   struct erofs_check_worker *worker)
{
	const char *reason = NULL;
	struct erofs_zmap map;
	int err;

	if (!job->inode.size)
		return 0;
	err = erofs_reader_zmap_open(&map, check->image, &job->inode, &reason);
	/* That has been said when the inode was met. */
	if (err == -EUCLEAN) {
		job->wanted = false;
		return 0;
	}
	if (!err)
		err = check_features(check, job, &map);
	if (!err)
		err = check_count(check, job);
	if (!err)
		err = map.extent_size ? erofs_reader_zmap_verify_extents(&map, &reason)
				      : erofs_reader_zmap_verify(&map, &reason);
	if (!err)
		return check_extents(check, job, worker, &map);
	job->what = reason ? reason : job->what;
	return err;
}
