/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_COMMON_JSON_H
#define EROFS_COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

/*
 * Writes a JSON document piece by piece, so that a list of a million files needs no memory: json-c makes the small values,
 * the writer puts brackets, keys and commas around them.
 */
struct json_writer {
	FILE *out;
	unsigned int depth;
	bool filled; /* the innermost bracket has something in it */
};

/*
 * The version of all documents that the tools write, which doc/json.schema.json describes. A member that is new changes nothing; one
 * that goes, or means something else, does.
 */
#define JSON_SCHEMA_VERSION 1

/* Begins a document: an object, whose first member is "schema_version". json_end() ends it. */
void json_begin_document(struct json_writer *writer);

/* `key` is NULL inside arrays and for the document itself. */
void json_begin(struct json_writer *writer, const char *key, char bracket);
void json_end(struct json_writer *writer, char bracket);

/* Writes a value and releases it; NULL is null. */
void json_put(struct json_writer *writer, const char *key, struct json_object *value);

/* Writes items that another writer with the same depth has made. */
void json_append(struct json_writer *writer, const char *items, size_t size);

/* ---- members of small objects ---------------------------------------------------------------------------------------- */

void json_add_number(struct json_object *object, const char *key, uint64_t value);
void json_add_signed(struct json_object *object, const char *key, int64_t value);
void json_add_flag(struct json_object *object, const char *key, bool value);

/* NULL is null. ASCII only. */
void json_add_text(struct json_object *object, const char *key, const char *value);

/*
 * Bytes that an image gave: a string under `key` if they are UTF-8, else their hexadecimal digits under `key` with "_hex"
 * behind it.
 */
void json_add_bytes(struct json_object *object, const char *key, const char *bytes, size_t size);

/* Hexadecimal digits under `key`. */
void json_add_hex(struct json_object *object, const char *key, const void *bytes, size_t size);

#endif
