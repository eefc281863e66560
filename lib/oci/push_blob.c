/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/oci/push.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * Uploads: a session is begun, gets the blob piece by piece, and is told the digest at the end. The registry says after each piece how much
 * it has, and is asked for that when a connection was lost; what counts is what it says.
 */

#define OCTETS "Content-Type: application/octet-stream"
#define PIECE  ((uint64_t)64 << 20)
/* A registry that takes no such pieces is given smaller ones, down to this. */
#define LEAST_PIECE ((uint64_t)1 << 20)
/* So small a blob goes with the digest, in one request. */
#define SMALL ((uint64_t)1 << 20)

struct upload {
	struct push *push;
	const struct oci_digest *digest;
	const struct push_request *body;
	const char *what;    /* for messages */
	char *url;	     /* of the session */
	uint64_t sent, best; /* of the body; `best`: of all tries */
	uint64_t piece;
	struct push_patience patience;
};

/* ---- sessions ------------------------------------------------------------------------------------------------------------- */

static int begin(struct push *push, const char *url, const char *what)
{
	const struct push_request request = { .method = "POST", .url = url, .has_body = true, .bytes = "" };
	int err = erofs_oci_push_send(push, &request, what);

	if (err)
		return err;
	if (push->status != 202 && push->status != 201)
		return erofs_oci_push_report(push, what);
	if (push->status == 201)
		return 1;
	push->session = erofs_oci_push_location(push);
	return push->session ? 0
			     : erofs_report(push->registry->store.diag, -EPROTO,
					    "'%s': the registry does not say where to send %s",
					    push->registry->store.name, what);
}

/* Whether the registry listens or not. */
static void cancel(struct push *push, const char *url)
{
	const struct push_request request = { .method = "DELETE", .url = url };

	erofs_oci_push_once(push, &request);
}

int erofs_oci_push_begin(struct push *push)
{
	erofs_auto_free char *url = push->session ? NULL : erofs_oci_registry_url(push->registry, "blobs", "uploads/");
	int begun;

	if (push->session)
		return 0;
	begun = url ? begin(push, url, "an upload") : -ENOMEM;
	/* Nothing can be there that nobody has named. */
	return begun > 0 ? erofs_oci_push_report(push, "an upload") : begun;
}

/* ---- what is there -------------------------------------------------------------------------------------------------------- */

/* HEAD: 1 or 0. */
static int ask(struct push *push, const char *kind, const char *reference)
{
	erofs_auto_free char *url = erofs_oci_registry_url(push->registry, kind, reference);
	const struct push_request request = { .method = "HEAD", .url = url, .headers = { REGISTRY_ACCEPT } };
	int err = url ? erofs_oci_push_send(push, &request, reference) : -ENOMEM;

	if (err || push->status == 200)
		return err ? err : 1;
	return push->status == 404 ? 0 : erofs_oci_push_report(push, reference);
}

int erofs_oci_push_has(struct push *push, const char *kind, const struct oci_digest *digest, uint64_t size)
{
	const char *length;
	int there = ask(push, kind, digest->text);

	if (there <= 0)
		return there;
	length = erofs_oci_push_header(push, "Content-Length");
	return !length || strtoull(length, NULL, 10) == size;
}

static int make_sure(struct upload *upload)
{
	struct push *push = upload->push;
	int has;

	/* Some need a moment. */
	while (!(has = erofs_oci_push_has(push, "blobs", upload->digest, upload->body->size)))
		if ((has = erofs_oci_push_wait(push, &upload->patience, upload->what)))
			return has;
	return has < 0 ? has : 0;
}

/* ---- pieces --------------------------------------------------------------------------------------------------------------- */

static int move_to(struct upload *upload)
{
	char *location = erofs_oci_push_location(upload->push);

	if (location) {
		free(upload->url);
		upload->url = location;
	}
	return upload->url ? 0 : -ENOMEM;
}

/* "0-N": so much is there. What has nothing says 0-0, like what has one byte: that is sent again. */
static uint64_t read_range(const struct push *push)
{
	const char *range = erofs_oci_push_header(push, "Range");
	const char *dash = range ? strchr(range, '-') : NULL;
	uint64_t last = dash ? strtoull(dash + 1, NULL, 10) : 0;

	return last ? last + 1 : 0;
}

