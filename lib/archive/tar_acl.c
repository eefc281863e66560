/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format/format_acl.h"
#include "lib/archive/tar_member.h"
#include "lib/util/cleanup.h"

/*
 * ACLs are text in archives: entries "TAG:NAME:PERMISSIONS", with a fourth field, the id, from star and libarchive. GNU tar
 * has a name alone. Whose that is, is for the system to say that the archive comes from or goes to; the one that builds the
 * image is neither. Such entries are left out. What remains of a good ACL is good: only a mask can be asked for by them.
 */

#define ACL_MAX	   8192u /* entries; more do not fit into an attribute of 64 KiB */
#define FIELDS_MAX 5

struct field {
	const char *start;
	size_t length;
};

static bool field_is(const struct field *field, const char *word, char letter)
{
	return (field->length == 1 && field->start[0] == letter) ||
	       (field->length == strlen(word) && memcmp(field->start, word, field->length) == 0);
}

static int parse_id(uint32_t *id, const struct field *field)
{
	uint64_t value = 0;

	if (!field->length || field->length > 10)
		return -EINVAL;
	for (size_t i = 0; i < field->length; i++) {
		if (field->start[i] < '0' || field->start[i] > '9')
			return -EINVAL;
		value = 10 * value + (uint64_t)(field->start[i] - '0');
	}
	*id = (uint32_t)value;
	return value < UINT32_MAX ? 0 : -EINVAL;
}

/* -ENOENT: a name without a number. */
static int set_who(struct erofs_acl_entry *entry, const struct field *name, const struct field *id, bool is_user)
{
	entry->tag = is_user ? EROFS_ACL_USER_OBJ : EROFS_ACL_GROUP_OBJ;
	if (!name->length)
		return 0;
	entry->tag = is_user ? EROFS_ACL_USER : EROFS_ACL_GROUP;
	if (id && !parse_id(&entry->id, id))
		return 0;
	return parse_id(&entry->id, name) ? -ENOENT : 0;
}

static int set_permissions(struct erofs_acl_entry *entry, const struct field *field)
{
	for (size_t i = 0; i < field->length; i++) {
		switch (field->start[i]) {
		case 'r':
			entry->permissions |= 4;
			break;
		case 'w':
			entry->permissions |= 2;
			break;
		case 'x':
			entry->permissions |= 1;
			break;
		case '-':
			break;
		default:
			return -EINVAL;
		}
	}
	return 0;
}

static int split(struct field *fields, const char *text, size_t size)
{
	int count = 0;

	for (const char *end = text + size;; text++) {
		const char *colon = memchr(text, ':', (size_t)(end - text));

		if (count == FIELDS_MAX)
			return -EINVAL;
		fields[count++] = (struct field){ text, (size_t)((colon ? colon : end) - text) };
		if (!colon)
			return count;
		text = colon;
	}
}

static int parse_entry(struct erofs_acl_entry *entry, const char *text, size_t size)
{
	struct field all[FIELDS_MAX], *fields = all;
	int count = split(all, text, size);
	int err;

	*entry = (struct erofs_acl_entry){ .id = EROFS_ACL_NO_ID };
	if (count > 0 && field_is(fields, "default", 'd')) {
		fields++;
		count--;
	}
	if (count < 2)
		return -EINVAL;
	/* Solaris leaves out the empty name of a mask and of the others. */
	if (field_is(fields, "mask", 'm') || field_is(fields, "other", 'o')) {
		entry->tag = fields->start[0] == 'm' ? EROFS_ACL_MASK : EROFS_ACL_OTHER;
		return set_permissions(entry, &fields[count > 2 ? 2 : 1]);
	}
	if (count < 3 || !(field_is(fields, "user", 'u') || field_is(fields, "group", 'g')))
		return -EINVAL;
	err = set_permissions(entry, &fields[2]);
	return err ? err : set_who(entry, &fields[1], count > 3 ? &fields[3] : NULL, fields->start[0] == 'u');
}

