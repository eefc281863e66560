/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/oci/registry.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#define CHALLENGES_MAX 8

/* ---- what is asked for -------------------------------------------------------------------------------------------------- */

/* A word or quoted text at `*text`; moves on behind it. To be freed. */
static char *take_value(const char **text)
{
	char *out = malloc(strlen(*text) + 1);
	bool quoted = **text == '"';
	size_t size = 0;

	if (!out)
		return NULL;
	for (*text += quoted; **text && (quoted ? **text != '"' : !strchr(", \t", **text)); ++*text) {
		if (quoted && **text == '\\' && (*text)[1])
			++*text;
		out[size++] = **text;
	}
	*text += quoted && **text == '"';
	out[size] = 0;
	return out;
}

char *erofs_oci_registry_challenge_value(const char *challenge, const char *key)
{
	const char *at = challenge + strcspn(challenge, " ");

	for (;;) {
		const char *name = at + strspn(at, ", \t");
		size_t length = strcspn(name, "=, \t");
		char *value;

		if (name[length] != '=')
			return NULL;
		at = name + length + 1;
		value = take_value(&at);
		if (!value || (length == strlen(key) && strncasecmp(name, key, length) == 0))
			return value;
		free(value);
	}
}

/* ---- tokens ------------------------------------------------------------------------------------------------------------- */

static int read_token(struct registry *registry, struct registry_answer *answer)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	erofs_auto_json struct json_object *json = NULL;
	const char *token;
	int err = erofs_oci_read_all(&bytes, erofs_oci_registry_body(answer), "the token", registry->store.diag);

	if (err)
		return err;
	if (erofs_oci_json_parse(&json, bytes.data, bytes.size))
		return erofs_report(registry->store.diag, -EPROTO, "'%s': the answer with the token is no JSON",
				    registry->store.name);
	token = erofs_oci_json_string(json, "token");
	if (!token)
		token = erofs_oci_json_string(json, "access_token");
	if (!token || strpbrk(token, "\r\n"))
		return erofs_report(registry->store.diag, -EPROTO, "'%s': there is no token in the answer",
				    registry->store.name);
	free(registry->token);
	registry->token = strdup(token);
	return registry->token ? 0 : -ENOMEM;
}

int erofs_oci_registry_report_denied(const struct registry *registry, const char *who)
{
	const struct registry_credentials *credentials = &registry->credentials;

	if (credentials->user || credentials->identity_token)
		return erofs_report(registry->store.diag, -EACCES,
				    "'%s': %s does not accept the credentials that are kept for it",
				    registry->store.name, who);
	if (credentials->helper)
		return erofs_report(registry->store.diag, -EACCES,
				    "'%s': %s wants credentials, which docker-credential-%s may have, but there is no "
				    "such program",
				    registry->store.name, who, credentials->helper);
	return erofs_report(registry->store.diag, -EACCES, "'%s': %s wants credentials, and none are kept for it",
			    registry->store.name, who);
}

static int fetch_token(struct registry *registry, const char *url, const char *form)
{
	const struct registry_request request = { .url = url, .form = form, .use_password = !form };
	struct registry_answer *answer;
	long status;
	unsigned int tries = 0;
	int err = erofs_oci_registry_ask(&answer, registry, &request, &tries);

	if (err)
		return err;
	status = erofs_oci_registry_status(answer);
	if (status == 200)
		err = read_token(registry, answer);
	else if (status == 401 || status == 403)
		err = erofs_oci_registry_report_denied(registry, "who gives out tokens");
	else
		err = erofs_report(registry->store.diag, -EPROTO, "'%s': %s answers with status %ld",
				   registry->store.name, url, status);
	erofs_oci_registry_end(answer);
	return err;
}

/* The parts of a request for a token, escaped for a URL. */
struct token_request {
	char *service, *identity;
	struct erofs_buffer scopes; /* text: one after the other, each behind the separator */
};

static void release_request(struct token_request *request)
{
	curl_free(request->service);
	curl_free(request->identity);
	erofs_buffer_release(&request->scopes);
}

