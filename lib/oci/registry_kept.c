/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/io/file.h"
#include "lib/oci/registry.h"
#include "lib/util/report.h"

/*
 * Blobs that may be wanted again are read from the network once: what arrives goes to a file without a name, too. Where there is no room for
 * that, they are asked for again.
 */

#define KEPT_MOST 1000u /* an image has some dozen layers */

enum kept_state { KEPT_NOT, KEPT_ARRIVING, KEPT_WHOLE };

struct registry_kept {
	struct registry_kept *next;
	struct oci_digest digest;
	uint64_t at, size; /* in the file */
	enum kept_state state;
};

static struct registry_kept *find(const struct registry *registry, const struct oci_descriptor *blob)
{
	struct registry_kept *kept = registry->kept;

	while (kept && strcmp(kept->digest.text, blob->digest.text) != 0)
		kept = kept->next;
	return kept;
}

int erofs_oci_registry_keep(struct registry *registry, const struct oci_descriptor *blob)
{
	erofs_monitor_hold(&registry->moment);
	struct registry_kept *kept;

	if (blob->size == OCI_SIZE_UNKNOWN || blob->size > INT64_MAX - registry->kept_size ||
	    registry->kept_count == KEPT_MOST || find(registry, blob))
		return 0;
	if (registry->kept_fd < 0)
		registry->kept_fd = erofs_open_nameless(NULL);
	if (registry->kept_fd < 0)
		return 0;
	kept = calloc(1, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	*kept = (struct registry_kept){
		.next = registry->kept,
		.digest = blob->digest,
		.at = registry->kept_size,
		.size = blob->size,
	};
	registry->kept = kept;
	registry->kept_count++;
	registry->kept_size += blob->size;
	return 0;
}

void erofs_oci_registry_forget_kept(struct registry *registry)
{
	while (registry->kept) {
		struct registry_kept *kept = registry->kept;

		registry->kept = kept->next;
		free(kept);
	}
	if (registry->kept_fd >= 0)
		close(registry->kept_fd);
}

/* ---- what is there -------------------------------------------------------------------------------------------------------- */

struct kept_input {
	struct oci_input input;
	struct registry *registry;
	const struct registry_kept *kept;
	uint64_t at; /* in the blob */
};

static int64_t read_kept(struct oci_input *input, void *buf, size_t size)
{
	struct kept_input *from = (struct kept_input *)input;
	const struct oci_store *store = &from->registry->store;
	uint64_t left = from->kept->size - from->at;
	size_t part = size < left ? size : (size_t)left;
	int err = erofs_file_read_at(from->registry->kept_fd, buf, part, from->kept->at + from->at);

	if (err)
		return erofs_report(store->diag, err, "'%s': cannot read what was kept of blob %s: %s", store->name,
				    from->kept->digest.text, strerror(-err));
	from->at += part;
	return (int64_t)part;
}

static void close_kept(struct oci_input *input)
{
	free(input);
}

static int open_whole(struct oci_input **out, struct registry *registry, const struct registry_kept *kept)
{
	struct kept_input *from = calloc(1, sizeof(*from));

	if (!from)
		return -ENOMEM;
	*from = (struct kept_input){
		.input = { .read = read_kept, .close = close_kept },
		.registry = registry,
		.kept = kept,
	};
	*out = &from->input;
	return 0;
}

/* ---- what arrives --------------------------------------------------------------------------------------------------------- */

struct keeping_input {
	struct oci_input input;
	struct oci_input *download;
	struct registry *registry;
	struct registry_kept *kept;
	uint64_t at; /* in the blob */
	bool has_failed;
};

static void settle(struct registry *registry, struct registry_kept *kept, enum kept_state state)
{
	erofs_monitor_hold(&registry->moment);

	kept->state = state;
}

/* What is longer than it should be is not what it should be. */
static void keep_part(struct keeping_input *keeping, const void *part, size_t size)
{
	const struct registry_kept *kept = keeping->kept;
	int fd = keeping->registry->kept_fd;

	if (keeping->has_failed)
		return;
	keeping->has_failed =
		size > kept->size - keeping->at || erofs_file_write_at(fd, part, size, kept->at + keeping->at);
	keeping->at += size;
	/* Others may need the room. */
	if (keeping->has_failed)
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)kept->at, (off_t)kept->size);
}

static int64_t read_keeping(struct oci_input *input, void *buf, size_t size)
{
	struct keeping_input *keeping = (struct keeping_input *)input;
	int64_t count = keeping->download->read(keeping->download, buf, size);

	if (count > 0)
		keep_part(keeping, buf, (size_t)count);
	return count;
}

static void close_keeping(struct oci_input *input)
{
	struct keeping_input *keeping = (struct keeping_input *)input;
	bool is_whole = !keeping->has_failed && keeping->at == keeping->kept->size;

	settle(keeping->registry, keeping->kept, is_whole ? KEPT_WHOLE : KEPT_NOT);
	keeping->download->close(keeping->download);
	free(keeping);
}

static int open_keeping(struct oci_input **out, struct registry *registry, struct registry_kept *kept,
			struct oci_input *download)
{
	struct keeping_input *keeping = calloc(1, sizeof(*keeping));

	if (!keeping) {
		download->close(download);
		return -ENOMEM;
	}
	*keeping = (struct keeping_input){
		.input = { .read = read_keeping, .close = close_keeping },
		.download = download,
		.registry = registry,
		.kept = kept,
	};
	*out = &keeping->input;
	return 0;
}

/* ---- both ----------------------------------------------------------------------------------------------------------------- */

/* What there is of the blob; if that is nothing, it is up to the caller to keep it. NULL: nobody keeps it, or another thread does. */
static struct registry_kept *claim(struct registry *registry, const struct oci_descriptor *blob, bool *is_whole)
{
	erofs_monitor_hold(&registry->moment);
	struct registry_kept *kept = find(registry, blob);

	*is_whole = kept && kept->state == KEPT_WHOLE;
	if (!kept || *is_whole)
		return kept;
	if (kept->state == KEPT_ARRIVING)
		return NULL;
	kept->state = KEPT_ARRIVING;
	return kept;
}

int erofs_oci_registry_open_blob(struct oci_input **out, struct registry *registry, const struct oci_descriptor *blob,
				 const struct erofs_cancel *stop)
{
	bool is_whole;
	struct registry_kept *kept = claim(registry, blob, &is_whole);
	struct oci_input *download;
	int err;

	if (is_whole)
		return open_whole(out, registry, kept);
	err = erofs_oci_registry_download(&download, registry, erofs_oci_is_manifest(blob) ? "manifests" : "blobs",
					  blob->digest.text, blob->size, stop);
	if (!err && kept)
		err = open_keeping(&download, registry, kept, download);
	if (err && kept)
		settle(registry, kept, KEPT_NOT);
	if (!err)
		*out = download;
	return err;
}
