/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/push.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/io/file.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#define THOUGHT_SECONDS	 300L /* that a registry may take to put a large blob in its place */
#define TEXT_MAX	 4096u
#define FAREWELL_SECONDS 5L

/* ---- what libcurl calls --------------------------------------------------------------------------------------------------- */

struct body {
	const struct push_request *request;
	uint64_t at;
};

static size_t give(char *out, size_t size, size_t count, void *ctx)
{
	struct body *body = ctx;
	uint64_t left = body->request->size - body->at;
	size_t part = size * count < left ? size * count : (size_t)left;

	if (body->request->bytes)
		memcpy(out, (const char *)body->request->bytes + body->at, part);
	else if (erofs_file_read_at(body->request->fd, out, part, body->request->offset + body->at))
		return CURL_READFUNC_ABORT;
	body->at += part;
	return part;
}

/* For a body that has to be sent again, to who is asked next. */
static int seek(void *ctx, curl_off_t offset, int origin)
{
	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	((struct body *)ctx)->at = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t keep_text(char *bytes, size_t size, size_t count, void *ctx)
{
	struct push *push = ctx;
	size_t part = size * count, room = TEXT_MAX - push->text.size;

	return erofs_buffer_append(&push->text, bytes, part < room ? part : room) ? CURL_WRITEFUNC_ERROR : part;
}

static int look(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct push *push = ctx;

	(void)a, (void)b, (void)c, (void)d;
	return !push->is_closing && erofs_cancel_requested(push->registry->store.cancel);
}

/* ---- one request ---------------------------------------------------------------------------------------------------------- */

/* Uploads may go to another host, which knows by the URL that they may: nobody but the registry gets to see its credentials. */
static void set_credentials(const struct push *push, const char *url)
{
	const struct registry *registry = push->registry;
	size_t scheme = strlen(registry->scheme), host = strlen(registry->name.host);

	if (strncmp(url, registry->scheme, scheme) != 0 || strncmp(url + scheme, "://", 3) != 0 ||
	    strncmp(url + scheme + 3, registry->name.host, host) != 0 || url[scheme + 3 + host] != '/')
		return;
	erofs_oci_registry_set_credentials(push->easy, registry, true, false);
}

static void set_body(const struct push *push, const struct push_request *request, struct body *body)
{
	CURL *easy = push->easy;

	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(easy, CURLOPT_READDATA, body);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, body);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->size);
}

