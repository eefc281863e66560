/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/fuzz/exercise.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/check.h>
#include <erofs/compress.h>
#include <erofs/image.h>

#define INODES_MAX 200u
#define STEPS_MAX  200u

/* What is left to visit: nids, each once. */
struct visit {
	const struct erofs_image *image;
	size_t size;
	uint64_t nids[INODES_MAX];
	size_t count;
};

#define PROMISE(condition)                                                                                             \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: promise broken: %s\n", __FILE__, __LINE__, #condition);                \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static void add_nid(struct visit *visit, uint64_t nid)
{
	for (size_t i = 0; i < visit->count; i++)
		if (visit->nids[i] == nid)
			return;
	if (visit->count < INODES_MAX)
		visit->nids[visit->count++] = nid;
}

static void exercise_dir(struct visit *visit, const struct erofs_inode *inode)
{
	struct erofs_dir *dir = NULL;
	struct erofs_dirent entry;
	size_t entries = 0;
	uint64_t nid;
	int err = erofs_dir_open(&dir, visit->image, inode);

	PROMISE(err <= 0 && (err || dir));
	if (err)
		return;
	while ((err = erofs_dir_next(dir, &entry)) > 0) {
		PROMISE(err == 1 && entry.name_len > 0 && !entry.name[entry.name_len]);
		/* An entry takes 12 bytes and its name; a hole takes none, but holds no entries. */
		PROMISE(++entries <= visit->size / 12 + 1 || inode->size > visit->size);
		add_nid(visit, entry.nid);
		if (entries < STEPS_MAX)
			PROMISE(erofs_image_lookup_at(visit->image, &nid, inode, entry.name, entry.name_len) <= 0);
		if (entries > 4 * STEPS_MAX)
			break;
	}
	PROMISE(erofs_image_lookup_at(visit->image, &nid, inode, "no such name", 12) <= 0);
	erofs_dir_close(dir);
}

static void check_extent(struct visit *visit, const struct erofs_extent *extent)
{
	struct erofs_inode packed;
	uint64_t limit = visit->size;

	if (extent->kind == EROFS_EXTENT_HOLE || extent->device)
		return;
	if (extent->kind == EROFS_EXTENT_FRAGMENT) {
		PROMISE(!erofs_image_packed_inode(visit->image, &packed));
		limit = packed.size;
	}
	PROMISE(extent->physical <= limit && extent->plen <= limit - extent->physical);
	if (extent->kind != EROFS_EXTENT_ENCODED)
		return;
	PROMISE(extent->plen && extent->plen <= EROFS_PCLUSTER_ENCODED_MAX);
	PROMISE(extent->length <= EROFS_PCLUSTER_DECODED_MAX && erofs_algorithm_name(extent->algorithm));
}

static void exercise_extents(struct visit *visit, const struct erofs_inode *inode)
{
	struct erofs_extent extent;
	uint64_t at = 0;

	for (unsigned int step = 0; step < STEPS_MAX; step++) {
		int got = erofs_image_map(visit->image, &extent, inode, at);

		PROMISE(got <= 1);
		if (got <= 0)
			break;
		PROMISE(at < inode->size && extent.length && extent.logical <= at &&
			at - extent.logical < extent.length);
		PROMISE(extent.logical + extent.length > extent.logical);
		check_extent(visit, &extent);
		at = extent.logical + extent.length;
	}
	PROMISE(erofs_image_map(visit->image, &extent, inode, inode->size) <= 0);
	PROMISE(erofs_image_map(visit->image, &extent, inode, UINT64_MAX) <= 0);
}

/* Reads again what read_at() has read, in pieces: decoded data that is remembered must be the same. */
static void read_pieces(struct visit *visit, const struct erofs_inode *inode, const uint8_t *whole, size_t length)
{
	static uint8_t piece[5000];

	for (size_t at = 0; at < length; at += sizeof(piece)) {
		int64_t got = erofs_image_read(visit->image, inode, piece, sizeof(piece), at);
		size_t wanted = length - at < sizeof(piece) ? length - at : sizeof(piece);

		/* The piece may reach into an extent that is damaged. */
		PROMISE(got < 0 || ((size_t)got >= wanted && !memcmp(piece, whole + at, wanted)));
	}
}

static void read_at(struct visit *visit, const struct erofs_inode *inode, uint64_t offset, size_t length)
{
	static uint8_t buf[70000];
	int64_t got;

	/* What stands behind the bytes that were asked for is not the library's. */
	buf[length] = 0xA5;
	got = erofs_image_read(visit->image, inode, buf, length, offset);
	PROMISE(got <= (int64_t)length && buf[length] == 0xA5);
	if (got > 0)
		PROMISE(offset < inode->size && (uint64_t)got <= inode->size - offset);
	if (got > 0 && !offset)
		read_pieces(visit, inode, buf, (size_t)got);
}

static void exercise_data(struct visit *visit, const struct erofs_inode *inode)
{
	read_at(visit, inode, 0, 1);
	read_at(visit, inode, 0, 65536);
	read_at(visit, inode, 511, 4097);
	read_at(visit, inode, inode->size / 2, 5000);
	read_at(visit, inode, inode->size - 1, 10);
	read_at(visit, inode, inode->size, 10);
	read_at(visit, inode, UINT64_MAX - 5, 10);
}

