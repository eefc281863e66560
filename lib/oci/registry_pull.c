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
 * Answers are read as they are wanted: libcurl hands over what has come, and is told to wait when nobody has asked for more.
 */

#define BUFFERED_MAX ((size_t)1024 * 1024)
#define POLL_MS	     200 /* between looks at the cancel flag */

struct registry_answer {
	struct oci_input input;
	struct registry *registry;
	const struct erofs_cancel *stop;
	bool keeps_failure;
	char *url; /* for messages */
	CURL *easy;
	CURLM *multi;
	struct curl_slist *headers;
	struct erofs_buffer buffer; /* what has come, from `at` on */
	size_t at;
	bool has_begun, is_paused, is_done;
	bool is_short_of_memory;
	CURLcode result;
	char error[CURL_ERROR_SIZE];
};

/* ---- what libcurl calls ------------------------------------------------------------------------------------------------- */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
	struct registry_answer *answer = ctx;

	answer->has_begun = true;
	if (answer->buffer.size - answer->at + size * count > BUFFERED_MAX) {
		answer->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (answer->at == answer->buffer.size)
		answer->at = answer->buffer.size = 0;
	if (erofs_buffer_append(&answer->buffer, bytes, size * count)) {
		answer->is_short_of_memory = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return size * count;
}

/* ---- moving on ---------------------------------------------------------------------------------------------------------- */

static bool is_cancelled(const struct registry_answer *answer)
{
	const struct erofs_cancel *cancel = answer->registry->store.cancel;

	return erofs_cancel_requested(cancel) || erofs_cancel_requested(answer->stop);
}

static int report(const struct registry_answer *answer)
{
	const struct registry *registry = answer->registry;

	if (answer->is_short_of_memory || answer->result == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	return erofs_report(registry->store.diag, -EIO, "cannot read %s: %s", answer->url,
			    answer->error[0] ? answer->error : curl_easy_strerror(answer->result));
}

/* Lets libcurl work until something has come, or all has. -ECANCELED, -EIO. */
static int step(struct registry_answer *answer)
{
	int running = 0, left;
	CURLMsg *message;
	CURLMcode code;

	if (is_cancelled(answer))
		return -ECANCELED;
	if (answer->is_paused) {
		answer->is_paused = false;
		curl_easy_pause(answer->easy, CURLPAUSE_CONT);
	}
	code = curl_multi_perform(answer->multi, &running);
	if (code != CURLM_OK)
		return erofs_report(answer->registry->store.diag, -EIO, "cannot read %s: %s", answer->url,
				    curl_multi_strerror(code));
	while ((message = curl_multi_info_read(answer->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		answer->is_done = true;
		answer->result = message->data.result;
	}
	if (!answer->is_done && answer->at == answer->buffer.size && !answer->is_paused)
		curl_multi_poll(answer->multi, NULL, 0, POLL_MS, NULL);
	return 0;
}

static int64_t read_body(struct oci_input *input, void *buf, size_t size)
{
	struct registry_answer *answer = (struct registry_answer *)input;
	size_t got = 0;

	while (got < size) {
		size_t have = answer->buffer.size - answer->at;
		size_t part = have < size - got ? have : size - got;
		int err;

		if (part) {
			memcpy((uint8_t *)buf + got, answer->buffer.data + answer->at, part);
			answer->at += part;
			got += part;
			continue;
		}
		if (answer->is_done)
			break;
		err = step(answer);
		if (err)
			return err;
	}
	if (!got && answer->result != CURLE_OK)
		return answer->keeps_failure ? -EIO : report(answer);
	return (int64_t)got;
}

static void close_body(struct oci_input *input)
{
	erofs_oci_registry_end((struct registry_answer *)input);
}

/* ---- requests ----------------------------------------------------------------------------------------------------------- */

static void set_options(struct registry_answer *answer, struct registry *registry,
			const struct registry_request *request)
{
	char range[24];
	CURL *easy = answer->easy;

	erofs_oci_registry_guard(easy, registry, EROFS_REGISTRY_SILENCE, answer->error);
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
	if (request->form)
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->form);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, answer->headers);
	if (request->from) {
		snprintf(range, sizeof(range), "%" PRIu64 "-", request->from);
		curl_easy_setopt(easy, CURLOPT_RANGE, range);
	}
	/* Who has no use for a token may be asking for one, and have the lock. */
	if (!request->use_token) {
		erofs_oci_registry_set_credentials(easy, registry, request->use_token, request->use_password);
		return;
	}
	erofs_monitor_hold(&registry->lock);
	erofs_oci_registry_set_credentials(easy, registry, request->use_token, request->use_password);
}

static struct registry_answer *new_answer(struct registry *registry, const struct registry_request *request)
{
	struct registry_answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return NULL;
	*answer = (struct registry_answer){
		.input = { .read = read_body, .close = close_body },
		.registry = registry,
		.stop = request->stop,
		.keeps_failure = request->keeps_failure,
		.url = strdup(request->url),
		.easy = curl_easy_init(),
		.multi = curl_multi_init(),
	};
	if (request->accept)
		answer->headers = curl_slist_append(NULL, request->accept);
	if (answer->url && answer->easy && answer->multi && (answer->headers || !request->accept)) {
		set_options(answer, registry, request);
		if (curl_multi_add_handle(answer->multi, answer->easy) == CURLM_OK)
			return answer;
	}
	erofs_oci_registry_end(answer);
	return NULL;
}

int erofs_oci_registry_send(struct registry_answer **out, struct registry *registry,
			    const struct registry_request *request, CURLcode *quiet)
{
	struct registry_answer *answer = new_answer(registry, request);
	int err = 0;

	if (!answer)
		return -ENOMEM;
	while (!err && !answer->has_begun && !answer->is_done)
		err = step(answer);
	if (!err && answer->result != CURLE_OK && !answer->has_begun && !request->keeps_failure) {
		err = quiet ? -EIO : report(answer);
		if (quiet)
			*quiet = answer->result;
	}
	if (err)
		erofs_oci_registry_end(answer);
	else
		*out = answer;
	return err;
}

bool erofs_oci_registry_has_begun(const struct registry_answer *answer)
{
	return answer->has_begun;
}

CURLcode erofs_oci_registry_result(const struct registry_answer *answer)
{
	return answer->is_short_of_memory ? CURLE_OUT_OF_MEMORY : answer->result;
}

int erofs_oci_registry_fail(struct registry_answer *answer)
{
	int err = report(answer);

	erofs_oci_registry_end(answer);
	return err;
}

curl_off_t erofs_oci_registry_retry_after(const struct registry_answer *answer)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(answer->easy, CURLINFO_RETRY_AFTER, &seconds);
	return seconds;
}

bool erofs_oci_registry_has_length(const struct registry_answer *answer)
{
	curl_off_t length = -1;

	curl_easy_getinfo(answer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length >= 0;
}

long erofs_oci_registry_status(const struct registry_answer *answer)
{
	long status = 0;

	curl_easy_getinfo(answer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

CURL *erofs_oci_registry_handle(const struct registry_answer *answer)
{
	return answer->easy;
}

const char *erofs_oci_registry_header(const struct registry_answer *answer, const char *name, size_t number)
{
	struct curl_header *header;

	return curl_easy_header(answer->easy, name, number, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value
												    : NULL;
}

struct oci_input *erofs_oci_registry_body(struct registry_answer *answer)
{
	return &answer->input;
}

void erofs_oci_registry_end(struct registry_answer *answer)
{
	if (answer->multi && answer->easy)
		curl_multi_remove_handle(answer->multi, answer->easy);
	if (answer->easy)
		curl_easy_cleanup(answer->easy);
	if (answer->multi)
		curl_multi_cleanup(answer->multi);
	curl_slist_free_all(answer->headers);
	erofs_buffer_release(&answer->buffer);
	free(answer->url);
	free(answer);
}
