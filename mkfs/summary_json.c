/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/summary_json.h"

#include <string.h>

#include <erofs/text.h>

#include "common/json.h"
#include "common/tool.h"
#include "mkfs/order_list.h"

static void add_fingerprints(struct json_object *object, const struct mkfs_job *job)
{
	struct json_object *part = json_object_new_object();

	json_add_text(part, "algorithm", erofs_digest_name(job->build.fingerprint));
	json_add_bytes(part, "xattr", job->build.fingerprint_name, strlen(job->build.fingerprint_name));
	json_add_number(part, "files", job->summary.fingerprinted_files);
	json_add_number(part, "distinct", job->summary.distinct_fingerprints);
	json_object_object_add(object, "fingerprints", part);
}

static void add_compression(struct json_object *object, const struct erofs_build_summary *summary)
{
	struct json_object *part = json_object_new_object();

	json_add_number(part, "files", summary->compressed_files);
	json_add_number(part, "bytes", summary->compressed_bytes);
	json_add_number(part, "encoded_bytes", summary->encoded_bytes);
	json_add_number(part, "extents", summary->encoded_extents);
	json_add_number(part, "encoder_runs", summary->encoder_runs);
	json_object_object_add(object, "compression", part);
}

static void add_metabox(struct json_object *object, const struct erofs_build_summary *summary)
{
	struct json_object *part = json_object_new_object();

	json_add_number(part, "bytes", summary->metabox_bytes);
	json_add_number(part, "encoded_bytes", summary->metabox_encoded_bytes);
	json_add_number(part, "pieces", summary->metabox_pieces);
	json_object_object_add(object, "metabox", part);
}

static void add_fragments(struct json_object *object, const struct erofs_build_summary *summary)
{
	struct json_object *part = json_object_new_object();

	json_add_number(part, "files", summary->fragments);
	json_add_number(part, "bytes", summary->fragment_bytes);
	json_add_number(part, "packed_bytes", summary->packed_bytes);
	json_add_number(part, "encoded_bytes", summary->packed_encoded_bytes);
	json_object_object_add(object, "fragments", part);
}

static void add_dedupe(struct json_object *object, const struct erofs_build_summary *summary)
{
	struct json_object *part = json_object_new_object();

	json_add_number(part, "runs", summary->repeats);
	json_add_number(part, "bytes", summary->repeat_bytes);
	json_object_object_add(object, "dedupe", part);
}

static void add_verity(struct json_object *object, const struct erofs_build_summary *summary)
{
	struct json_object *part = json_object_new_object();

	json_add_hex(part, "root_hash", summary->verity_root, sizeof(summary->verity_root));
	json_add_number(part, "hash_offset", summary->verity_offset);
	json_object_object_add(object, "verity", part);
}

/* What only some images have. */
static void add_parts(struct json_object *object, const struct mkfs_job *job)
{
	const struct erofs_build_summary *summary = &job->summary;

	if (job->build.fingerprint != EROFS_DIGEST_NONE)
		add_fingerprints(object, job);
	if (job->build.compression_count)
		add_compression(object, summary);
	if (summary->metabox_bytes)
		add_metabox(object, summary);
	if (summary->packed_bytes)
		add_fragments(object, summary);
	if (summary->repeats)
		add_dedupe(object, summary);
	if (summary->device_bytes)
		json_add_number(object, "device_bytes", summary->device_bytes);
	if (summary->has_verity)
		add_verity(object, summary);
}

static void add_sizes(struct json_object *object, const struct erofs_build_summary *summary)
{
	json_add_number(object, "inodes", summary->inodes);
	json_add_number(object, "regular_files", summary->regular_files);
	json_add_number(object, "directories", summary->directories);
	json_add_number(object, "source_bytes", summary->source_bytes);
	json_add_number(object, "image_bytes", summary->image_bytes);
	json_add_number(object, "data_bytes", summary->data_bytes);
	json_add_number(object, "metadata_bytes", summary->metadata_bytes);
	json_add_number(object, "equal_files", summary->shared_files);
	json_add_number(object, "equal_bytes", summary->saved_bytes);
	json_add_number(object, "replaced_files", summary->abandoned_files);
	json_add_number(object, "replaced_bytes", summary->abandoned_bytes);
	json_add_number(object, "lost_times", summary->lost_times);
}

