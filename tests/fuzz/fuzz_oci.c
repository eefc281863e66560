/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * The documents of container images, and what registries say. The first byte tells what the rest is: i index, m manifest,
 * c configuration, s manifest.json of `docker save`, l oci-layout, p platform, z a compressed layer; with registries n name,
 * a file of credentials, w challenge.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/oci/documents.h"
#include "lib/oci/store.h"
#include "lib/archive/unpack.h"
#ifdef WITH_REGISTRY
#include "lib/oci/registry.h"
#endif
#include "tests/fuzz/fuzz.h"

#define UNPACKED_MAX ((size_t)4 << 20)

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What was accepted leads nowhere but to a blob. */
static void look_at_descriptor(const struct oci_descriptor *blob)
{
	char *path;

	if (blob->path)
		return;
	path = erofs_oci_blob_path(blob);
	must(path && !strstr(path, "..") && !strncmp(path, "blobs/sha", 9) && strlen(path) <= 13 + 128);
	must(strchr(path + 6, '/') == strrchr(path, '/'));
	free(path);
	if (blob->reference)
		erofs_oci_name_fits(blob->reference, blob->full_name ? blob->full_name : "some:tag");
}

static bool fuzz_index(const uint8_t *data, size_t size)
{
	struct oci_index index;
	const char *why = NULL;
	int err = erofs_oci_index_parse(&index, data, size, &why);

	must(!err || why);
	for (size_t i = 0; !err && i < index.count; i++)
		look_at_descriptor(&index.manifests[i]);
	erofs_oci_index_release(&index);
	return !err;
}

static bool fuzz_manifest(const uint8_t *data, size_t size)
{
	struct oci_manifest manifest;
	const char *why = NULL;
	int err = erofs_oci_manifest_parse(&manifest, data, size, &why);

	must(!err || why);
	if (!err)
		look_at_descriptor(&manifest.config);
	for (size_t i = 0; !err && i < manifest.layer_count; i++)
		look_at_descriptor(&manifest.layers[i]);
	erofs_oci_manifest_release(&manifest);
	return !err && erofs_oci_document_kind(data, size) == OCI_DOCUMENT_MANIFEST;
}

static bool fuzz_config(const uint8_t *data, size_t size)
{
	struct oci_config config;
	const char *why = NULL;
	int err = erofs_oci_config_parse(&config, data, size, &why);

	must(!err || why);
	for (size_t i = 0; !err && i < config.count; i++)
		must(config.diff_ids[i].algorithm != EROFS_DIGEST_NONE);
	erofs_oci_config_release(&config);
	return !err;
}

static bool fuzz_saved(const uint8_t *data, size_t size)
{
	struct oci_saved saved;
	const char *why = NULL, *tag;
	int err = erofs_oci_saved_parse(&saved, data, size, &why);

	must(!err || why);
	for (size_t i = 0; !err && i < erofs_oci_saved_count(&saved); i++) {
		struct oci_manifest manifest;

		for (size_t j = 0; (tag = erofs_oci_saved_tag(&saved, i, j)); j++)
			erofs_oci_name_fits("name:tag", tag);
		err = erofs_oci_saved_manifest(&manifest, &saved, i, &why);
		erofs_oci_manifest_release(&manifest);
	}
	erofs_oci_saved_release(&saved);
	return !err;
}

struct fuzz_bytes {
	const uint8_t *at;
	size_t left;
};

/* In pieces of odd sizes, as a pipe may give them. */
static int64_t read_bytes(void *ctx, void *buf, size_t size)
{
	struct fuzz_bytes *bytes = ctx;
	size_t most = 1 + bytes->left % 1021, count = bytes->left < most ? bytes->left : most;

	if (count > size)
		count = size;
	memcpy(buf, bytes->at, count);
	bytes->at += count;
	bytes->left -= count;
	return (int64_t)count;
}

static bool fuzz_unpack(const uint8_t *data, size_t size)
{
	struct fuzz_bytes bytes = { .at = data, .left = size };
	struct erofs_unpack *unpack = erofs_archive_unpack_new(&(struct erofs_unpack_input){ read_bytes, &bytes });
	uint8_t out[1000];
	size_t total = 0;
	int64_t count;

	must(unpack);
	do {
		count = erofs_archive_unpack_read(unpack, out, sizeof(out));
		total += count > 0 ? (size_t)count : 0;
	} while (count > 0 && total < UNPACKED_MAX);
	must((count < 0) == (erofs_archive_unpack_failure(unpack) != NULL));
	erofs_archive_unpack_free(unpack);
	return !count;
}

#ifdef WITH_REGISTRY
static bool fuzz_credentials(const uint8_t *data, size_t size)
{
	struct registry_credentials credentials;
	struct registry_name name;
	bool known;

	must(!erofs_oci_registry_name_parse(&name, "docker://localhost:5000/some/image:tag"));
	known = erofs_oci_registry_credentials_parse(&credentials, &name, data, size) > 0;
	must(!known || credentials.identity_token || (credentials.user && credentials.password));
	erofs_oci_registry_credentials_release(&credentials);
	erofs_oci_registry_name_release(&name);
	return known;
}
#endif

/* What comes as text. */
static bool fuzz_text(uint8_t kind, const char *text)
{
	struct oci_platform platform;
#ifdef WITH_REGISTRY
	struct registry_name name;
	bool good;

	if (kind == 'n') {
		good = !erofs_oci_registry_name_parse(&name, text);
		must(!good || (!strstr(name.repository, "..") && !strpbrk(name.reference, "/?#")));
		erofs_oci_registry_name_release(&name);
		return good;
	}
	if (kind == 'w') {
		char *realm = erofs_oci_registry_challenge_value(text, "realm");

		good = realm;
		free(realm);
		return good;
	}
#endif
	return kind == 'p' && !erofs_oci_platform_parse(&platform, text);
}

static bool fuzz_as_text(uint8_t kind, const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	bool good;

	must(text);
	memcpy(text, data, size);
	text[size] = 0;
	good = fuzz_text(kind, text);
	free(text);
	return good;
}

bool fuzz_one(const uint8_t *data, size_t size)
{
	if (!size)
		return false;
	switch (data[0]) {
	case 'i':
		return fuzz_index(data + 1, size - 1);
	case 'm':
		return fuzz_manifest(data + 1, size - 1);
	case 'c':
		return fuzz_config(data + 1, size - 1);
	case 's':
		return fuzz_saved(data + 1, size - 1);
	case 'l':
		return erofs_oci_layout_is_known(data + 1, size - 1);
	case 'z':
		return fuzz_unpack(data + 1, size - 1);
#ifdef WITH_REGISTRY
	case 'a':
		return fuzz_credentials(data + 1, size - 1);
#endif
	default:
		return fuzz_as_text(data[0], data + 1, size - 1);
	}
}
