/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/oci/blob.h"
#include "lib/oci/fetch.h"
#include "lib/oci/push.h"
#include "lib/oci/sink.h"
#include "lib/util/array.h"
#include "lib/util/report.h"

/*
 * A registry. Each manifest waits for the next one, or for the end, when it is the image and gets the tag: so the tag is the last thing that
 * is written, and what it stands for is never written before all that belongs to it is there.
 */
struct registry_sink {
	struct oci_sink sink;
	struct registry *registry;
	struct oci_store *store; /* to look for layers: silent. NULL: it cannot be read */
	struct push *push;
	char *directory; /* for layers that are being made */
	unsigned int temporaries;
	const struct erofs_diag *diag;

	/* The manifest that waits: text is NULL if there is none. */
	struct oci_digest waiting;
	char *type, *text;
	size_t size;
};

static struct registry_sink *of(struct oci_sink *sink)
{
	return (struct registry_sink *)sink;
}

static void note_sent(struct registry_sink *registry, uint64_t size)
{
	registry->sink.sent++;
	registry->sink.sent_bytes += size;
}

/* ---- blobs ---------------------------------------------------------------------------------------------------------------- */

static struct oci_store *there(struct oci_sink *sink)
{
	return of(sink)->store;
}

static int prepare(struct oci_sink *sink)
{
	return erofs_oci_push_begin(of(sink)->push);
}

static int has(struct oci_sink *sink, const struct oci_descriptor *blob)
{
	return erofs_oci_push_has(of(sink)->push, "blobs", &blob->digest, blob->size);
}

/* A token that does not allow a blob of this repository to be taken is of no use any more. */
static int add_origin(struct registry *registry, const char *repository)
{
	char *copy;
	int err;

	for (size_t i = 0; i < registry->origin_count; i++)
		if (strcmp(registry->origins[i], repository) == 0)
			return 0;
	err = erofs_array_reserve(&registry->origins, &registry->origin_room, registry->origin_count + 1);
	copy = err ? NULL : strdup(repository);
	if (!copy)
		return -ENOMEM;
	registry->origins[registry->origin_count++] = copy;
	free(registry->token);
	registry->token = NULL;
	return 0;
}

static int mount_blob(struct oci_sink *sink, const struct oci_store *from, const struct oci_descriptor *blob)
{
	struct registry *origin = erofs_oci_registry_of(from), *registry = of(sink)->registry;
	int mounted;

	if (!origin || strcmp(origin->name.host, registry->name.host) != 0 ||
	    strcmp(origin->name.repository, registry->name.repository) == 0)
		return 0;
	mounted = add_origin(registry, origin->name.repository);
	if (!mounted)
		mounted = erofs_oci_push_mount(of(sink)->push, origin->name.repository, &blob->digest, blob->size);
	sink->mounted += mounted > 0;
	return mounted;
}

static int push_bytes(struct registry_sink *registry, const struct oci_digest *digest, const struct push_request *body)
{
	int there = erofs_oci_push_has(registry->push, "blobs", digest, body->size);

	if (there)
		return there < 0 ? there : 0;
	there = erofs_oci_push_blob(registry->push, digest, body);
	if (!there)
		note_sent(registry, body->size);
	return there;
}

static char *temporary(struct oci_sink *sink)
{
	return erofs_oci_push_text("%s/%u", of(sink)->directory, of(sink)->temporaries++);
}

static int take(struct oci_sink *sink, const char *path, struct oci_digest *digest, uint64_t *size)
{
	erofs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct push_request body = { .fd = fd };
	uint8_t raw[EROFS_DIGEST_MAX];
	int err = fd < 0 ? -errno : erofs_oci_hash_file(fd, EROFS_DIGEST_SHA256, raw, &body.size);

	if (err)
		return erofs_report(of(sink)->diag, err, "cannot read '%s': %s", path, strerror(-err));
	erofs_oci_digest_name(digest, raw);
	*size = body.size;
	return push_bytes(of(sink), digest, &body);
}

/* ---- manifests ------------------------------------------------------------------------------------------------------------ */

/* Stores the one that waits by its digest. */
static int settle(struct registry_sink *registry)
{
	int there = 1;

	if (registry->text)
		there = erofs_oci_push_has(registry->push, "manifests", &registry->waiting, registry->size);
	if (!there) {
		there = erofs_oci_push_manifest(registry->push, registry->waiting.text, registry->type,
						&registry->waiting, registry->text, registry->size);
		if (!there)
			note_sent(registry, registry->size);
	}
	free(registry->text);
	free(registry->type);
	registry->text = registry->type = NULL;
	return there < 0 ? there : 0;
}

static int put_manifest(struct registry_sink *registry, const struct oci_digest *digest, const char *type,
			const void *bytes, size_t size)
{
	int err = settle(registry);

	if (err)
		return err;
	registry->waiting = *digest;
	registry->size = size;
	registry->type = strdup(type);
	registry->text = malloc(size + 1);
	if (!registry->type || !registry->text)
		return -ENOMEM;
	memcpy(registry->text, bytes, size);
	return 0;
}

