/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/check/check_data.h"
#include "lib/reader/reader.h"
#include "lib/util/zeros.h"

/*
 * Holes of full indexes. Linux >= 7.2 and our reader make zeros of them and look no further; all others read what stands there, so that a
 * file would have two contents if those are no zeros.
 */

static bool is_known(const struct erofs_extent *known, const struct erofs_extent *extent)
{
	return known->length && known->device == extent->device && known->physical == extent->physical &&
	       known->plen == extent->plen && known->algorithm == extent->algorithm && known->kind == extent->kind &&
	       (extent->partial ? extent->length <= known->length : extent->length == known->length && !known->partial);
}

static int read_part(const struct erofs_check *check, const struct erofs_extent *extent, uint8_t *buf, size_t part,
		     uint64_t skip)
{
	if (extent->kind == EROFS_EXTENT_ENCODED)
		return erofs_reader_read_encoded(check->image, extent, buf, part, skip);
	return erofs_reader_read_device(check->image, extent->device, buf, part, extent->physical + skip);
}

static int read_zeros(const struct erofs_check *check, struct erofs_check_worker *worker,
		      const struct erofs_extent *extent, bool *zeros)
{
	int err = erofs_check_buffer(worker);

	*zeros = true;
	for (uint64_t done = 0; !err && *zeros && done < extent->length;) {
		uint64_t rest = extent->length - done;
		size_t part = rest < EROFS_CHECK_BUFFER ? (size_t)rest : EROFS_CHECK_BUFFER;

		err = read_part(check, extent, worker->buffer, part, done);
		*zeros = !err && erofs_is_zero(worker->buffer, part);
		done += part;
	}
	if (*zeros)
		worker->zeros = *extent;
	return err;
}

static int check_content(const struct erofs_check *check, struct erofs_check_job *job,
			 struct erofs_check_worker *worker, const struct erofs_extent *extent, bool *bad)
{
	bool zeros;
	int err = read_zeros(check, worker, extent, &zeros);

	if (err && err != -EUCLEAN && err != -EOPNOTSUPP)
		return err;
	if (zeros)
		return 0;
	*bad = true;
	return erofs_check_job_finding(job,
				       err ? "a hole at byte %llu whose data, for kernels before 7.2, cannot be decoded"
					   : "a hole at byte %llu where kernels before 7.2 read other bytes than zeros",
				       (unsigned long long)extent->logical);
}

static bool is_readable(const struct erofs_extent *extent)
{
	return extent->kind == EROFS_EXTENT_ENCODED || extent->kind == EROFS_EXTENT_PLAIN;
}

int erofs_check_zeros(const struct erofs_check *check, struct erofs_check_job *job, struct erofs_check_worker *worker,
		      struct erofs_check_hole *hole, bool *bad)
{
	struct erofs_extent extent;
	int err = erofs_reader_zmap_map_marked(hole->map, &extent, hole->offset, &hole->reason);

	if (err <= 0)
		return err;
	err = erofs_reader_zmap_spoils(hole->map, hole->offset, hole->follows_data, bad);
	if (err)
		return err;
	if (*bad)
		return erofs_check_job_finding(
			job, "a hole at byte %llu that makes Linux 7.3 take what is in front of it for zeros, too",
			(unsigned long long)hole->offset);
	err = erofs_check_place(check, job, &extent, bad);
	if (err || *bad || !job->wanted || job->absent || !is_readable(&extent) || is_known(&worker->zeros, &extent))
		return err;
	return check_content(check, job, worker, &extent, bad);
}
