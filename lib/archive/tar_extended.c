/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format/format_xattr.h"
#include "lib/archive/tar_member.h"
#include "lib/util/cleanup.h"
#include "lib/util/digits.h"

/*
 * A record is "LENGTH KEYWORD=VALUE\n", LENGTH counting all of it. Values are bytes; nothing is converted, whatever charset
 * they claim. Keywords that are not known do not matter, as POSIX has it.
 */

static bool is_key(const char *key, size_t key_len, const char *wanted)
{
	return strlen(wanted) == key_len && memcmp(key, wanted, key_len) == 0;
}

/* What follows a prefix of the key; NULL if it has another one. */
static const char *behind(const char *key, size_t key_len, const char *prefix)
{
	size_t length = strlen(prefix);

	return key_len > length && memcmp(key, prefix, length) == 0 ? key + length : NULL;
}

/* ---- values -------------------------------------------------------------------------------------------------------------- */

static int parse_decimal(int64_t *out, const char *text, size_t size)
{
	bool negative = size && text[0] == '-';
	int64_t value = 0;

	if (size == (size_t)negative)
		return -EINVAL;
	for (size_t i = negative; i < size; i++) {
		int digit = text[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, digit, &value))
			return -EINVAL;
	}
	/* Negative so far, because there is one more of those. */
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return -EINVAL;
	*out = value;
	return 0;
}

/* Seconds with a fraction of any length; what is beyond nanoseconds is cut off towards the past. */
static int parse_time(int64_t *seconds, uint32_t *nsec, const char *text, size_t size)
{
	const char *point = memchr(text, '.', size);
	size_t whole = point ? (size_t)(point - text) : size;
	bool negative = size && text[0] == '-', more = false;
	uint32_t fraction = 0, unit = 100000000;

	if (parse_decimal(seconds, text, whole))
		return -EINVAL;
	for (size_t i = whole + 1; i < size; i++, unit /= 10) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		fraction += (uint32_t)(text[i] - '0') * unit;
		more |= !unit && text[i] != '0';
	}
	*nsec = fraction;
	if (!negative || (!fraction && !more))
		return 0;
	/* -1.25 is 0.75 after -2. */
	fraction += more;
	if (__builtin_sub_overflow(*seconds, 1, seconds))
		return -EINVAL;
	*nsec = 1000000000 - fraction;
	return 0;
}

/* An empty value takes back what was said. */
static int set_number(int64_t *out, bool *has, const char *text, size_t size)
{
	*has = size > 0;
	return size ? parse_decimal(out, text, size) : 0;
}

static int set_text(struct erofs_buffer *out, bool *has, const char *text, size_t size)
{
	int err;

	*has = size > 0;
	if (memchr(text, 0, size))
		return -EINVAL;
	out->size = 0;
	err = erofs_buffer_append(out, text, size);
	return err ? err : erofs_buffer_append(out, "", 1);
}

/* ---- attributes ------------------------------------------------------------------------------------------------------------ */

/* Undoes %XX in place, of all characters or of those only that GNU tar writes so. Returns the new length. */
static size_t undo_percent(char *text, size_t size, bool all)
{
	size_t to = 0;

	for (size_t at = 0; at < size; at++) {
		int high = at + 2 < size && text[at] == '%' ? erofs_hex_digit(text[at + 1]) : -1;
		int low = high >= 0 ? erofs_hex_digit(text[at + 2]) : -1;
		int byte = 16 * high + low;

		if (low < 0 || (!all && byte != '=' && byte != '%')) {
			text[to++] = text[at];
			continue;
		}
		text[to++] = (char)byte;
		at += 2;
	}
	return to;
}

struct record {
	const char *key;
	size_t key_len;
	const char *value;
	size_t size;
};

static void copy_cut(char *out, size_t room, const char *text, size_t length)
{
	if (length >= room)
		length = room - 1;
	memcpy(out, text, length);
	out[length] = 0;
}

static int add_xattr(struct tar_extended *extended, const char *name, size_t name_len, const void *value, size_t size)
{
	uint8_t index;
	size_t rest;

	if (!name_len || memchr(name, 0, name_len))
		return -EINVAL;
	if (!erofs_xattr_split_name(&index, &rest, name, name_len)) {
		if (!extended->left_out.xattrs++)
			copy_cut(extended->left_out.xattr, sizeof(extended->left_out.xattr), name, name_len);
		return 0;
	}
	if (name_len - rest > EROFS_XATTR_NAME_MAX || size > EROFS_XATTR_VALUE_MAX)
		return -E2BIG;
	return erofs_archive_tar_extended_set_xattr(extended, name, name_len, value, size);
}