static int add_scope(struct token_request *request, const char *separator, const char *repository, const char *actions)
{
	erofs_auto_free char *scope = NULL;
	char *escaped;
	int err;

	if (asprintf(&scope, "repository:%s:%s", repository, actions) < 0) {
		scope = NULL;
		return -ENOMEM;
	}
	escaped = curl_easy_escape(NULL, scope, 0);
	err = escaped ? erofs_buffer_append_text(&request->scopes, separator) : -ENOMEM;
	if (!err)
		err = erofs_buffer_append_text(&request->scopes, escaped);
	curl_free(escaped);
	return err;
}

/* Several scopes are several parameters of a URL; in a form they are words of one. */
static int prepare(struct token_request *out, const struct registry *registry, const char *service)
{
	const char *identity = registry->credentials.identity_token;
	int err = add_scope(out, "&scope=", registry->name.repository, registry->actions);

	for (size_t i = 0; !err && i < registry->origin_count; i++)
		err = add_scope(out, identity ? "%20" : "&scope=", registry->origins[i], "pull");
	if (!err)
		err = erofs_buffer_append_zeros(&out->scopes, 1);
	out->service = curl_easy_escape(NULL, service, 0);
	out->identity = curl_easy_escape(NULL, identity ? identity : "", 0);
	return !err && out->service && out->identity ? 0 : -ENOMEM;
}

static int ask_for_token(struct registry *registry, const char *realm, const char *service)
{
	erofs_auto(release_request) struct token_request request = { 0 };
	erofs_auto_free char *text = NULL;
	int err = prepare(&request, registry, service);
	const char *scopes = (const char *)request.scopes.data;

	if (err)
		return err;
	if (registry->credentials.identity_token) {
		if (asprintf(&text, "grant_type=refresh_token&client_id=liberofs&service=%s%s&refresh_token=%s",
			     request.service, scopes, request.identity) < 0)
			text = NULL;
		return text ? fetch_token(registry, realm, text) : -ENOMEM;
	}
	if (asprintf(&text, "%s%cservice=%s%s", realm, strchr(realm, '?') ? '&' : '?', request.service, scopes) < 0)
		text = NULL;
	return text ? fetch_token(registry, text, NULL) : -ENOMEM;
}

static int answer_bearer(struct registry *registry, const char *challenge)
{
	erofs_auto_free char *realm = erofs_oci_registry_challenge_value(challenge, "realm");
	erofs_auto_free char *service = erofs_oci_registry_challenge_value(challenge, "service");

	/* A password goes to whomever the registry names, but never in the clear unless that was allowed. */
	if (!realm || (strncmp(realm, "https://", 8) != 0 &&
		       (strcmp(registry->scheme, "http") != 0 || strncmp(realm, "http://", 7) != 0)))
		return erofs_report(registry->store.diag, -EPROTO,
				    "'%s': the registry wants a token, and does not say where one is to be had safely",
				    registry->store.name);
	return ask_for_token(registry, realm, service ? service : "");
}

int erofs_oci_registry_authenticate(struct registry *registry, CURL *refused)
{
	struct curl_header *header;
	bool offers_basic = false;

	for (size_t i = 0; i < CHALLENGES_MAX; i++) {
		if (curl_easy_header(refused, "WWW-Authenticate", i, CURLH_HEADER, -1, &header) != CURLHE_OK)
			break;
		if (strncasecmp(header->value, "Bearer ", 7) == 0)
			return answer_bearer(registry, header->value);
		offers_basic |= strncasecmp(header->value, "Basic", 5) == 0;
	}
	if (!offers_basic)
		return erofs_report(registry->store.diag, -EPROTO,
				    "'%s': the registry refuses, and asks for nothing known", registry->store.name);
	if (registry->use_basic || !registry->credentials.user || !registry->credentials.password)
		return erofs_oci_registry_report_denied(registry, "the registry");
	registry->use_basic = true;
	return 0;
}
