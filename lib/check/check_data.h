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

/* ---- check_job.c ---- */

/* Notes a finding of the job. */
int erofs_check_job_finding(struct erofs_check_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether an extent is where data may be; if not, that is noted, and there is no point in looking at the file's others. */
int erofs_check_place(const struct erofs_check *check, struct erofs_check_job *job, const struct erofs_extent *extent,
		      bool *bad);

/* ---- check_compressed.c ---- */

/* The index and the extents of a compressed file; their bytes are for erofs_check_read(). */
int erofs_check_compressed(const struct erofs_check *check, struct erofs_check_job *job);

/* ---- check_fingerprint.c ---- */

/* Compares a regular file with its fingerprint; errors as of a pool's work. */
int erofs_check_fingerprint(const struct erofs_check *check, struct erofs_check_job *job,
			    struct erofs_check_worker *worker);

/* Reads the file's stored bytes and, with a hasher, hashes all of it, holes as zeros. */
int erofs_check_read(const struct erofs_check *check, struct erofs_check_job *job, struct erofs_check_worker *worker,
		     struct erofs_hasher *hasher);

#endif