static int restart(struct upload *upload)
{
	int err;

	free(upload->url);
	upload->url = NULL;
	upload->sent = 0;
	err = erofs_oci_push_begin(upload->push);
	if (!err)
		upload->url = erofs_take(upload->push->session);
	return err;
}

static void note_progress(struct upload *upload)
{
	if (upload->sent <= upload->best)
		return;
	upload->best = upload->sent;
	upload->patience = (struct push_patience){ 0 };
}

/* Asks how much is there. */
static int resume(struct upload *upload)
{
	const struct push_request request = { .method = "GET", .url = upload->url };
	struct push *push = upload->push;
	int err = erofs_oci_push_send(push, &request, upload->what);

	if (err)
		return err;
	if (push->status != 204 && push->status != 202 && push->status != 200)
		return restart(upload);
	upload->sent = read_range(push);
	if (upload->sent > upload->body->size)
		return restart(upload);
	note_progress(upload);
	return move_to(upload);
}

static int wait_and_resume(struct upload *upload)
{
	int err = erofs_oci_push_wait(upload->push, &upload->patience, upload->what);

	return err ? err : resume(upload);
}

/* After a piece that was taken: how much there is now. One that takes nothing is asked only so often. */
static int go_on(struct upload *upload, uint64_t size)
{
	struct push *push = upload->push;
	uint64_t before = upload->sent;
	int err;

	upload->sent = erofs_oci_push_header(push, "Range") ? read_range(push) : before + size;
	if (upload->sent > upload->body->size)
		return erofs_report(push->registry->store.diag, -EPROTO,
				    "'%s': the registry has got more than there is of %s", push->registry->store.name,
				    upload->what);
	note_progress(upload);
	err = move_to(upload);
	return err || upload->sent > before ? err : erofs_oci_push_wait(push, &upload->patience, upload->what);
}

static int judge_piece(struct upload *upload, uint64_t size)
{
	struct push *push = upload->push;
	int err;

	switch (push->status) {
	case 200:
	case 201:
	case 202:
	case 204:
		return go_on(upload, size);
	case 416:
		/* It has one byte, which it cannot say. */
		if (!upload->sent) {
			err = erofs_oci_push_wait(push, &upload->patience, upload->what);
			return err ? err : restart(upload);
		}
		return wait_and_resume(upload);
	case 404:
		return wait_and_resume(upload);
	case 413:
		if (size <= LEAST_PIECE)
			return erofs_oci_push_report(push, upload->what);
		upload->piece = size / 2;
		return resume(upload);
	default:
		return erofs_oci_push_is_passing(push) ? wait_and_resume(upload)
						       : erofs_oci_push_report(push, upload->what);
	}
}

static int send_piece(struct upload *upload)
{
	uint64_t left = upload->body->size - upload->sent, size = left < upload->piece ? left : upload->piece;
	struct push_request request = *upload->body;
	char range[80];
	const uint64_t before = upload->sent;
	int err;

	snprintf(range, sizeof(range), "Content-Range: %" PRIu64 "-%" PRIu64, before, before + size - 1);
	request.method = "PATCH";
	request.url = upload->url;
	request.headers[0] = OCTETS;
	request.headers[1] = range;
	request.has_body = true;
	request.bytes = request.bytes ? (const char *)request.bytes + before : NULL;
	request.offset += before;
	request.size = size;
	err = erofs_oci_push_once(upload->push, &request);
	return err ? err : judge_piece(upload, size);
}

/* ---- the end -------------------------------------------------------------------------------------------------------------- */

/* What was taken has the name that it should have, or the registry does not say. */
static int check_stored(const struct push *push, const char *what, const struct oci_digest *digest)
{
	const char *said = erofs_oci_push_header(push, "Docker-Content-Digest");

	return !said || strcmp(said, digest->text) == 0
		       ? 0
		       : erofs_report(push->registry->store.diag, -EBADMSG,
				      "'%s': the registry has stored %s as something else", push->registry->store.name,
				      what);
}

