/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Everything that a manifest can be. */
#define ACCEPT                                                                                                         \
	"Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "                \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                                                  \
	"application/vnd.docker.distribution.manifest.v2+json"

/* ---- requests ----------------------------------------------------------------------------------------------------------- */

static int report_status(const struct registry *registry, const char *what, long status)
{
	if (status == 404)
		return erofs_report(registry->store.diag, -ENOENT, "'%s': the registry has no %s", registry->store.name,
				    what);
	if (status == 401)
		return erofs_oci_registry_report_denied(registry, "the registry");
	if (status == 403)
		return erofs_report(registry->store.diag, -EACCES, "'%s': the registry refuses %s (status 403)",
				    registry->store.name, what);
	return erofs_report(registry->store.diag, -EIO, "'%s': the registry answers with status %ld instead of %s",
			    registry->store.name, status, what);
}

/* An answer of status 200; authenticates if that is asked for. */
static int get(struct registry *registry, struct registry_answer **out, const char *url, const char *accept,
	       const char *what)
{
	const struct registry_request request = { .url = url, .accept = accept, .use_token = true };
	long status = 0;

	for (int attempt = 0; attempt < 2; attempt++) {
		int err = erofs_oci_registry_send(out, registry, &request, NULL);

		if (err)
			return err;
		status = erofs_oci_registry_status(*out);
		if (status == 200)
			return 0;
		if (status == 401 && !attempt)
			err = erofs_oci_registry_authenticate(registry, erofs_oci_registry_handle(*out));
		erofs_oci_registry_end(*out);
		if (err)
			return err;
		if (status != 401)
			break;
	}
	return report_status(registry, what, status);
}

static char *make_url(const struct registry *registry, const char *kind, const char *reference)
{
	char *url;

	if (asprintf(&url, "%s://%s/v2/%s/%s/%s", registry->scheme, registry->name.host, registry->name.repository,
		     kind, reference) < 0)
		return NULL;
	return url;
}

static int get_part(struct registry *registry, struct registry_answer **out, const char *kind, const char *reference)
{
	erofs_auto_free char *url = make_url(registry, kind, reference);
	erofs_auto_free char *what = NULL;

	if (!url || asprintf(&what, "%s %s", strcmp(kind, "blobs") == 0 ? "blob" : "manifest", reference) < 0) {
		what = NULL;
		return -ENOMEM;
	}
	return get(registry, out, url, strcmp(kind, "blobs") == 0 ? NULL : ACCEPT, what);
}

/* ---- the store ---------------------------------------------------------------------------------------------------------- */

/* The digest that the manifest must have: as it was named, or as the registry says itself. */
static int check_root(const struct registry *registry, const struct registry_answer *answer,
		      const struct erofs_buffer *bytes)
{
	const char *said = erofs_oci_registry_header(answer, "Docker-Content-Digest", 0);
	struct oci_digest digest = registry->name.digest;
	int fits;

	if (digest.algorithm == EROFS_DIGEST_NONE && (!said || erofs_oci_digest_parse(&digest, said)))
		return 0;
	fits = erofs_oci_digest_fits(&digest, bytes->data, bytes->size);
	if (fits < 0)
		return fits;
	return fits ? 0
		    : erofs_report(registry->store.diag, -EBADMSG, "'%s': the manifest does not have the digest %s",
				   registry->store.name, digest.text);
}

static int read_root(struct oci_store *store, struct erofs_buffer *out)
{
	struct registry *registry = (struct registry *)store;
	struct registry_answer *answer;
	int err = get_part(registry, &answer, "manifests", registry->name.reference);

	if (err)
		return err;
	err = erofs_oci_read_all(out, erofs_oci_registry_body(answer), "the manifest", store->diag);
	if (!err)
		err = check_root(registry, answer, out);
	erofs_oci_registry_end(answer);
	return err;
}

static bool is_manifest(const struct oci_descriptor *blob)
{
	return strstr(blob->media_type, "manifest") || strstr(blob->media_type, "image.index");
}

static int open_blob(struct oci_store *store, struct oci_input **out, const struct oci_descriptor *blob,
		     const struct erofs_cancel *stop)
{
	(void)stop;
	struct registry_answer *answer;
	int err = get_part((struct registry *)store, &answer, is_manifest(blob) ? "manifests" : "blobs",
			   blob->digest.text);

	if (!err)
		*out = erofs_oci_registry_body(answer);
	return err;
}

static void release(struct oci_store *store)
{
	struct registry *registry = (struct registry *)store;

	erofs_oci_registry_name_release(&registry->name);
	erofs_oci_registry_credentials_release(&registry->credentials);
	free(registry->token);
	for (size_t i = 0; i < registry->origin_count; i++)
		free(registry->origins[i]);
	free(registry->origins);
	free(registry);
}

static const struct oci_store_ops registry_ops = {
	.root = read_root,
	.open = open_blob,
	.release = release,
};

/*
 * Registries for tests run on this machine without TLS, and nobody listens in between: when such a one does not know TLS, or
 * not at all, it is asked without. A certificate that is wrong stays wrong.
 */
static int find_scheme(struct registry *registry)
{
	erofs_auto_free char *url = NULL;
	struct registry_request request = { 0 };
	struct registry_answer *answer;
	CURLcode code = CURLE_OK;
	int err;

	if (asprintf(&url, "https://%s/v2/", registry->name.host) < 0) {
		url = NULL;
		return -ENOMEM;
	}
	request.url = url;
	err = erofs_oci_registry_send(&answer, registry, &request, &code);
	if (!err)
		erofs_oci_registry_end(answer);
	else if (code == CURLE_SSL_CONNECT_ERROR)
		registry->scheme = "http";
	/* Whatever else it is comes again, and is reported then. */
	return err == -ECANCELED || err == -ENOMEM ? err : 0;
}

static int open_registry(struct registry *registry, const struct erofs_oci_options *options)
{
	int err = registry->store.name ? erofs_oci_registry_name_parse(&registry->name, options->location) : -ENOMEM;

	if (err)
		return err == -EINVAL
			       ? erofs_report(registry->store.diag, err,
					      "'%s' is no docker://HOST[:PORT]/NAME[:TAG|@DIGEST]", options->location)
			       : err;
	if (options->reference)
		return erofs_report(registry->store.diag, -EINVAL,
				    "'%s': in a registry the name itself has the tag, and there is no other reference",
				    options->location);
	err = erofs_oci_registry_credentials_find(&registry->credentials, &registry->name, registry->store.diag);
	if (err || options->allow_http)
		return err;
	return erofs_oci_registry_is_local(registry->name.host) ? find_scheme(registry) : 0;
}

int erofs_oci_store_open_registry(struct oci_store **out, const struct erofs_oci_options *options,
				  const struct erofs_cancel *cancel, const struct erofs_diag *diag)
{
	struct registry *registry = calloc(1, sizeof(*registry));
	int err;

	if (!registry)
		return -ENOMEM;
	*registry = (struct registry){
		.store = { .ops = &registry_ops, .diag = diag, .cancel = cancel, .is_named = true },
		.scheme = options->allow_http ? "http" : "https",
		.actions = "pull",
	};
	registry->store.name = strdup(options->location);
	err = open_registry(registry, options);
	if (err)
		erofs_oci_store_close(&registry->store);
	else
		*out = &registry->store;
	return err;
}
