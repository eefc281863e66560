/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/manifest.h>

#include "dump/text.h"
#include "dump/walk.h"

struct manifest {
	const struct dump *dump;
	struct json_writer *files;
	/* Further names of files that were listed: kept as text until the list is complete. */
	struct json_writer links;
	bool has_name;
	int result; /* first error that did not end the list */
};

static struct json_object *new_name(const struct erofs_walk_entry *entry)
{
	struct json_object *object = json_object_new_object();

	json_add_bytes(object, EROFS_MANIFEST_KEY_PATH, entry->path, entry->path_len);
	json_add_number(object, "nid", entry->nid);
	return object;
}

static int add_value(struct json_object *object, const struct manifest *manifest, const struct erofs_walk_entry *entry)
{
	struct erofs_fingerprint value = { .count = 0 };
	char text[TEXT_FINGERPRINT_MAX];
	const uint8_t *raw;
	enum erofs_digest digest;
	int err = manifest->has_name ? erofs_image_fingerprint(manifest->dump->image, &value, entry->inode) : 0;

	if (err)
		dump_path_error(manifest->dump, err, entry->path, "cannot read the fingerprint");
	digest = value.count ? erofs_fingerprint_parse(&raw, value.value, value.value_size) : EROFS_DIGEST_NONE;
	json_add_text(object, "algorithm", digest == EROFS_DIGEST_NONE ? NULL : erofs_digest_name(digest));
	if (value.count)
		json_add_hex(object, EROFS_MANIFEST_KEY_VALUE, value.value, value.value_size);
	else
		json_add_text(object, EROFS_MANIFEST_KEY_VALUE, NULL);
	text_fingerprint(text, &value);
	json_add_text(object, "fingerprint", *text ? text : NULL);
	if (value.count > 1) {
		json_add_number(object, "values", value.count);
		err = dump_path_error(manifest->dump, -EUCLEAN, entry->path, "more than one fingerprint");
	}
	return err;
}

static int add_fragment(struct json_object *object, const struct manifest *manifest,
			const struct erofs_walk_entry *entry)
{
	struct json_object *range;
	uint64_t from, to;
	int err = erofs_image_fragment(manifest->dump->image, &from, &to, entry->inode);

	if (err == -ENODATA)
		return 0;
	if (err)
		return dump_path_error(manifest->dump, err, entry->path, "cannot find its fragment");
	range = json_object_new_array();
	json_object_array_add(range, json_object_new_uint64(from));
	json_object_array_add(range, json_object_new_uint64(to));
	json_object_object_add(object, EROFS_MANIFEST_KEY_FRAGMENT, range);
	return 0;
}

/* An unreadable value is reported and null; the list goes on, the result tells. */
static int visit(void *ctx, const struct erofs_walk_entry *entry)
{
	struct manifest *manifest = ctx;
	struct json_object *object;
	int err;

	if (!entry->inode || !S_ISREG(entry->inode->mode) || !entry->inode->size)
		return 0;
	object = new_name(entry);
	if (!entry->first) {
		json_put(&manifest->links, NULL, object);
		return 0;
	}
	json_add_number(object, "links", entry->inode->nlink);
	json_add_number(object, EROFS_MANIFEST_KEY_SIZE, entry->inode->size);
	json_add_text(object, EROFS_MANIFEST_KEY_KIND,
		      erofs_inode_is_compressed(entry->inode) ? EROFS_MANIFEST_KIND_COMPRESSED
							      : EROFS_MANIFEST_KIND_PLAIN);
	err = add_value(object, manifest, entry);
	if (!err)
		err = add_fragment(object, manifest, entry);
	if (err && !manifest->result)
		manifest->result = err;
	json_put(manifest->files, NULL, object);
	return 0;
}

static struct json_object *new_header(struct manifest *manifest)
{
	const struct erofs_superblock *sb = erofs_image_superblock(manifest->dump->image);
	struct json_object *object = json_object_new_object();
	char uuid[EROFS_UUID_TEXT_SIZE], name[300];
	struct erofs_inode packed;

	manifest->has_name = !erofs_image_fingerprint_name(manifest->dump->image, name, sizeof(name));
	erofs_uuid_encode(uuid, sb->uuid);
	json_add_text(object, EROFS_MANIFEST_KEY_UUID, uuid);
	json_add_number(object, EROFS_MANIFEST_KEY_BLOCK_SIZE, erofs_block_size(sb));
	if (!erofs_image_packed_inode(manifest->dump->image, &packed))
		json_add_number(object, EROFS_MANIFEST_KEY_PACKED, packed.size);
	if (manifest->has_name)
		json_add_bytes(object, EROFS_MANIFEST_KEY_XATTR, name, strlen(name));
	else
		json_add_text(object, EROFS_MANIFEST_KEY_XATTR, NULL);
	return object;
}

static int put_lists(struct manifest *manifest)
{
	struct json_writer *json = manifest->files;
	char *links = NULL;
	size_t size = 0;
	int err;

	json_begin(json, EROFS_MANIFEST_KEY_FILES, '[');
	manifest->links = (struct json_writer){ .out = open_memstream(&links, &size), .depth = json->depth };
	if (!manifest->links.out) {
		json_end(json, ']');
		return dump_error(manifest->dump, -ENOMEM, "%s", strerror(ENOMEM));
	}
	err = dump_walk(manifest->dump, visit, manifest);
	json_end(json, ']');
	if (fclose(manifest->links.out) && !err)
		err = dump_error(manifest->dump, -ENOMEM, "%s", strerror(ENOMEM));
	json_begin(json, EROFS_MANIFEST_KEY_LINKS, '[');
	json_append(json, links, size);
	json_end(json, ']');
	free(links);
	return err;
}

int manifest_print(const struct dump *dump)
{
	struct json_writer own = { .out = stdout };
	struct manifest manifest = { .dump = dump, .files = dump->json ? dump->json : &own };
	int err;

	if (dump->json)
		json_begin(manifest.files, "fingerprints", '{');
	else
		json_begin_document(manifest.files);
	json_put(manifest.files, EROFS_MANIFEST_KEY_VERSION, json_object_new_int(EROFS_MANIFEST_VERSION));
	json_put(manifest.files, EROFS_MANIFEST_KEY_IMAGE, new_header(&manifest));
	err = put_lists(&manifest);
	json_end(manifest.files, '}');
	return err ? err : manifest.result;
}