/* 1: the blob is there; 0: the upload has to go on. */
static int judge_end(struct upload *upload)
{
	struct push *push = upload->push;
	int has;

	if (push->status == 201 || push->status == 204 || push->status == 200) {
		int err = check_stored(push, upload->what, upload->digest);

		return err ? err : 1;
	}
	if (push->status != 404 && push->status != 416 && !erofs_oci_push_is_passing(push))
		return erofs_oci_push_report(push, upload->what);
	has = erofs_oci_push_wait(push, &upload->patience, upload->what);
	/* The answer may be all that was lost. */
	if (!has)
		has = erofs_oci_push_has(push, "blobs", upload->digest, upload->body->size);
	return has ? has : resume(upload);
}

/* With the digest; a small blob goes along. */
static int send_end(struct upload *upload)
{
	erofs_auto_free char *url = erofs_oci_push_text("%s%cdigest=%s", upload->url,
							strchr(upload->url, '?') ? '&' : '?', upload->digest->text);
	struct push_request request = *upload->body;
	int err;

	if (!url)
		return -ENOMEM;
	request.method = "PUT";
	request.url = url;
	request.headers[0] = OCTETS;
	request.has_body = true;
	if (upload->sent) {
		request.bytes = "";
		request.size = 0;
	}
	err = erofs_oci_push_once(upload->push, &request);
	return err ? err : judge_end(upload);
}

static int send_all(struct upload *upload)
{
	for (;;) {
		bool is_whole = upload->sent == upload->body->size;
		int err;

		if (is_whole || (!upload->sent && upload->body->size <= SMALL))
			err = send_end(upload);
		else
			err = send_piece(upload);
		if (err)
			return err < 0 ? err : 0;
	}
}

int erofs_oci_push_blob(struct push *push, const struct oci_digest *digest, const struct push_request *body)
{
	erofs_auto_free char *what = erofs_oci_push_text("blob %s", digest->text);
	struct upload upload = { .push = push, .digest = digest, .body = body, .what = what, .piece = PIECE };
	int err = what ? erofs_oci_push_begin(push) : -ENOMEM;

	if (err)
		return err;
	upload.url = erofs_take(push->session);
	err = send_all(&upload);
	if (err) {
		/* To be taken back. */
		free(push->session);
		push->session = erofs_take(upload.url);
	}
	free(upload.url);
	return err ? err : make_sure(&upload);
}

int erofs_oci_push_mount(struct push *push, const char *repository, const struct oci_digest *digest, uint64_t size)
{
	erofs_auto_free char *rest = erofs_oci_push_text("uploads/?mount=%s&from=%s", digest->text, repository);
	erofs_auto_free char *url = rest ? erofs_oci_registry_url(push->registry, "blobs", rest) : NULL;
	char *session = erofs_take(push->session);
	int has = url ? begin(push, url, digest->text) : -ENOMEM;

	/* What cannot be mounted is an upload that has begun: one is enough. */
	if (session && push->session)
		cancel(push, push->session);
	if (session) {
		free(push->session);
		push->session = session;
	}
	return has > 0 ? erofs_oci_push_has(push, "blobs", digest, size) : has;
}

/* ---- manifests ------------------------------------------------------------------------------------------------------------ */

int erofs_oci_push_is_tagged(struct push *push, const char *tag, const struct oci_digest *digest)
{
	int there = ask(push, "manifests", tag);
	const char *said = there > 0 ? erofs_oci_push_header(push, "Docker-Content-Digest") : NULL;

	return there < 0 ? there : said && strcmp(said, digest->text) == 0;
}

static int put_manifest(struct push *push, const struct push_request *request, const char *what,
			const struct oci_digest *digest)
{
	int err = erofs_oci_push_send(push, request, what);

	if (err)
		return err;
	if (push->status != 201 && push->status != 200 && push->status != 202)
		return erofs_oci_push_report(push, what);
	return check_stored(push, what, digest);
}

int erofs_oci_push_manifest(struct push *push, const char *reference, const char *type, const struct oci_digest *digest,
			    const void *bytes, size_t size)
{
	erofs_auto_free char *what = erofs_oci_push_text("manifest %s", reference);
	erofs_auto_free char *content = erofs_oci_push_text("Content-Type: %s", type);
	erofs_auto_free char *url = erofs_oci_registry_url(push->registry, "manifests", reference);
	const struct push_request request = {
		.method = "PUT",
		.url = url,
		.headers = { content },
		.has_body = true,
		.bytes = bytes,
		.size = size,
	};

	return what && content && url ? put_manifest(push, &request, what, digest) : -ENOMEM;
}
