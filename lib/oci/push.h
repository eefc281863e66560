/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_PUSH_H
#define EROFS_OCI_PUSH_H

#include "lib/oci/registry.h"

/*
 * What a registry is written with. Connections stay open from one request to the next. What fails for the moment (a lost connection, the
 * status 429, 500 or 502 to 504) is tried again, a bounded number of times, after the time that the registry asks for. One thread at a time.
 */
struct push {
	struct registry *registry; /* lent */
	CURL *easy;
	char *session;	 /* URL of an upload that has begun, for the next blob; NULL: none */
	bool is_closing; /* nobody waits any more */

	/* Of the last request. */
	long status; /* 0: no answer came */
	CURLcode result;
	char error[CURL_ERROR_SIZE];
	struct erofs_buffer text; /* the beginning of the answer's body */
};

/* A body is `bytes`, or `size` bytes of `fd` from `offset` on. */
struct push_request {
	const char *method;
	const char *url;
	const char *headers[3]; /* up to a NULL */
	bool has_body;
	const void *bytes;
	int fd;
	uint64_t offset, size;
};

/* How often something was tried in vain. */
struct push_patience {
	unsigned int tries;
	long status; /* of the last answer, or 0 */
};

/* `registry` has to outlive it, and gets the right to push. */
int erofs_oci_push_open(struct push **out, struct registry *registry);
void erofs_oci_push_close(struct push *push);

/*
 * Sends a request once; authenticates if that is asked for. 0: see status, which is 0 if the connection was lost. -EACCES, -ECANCELED, -ENOMEM,
 * -EIO for what is not worth a second try: reported, but for the memory.
 */
int erofs_oci_push_once(struct push *push, const struct push_request *request);

/* Whether the last request failed for the moment only. */
bool erofs_oci_push_is_passing(const struct push *push);
/* Waits before the next try: 0; when it was the last one, reports what happened to `what`. -ECANCELED. */
int erofs_oci_push_wait(struct push *push, struct push_patience *patience, const char *what);

/* Both: sends until there is an answer that stays. */
int erofs_oci_push_send(struct push *push, const struct push_request *request, const char *what);

/* A header of the last answer; NULL: none. */
const char *erofs_oci_push_header(const struct push *push, const char *name);
/* A URL from the header Location, as a whole; to be freed. NULL: there is none, or no memory. */
char *erofs_oci_push_location(const struct push *push);

/* Text as printf() has it; to be freed. NULL: out of memory. */
char *erofs_oci_push_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reports the status that `what` was answered with, and what the registry says about it. */
int erofs_oci_push_report(const struct push *push, const char *what);

/* ---- blobs ---------------------------------------------------------------------------------------------------------------- */

/* Whether a blob or manifest is there, in this size: 1 or 0. */
int erofs_oci_push_has(struct push *push, const char *kind, const struct oci_digest *digest, uint64_t size);

/* Begins an upload if none has begun: says whether writing is allowed. */
int erofs_oci_push_begin(struct push *push);

/* Asks for a blob of another repository of this registry: 1 or 0. */
int erofs_oci_push_mount(struct push *push, const char *repository, const struct oci_digest *digest, uint64_t size);

/* Uploads a blob whose digest was computed from the bytes, and makes sure that it is there. */
int erofs_oci_push_blob(struct push *push, const struct oci_digest *digest, const struct push_request *body);

/* Whether a tag stands for this manifest: 1 or 0. */
int erofs_oci_push_is_tagged(struct push *push, const char *tag, const struct oci_digest *digest);

/* Stores a manifest under a digest or tag. `digest`: what the registry has to call it. */
int erofs_oci_push_manifest(struct push *push, const char *reference, const char *type, const struct oci_digest *digest,
			    const void *bytes, size_t size);

#endif
