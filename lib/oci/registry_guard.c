/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/oci/registry.h"

#define CONNECT_SECONDS 30L
#define REDIRECTS_MAX	5L

/* As OpenSSL has it, which libcurl leaves to its users. */
static void set_certificates(CURL *easy)
{
	const char *file = getenv("SSL_CERT_FILE"), *directory = getenv("SSL_CERT_DIR");

	if (file && *file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	if (directory && *directory)
		curl_easy_setopt(easy, CURLOPT_CAPATH, directory);
}

void erofs_oci_registry_guard(CURL *easy, const struct registry *registry, long silence, char *error)
{
	const char *protocols = strcmp(registry->scheme, "http") == 0 ? "http,https" : "https";

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, silence);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "liberofs");
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
	set_certificates(easy);
}

void erofs_oci_registry_set_credentials(CURL *easy, const struct registry *registry, bool use_token, bool use_password)
{
	const struct registry_credentials *credentials = &registry->credentials;

	if (use_token && registry->token) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, registry->token);
	} else if ((use_password || registry->use_basic) && credentials->user && credentials->password) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, credentials->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, credentials->password);
	}
}

char *erofs_oci_registry_url(const struct registry *registry, const char *kind, const char *reference)
{
	char *url;

	return asprintf(&url, "%s://%s/v2/%s/%s/%s", registry->scheme, registry->name.host, registry->name.repository,
			kind, reference) < 0
		       ? NULL
		       : url;
}
