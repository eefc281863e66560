/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
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
