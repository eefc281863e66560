/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/oci/registry.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * Documents and blobs, each byte read once from the network: where a connection breaks, the next one goes on. Several may be on their way at
 * once, each in a thread of its own.
 */

/* A connection that has brought so much was worth its while: tries are counted anew. */
#define PROGRESS ((uint64_t)64 * 1024)

struct download {
	struct oci_input input;
	struct registry *registry;
	const struct erofs_cancel *stop;
	char *url, *what;
	const char *accept;
	uint64_t size; /* or OCI_SIZE_UNKNOWN */

	struct registry_answer *answer; /* NULL: none is open */
	uint64_t at;			/* so much was handed out */
	uint64_t skip;			/* so much of the answer was handed out before */
	unsigned int tries;
	uint64_t tried_at;
};

/* ---- requests ----------------------------------------------------------------------------------------------------------- */

static int report_busy(const struct download *download, long status)
{
	const struct oci_store *store = &download->registry->store;
	curl_off_t seconds = erofs_oci_registry_retry_after(download->answer);

	if (seconds > 0)
		return erofs_report(
			store->diag, -EBUSY,
			"'%s': the registry answers with status %ld instead of %s, and wants to be asked again "
			"in %" CURL_FORMAT_CURL_OFF_T " seconds",
			store->name, status, download->what, seconds);
	return erofs_report(store->diag, -EIO, "'%s': the registry answers with status %ld instead of %s, %u times",
			    store->name, status, download->what, download->tries);
}

static int report_status(const struct download *download, long status)
{
	const struct registry *registry = download->registry;
	const struct oci_store *store = &registry->store;

	if (status == 404)
		return erofs_report(store->diag, -ENOENT, "'%s': the registry has no %s", store->name, download->what);
	if (status == 401)
		return erofs_oci_registry_report_denied(registry, "the registry");
	if (status == 403)
		return erofs_report(store->diag, -EACCES, "'%s': the registry refuses %s (status 403)", store->name,
				    download->what);
	if (erofs_oci_registry_is_busy(status))
		return report_busy(download, status);
	return erofs_report(store->diag, -EIO, "'%s': the registry answers with status %ld instead of %s", store->name,
			    status, download->what);
}

/* One thread asks for a token, and those that were refused meanwhile take that. */
static int authenticate(const struct download *download, unsigned int seen)
{
	struct registry *registry = download->registry;
	int err = 0;

	erofs_monitor_hold(&registry->lock);
	if (registry->token_number == seen) {
		err = erofs_oci_registry_authenticate(registry, erofs_oci_registry_handle(download->answer));
		registry->token_number += !err;
	}
	return err;
}

static unsigned int token_number(struct registry *registry)
{
	erofs_monitor_hold(&registry->lock);
	return registry->token_number;
}

/* Whether the answer goes on where the last one broke off, or begins from the start again. */
static int find_place(struct download *download, long status)
{
	const char *range = erofs_oci_registry_header(download->answer, "Content-Range", 0);
	uint64_t from;

	download->skip = 0;
	if (status == 200) {
		download->skip = download->at;
		return 0;
	}
	if (range && sscanf(range, "bytes %" SCNu64 "-", &from) == 1 && from == download->at)
		return 0;
	return erofs_report(download->registry->store.diag, -EPROTO,
			    "'%s': the registry sends another part of %s than it was asked for",
			    download->registry->store.name, download->what);
}

static void end_answer(struct download *download)
{
	if (download->answer)
		erofs_oci_registry_end(download->answer);
	download->answer = NULL;
}

/* An answer with bytes from `at` on; authenticates if that is asked for. */
static int begin(struct download *download)
{
	const struct registry_request request = {
		.url = download->url,
		.accept = download->accept,
		.from = download->at,
		.stop = download->stop,
		.use_token = true,
	};
	long status = 0;
	int err = 0;

	for (int refusals = 0; !err; refusals++) {
		unsigned int number = token_number(download->registry);

		err = erofs_oci_registry_ask(&download->answer, download->registry, &request, &download->tries);
		if (err) {
			download->answer = NULL;
			return err;
		}
		status = erofs_oci_registry_status(download->answer);
		if (status != 401 || refusals == 2)
			break;
		err = authenticate(download, number);
		end_answer(download);
	}
	if (!err)
		err = status == 200 || (status == 206 && download->at) ? find_place(download, status)
								       : report_status(download, status);
	if (err)
		end_answer(download);
	return err;
}

