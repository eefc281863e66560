/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include <erofs/inode.h>

#include "lib/io/file.h"
#include "lib/share/share_batch.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * Manifests, read as a stream: the parser calls back for each bracket, key and scalar, so that memory does not depend on
 * the size of the document but on its files. What the report does not need is skipped, whatever its form.
 */

#define MANIFEST_VERSION 1
#define PIECE		 ((size_t)1 << 18)
#define VALUE_MAX	 4096u /* bytes: the largest block */

enum spot {
	SPOT_OUTSIDE,
	SPOT_TOP,
	SPOT_IMAGE,
	SPOT_FILES,
	SPOT_FILE,
};

enum key {
	KEY_OTHER,
	KEY_VERSION,
	KEY_IMAGE,
	KEY_FILES,
	KEY_UUID,
	KEY_BLOCK_SIZE,
	KEY_XATTR,
	KEY_XATTR_HEX,
	KEY_PATH,
	KEY_PATH_HEX,
	KEY_SIZE,
	KEY_KIND,
	KEY_VALUE,
};

static const struct {
	enum spot spot;
	enum key key;
	size_t size;
	const char *name;
} keys[] = {
	{ SPOT_FILE, KEY_PATH, 4, "path" },
	{ SPOT_FILE, KEY_SIZE, 4, "size" },
	{ SPOT_FILE, KEY_KIND, 4, "kind" },
	{ SPOT_FILE, KEY_VALUE, 5, "value" },
	{ SPOT_FILE, KEY_PATH_HEX, 8, "path_hex" },
	{ SPOT_TOP, KEY_VERSION, 7, "version" },
	{ SPOT_TOP, KEY_IMAGE, 5, "image" },
	{ SPOT_TOP, KEY_FILES, 5, "files" },
	{ SPOT_IMAGE, KEY_UUID, 4, "uuid" },
	{ SPOT_IMAGE, KEY_BLOCK_SIZE, 10, "block_size" },
	{ SPOT_IMAGE, KEY_XATTR, 17, "fingerprint_xattr" },
	{ SPOT_IMAGE, KEY_XATTR_HEX, 21, "fingerprint_xattr_hex" },
};

struct manifest {
	struct erofs_share_batch *batch;
	enum spot spot;
	enum key key;	      /* of the value that comes */
	unsigned int skipped; /* brackets open inside of a value that is not wanted */
	bool has_version, has_image, has_files, has_xattr;
	/* The file that is being read. */
	struct erofs_share_file file;
	bool has_path, has_size, has_kind, has_value;
	struct erofs_buffer path;
	uint8_t bytes[VALUE_MAX]; /* of the value */
	int err;
	const char *why; /* in words, NULL: the errno says it */
};

/* What callbacks return: 1 to go on, 0 to stop. */
static int stop(struct manifest *m, int err, const char *why)
{
	m->err = err;
	m->why = why;
	return 0;
}