static void set_options(struct push *push, const struct push_request *request, struct body *body)
{
	CURL *easy = push->easy;

	/* The connection stays. */
	curl_easy_reset(easy);
	erofs_oci_registry_guard(easy, push->registry, request->size ? EROFS_REGISTRY_SILENCE : THOUGHT_SECONDS,
				 push->error);
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_text);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, push);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, push);
	if (push->is_closing)
		curl_easy_setopt(easy, CURLOPT_TIMEOUT, FAREWELL_SECONDS);
	set_credentials(push, request->url);
	if (strcmp(request->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (request->has_body)
		set_body(push, request, body);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static int perform(struct push *push, const struct push_request *request)
{
	struct body body = { .request = request };
	struct curl_slist *headers = NULL;
	int err = 0;

	push->text.size = 0;
	push->error[0] = 0;
	push->status = 0;
	set_options(push, request, &body);
	for (size_t i = 0; !err && i < sizeof(request->headers) / sizeof(request->headers[0]) && request->headers[i];
	     i++) {
		struct curl_slist *more = curl_slist_append(headers, request->headers[i]);

		err = more ? 0 : -ENOMEM;
		headers = more ? more : headers;
	}
	curl_easy_setopt(push->easy, CURLOPT_HTTPHEADER, headers);
	if (!err) {
		push->result = curl_easy_perform(push->easy);
		curl_easy_getinfo(push->easy, CURLINFO_RESPONSE_CODE, &push->status);
	}
	/* The list is looked at no more. */
	curl_easy_setopt(push->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	return err;
}

/* `before`: the status that the registry answered with before the connection was lost, or 0. */
static int report_connection(const struct push *push, long before)
{
	char earlier[80] = "";

	if (before)
		snprintf(earlier, sizeof(earlier), " (before that, it answered with status %ld)", before);
	return erofs_report(push->registry->store.diag, -EIO, "'%s': cannot write to the registry: %s%s",
			    push->registry->store.name,
			    push->error[0] ? push->error : curl_easy_strerror(push->result), earlier);
}

/* What a request that got no whole answer means. */
static int judge(struct push *push)
{
	switch (push->result) {
	case CURLE_OK:
		erofs_oci_registry_note_answer(push->registry);
		return 0;
	case CURLE_ABORTED_BY_CALLBACK:
		return erofs_cancel_requested(push->registry->store.cancel) ? -ECANCELED : report_connection(push, 0);
	case CURLE_OUT_OF_MEMORY:
	case CURLE_WRITE_ERROR:
		return -ENOMEM;
	default:
		break;
	}
	/* Who refuses may close the connection while there is still something to be sent. */
	if (push->status >= 400)
		return 0;
	push->status = 0;
	return erofs_oci_registry_may_pass(push->registry, push->result) ? 0 : report_connection(push, 0);
}

int erofs_oci_push_once(struct push *push, const struct push_request *request)
{
	int err;

	for (int attempt = 0;; attempt++) {
		err = perform(push, request);
		if (!err)
			err = judge(push);
		if (err || push->status != 401)
			return err;
		if (attempt)
			return erofs_oci_registry_report_denied(push->registry, "the registry");
		err = erofs_oci_registry_authenticate(push->registry, push->easy);
		if (err)
			return err;
	}
}

/* ---- patience ------------------------------------------------------------------------------------------------------------- */

bool erofs_oci_push_is_passing(const struct push *push)
{
	return !push->status || erofs_oci_registry_is_busy(push->status);
}

int erofs_oci_push_wait(struct push *push, struct push_patience *patience, const char *what)
{
	const struct erofs_diag *diag = push->registry->store.diag;
	const char *name = push->registry->store.name;
	curl_off_t seconds = 0;
	int err;

	if (push->status) {
		patience->status = push->status;
		curl_easy_getinfo(push->easy, CURLINFO_RETRY_AFTER, &seconds);
	}
	err = erofs_oci_registry_wait(push->registry, &patience->tries, seconds, NULL);
	if (err == -EIO)
		return push->status ? erofs_oci_push_report(push, what) : report_connection(push, patience->status);
	if (!err && push->status)
		erofs_message(diag, EROFS_SEV_NOTE, "'%s': status %ld for %s; again", name, push->status, what);
	else if (!err)
		erofs_message(diag, EROFS_SEV_NOTE, "'%s': the connection was lost with %s; again", name, what);
	return err;
}

int erofs_oci_push_send(struct push *push, const struct push_request *request, const char *what)
{
	struct push_patience patience = { 0 };
	int err;

	for (;;) {
		err = erofs_oci_push_once(push, request);
		if (err || !erofs_oci_push_is_passing(push))
			return err;
		err = erofs_oci_push_wait(push, &patience, what);
		if (err)
			return err;
	}
}

/* ---- answers -------------------------------------------------------------------------------------------------------------- */

const char *erofs_oci_push_header(const struct push *push, const char *name)
{
	struct curl_header *header;

	if (!push->status || curl_easy_header(push->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

char *erofs_oci_push_location(const struct push *push)
{
	const char *location = erofs_oci_push_header(push, "Location");
	CURLU *url = location ? curl_url() : NULL;
	char *base = NULL, *whole = NULL, *out = NULL;

	curl_easy_getinfo(push->easy, CURLINFO_EFFECTIVE_URL, &base);
	/* Relative to what was asked. */
	if (url && base && !curl_url_set(url, CURLUPART_URL, base, 0) &&
	    !curl_url_set(url, CURLUPART_URL, location, 0) && !curl_url_get(url, CURLUPART_URL, &whole, 0))
		out = strdup(whole);
	curl_free(whole);
	curl_url_cleanup(url);
	return out;
}

char *erofs_oci_push_text(const char *format, ...)
{
	va_list args;
	char *text;
	int count;

	va_start(args, format);
	count = vasprintf(&text, format, args);
	va_end(args);
	return count < 0 ? NULL : text;
}

/* What the registry says is wrong: the first of its messages. "": nothing. */
static void read_message(const struct push *push, char *out, size_t size)
{
	erofs_auto_json struct json_object *json = NULL;
	struct json_object *errors, *first = NULL;
	const char *text = NULL;

	*out = 0;
	if (erofs_oci_json_parse(&json, push->text.data, push->text.size))
		return;
	errors = erofs_oci_json_array(json, "errors");
	if (errors && json_object_array_length(errors))
		first = json_object_array_get_idx(errors, 0);
	if (first)
		text = erofs_oci_json_string(first, "message");
	if (text && *text)
		snprintf(out, size, ": %s", text);
	for (; *out; out++)
		if ((unsigned char)*out < ' ' || *out == 0x7f)
			*out = '?';
}

int erofs_oci_push_report(const struct push *push, const char *what)
{
	const struct erofs_diag *diag = push->registry->store.diag;
	const char *name = push->registry->store.name;
	char message[200];

	read_message(push, message, sizeof(message));
	switch (push->status) {
	case 401:
		return erofs_oci_registry_report_denied(push->registry, "the registry");
	case 403:
		return erofs_report(diag, -EACCES, "'%s': the registry does not let %s be written (status 403%s)", name,
				    what, message);
	case 404:
		return erofs_report(
			diag, -ENOENT,
			"'%s': the registry has no such repository, or nothing that may be written to: %s (status 404%s)",
			name, what, message);
	case 413:
		return erofs_report(diag, -EFBIG, "'%s': the registry does not take so much at once: %s (status 413%s)",
				    name, what, message);
	default:
		return erofs_report(diag, -EIO, "'%s': the registry answers with status %ld to %s%s", name,
				    push->status, what, message);
	}
}

/* ---- open and close ------------------------------------------------------------------------------------------------------- */

int erofs_oci_push_open(struct push **out, struct registry *registry)
{
	struct push *push = calloc(1, sizeof(*push));

	if (!push)
		return -ENOMEM;
	registry->actions = "pull,push";
	push->registry = registry;
	push->easy = curl_easy_init();
	if (!push->easy) {
		free(push);
		return -ENOMEM;
	}
	*out = push;
	return 0;
}

void erofs_oci_push_close(struct push *push)
{
	if (!push)
		return;
	/* Who cannot be told keeps it until it is too old. */
	if (push->session) {
		const struct push_request request = { .method = "DELETE", .url = push->session };

		push->is_closing = true;
		perform(push, &request);
	}
	free(push->session);
	curl_easy_cleanup(push->easy);
	erofs_buffer_release(&push->text);
	free(push);
}
