/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include <erofs/inode.h>
#include <erofs/manifest.h>

#include "lib/io/file.h"
#include "lib/share/share_batch.h"
#include "lib/util/cleanup.h"
#include "lib/util/digits.h"
#include "lib/util/report.h"

/* Manifests: one whole document in memory at a time, from which the report's part is taken. What it does not need may be there. */

#define PIECE	  ((size_t)1 << 18)
#define VALUE_MAX 4096u /* bytes: the largest block */

struct manifest {
	struct erofs_share_batch *batch;
	struct erofs_buffer path;
	const char *why; /* in words, NULL: the errno says it */
};

static int refuse(struct manifest *m, int err, const char *why)
{
	m->why = why;
	return err;
}

static int bad(struct manifest *m, const char *why)
{
	return refuse(m, -EBADMSG, why);
}

static int unexpected(struct manifest *m, const struct json_object *object)
{
	switch (json_object_get_type(object)) {
	case json_type_null:
		return bad(m, "null where something else is expected");
	case json_type_boolean:
		return bad(m, "true or false where something else is expected");
	case json_type_int:
	case json_type_double:
		return bad(m, "a number where something else is expected");
	case json_type_string:
		return bad(m, "a string where something else is expected");
	case json_type_array:
		return bad(m, "an array where something else is expected");
	default:
		return bad(m, "an object where something else is expected");
	}
}

/* A member that has to be of a type: 1 and the member, 0 if there is none, -EBADMSG if it is of another type. */
static int member(struct manifest *m, struct json_object **out, const struct json_object *object, const char *name,
		  enum json_type type)
{
	if (!json_object_object_get_ex(object, name, out))
		return 0;
	return json_object_is_type(*out, type) ? 1 : unexpected(m, *out);
}

/* ---- scalars --------------------------------------------------------------------------------------------------------- */

static bool get_number(uint64_t *out, const struct json_object *number)
{
	*out = json_object_get_uint64(number);
	return json_object_is_type(number, json_type_int) && json_object_get_int64(number) >= 0 && *out <= INT64_MAX;
}

/* Absolute, of names that a directory could hold. */
static bool is_path(const struct erofs_buffer *path)
{
	size_t name = 0;

	if (!path->size || path->data[0] != '/' || memchr(path->data, 0, path->size))
		return false;
	for (size_t i = 1; i < path->size; i++) {
		name = path->data[i] == '/' ? 0 : name + 1;
		if (name > EROFS_NAME_MAX || (!name && path->data[i - 1] == '/'))
			return false;
	}
	return name > 0;
}

/* ---- a file ---------------------------------------------------------------------------------------------------------- */

static int get_path(struct manifest *m, const struct json_object *file)
{
	struct json_object *text;
	int found = member(m, &text, file, EROFS_MANIFEST_KEY_PATH, json_type_string);

	m->path.size = 0;
	if (found > 0)
		return erofs_buffer_append(&m->path, json_object_get_string(text),
					   (size_t)json_object_get_string_len(text))
			       ? -ENOMEM
			       : 1;
	if (!found)
		found = member(m, &text, file, EROFS_MANIFEST_KEY_PATH "_hex", json_type_string);
	if (found <= 0)
		return found;
	if (erofs_buffer_append_zeros(&m->path, (size_t)json_object_get_string_len(text) / 2))
		return -ENOMEM;
	if (!erofs_hex_decode(m->path.data, json_object_get_string(text), (size_t)json_object_get_string_len(text)))
		return bad(m, "a path_hex is not hexadecimal");
	return 1;
}

static int get_size(struct manifest *m, uint64_t *size, const struct json_object *file)
{
	struct json_object *number;

	if (!json_object_object_get_ex(file, EROFS_MANIFEST_KEY_SIZE, &number))
		return 0;
	if (!get_number(size, number))
		return bad(m, "a size is no number of bytes");
	return 1;
}

static int get_kind(struct manifest *m, bool *compressed, const struct json_object *file)
{
	struct json_object *text;
	int found = member(m, &text, file, EROFS_MANIFEST_KEY_KIND, json_type_string);

	if (found <= 0)
		return found;
	*compressed = strcmp(json_object_get_string(text), EROFS_MANIFEST_KIND_COMPRESSED) == 0;
	if (!*compressed && strcmp(json_object_get_string(text), EROFS_MANIFEST_KIND_PLAIN) != 0)
		return bad(m, "a kind is neither plain nor compressed");
	return 1;
}