static void exercise_xattrs(struct visit *visit, const struct erofs_inode *inode)
{
	static uint8_t value[65536];
	struct erofs_xattr_iter *iter = NULL;
	struct erofs_xattr xattr;
	size_t count = 0;
	int err = erofs_xattr_open(&iter, visit->image, inode);

	PROMISE(err <= 0 && (err || iter));
	if (err)
		return;
	(void)erofs_xattr_name_filter(iter);
	while ((err = erofs_xattr_next(iter, &xattr)) > 0) {
		/* At most 255 shared ones, and the area has 16 bits of 4-byte units. */
		PROMISE(err == 1 && ++count <= 255 + 65536);
		PROMISE(xattr.name_len < sizeof(xattr.name) && !xattr.name[xattr.name_len]);
		PROMISE(xattr.value_size <= sizeof(value));
		PROMISE(erofs_xattr_value(visit->image, &xattr, value) <= 0);
	}
	erofs_xattr_close(iter);
}

static void exercise_inode(struct visit *visit, uint64_t nid)
{
	struct erofs_fingerprint fingerprint;
	struct erofs_inode inode;
	int err = erofs_image_inode(visit->image, &inode, nid);

	PROMISE(err <= 0);
	(void)erofs_image_inode_offset(visit->image, nid);
	if (err)
		return;
	PROMISE(inode.nid == nid);
	exercise_dir(visit, &inode);
	exercise_extents(visit, &inode);
	exercise_data(visit, &inode);
	exercise_xattrs(visit, &inode);
	err = erofs_image_fingerprint(visit->image, &fingerprint, &inode);
	PROMISE(err <= 0 && (err || fingerprint.value_size <= sizeof(fingerprint.value)));
}

static void exercise_tables(const struct erofs_image *image)
{
	struct erofs_device_slot slot;
	struct erofs_compression_info compression;
	struct erofs_xattr_prefix prefix;
	char name[300];

	for (unsigned int i = 0; i < 300; i++)
		PROMISE(erofs_image_device_slot(image, &slot, i) <= 0);
	for (unsigned int i = 0; i < 128; i++)
		PROMISE(erofs_image_xattr_prefix(image, &prefix, i) <= 0);
	PROMISE(erofs_image_fingerprint_name(image, name, sizeof(name)) <= 0);
	PROMISE(erofs_image_fingerprint_name(image, name, 1) <= 0);
	PROMISE(erofs_image_compression(image, &compression, NULL) <= 0);
}

static void exercise_paths(const struct erofs_image *image)
{
	static const char *const paths[] = { "/",
					     "",
					     ".",
					     "..",
					     "/dir/ten-thousand",
					     "dir/below/equal/",
					     "//hello",
					     "/hello/x",
					     "/dir/../dir/./below",
					     "/nothing" };
	struct erofs_inode inode;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		PROMISE(erofs_image_lookup(image, &inode, paths[i]) <= 0);
}

static void drop_message(void *ctx, enum erofs_severity severity, const char *text)
{
	(void)severity;
	*(size_t *)ctx += strlen(text);
}

static uint64_t exercise_checks(const struct erofs_image *image)
{
	size_t said = 0;
	const struct erofs_diag diag = { .message = drop_message, .ctx = &said, .verbosity = EROFS_SEV_DEBUG };
	/* An image without fingerprints would have that as its only finding. */
	struct erofs_check_options options = {
		.size = sizeof(options),
		.verify_fingerprints =
			erofs_has_compat(erofs_image_superblock(image), EROFS_FEATURE_COMPAT_ISHARE_XATTRS),
		.read_data = true,
	};
	struct erofs_check_summary summary = { 0 };
	int err = erofs_check_image(image, &options, &summary, &diag);

	PROMISE(err <= 0);
	PROMISE(!summary.findings || said);
	/* Memory and files are the same to the check; what it finds does not depend on chance either. */
	if (!err) {
		uint64_t findings = summary.findings;

		PROMISE(!erofs_check_image(image, &options, &summary, NULL) && summary.findings == findings);
	}
	return summary.findings;
}

uint64_t exercise_image(const void *data, size_t size)
{
	static const struct erofs_image_options tolerant = { .size = sizeof(tolerant), .tolerate_bad_checksum = true };
	struct erofs_image *image = NULL;
	struct visit *visit;
	uint64_t findings;
	int err = erofs_image_open_memory(&image, data, size, &tolerant, NULL);

	PROMISE(err <= 0 && (err || image));
	if (err)
		return 1;
	PROMISE(erofs_image_device_size(image) == size);
	visit = calloc(1, sizeof(*visit));
	PROMISE(visit);
	*visit = (struct visit){ .image = image, .size = size };
	add_nid(visit, erofs_image_superblock(image)->root_nid);
	add_nid(visit, 0);
	add_nid(visit, UINT64_MAX);
	add_nid(visit, UINT64_MAX / 32);
	for (size_t i = 0; i < visit->count; i++)
		exercise_inode(visit, visit->nids[i]);
	free(visit);
	exercise_tables(image);
	exercise_paths(image);
	findings = exercise_checks(image) + !erofs_image_checksum_ok(image);
	erofs_image_close(image);
	return findings;
}
