/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/manifest.h>

#include "dump/diff.h"
#include "dump/text.h"

static int bad(const struct diff_side *side, const char *why)
{
	char text[4300];

	snprintf(text, sizeof(text), "%s: neither an image nor a manifest: %s", side->name, why);
	side->diag->message(side->diag->ctx, EROFS_SEV_ERROR, text);
	return -EBADMSG;
}

/* The member of that type, or NULL. */
static struct json_object *get(const struct json_object *from, const char *key, enum json_type type)
{
	struct json_object *value;

	return json_object_object_get_ex(from, key, &value) && json_object_is_type(value, type) ? value : NULL;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Bytes of hexadecimal digits, with a NUL behind them; NULL if they are none. */
static char *decode(const char *digits, size_t length, size_t *size)
{
	char *bytes = length % 2 ? NULL : malloc(length / 2 + 1);

	for (size_t i = 0; bytes && i < length; i += 2) {
		int high = digit(digits[i]), low = digit(digits[i + 1]);

		if (high < 0 || low < 0) {
			free(bytes);
			return NULL;
		}
		bytes[i / 2] = (char)(high << 4 | low);
	}
	*size = length / 2;
	if (bytes)
		bytes[length / 2] = 0;
	return bytes;
}

static bool take_path(struct diff_entry *entry, const struct json_object *file)
{
	struct json_object *text = get(file, EROFS_MANIFEST_KEY_PATH, json_type_string);

	if (text) {
		entry->path_size = (size_t)json_object_get_string_len(text);
		entry->path = malloc(entry->path_size + 1);
		if (entry->path)
			memcpy(entry->path, json_object_get_string(text), entry->path_size + 1);
	} else if ((text = get(file, EROFS_MANIFEST_KEY_PATH "_hex", json_type_string))) {
		entry->path = decode(json_object_get_string(text), (size_t)json_object_get_string_len(text),
				     &entry->path_size);
	}
	return entry->path != NULL;
}

/* A value that is longer than any image's is none. */
static bool take_value(struct diff_entry *entry, const struct json_object *file)
{
	struct json_object *text = get(file, EROFS_MANIFEST_KEY_VALUE, json_type_string);
	struct erofs_fingerprint value = { .count = 1 };
	char shown[TEXT_FINGERPRINT_MAX], *bytes;
	size_t size = 0;

	if (!text)
		return true;
	bytes = decode(json_object_get_string(text), (size_t)json_object_get_string_len(text), &size);
	if (bytes && size <= sizeof(value.value)) {
		memcpy(value.value, bytes, size);
		value.value_size = (uint32_t)size;
		text_fingerprint(shown, &value);
		entry->fingerprint = strdup(shown);
	}
	free(bytes);
	return entry->fingerprint != NULL;
}

static int add_file(struct diff_side *side, const struct json_object *file)
{
	struct json_object *size = get(file, EROFS_MANIFEST_KEY_SIZE, json_type_int);
	struct json_object *nid = get(file, "nid", json_type_int);
	struct json_object *kind = get(file, EROFS_MANIFEST_KEY_KIND, json_type_string);
	struct diff_entry entry = { .mode = S_IFREG, .first = true };

	if (!size || !nid || !kind)
		return bad(side, "a file without nid, size or kind");
	if (!take_path(&entry, file) || !take_value(&entry, file)) {
		free(entry.path);
		return bad(side, "a file without a path, or with a value that is none");
	}
	entry.size = json_object_get_uint64(size);
	entry.nid = json_object_get_uint64(nid);
	entry.compressed = !strcmp(json_object_get_string(kind), EROFS_MANIFEST_KIND_COMPRESSED);
	if (!side->fingerprinted) {
		free(entry.fingerprint);
		entry.fingerprint = NULL;
	}
	return diff_side_add(side, &entry);
}

static int by_nid(const void *a, const void *b)
{
	const struct diff_entry *x = a, *y = b;

	return x->nid < y->nid ? -1 : x->nid > y->nid;
}

/* A further name of one of the first `files` entries, which are sorted by nid. */
static int add_link(struct diff_side *side, size_t files, const struct json_object *link)
{
	struct json_object *nid = get(link, "nid", json_type_int);
	struct diff_entry entry = { .nid = nid ? json_object_get_uint64(nid) : 0 }, *file;

	file = nid && files ? bsearch(&entry, side->entries, files, sizeof(entry), by_nid) : NULL;
	if (!file)
		return bad(side, "a hard link to a file that is not listed");
	entry = *file;
	entry.path = entry.fingerprint = NULL;
	entry.first = false;
	if (!take_path(&entry, link))
		return bad(side, "a hard link without a path");
	entry.fingerprint = file->fingerprint ? strdup(file->fingerprint) : NULL;
	return diff_side_add(side, &entry);
}

static int read_document(struct diff_side *side, const struct json_object *top)
{
	struct json_object *version = get(top, EROFS_MANIFEST_KEY_VERSION, json_type_int);
	struct json_object *image = get(top, EROFS_MANIFEST_KEY_IMAGE, json_type_object);
	struct json_object *files = get(top, EROFS_MANIFEST_KEY_FILES, json_type_array);
	struct json_object *links = get(top, EROFS_MANIFEST_KEY_LINKS, json_type_array);
	struct json_object *uuid = image ? get(image, EROFS_MANIFEST_KEY_UUID, json_type_string) : NULL;
	size_t count;
	int err = 0;

	if (!version || json_object_get_int(version) != EROFS_MANIFEST_VERSION || !image || !files)
		return bad(side, "version, image or files is missing");
	if (uuid)
		snprintf(side->uuid, sizeof(side->uuid), "%s", json_object_get_string(uuid));
	side->fingerprinted = get(image, EROFS_MANIFEST_KEY_XATTR, json_type_string) ||
			      get(image, EROFS_MANIFEST_KEY_XATTR "_hex", json_type_string);
	for (size_t i = 0; !err && i < json_object_array_length(files); i++)
		err = add_file(side, json_object_array_get_idx(files, i));
	count = side->count;
	if (!err && count)
		qsort(side->entries, count, sizeof(*side->entries), by_nid);
	for (size_t i = 0; links && !err && i < json_object_array_length(links); i++)
		err = add_link(side, count, json_object_array_get_idx(links, i));
	return err;
}

int diff_read_manifest(struct diff_side *side, int fd)
{
	struct json_object *top = json_object_from_fd(fd);
	int err;

	if (!top || !json_object_is_type(top, json_type_object))
		err = bad(side, "not valid JSON, or no object");
	else
		err = read_document(side, top);
	json_object_put(top);
	return err;
}
