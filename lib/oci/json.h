/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_JSON_H
#define EROFS_OCI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json.h>

#include "lib/util/cleanup.h"

/* JSON from outside: of bounded size and depth, and nothing in it is taken for what it is not. */

#define OCI_DOCUMENT_MAX (4u << 20) /* bytes, as much as registries take */
#define OCI_JSON_DEPTH	 32
#define OCI_JSON_MEMBERS                                                                                               \
	200000u /* values in one document: each costs far more memory than the byte it needs at least */

static inline void erofs_oci_json_release(struct json_object **object)
{
	json_object_put(*object);
}
#define erofs_auto_json erofs_auto(erofs_oci_json_release)

/* -EINVAL if it is no JSON or too large or deep, -ENOMEM. */
int erofs_oci_json_parse(struct json_object **out, const void *bytes, size_t size);

/* Whether an object lacks a member: it is not there, or null, as Go writes what is empty. */
bool erofs_oci_json_lacks(struct json_object *object, const char *key);
/* A member of an object; NULL if it is missing or of another type. Text with a NUL in it is none. */
struct json_object *erofs_oci_json_array(struct json_object *object, const char *key);
struct json_object *erofs_oci_json_object(struct json_object *object, const char *key);
const char *erofs_oci_json_string(struct json_object *object, const char *key);
/* An element of an array, likewise. */
const char *erofs_oci_json_text(struct json_object *value);
/* The bytes that a document is written as, the object's own; NULL: out of memory. */
const char *erofs_oci_json_document(struct json_object *object);
/* 0 or more; -EINVAL if there is none. */
int erofs_oci_json_size(uint64_t *out, struct json_object *object, const char *key);

#endif