static int add_schily_xattr(struct tar_extended *extended, const char *name, const struct record *record)
{
	size_t length = (size_t)(record->key + record->key_len - name);
	erofs_auto_free char *copy = malloc(length + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, name, length);
	length = undo_percent(copy, length, false);
	return add_xattr(extended, copy, length, record->value, record->size);
}

static int add_libarchive_xattr(struct tar_extended *extended, const char *name, const struct record *record)
{
	size_t length = (size_t)(record->key + record->key_len - name);
	erofs_auto_free char *copy = malloc(length + 1);
	erofs_auto_free uint8_t *value = malloc(record->size + 1);
	ssize_t size;

	if (!copy || !value)
		return -ENOMEM;
	memcpy(copy, name, length);
	length = undo_percent(copy, length, true);
	size = erofs_base64_decode(value, record->value, record->size);
	return size < 0 ? (int)size : add_xattr(extended, copy, length, value, (size_t)size);
}

/* GNU tar's own, without the NUL that Linux has in the value. */
static int add_selinux(struct tar_extended *extended, const struct record *record)
{
	static const char name[] = "security.selinux";
	erofs_auto_free char *value = calloc(1, record->size + 1);

	if (!value)
		return -ENOMEM;
	memcpy(value, record->value, record->size);
	return add_xattr(extended, name, sizeof(name) - 1, value, record->size + 1);
}

/* ---- sparse files ----------------------------------------------------------------------------------------------------------- */

static int set_sparse_number(struct tar_extended *extended, const char *key, size_t key_len, uint64_t value)
{
	if (is_key(key, key_len, "realsize") || is_key(key, key_len, "size")) {
		extended->has_real_size = true;
		extended->real_size = value;
	} else if (is_key(key, key_len, "major")) {
		if (value > 1)
			return -EOPNOTSUPP;
		extended->map_in_data = value == 1;
	} else if (is_key(key, key_len, "offset")) {
		extended->offset = value;
		extended->has_offset = true;
	} else if (is_key(key, key_len, "numbytes")) {
		if (!extended->has_offset)
			return -EINVAL;
		extended->has_offset = false;
		return erofs_archive_tar_sparse_add(&extended->ranges, extended->offset, value);
	}
	return 0;
}

static int parse_sparse(struct tar_extended *extended, const char *key, const struct record *record)
{
	size_t key_len = (size_t)(record->key + record->key_len - key);
	int64_t value;

	extended->is_sparse = true;
	if (is_key(key, key_len, "name"))
		return set_text(&extended->path, &extended->has_path, record->value, record->size);
	if (is_key(key, key_len, "map"))
		return erofs_archive_tar_sparse_text(&extended->ranges, record->value, record->size);
	if (parse_decimal(&value, record->value, record->size) || value < 0)
		return -EINVAL;
	return set_sparse_number(extended, key, key_len, (uint64_t)value);
}

/* ---- records ---------------------------------------------------------------------------------------------------------------- */

static int parse_vendor(struct tar_extended *extended, const struct record *record)
{
	const char *key = record->key, *name;
	size_t key_len = record->key_len;

	if ((name = behind(key, key_len, "SCHILY.xattr.")))
		return add_schily_xattr(extended, name, record);
	if ((name = behind(key, key_len, "LIBARCHIVE.xattr.")))
		return add_libarchive_xattr(extended, name, record);
	if ((name = behind(key, key_len, "GNU.sparse.")))
		return parse_sparse(extended, name, record);
	if (is_key(key, key_len, "RHT.security.selinux"))
		return add_selinux(extended, record);
	if (is_key(key, key_len, "SCHILY.acl.access"))
		return erofs_archive_tar_extended_set_acl(extended, "system.posix_acl_access", record->value,
							  record->size);
	if (is_key(key, key_len, "SCHILY.acl.default"))
		return erofs_archive_tar_extended_set_acl(extended, "system.posix_acl_default", record->value,
							  record->size);
	if (is_key(key, key_len, "SCHILY.devmajor"))
		return set_number(&extended->major, &extended->has_major, record->value, record->size);
	if (is_key(key, key_len, "SCHILY.devminor"))
		return set_number(&extended->minor, &extended->has_minor, record->value, record->size);
	extended->left_out.nfs4_acl |= is_key(key, key_len, "SCHILY.acl.ace");
	extended->left_out.file_flags |= is_key(key, key_len, "SCHILY.fflags");
	/* Their data would be taken for what they are not. */
	if (is_key(key, key_len, "SUN.holesdata") || is_key(key, key_len, "SCHILY.realsize"))
		return -EOPNOTSUPP;
	return 0;
}

