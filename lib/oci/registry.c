/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#define LAYERS_AHEAD 3u /* connections beside the one in hand */

/* ---- the store ---------------------------------------------------------------------------------------------------------- */

/* The digest that the manifest must have: as it was named, or as the registry says itself. */
static void find_root_digest(struct oci_digest *out, const struct registry *registry, const struct oci_input *input)
{
	const char *said = erofs_oci_registry_download_header(input, "Docker-Content-Digest");

	*out = registry->name.digest;
	if (out->algorithm == EROFS_DIGEST_NONE && said && erofs_oci_digest_parse(out, said))
		*out = (struct oci_digest){ 0 };
}

static int check_root(const struct registry *registry, const struct oci_digest *digest,
		      const struct erofs_buffer *bytes)
{
	int fits = 1;

	if (digest->algorithm != EROFS_DIGEST_NONE)
		fits = erofs_oci_digest_fits(digest, bytes->data, bytes->size);
	if (fits < 0)
		return fits;
	return fits ? 0
		    : erofs_report(registry->store.diag, -EBADMSG, "'%s': the manifest does not have the digest %s",
				   registry->store.name, digest->text);
}

static int read_root(struct oci_store *store, struct erofs_buffer *out)
{
	struct registry *registry = (struct registry *)store;
	struct oci_digest digest;
	struct oci_input *input;
	int err = erofs_oci_registry_download(&input, registry, "manifests", registry->name.reference, OCI_SIZE_UNKNOWN,
					      NULL);

	if (err)
		return err;
	find_root_digest(&digest, registry, input);
	err = erofs_oci_read_all(out, input, "the manifest", store->diag);
	input->close(input);
	return err ? err : check_root(registry, &digest, out);
}

static int open_blob(struct oci_store *store, struct oci_input **out, const struct oci_descriptor *blob,
		     const struct erofs_cancel *stop)
{
	return erofs_oci_registry_open_blob(out, (struct registry *)store, blob, stop);
}

static int keep_blob(struct oci_store *store, const struct oci_descriptor *blob)
{
	return erofs_oci_registry_keep((struct registry *)store, blob);
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
	erofs_oci_registry_forget_kept(registry);
	erofs_monitor_destroy(&registry->moment);
	erofs_monitor_destroy(&registry->lock);
	free(registry);
}

static const struct oci_store_ops registry_ops = {
	.root = read_root,
	.open = open_blob,
	.keep = keep_blob,
	.release = release,
};

struct registry *erofs_oci_registry_of(const struct oci_store *store)
{
	return store->ops == &registry_ops ? (struct registry *)store : NULL;
}

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
	err = erofs_oci_registry_credentials_find(&registry->credentials, &registry->name, registry->store.cancel,
						  registry->store.diag);
	if (err || options->allow_http)
		return err;
	return erofs_oci_registry_is_local(registry->name.host) ? find_scheme(registry) : 0;
}

int erofs_oci_store_open_registry(struct oci_store **out, const struct erofs_oci_options *options,
				  const struct erofs_cancel *cancel, const struct erofs_diag *diag)
{
	struct registry *registry;
	int err = erofs_oci_curl_load(diag);

	if (err)
		return err;
	registry = calloc(1, sizeof(*registry));
	if (!registry)
		return -ENOMEM;
	*registry = (struct registry){
		.store = { .ops = &registry_ops, .diag = diag, .cancel = cancel, .is_named = true },
		.scheme = options->allow_http ? "http" : "https",
		.actions = "pull",
		.kept_fd = -1,
	};
	registry->store.is_remote = true;
	registry->store.layers_ahead = LAYERS_AHEAD;
	erofs_monitor_init(&registry->lock);
	erofs_monitor_init(&registry->moment);
	registry->store.name = strdup(options->location);
	err = open_registry(registry, options);
	if (err)
		erofs_oci_store_close(&registry->store);
	else
		*out = &registry->store;
	return err;
}
