/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check/check_data.h"
#include "lib/util/data_buffer.h"

#define ZEROS ((size_t)64 * 1024)

static int append_zeros(struct erofs_hasher *hasher, uint64_t length)
{
	static const uint8_t zeros[ZEROS];

	while (length) {
		size_t part = length < ZEROS ? (size_t)length : ZEROS;
		int err = erofs_hasher_append(hasher, zeros, part);

		if (err)
			return err;
		length -= part;
	}
	return 0;
}

static int read_hole(struct erofs_check_worker *worker, struct erofs_hasher *hasher, uint64_t length)
{
	int err = hasher ? append_zeros(hasher, length) : 0;

	erofs_progress_add(worker->progress, 0, length);
	return err;
}

static int read_extent(const struct erofs_check *check, struct erofs_check_job *job, struct erofs_check_worker *worker,
		       struct erofs_hasher *hasher, const struct erofs_extent *extent)
{
	uint64_t end = extent->logical + extent->length;

	for (uint64_t offset = extent->logical; offset < end;) {
		uint64_t rest = end - offset;
		size_t part = rest < EROFS_CHECK_BUFFER ? (size_t)rest : EROFS_CHECK_BUFFER;
		int64_t count = erofs_image_read(check->image, &job->inode, worker->buffer, part, offset);
		int err;

		if (count <= 0)
			return count ? (int)count : -EUCLEAN;
		err = hasher ? erofs_hasher_append(hasher, worker->buffer, (size_t)count) : 0;
		if (err)
			return err;
		offset += (uint64_t)count;
		erofs_progress_add(worker->progress, 0, (uint64_t)count);
	}
	return 0;
}

/*
 * What to read from `offset` on: the extents of a compressed file are small, so more than one of them; the next one may have
 * been read in part then.
 */
static void make_stretch(struct erofs_extent *extent, const struct erofs_inode *inode, uint64_t offset)
{
	uint64_t rest = inode->size - offset;

	extent->length -= offset - extent->logical;
	extent->logical = offset;
	if (extent->length < EROFS_CHECK_BUFFER && extent->kind != EROFS_EXTENT_HOLE)
		extent->length = rest < EROFS_CHECK_BUFFER ? rest : EROFS_CHECK_BUFFER;
}

int erofs_check_buffer(struct erofs_check_worker *worker)
{
	if (!worker->buffer)
		worker->buffer = erofs_data_buffer(EROFS_CHECK_BUFFER);
	return worker->buffer ? 0 : -ENOMEM;
}

int erofs_check_read(const struct erofs_check *check, struct erofs_check_job *job, struct erofs_check_worker *worker,
		     struct erofs_hasher *hasher)
{
	struct erofs_extent extent;
	int found, err = erofs_check_buffer(worker);

	if (err)
		return err;
	for (uint64_t offset = 0; (found = erofs_image_map(check->image, &extent, &job->inode, offset)) > 0;
	     offset = extent.logical + extent.length) {
		if (erofs_inode_is_compressed(&job->inode))
			make_stretch(&extent, &job->inode, offset);
		if (extent.kind != EROFS_EXTENT_HOLE)
			err = read_extent(check, job, worker, hasher, &extent);
		else
			err = read_hole(worker, hasher, extent.length);
		if (err)
			return err;
	}
	return found;
}

static struct erofs_hasher *get_hasher(struct erofs_check_worker *worker, enum erofs_digest digest)
{
	if (!worker->hashers[digest])
		worker->hashers[digest] = erofs_hasher_new(digest);
	return worker->hashers[digest];
}

static int compare(const struct erofs_check *check, struct erofs_check_job *job, struct erofs_check_worker *worker,
		   enum erofs_digest digest, const uint8_t *stored)
{
	struct erofs_hasher *hasher = get_hasher(worker, digest);
	uint8_t raw[EROFS_DIGEST_MAX];
	int err = hasher ? erofs_hasher_begin(hasher) : -ENOMEM;

	if (!err)
		err = erofs_check_read(check, job, worker, hasher);
	if (!err)
		err = erofs_hasher_end(hasher, raw);
	if (err)
		return err;
	job->compared = true;
	job->hashed = job->inode.size;
	if (memcmp(raw, stored, erofs_digest_size(digest)))
		return erofs_check_job_finding(job, "the content does not match its fingerprint");
	return 0;
}

/* Nobody asks for fingerprints; one that can be read past must be right all the same. */
static int read_known(const struct erofs_check *check, struct erofs_check_job *job, struct erofs_check_worker *worker,
		      int err)
{
	const struct erofs_fingerprint *value = &worker->fingerprint;
	enum erofs_digest digest = EROFS_DIGEST_NONE;
	const uint8_t *stored;

	if (!job->wanted)
		return 0;
	if (!err && value->count == 1 && job->inode.size)
		digest = erofs_fingerprint_parse(&stored, value->value, value->value_size);
	if (digest == EROFS_DIGEST_NONE)
		return erofs_check_read(check, job, worker, NULL);
	return compare(check, job, worker, digest, stored);
}

int erofs_check_fingerprint(const struct erofs_check *check, struct erofs_check_job *job,
			    struct erofs_check_worker *worker)
{
	struct erofs_fingerprint *value = &worker->fingerprint;
	int err = erofs_image_fingerprint(check->image, value, &job->inode);
	enum erofs_digest digest;
	const uint8_t *stored;

	if (!check->options->verify_fingerprints)
		return read_known(check, job, worker, err);
	/* Broken attributes have been named already; here it counts that no fingerprint can be had. */
	if (err == -EUCLEAN)
		return erofs_check_job_finding(job, "the fingerprint cannot be read or is larger than a block");
	if (err)
		return err;
	if (value->count > 1)
		erofs_check_job_finding(job, "%u fingerprints on one file", value->count);
	if (!job->inode.size)
		return value->count ? erofs_check_job_finding(job, "a fingerprint on an empty file") : 0;
	if (!value->count)
		return erofs_check_job_finding(job, "no fingerprint");
	digest = erofs_fingerprint_parse(&stored, value->value, value->value_size);
	if (digest == EROFS_DIGEST_NONE)
		return erofs_check_job_finding(job, "the fingerprint is malformed");
	return job->wanted ? compare(check, job, worker, digest, stored) : 0;
}