/* Which layer of a container image it is of. */
static void add_layer(struct json_object *object, const struct mkfs_job *job)
{
	if (!job->oci_image || job->options->oci_layers == MKFS_FLATTEN)
		return;
	json_add_text(object, "layer", erofs_oci_layer_digest(job->oci_image, job->oci_layer));
	json_add_text(object, "diff_id", erofs_oci_layer_diff_id(job->oci_image, job->oci_layer));
}

void mkfs_note_image(struct mkfs_job *job)
{
	struct json_object *object;
	char uuid[EROFS_UUID_TEXT_SIZE];

	if (!job->images)
		return;
	object = json_object_new_object();
	/* Images of layers=image become blobs: their paths are gone by now. */
	if (job->options->oci_layers != MKFS_IMAGE)
		json_add_bytes(object, "image", job->output, strlen(job->output));
	add_layer(object, job);
	json_add_flag(object, "built", true);
	add_sizes(object, &job->summary);
	json_add_number(object, "dropped_xattrs", job->dropped_xattrs);
	json_add_number(object, "recompressed_files", job->recoded);
	erofs_uuid_encode(uuid, job->summary.uuid);
	json_add_text(object, "uuid", uuid);
	add_parts(object, job);
	json_object_object_add(object, "seconds", json_object_new_double(tool_progress_seconds(&job->progress)));
	json_object_array_add(job->images, object);
}

void mkfs_note_kept_entry(struct mkfs_job *job, const char *path)
{
	struct json_object *object;

	if (!job->images)
		return;
	object = json_object_new_object();
	json_add_bytes(object, "image", path, strlen(path));
	add_layer(object, job);
	json_add_flag(object, "built", false);
	json_object_array_add(job->images, object);
}

void mkfs_note_container(struct mkfs_job *job, const struct erofs_oci_convert_summary *summary)
{
	if (!job->images)
		return;
	job->container = json_object_new_object();
	if (summary->digest[0])
		json_add_text(job->container, "digest", summary->digest);
	json_add_number(job->container, "platforms", summary->images);
	json_add_number(job->container, "converted_layers", summary->converted);
	json_add_number(job->container, "reused_layers", summary->reused);
	json_add_number(job->container, "copied_artifacts", summary->copied);
	json_add_number(job->container, "sent_blobs", summary->sent);
	json_add_number(job->container, "sent_bytes", summary->sent_bytes);
	json_add_number(job->container, "mounted_blobs", summary->mounted);
}

static void put_bytes(struct json_writer *json, const char *key, const char *text)
{
	struct json_object *object = json_object_new_object();

	json_add_bytes(object, key, text, strlen(text));
	json_object_object_foreach(object, name, value) json_put(json, name, json_object_get(value));
	json_object_put(object);
}

bool mkfs_print_json(const struct mkfs_job *job)
{
	struct json_writer json = { .out = stdout };

	json_begin_document(&json);
	json_begin(&json, "mkfs", '{');
	put_bytes(&json, "output", job->options->output);
	if (job->options->oci_layers == MKFS_EACH)
		json_put(&json, "order_list", json_object_new_string(MKFS_ORDER_LIST));
	if (job->container)
		json_put(&json, "container_image", json_object_get(job->container));
	json_begin(&json, "images", '[');
	for (size_t i = 0; i < json_object_array_length(job->images); i++)
		json_put(&json, NULL, json_object_get(json_object_array_get_idx(job->images, i)));
	json_end(&json, ']');
	json_end(&json, '}');
	json_end(&json, '}');
	return tool_flush_stdout();
}
