/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/json.h"

#include <stdlib.h>
#include <string.h>

#include <erofs/text.h>

static void new_item(struct json_writer *writer, const char *key)
{
	if (writer->filled)
		fputc(',', writer->out);
	if (writer->depth)
		fprintf(writer->out, "\n%*s", (int)(2 * writer->depth), "");
	if (key)
		fprintf(writer->out, "\"%s\": ", key);
	writer->filled = true;
}

void json_begin(struct json_writer *writer, const char *key, char bracket)
{
	new_item(writer, key);
	fputc(bracket, writer->out);
	writer->depth++;
	writer->filled = false;
}

void json_begin_document(struct json_writer *writer)
{
	json_begin(writer, NULL, '{');
	json_put(writer, "schema_version", json_object_new_int(JSON_SCHEMA_VERSION));
}

void json_end(struct json_writer *writer, char bracket)
{
	writer->depth--;
	if (writer->filled)
		fprintf(writer->out, "\n%*s", (int)(2 * writer->depth), "");
	fputc(bracket, writer->out);
	if (!writer->depth)
		fputc('\n', writer->out);
	writer->filled = true;
}

void json_put(struct json_writer *writer, const char *key, struct json_object *value)
{
	const char *text =
		json_object_to_json_string_ext(value, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

	new_item(writer, key);
	fputs(text ? text : "null", writer->out);
	json_object_put(value);
}

void json_append(struct json_writer *writer, const char *items, size_t size)
{
	if (!size)
		return;
	fwrite(items, 1, size, writer->out);
	writer->filled = true;
}

void json_add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void json_add_signed(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void json_add_flag(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

void json_add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

void json_add_hex(struct json_object *object, const char *key, const void *bytes, size_t size)
{
	char *digits = malloc(2 * size + 1);

	if (digits)
		erofs_hex_encode(digits, bytes, size);
	json_add_text(object, key, digits);
	free(digits);
}

void json_add_bytes(struct json_object *object, const char *key, const char *bytes, size_t size)
{
	char longer[64];

	if (erofs_is_utf8(bytes, size) && size <= INT32_MAX) {
		json_object_object_add(object, key, json_object_new_string_len(bytes, (int)size));
		return;
	}
	snprintf(longer, sizeof(longer), "%s_hex", key);
	json_add_hex(object, longer, bytes, size);
}