/* ---- the bytes ---------------------------------------------------------------------------------------------------------- */

/* Whether what the answer has ended with may be a broken connection. */
static bool is_broken(const struct download *download, int64_t count)
{
	CURLcode result = erofs_oci_registry_result(download->answer);

	if (count < 0)
		return result != CURLE_OK && erofs_oci_registry_may_pass(download->registry, result);
	return download->size != OCI_SIZE_UNKNOWN && download->at < download->size &&
	       !erofs_oci_registry_has_length(download->answer);
}

/* Waits for a better connection; the failure of this one if there were too many. */
static int go_on(struct download *download, int64_t count)
{
	struct registry_answer *answer = download->answer;
	int err = erofs_oci_registry_wait(download->registry, &download->tries, 0, download->stop);

	if (err == -EIO && count == 0)
		return 0;
	download->answer = NULL;
	if (err == -EIO)
		return erofs_oci_registry_fail(answer);
	erofs_oci_registry_end(answer);
	return err ? err : 1;
}

/* Takes what was there before out of the bytes. */
static size_t drop_known(struct download *download, void *buf, size_t count)
{
	size_t known = download->skip < count ? (size_t)download->skip : count;

	download->skip -= known;
	memmove(buf, (uint8_t *)buf + known, count - known);
	return count - known;
}

static int64_t note_progress(struct download *download, size_t count)
{
	download->at += count;
	if (download->at - download->tried_at >= PROGRESS) {
		download->tried_at = download->at;
		download->tries = 0;
	}
	return (int64_t)count;
}

static int64_t read_download(struct oci_input *input, void *buf, size_t size)
{
	struct download *download = (struct download *)input;

	for (;;) {
		int more = download->answer ? 0 : begin(download);
		struct oci_input *body;
		int64_t count;

		if (more)
			return more;
		body = erofs_oci_registry_body(download->answer);
		count = body->read(body, buf, size);
		if (count > 0) {
			size_t fresh = drop_known(download, buf, (size_t)count);

			if (fresh)
				return note_progress(download, fresh);
			continue;
		}
		if (count == -ECANCELED || count == -ENOMEM)
			return count;
		/* However it ended: all has come. */
		if (download->at == download->size)
			return 0;
		more = is_broken(download, count) ? go_on(download, count) : 0;
		if (more < 0 || (!more && !count))
			return more;
		if (!more) {
			struct registry_answer *answer = download->answer;

			download->answer = NULL;
			return erofs_oci_registry_fail(answer);
		}
	}
}

static void close_download(struct oci_input *input)
{
	struct download *download = (struct download *)input;

	end_answer(download);
	free(download->url);
	free(download->what);
	free(download);
}

int erofs_oci_registry_download(struct oci_input **out, struct registry *registry, const char *kind,
				const char *reference, uint64_t size, const struct erofs_cancel *stop)
{
	struct download *download = calloc(1, sizeof(*download));
	bool is_blob = strcmp(kind, "blobs") == 0;
	int err;

	if (!download)
		return -ENOMEM;
	*download = (struct download){
		.input = { .read = read_download, .close = close_download },
		.registry = registry,
		.stop = stop,
		.accept = is_blob ? NULL : REGISTRY_ACCEPT,
		.size = size,
	};
	download->url = erofs_oci_registry_url(registry, kind, reference);
	if (asprintf(&download->what, "%s %s", is_blob ? "blob" : "manifest", reference) < 0)
		download->what = NULL;
	err = download->url && download->what ? begin(download) : -ENOMEM;
	if (err)
		close_download(&download->input);
	else
		*out = &download->input;
	return err;
}

const char *erofs_oci_registry_download_header(const struct oci_input *input, const char *name)
{
	const struct download *download = (const struct download *)input;

	return download->answer ? erofs_oci_registry_header(download->answer, name, 0) : NULL;
}