static bool is_manifest(const char *type)
{
	static const char *const types[] = {
		OCI_TYPE_INDEX,
		OCI_TYPE_MANIFEST,
		"application/vnd.oci.artifact.manifest.v1+json",
		"application/vnd.docker.distribution.manifest.list.v2+json",
		"application/vnd.docker.distribution.manifest.v2+json",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static int put(struct oci_sink *sink, struct oci_digest *digest, const char *type, const void *bytes, size_t size)
{
	const struct push_request body = { .bytes = bytes, .size = size };
	int err = erofs_oci_digest_make(digest, bytes, size);

	if (err)
		return err;
	return is_manifest(type) ? put_manifest(of(sink), digest, type, bytes, size)
				 : push_bytes(of(sink), digest, &body);
}

static int copy_manifest(struct registry_sink *registry, struct oci_store *from, const struct oci_descriptor *blob)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	int err = erofs_oci_document_read(&bytes, from, blob);

	return err ? err : put_manifest(registry, &blob->digest, blob->media_type, bytes.data, bytes.size);
}

/* A file whose size and digest were looked at when it was fetched, of a blob that is not there. */
static int push_fetched(struct registry_sink *registry, const char *path, const struct oci_descriptor *blob)
{
	erofs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct push_request body = { .fd = fd, .size = blob->size };
	int err;

	if (fd < 0)
		return erofs_report(registry->diag, -errno, "cannot read '%s': %s", path, strerror(errno));
	err = erofs_oci_push_blob(registry->push, &blob->digest, &body);
	if (!err)
		note_sent(registry, blob->size);
	return err;
}

static int copy(struct oci_sink *sink, struct oci_store *from, const struct oci_descriptor *blob)
{
	erofs_auto_free char *path = NULL;
	int there;

	if (is_manifest(blob->media_type))
		return copy_manifest(of(sink), from, blob);
	there = has(sink, blob);
	if (!there)
		there = mount_blob(sink, from, blob);
	if (there)
		return there < 0 ? there : 0;
	path = temporary(sink);
	there = path ? erofs_oci_fetch(path, from, blob, of(sink)->diag) : -ENOMEM;
	if (there)
		return there;
	there = push_fetched(of(sink), path, blob);
	unlink(path);
	return there;
}

/* ---- the tag -------------------------------------------------------------------------------------------------------------- */

/* What a layout has as several descriptors is an index here. */
static int put_index(struct registry_sink *registry, struct json_object *descriptors)
{
	erofs_auto_json struct json_object *index = erofs_oci_index_new();
	struct oci_digest digest;
	const char *text;

	if (!index || json_object_object_add(index, "manifests", json_object_get(descriptors)))
		return -ENOMEM;
	text = erofs_oci_json_document(index);
	return text ? put(&registry->sink, &digest, OCI_TYPE_INDEX, text, strlen(text)) : -ENOMEM;
}

static int publish(struct oci_sink *sink, struct json_object *descriptors)
{
	struct registry_sink *registry = of(sink);
	const char *tag = registry->registry->name.reference;
	int err = json_object_array_length(descriptors) > 1 ? put_index(registry, descriptors) : 0;
	int there;

	if (err)
		return err;
	there = erofs_oci_push_is_tagged(registry->push, tag, &registry->waiting);
	if (there)
		return there < 0 ? there : 0;
	err = erofs_oci_push_manifest(registry->push, tag, registry->type, &registry->waiting, registry->text,
				      registry->size);
	if (!err)
		note_sent(registry, registry->size);
	return err;
}

/* ---- open and close ------------------------------------------------------------------------------------------------------- */

static void close_sink(struct oci_sink *sink)
{
	struct registry_sink *registry = of(sink);

	erofs_oci_push_close(registry->push);
	erofs_oci_store_close(registry->store);
	if (registry->registry)
		erofs_oci_store_close(&registry->registry->store);
	if (registry->directory)
		rmdir(registry->directory);
	free(registry->directory);
	free(registry->text);
	free(registry->type);
	free(registry);
}

static const struct oci_sink_ops registry_sink_ops = {
	.there = there,
	.prepare = prepare,
	.has = has,
	.mount = mount_blob,
	.put = put,
	.copy = copy,
	.temporary = temporary,
	.take = take,
	.publish = publish,
	.close = close_sink,
};

static int make_directory(struct registry_sink *registry)
{
	const char *parent = getenv("TMPDIR");

	registry->directory = erofs_oci_push_text("%s/erofs-layers.XXXXXX", parent && *parent ? parent : "/var/tmp");
	if (!registry->directory)
		return -ENOMEM;
	if (mkdtemp(registry->directory))
		return 0;
	erofs_report(registry->diag, -errno, "cannot make the directory '%s' for the layers: %s", registry->directory,
		     strerror(errno));
	free(registry->directory);
	registry->directory = NULL;
	return -EIO;
}

static int open_registry(struct registry_sink *registry, const char *name, const struct oci_sink_options *options)
{
	struct erofs_oci_options location = erofs_oci_options_init();
	struct oci_store *store;
	int err;

	location.location = name;
	location.allow_http = options->allow_http;
	err = erofs_oci_store_open_registry(&store, &location, options->cancel, options->diag);
	if (err)
		return err;
	registry->registry = erofs_oci_registry_of(store);
	if (registry->registry->name.digest.algorithm != EROFS_DIGEST_NONE)
		return erofs_report(options->diag, -EINVAL, "'%s': an image is written under a tag, not under a digest",
				    name);
	err = erofs_oci_push_open(&registry->push, registry->registry);
	if (!err && erofs_oci_store_open_registry(&registry->store, &location, options->cancel, NULL))
		registry->store = NULL;
	return err;
}

int erofs_oci_sink_open_registry(struct oci_sink **out, const char *name, const struct oci_sink_options *options)
{
	struct registry_sink *registry = calloc(1, sizeof(*registry));
	int err;

	if (!registry)
		return -ENOMEM;
	registry->sink.ops = &registry_sink_ops;
	registry->diag = options->diag;
	err = open_registry(registry, name, options);
	if (!err)
		err = make_directory(registry);
	if (err)
		close_sink(&registry->sink);
	else
		*out = &registry->sink;
	return err;
}