/* null: the file has no fingerprint. */
static int get_value(struct manifest *m, struct erofs_share_file *out, const struct json_object *file)
{
	uint8_t bytes[VALUE_MAX];
	struct json_object *text;
	size_t size;
	int err;

	if (!json_object_object_get_ex(file, EROFS_MANIFEST_KEY_VALUE, &text))
		return 0;
	if (!text)
		return 1;
	if (!json_object_is_type(text, json_type_string))
		return unexpected(m, text);
	size = (size_t)json_object_get_string_len(text);
	if (size > 2 * sizeof(bytes))
		return bad(m, "a value is too long");
	if (!erofs_hex_decode(bytes, json_object_get_string(text), size))
		return bad(m, "a value is not hexadecimal");
	out->value_size = (uint32_t)(size / 2);
	err = size ? erofs_share_batch_value(m->batch, &out->value, bytes, out->value_size) : 0;
	return err ? err : 1;
}

/* May be missing. */
static int get_fragment(struct manifest *m, struct erofs_packed_range *out, const struct json_object *object)
{
	struct json_object *range;

	if (!json_object_object_get_ex(object, EROFS_MANIFEST_KEY_FRAGMENT, &range))
		return 1;
	if (!json_object_is_type(range, json_type_array) || json_object_array_length(range) != 2 ||
	    !get_number(&out->from, json_object_array_get_idx(range, 0)) ||
	    !get_number(&out->to, json_object_array_get_idx(range, 1)) || out->from > out->to ||
	    out->to > m->batch->packed_size)
		return bad(m, "the place of a fragment is none");
	return 1;
}

static int add_file(struct manifest *m, const struct json_object *object)
{
	struct erofs_share_file file = { 0 };
	int found;

	if (json_object_is_type(object, json_type_string))
		return bad(m, "files are not objects");
	if (!json_object_is_type(object, json_type_object))
		return unexpected(m, object);
	found = get_path(m, object);
	if (found > 0)
		found = get_size(m, &file.size, object);
	if (found > 0)
		found = get_kind(m, &file.compressed, object);
	if (found > 0)
		found = get_value(m, &file, object);
	if (found > 0)
		found = get_fragment(m, &file.fragment, object);
	if (found <= 0)
		return found ? found : bad(m, "a file without path, size, kind or value");
	if (!is_path(&m->path))
		return bad(m, "a path is none");
	/* No image shares such values: one without the bit, or one whose blocks are smaller. */
	if (!m->batch->fingerprinted || file.value_size > m->batch->block_size)
		file.value_size = 0;
	return file.size ? erofs_share_batch_add(m->batch, &file, (const char *)m->path.data, m->path.size) : 0;
}

/* ---- the document ---------------------------------------------------------------------------------------------------- */

static int check_version(struct manifest *m, const struct json_object *top)
{
	struct json_object *version;
	int found = member(m, &version, top, EROFS_MANIFEST_KEY_VERSION, json_type_int);

	if (found > 0 && json_object_get_int64(version) != EROFS_MANIFEST_VERSION)
		return refuse(m, -EOPNOTSUPP, "a version that is not known here");
	return found;
}

static int get_uuid(struct manifest *m, const struct json_object *image)
{
	struct json_object *text;
	int found = member(m, &text, image, EROFS_MANIFEST_KEY_UUID, json_type_string);
	size_t size;

	if (found <= 0)
		return found;
	size = (size_t)json_object_get_string_len(text);
	if (size >= sizeof(m->batch->uuid) || strlen(json_object_get_string(text)) != size)
		return bad(m, "the uuid is none");
	memcpy(m->batch->uuid, json_object_get_string(text), size + 1);
	return 1;
}

static int get_block_size(struct manifest *m, const struct json_object *image)
{
	struct json_object *number;
	int found = member(m, &number, image, EROFS_MANIFEST_KEY_BLOCK_SIZE, json_type_int);
	uint64_t size;

	if (found <= 0)
		return found;
	if (!get_number(&size, number) || size < 512 || size > 65536 || (size & (size - 1)))
		return bad(m, "the block size is none");
	m->batch->block_size = (uint32_t)size;
	return 1;
}