static int parse_record(struct tar_extended *extended, const struct record *record)
{
	const char *key = record->key;
	size_t key_len = record->key_len;

	if (is_key(key, key_len, "path"))
		/* The name that GNU tar gives to the sparse file as such comes first or last. */
		return extended->is_sparse && extended->has_path
			       ? 0
			       : set_text(&extended->path, &extended->has_path, record->value, record->size);
	if (is_key(key, key_len, "linkpath"))
		return set_text(&extended->link, &extended->has_link, record->value, record->size);
	if (is_key(key, key_len, "size"))
		return set_number(&extended->size, &extended->has_size, record->value, record->size);
	if (is_key(key, key_len, "uid"))
		return set_number(&extended->uid, &extended->has_uid, record->value, record->size);
	if (is_key(key, key_len, "gid"))
		return set_number(&extended->gid, &extended->has_gid, record->value, record->size);
	if (is_key(key, key_len, "mtime")) {
		extended->has_mtime = record->size > 0;
		return record->size ? parse_time(&extended->mtime, &extended->mtime_nsec, record->value, record->size)
				    : 0;
	}
	return parse_vendor(extended, record);
}

/* Takes one record off the front of `*body`. */
static int take_record(struct record *out, const char **body, const char *end)
{
	size_t length = 0;
	const char *at = *body, *equals;

	for (; at < end && *at >= '0' && *at <= '9' && length < (size_t)(end - *body); at++)
		length = 10 * length + (size_t)(*at - '0');
	if (at == *body || at == end || *at != ' ' || length > (size_t)(end - *body) ||
	    length < (size_t)(at + 1 - *body) + 2 || (*body)[length - 1] != '\n')
		return -EINVAL;
	out->key = at + 1;
	equals = memchr(out->key, '=', (size_t)(*body + length - out->key));
	if (!equals)
		return -EINVAL;
	out->key_len = (size_t)(equals - out->key);
	out->value = equals + 1;
	*body += length;
	out->size = (size_t)(*body - 1 - out->value);
	return 0;
}

int erofs_archive_tar_extended_parse(struct tar_extended *extended, const char *body, size_t size, const char **why)
{
	const char *end = body + size;
	struct record record;
	int err = 0;

	*why = "is damaged";
	while (!err && body < end && (err = take_record(&record, &body, end)) == 0) {
		err = parse_record(extended, &record);
		if (err == -E2BIG)
			*why = "has an attribute or sparse map that is too large";
		else if (err == -EOPNOTSUPP)
			*why = "is of a kind of sparse file that is not known";
		else if (err)
			*why = "has a value that makes no sense";
	}
	return err;
}

/* ---- several of them -------------------------------------------------------------------------------------------------------- */

static int copy_xattrs(struct tar_extended *extended, const struct tar_extended *from)
{
	const struct tar_xattr *xattrs = (const void *)from->xattrs.data;
	int err = 0;

	for (size_t i = 0; !err && i < from->xattrs.size / sizeof(*xattrs); i++) {
		const char *name = (const char *)from->texts.data + xattrs[i].name;

		err = erofs_archive_tar_extended_set_xattr(extended, name, strlen(name),
							   from->texts.data + xattrs[i].value, xattrs[i].value_size);
	}
	return err;
}

static int copy_text(struct erofs_buffer *out, const struct erofs_buffer *from, bool has)
{
	out->size = 0;
	return has ? erofs_buffer_append(out, from->data, from->size) : 0;
}

int erofs_archive_tar_extended_copy(struct tar_extended *extended, const struct tar_extended *from)
{
	struct tar_extended copy = *from;
	int err;

	copy.path = extended->path;
	copy.link = extended->link;
	copy.xattrs = extended->xattrs;
	copy.texts = extended->texts;
	copy.ranges = extended->ranges;
	copy.is_sparse = copy.has_real_size = copy.map_in_data = copy.has_offset = false;
	copy.xattrs.size = copy.texts.size = copy.ranges.size = 0;
	*extended = copy;
	err = copy_text(&extended->path, &from->path, from->has_path);
	if (!err)
		err = copy_text(&extended->link, &from->link, from->has_link);
	return err ? err : copy_xattrs(extended, from);
}

int erofs_archive_tar_extended_set_path(struct tar_extended *extended, const char *text, size_t size)
{
	return set_text(&extended->path, &extended->has_path, text, size);
}

int erofs_archive_tar_extended_set_link(struct tar_extended *extended, const char *text, size_t size)
{
	return set_text(&extended->link, &extended->has_link, text, size);
}

void erofs_archive_tar_extended_release(struct tar_extended *extended)
{
	erofs_buffer_release(&extended->path);
	erofs_buffer_release(&extended->link);
	erofs_buffer_release(&extended->xattrs);
	erofs_buffer_release(&extended->texts);
	erofs_buffer_release(&extended->ranges);
	*extended = (struct tar_extended){ 0 };
}