/* Without what surrounds it: blanks, and "#effective:r--". */
static void trim(const char **text, size_t *size)
{
	const char *comment = memchr(*text, '#', *size);

	if (comment)
		*size = (size_t)(comment - *text);
	for (; *size && strchr(" \t", **text); ++*text)
		--*size;
	while (*size && strchr(" \t\r", (*text)[*size - 1]))
		--*size;
}

static void leave_out(struct tar_left_out *left_out, const char *entry, size_t length)
{
	if (!left_out->acl_entries++)
		snprintf(left_out->acl_entry, sizeof(left_out->acl_entry), "%.*s", (int)length, entry);
}

static int parse_entries(struct erofs_buffer *entries, struct tar_left_out *left_out, const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		const char *start = text;
		size_t length = 0;
		struct erofs_acl_entry entry;
		int err;

		while (text < end && *text != ',' && *text != '\n')
			text++;
		length = (size_t)(text - start);
		text++;
		trim(&start, &length);
		if (!length)
			continue;
		err = parse_entry(&entry, start, length);
		if (err == -ENOENT) {
			leave_out(left_out, start, length);
			continue;
		}
		if (!err && entries->size == ACL_MAX * sizeof(entry))
			err = -E2BIG;
		if (!err)
			err = erofs_buffer_append(entries, &entry, sizeof(entry));
		if (err)
			return err;
	}
	return 0;
}

/* What Linux takes: the three base entries once each, no other one twice, a mask if there are others. */
static int check_entries(const struct erofs_acl_entry *entries, size_t count)
{
	unsigned int tags = 0;

	for (size_t i = 0; i < count; i++) {
		if (i && !erofs_acl_compare(&entries[i - 1], &entries[i]))
			return -EINVAL;
		tags |= entries[i].tag;
	}
	if ((~tags & (EROFS_ACL_USER_OBJ | EROFS_ACL_GROUP_OBJ | EROFS_ACL_OTHER)) ||
	    ((tags & (EROFS_ACL_USER | EROFS_ACL_GROUP)) && !(tags & EROFS_ACL_MASK)))
		return -EINVAL;
	return 0;
}

/* Permissions as a mode shows them: the mask, if there is one, stands for the group. */
static uint16_t mode_of(const struct erofs_acl_entry *entries, size_t count)
{
	unsigned int owner = 0, group = 0, others = 0;

	for (size_t i = 0; i < count; i++) {
		if (entries[i].tag == EROFS_ACL_USER_OBJ)
			owner = entries[i].permissions;
		else if (entries[i].tag == EROFS_ACL_OTHER)
			others = entries[i].permissions;
		else if (entries[i].tag == EROFS_ACL_MASK || entries[i].tag == EROFS_ACL_GROUP_OBJ)
			group = entries[i].permissions; /* the mask comes later */
	}
	return (uint16_t)(owner << 6 | group << 3 | others);
}

int erofs_archive_tar_extended_set_acl(struct tar_extended *extended, const char *name, const char *text, size_t size)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer buffer = { 0 };
	erofs_auto_free uint8_t *value = NULL;
	struct erofs_acl_entry *entries;
	size_t count;
	int err = parse_entries(&buffer, &extended->left_out, text, size);

	if (err || !buffer.size)
		return err;
	entries = (void *)buffer.data;
	count = buffer.size / sizeof(*entries);
	qsort(entries, count, sizeof(*entries), erofs_acl_compare);
	err = check_entries(entries, count);
	if (err)
		return err;
	if (strcmp(name, "system.posix_acl_access") == 0) {
		extended->has_acl_mode = true;
		extended->acl_mode = mode_of(entries, count);
		/* What the mode says anyway is no ACL. */
		if (count == 3)
			return 0;
	}
	value = malloc(erofs_acl_encode(NULL, entries, count));
	if (!value)
		return -ENOMEM;
	return erofs_archive_tar_extended_set_xattr(extended, name, strlen(name), value,
						    erofs_acl_encode(value, entries, count));
}