static int get_packed_size(struct manifest *m, const struct json_object *image)
{
	struct json_object *number;

	if (!json_object_object_get_ex(image, EROFS_MANIFEST_KEY_PACKED, &number))
		return 1;
	return get_number(&m->batch->packed_size, number) ? 1 : bad(m, "the size of the packed inode is none");
}

/* The name of the fingerprint's xattr; null if the image has no such bit. */
static int get_xattr(struct manifest *m, const struct json_object *image)
{
	struct json_object *name;

	if (!json_object_object_get_ex(image, EROFS_MANIFEST_KEY_XATTR, &name) &&
	    !json_object_object_get_ex(image, EROFS_MANIFEST_KEY_XATTR "_hex", &name))
		return 0;
	if (name && !json_object_is_type(name, json_type_string))
		return unexpected(m, name);
	m->batch->fingerprinted = name;
	return 1;
}

/* The UUID may be missing: it is for the reader's eyes. And so may the size of a packed inode that is not there. */
static int read_image(struct manifest *m, const struct json_object *image)
{
	int found = get_uuid(m, image);

	if (found >= 0)
		found = get_block_size(m, image);
	if (found > 0)
		found = get_packed_size(m, image);
	return found > 0 ? get_xattr(m, image) : found;
}

static int read_document(struct manifest *m, const struct json_object *top)
{
	struct json_object *image, *files;
	int found, err = 0;

	if (!json_object_is_type(top, json_type_object))
		return unexpected(m, top);
	found = check_version(m, top);
	if (found > 0)
		found = member(m, &image, top, EROFS_MANIFEST_KEY_IMAGE, json_type_object);
	if (found > 0)
		found = read_image(m, image);
	if (found > 0)
		found = member(m, &files, top, EROFS_MANIFEST_KEY_FILES, json_type_array);
	if (found <= 0)
		return found ? found : bad(m, "version, image, block_size, fingerprint_xattr or files is missing");
	for (size_t i = 0; !err && i < json_object_array_length(files); i++)
		err = add_file(m, json_object_array_get_idx(files, i));
	return err;
}

static void release(struct manifest *m)
{
	erofs_buffer_release(&m->path);
}

static void release_tokener(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

static void release_object(struct json_object **object)
{
	json_object_put(*object);
}

/* Feeds one piece; the document is complete when `*top` is set, and then only white space may follow. */
static int feed(struct manifest *m, struct json_tokener *tokener, struct json_object **top, const uint8_t *bytes,
		size_t size)
{
	if (*top) {
		for (size_t i = 0; i < size; i++)
			if (!bytes[i] || !strchr(" \t\r\n", bytes[i]))
				return bad(m, "not valid JSON: more than one document");
		return 0;
	}
	*top = json_tokener_parse_ex(tokener, (const char *)bytes, (int)size);
	if (*top || json_tokener_get_error(tokener) == json_tokener_continue)
		return 0;
	return bad(m, "not valid JSON, or not all of it");
}

static int parse(struct manifest *m, struct json_tokener *tokener, struct json_object **top,
		 const struct erofs_share_head *head, int fd)
{
	erofs_auto_free uint8_t *piece = malloc(PIECE);
	int err = piece ? feed(m, tokener, top, head->bytes, head->size) : -ENOMEM;
	int64_t count;

	while (!err && (count = erofs_file_read(fd, piece, PIECE)) != 0)
		err = count < 0 ? (int)count : feed(m, tokener, top, piece, (size_t)count);
	if (!err && !*top)
		err = bad(m, "not valid JSON, or not all of it");
	return err ? err : read_document(m, *top);
}

int erofs_share_read_manifest(struct erofs_share_batch *batch, const struct erofs_share_head *head, int fd,
			      const char *path, const struct erofs_diag *diag)
{
	erofs_auto(release) struct manifest m = { .batch = batch };
	erofs_auto(release_tokener) struct json_tokener *tokener = json_tokener_new();
	erofs_auto(release_object) struct json_object *top = NULL;
	int err = -ENOMEM;

	batch->manifest = true;
	if (tokener) {
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		err = parse(&m, tokener, &top, head, fd);
	}
	if (!err)
		return 0;
	if (m.why)
		return erofs_report(diag, err, "%s: no manifest: %s", path, m.why);
	return erofs_report(diag, err, "%s: %s", path, strerror(-err));
}