static int bad(struct manifest *m, const char *why)
{
	return stop(m, -EBADMSG, why);
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes `size` digits; false if they are none. */
static bool decode_hex(uint8_t *out, const unsigned char *digits, size_t size)
{
	if (size % 2)
		return false;
	for (size_t i = 0; i < size; i += 2) {
		int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);

		if (high < 0 || low < 0)
			return false;
		*out++ = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int set_path(struct manifest *m, const unsigned char *text, size_t size)
{
	m->path.size = 0;
	if (erofs_buffer_append(&m->path, text, size))
		return stop(m, -ENOMEM, NULL);
	m->has_path = true;
	return 1;
}

static int set_path_hex(struct manifest *m, const unsigned char *digits, size_t size)
{
	m->path.size = 0;
	if (erofs_buffer_append_zeros(&m->path, size / 2))
		return stop(m, -ENOMEM, NULL);
	if (size && !decode_hex(m->path.data, digits, size))
		return bad(m, "a path_hex is not hexadecimal");
	m->has_path = true;
	return 1;
}

static int set_value(struct manifest *m, const unsigned char *digits, size_t size)
{
	m->has_value = true;
	if (size > 2 * sizeof(m->bytes))
		return bad(m, "a value is too long");
	if (!decode_hex(m->bytes, digits, size))
		return bad(m, "a value is not hexadecimal");
	m->file.value_size = (uint32_t)(size / 2);
	return 1;
}

static int set_kind(struct manifest *m, const unsigned char *text, size_t size)
{
	m->file.compressed = size == 10 && memcmp(text, "compressed", 10) == 0;
	m->has_kind = m->file.compressed || (size == 5 && memcmp(text, "plain", 5) == 0);
	return m->has_kind ? 1 : bad(m, "a kind is neither plain nor compressed");
}

static int on_string(void *ctx, const unsigned char *text, size_t size)
{
	struct manifest *m = ctx;

	if (m->skipped)
		return 1;
	switch (m->key) {
	case KEY_PATH:
		return set_path(m, text, size);
	case KEY_PATH_HEX:
		return set_path_hex(m, text, size);
	case KEY_KIND:
		return set_kind(m, text, size);
	case KEY_VALUE:
		return set_value(m, text, size);
	case KEY_UUID:
		if (size >= sizeof(m->batch->uuid) || memchr(text, 0, size))
			return bad(m, "the uuid is none");
		memcpy(m->batch->uuid, text, size);
		m->batch->uuid[size] = 0;
		return 1;
	case KEY_XATTR:
	case KEY_XATTR_HEX:
		m->has_xattr = true;
		m->batch->fingerprinted = true;
		return 1;
	case KEY_OTHER:
		return m->spot == SPOT_FILES ? bad(m, "files are not objects") : 1;
	default:
		return bad(m, "a string where something else is expected");
	}
}

static bool parse_number(uint64_t *out, const char *text, size_t size)
{
	*out = 0;
	for (size_t i = 0; i < size; i++) {
		unsigned int digit = (unsigned int)(text[i] - '0');

		if (digit > 9 || *out > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		*out = *out * 10 + digit;
	}
	return size > 0;
}

static int on_number(void *ctx, const char *text, size_t size)
{
	struct manifest *m = ctx;
	uint64_t number = 0;
	bool good;

	if (m->skipped || (m->key == KEY_OTHER && m->spot != SPOT_FILES))
		return 1;
	good = parse_number(&number, text, size);
	if (m->key == KEY_SIZE) {
		m->file.size = number;
		m->has_size = true;
		return good ? 1 : bad(m, "a size is no number of bytes");
	}
	if (m->key == KEY_BLOCK_SIZE) {
		m->batch->block_size = (uint32_t)number;
		return good && number >= 512 && number <= 65536 && !(number & (number - 1))
			       ? 1
			       : bad(m, "the block size is none");
	}
	if (m->key != KEY_VERSION)
		return bad(m, "a number where something else is expected");
	m->has_version = true;
	return good && number == MANIFEST_VERSION ? 1 : stop(m, -EOPNOTSUPP, "a version that is not known here");
}

static int on_null(void *ctx)
{
	struct manifest *m = ctx;

	if (m->skipped)
		return 1;
	if (m->key == KEY_VALUE)
		m->has_value = true;
	else if (m->key == KEY_XATTR)
		m->has_xattr = true;
	else if (m->key != KEY_OTHER || m->spot == SPOT_FILES)
		return bad(m, "null where something else is expected");
	return 1;
}

static int on_boolean(void *ctx, int value)
{
	struct manifest *m = ctx;

	(void)value;
	if (m->skipped || (m->key == KEY_OTHER && m->spot != SPOT_FILES))
		return 1;
	return bad(m, "true or false where something else is expected");
}

static int on_key(void *ctx, const unsigned char *name, size_t size)
{
	struct manifest *m = ctx;

	if (m->skipped)
		return 1;
	m->key = KEY_OTHER;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].spot == m->spot && keys[i].size == size && memcmp(keys[i].name, name, size) == 0) {
			m->key = keys[i].key;
			break;
		}
	}
	return 1;
}

/* ---- brackets -------------------------------------------------------------------------------------------------------- */

static int enter(struct manifest *m, enum spot spot)
{
	m->spot = spot;
	m->key = KEY_OTHER;
	return 1;
}

