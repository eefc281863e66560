/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CHECK_DATA_H
#define EROFS_CHECK_DATA_H

#include "lib/check/check_state.h"
#include "lib/codec/hasher.h"
#include "lib/util/buffer.h"

/*
 * The parallel part: each job is the data of one inode. Jobs look at the check, but only commit changes it; what has been read is counted by
 * any thread.
 */

#define EROFS_CHECK_BUFFER ((size_t)1024 * 1024)

/* A worker's own. */
struct erofs_check_worker {
	uint8_t *buffer;				  /* EROFS_CHECK_BUFFER bytes, made when first needed */
	struct erofs_hasher *hashers[EROFS_DIGEST_COUNT]; /* by enum erofs_digest, made when first needed */
	struct erofs_fingerprint fingerprint;
	struct erofs_progress *progress; /* that of all */
	struct erofs_extent zeros;	 /* the last one that decoded to zeros, as holes of full indexes share it */
};

struct erofs_check_job {
	uint32_t node;
	struct erofs_inode inode;
	bool wanted;		    /* its bytes are to be read or hashed */
	struct erofs_buffer causes; /* NUL-terminated texts of findings */
	uint64_t hashed;	    /* bytes compared with a fingerprint */
	bool compared;
	bool absent;	  /* some of its data lie on a device that was not given */
	int err;	  /* an error that erofs_check_failed() is to judge */
	const char *what; /* ... with this text */
};

struct erofs_zmap;

/* ---- check_job.c ---- */

/* Notes a finding of the job. */
int erofs_check_job_finding(struct erofs_check_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether an extent is where data may be; if not, that is noted, and there is no point in looking at the file's others. */
int erofs_check_place(const struct erofs_check *check, struct erofs_check_job *job, const struct erofs_extent *extent,
		      bool *bad);

/* ---- check_compressed.c ---- */

/* The index and the extents of a compressed file; their bytes are for erofs_check_read(), but for those behind holes. */
int erofs_check_compressed(const struct erofs_check *check, struct erofs_check_job *job,
			   struct erofs_check_worker *worker);

/* ---- check_zeros.c ---- */

/* A hole of a compressed file. */
struct erofs_check_hole {
	struct erofs_zmap *map;
	uint64_t offset;
	bool follows_data;  /* the extent in front of it is no hole */
	const char *reason; /* of -EUCLEAN: what of the index is wrong */
};

/*
 * What a full index names for a hole, for kernels that do not know that it is one, has to be zeros. `*bad`: there was a finding, and
 * there is no point in looking at the file's others. Errors as of a pool's work.
 */
int erofs_check_zeros(const struct erofs_check *check, struct erofs_check_job *job, struct erofs_check_worker *worker,
		      struct erofs_check_hole *hole, bool *bad);

/* The worker's buffer, made when first needed. -ENOMEM. */
int erofs_check_buffer(struct erofs_check_worker *worker);

/* ---- check_fingerprint.c ---- */

/* Compares a regular file with its fingerprint; errors as of a pool's work. */
int erofs_check_fingerprint(const struct erofs_check *check, struct erofs_check_job *job,
			    struct erofs_check_worker *worker);

/* Reads the file's stored bytes and, with a hasher, hashes all of it, holes as zeros. */
int erofs_check_read(const struct erofs_check *check, struct erofs_check_job *job, struct erofs_check_worker *worker,
		     struct erofs_hasher *hasher);

#endif
