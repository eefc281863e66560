/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/json.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Counts what could become a value each: what opens something and what separates. */
static bool has_few_members(const char *text, size_t size)
{
	bool in_string = false;
	size_t count = 0;

	for (size_t i = 0; i < size; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '[' || text[i] == '{' || text[i] == ','))
			count++;
	}
	return count <= OCI_JSON_MEMBERS;
}

static void release_tokener(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

int erofs_oci_json_parse(struct json_object **out, const void *bytes, size_t size)
{
	erofs_auto(release_tokener) struct json_tokener *tokener = NULL;
	struct json_object *object;

	if (!size || size > OCI_DOCUMENT_MAX || !has_few_members(bytes, size))
		return -EINVAL;
	tokener = json_tokener_new_ex(OCI_JSON_DEPTH);
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, bytes, (int)size);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    !(json_object_is_type(object, json_type_object) || json_object_is_type(object, json_type_array))) {
		json_object_put(object);
		return -EINVAL;
	}
	*out = object;
	return 0;
}

static struct json_object *find(struct json_object *object, const char *key, enum json_type type)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

bool erofs_oci_json_lacks(struct json_object *object, const char *key)
{
	struct json_object *value;

	return !json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, key, &value) ||
	       !value;
}

struct json_object *erofs_oci_json_array(struct json_object *object, const char *key)
{
	return find(object, key, json_type_array);
}

struct json_object *erofs_oci_json_object(struct json_object *object, const char *key)
{
	return find(object, key, json_type_object);
}

const char *erofs_oci_json_text(struct json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return text && strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

const char *erofs_oci_json_string(struct json_object *object, const char *key)
{
	return erofs_oci_json_text(find(object, key, json_type_string));
}

int erofs_oci_json_size(uint64_t *out, struct json_object *object, const char *key)
{
	struct json_object *value = find(object, key, json_type_int);
	int64_t number = value ? json_object_get_int64(value) : -1;

	/* Numbers beyond 64 bits come as the largest one. */
	if (number < 0 || number == INT64_MAX)
		return -EINVAL;
	*out = (uint64_t)number;
	return 0;
}

const char *erofs_oci_json_document(struct json_object *object)
{
	return json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}