static int on_map(void *ctx)
{
	struct manifest *m = ctx;

	if (m->skipped || (m->spot != SPOT_OUTSIDE && m->spot != SPOT_FILES && m->key == KEY_OTHER))
		return m->skipped++ < UINT32_MAX;
	if (m->spot == SPOT_OUTSIDE)
		return enter(m, SPOT_TOP);
	if (m->spot == SPOT_TOP && m->key == KEY_IMAGE && !m->has_image) {
		m->has_image = true;
		return enter(m, SPOT_IMAGE);
	}
	if (m->spot != SPOT_FILES)
		return bad(m, "an object where something else is expected");
	m->file = (struct erofs_share_file){ 0 };
	m->has_path = m->has_size = m->has_kind = m->has_value = false;
	return enter(m, SPOT_FILE);
}

static int on_array(void *ctx)
{
	struct manifest *m = ctx;

	if (m->spot == SPOT_TOP && m->key == KEY_FILES && !m->skipped && !m->has_files) {
		m->has_files = true;
		return enter(m, SPOT_FILES);
	}
	if (m->skipped || (m->spot != SPOT_OUTSIDE && m->spot != SPOT_FILES && m->key == KEY_OTHER))
		return m->skipped++ < UINT32_MAX;
	return bad(m, "an array where something else is expected");
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

static int end_file(struct manifest *m)
{
	int err = 0;

	if (!m->has_path || !m->has_size || !m->has_kind || !m->has_value)
		return bad(m, "a file without path, size, kind or value");
	if (!is_path(&m->path))
		return bad(m, "a path is none");
	if (m->file.value_size)
		err = erofs_share_batch_value(m->batch, &m->file.value, m->bytes, m->file.value_size);
	if (!err && m->file.size)
		err = erofs_share_batch_add(m->batch, &m->file, (const char *)m->path.data, m->path.size);
	return err ? stop(m, err, NULL) : enter(m, SPOT_FILES);
}

static int on_end(void *ctx)
{
	struct manifest *m = ctx;

	if (m->skipped) {
		m->skipped--;
		return 1;
	}
	switch (m->spot) {
	case SPOT_FILE:
		return end_file(m);
	case SPOT_FILES:
	case SPOT_IMAGE:
		return enter(m, SPOT_TOP);
	default:
		return enter(m, SPOT_OUTSIDE);
	}
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_end,
};

/* ---------------------------------------------------------------------------------------------------------------------- */

/* Members may come in any order, so this waits for the end. */
static int settle(struct manifest *m)
{
	struct erofs_share_file *files = (void *)m->batch->files.data;

	if (!m->has_version || !m->has_image || !m->has_files || !m->has_xattr || !m->batch->block_size) {
		bad(m, "version, image, block_size, fingerprint_xattr or files is missing");
		return m->err;
	}
	for (size_t i = 0; i < m->batch->files.size / sizeof(*files); i++)
		if (!m->batch->fingerprinted || files[i].value_size > m->batch->block_size)
			files[i].value_size = 0;
	return 0;
}

static void release(struct manifest *m)
{
	erofs_buffer_release(&m->path);
}

static void release_parser(yajl_handle *parser)
{
	if (*parser)
		yajl_free(*parser);
}

static int parse(struct manifest *m, yajl_handle parser, const struct erofs_share_head *head, int fd)
{
	erofs_auto_free uint8_t *piece = malloc(PIECE);
	yajl_status status = yajl_parse(parser, head->bytes, head->size);
	int64_t count;

	if (!piece)
		return -ENOMEM;
	while (status == yajl_status_ok && (count = erofs_file_read(fd, piece, PIECE)) != 0) {
		if (count < 0)
			return (int)count;
		status = yajl_parse(parser, piece, (size_t)count);
	}
	if (status == yajl_status_ok)
		status = yajl_complete_parse(parser);
	if (m->err)
		return m->err;
	if (status != yajl_status_ok)
		bad(m, "not valid JSON, or not all of it");
	return m->err ? m->err : settle(m);
}

int erofs_share_read_manifest(struct erofs_share_batch *batch, const struct erofs_share_head *head, int fd,
			      const char *path, const struct erofs_diag *diag)
{
	erofs_auto(release) struct manifest m = { .batch = batch };
	erofs_auto(release_parser) yajl_handle parser = yajl_alloc(&callbacks, NULL, &m);
	int err = parser ? parse(&m, parser, head, fd) : -ENOMEM;

	batch->manifest = true;
	if (!err)
		return 0;
	if (m.why)
		return erofs_report(diag, err, "%s: no manifest: %s", path, m.why);
	return erofs_report(diag, err, "%s: %s", path, strerror(-err));
}
