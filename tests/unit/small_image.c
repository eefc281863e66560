/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/small_image.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/codec/hasher.h"
#include "lib/format/format_chunk.h"
#include "lib/format/format_dirent.h"
#include "lib/format/format_inode.h"
#include "lib/format/format_superblock.h"
#include "lib/format/format_xattr.h"
#include "lib/format/le.h"
#include "tests/unit/unit.h"

#define FINGERPRINT_INDEX EROFS_XATTR_LONG_PREFIX /* record 0 */
#define INFIX		  "erofs.fingerprint"
#define TAG_VALUE	  "shared value"

/* ---- inodes -------------------------------------------------------------------------------------------------------------- */

uint8_t *small_inode(struct small_image *image, uint64_t nid)
{
	return image->bytes + SMALL_INODES + nid * EROFS_NID_SLOT;
}

struct erofs_inode small_get(struct small_image *image, uint64_t nid)
{
	struct erofs_inode inode = { .nid = nid };
	const char *reason;

	assert_int_equal(erofs_inode_decode(&inode, small_inode(image, nid), 64, &image->sb, &reason), 0);
	return inode;
}

void small_put(struct small_image *image, const struct erofs_inode *inode)
{
	erofs_inode_encode(inode, small_inode(image, inode->nid));
}

uint8_t *small_behind(struct small_image *image, uint64_t nid)
{
	struct erofs_inode inode = small_get(image, nid);

	return small_inode(image, nid) + erofs_inode_body_size(&inode);
}

static void put_inode(struct small_image *image, uint64_t nid, uint16_t mode, enum erofs_data_layout layout,
		      uint64_t size, uint32_t u, uint32_t nlink)
{
	struct erofs_inode inode = { .nid = nid,
				     .extended = nid != NID_E,
				     .layout = layout,
				     .mode = mode,
				     .nlink = nlink,
				     .ino = (uint32_t)nid + 1,
				     .size = size,
				     .mtime = 1000000000,
				     .mtime_nsec = 5,
				     .u = u };

	small_put(image, &inode);
}

/* ---- attributes ----------------------------------------------------------------------------------------------------------- */

static size_t put_entry(uint8_t *at, const struct small_xattr *xattr)
{
	struct erofs_xattr_entry entry = { .name_len = (uint8_t)strlen(xattr->suffix),
					   .name_index = xattr->index,
					   .value_size = xattr->size };

	erofs_xattr_entry_encode(&entry, at);
	memcpy(at + EROFS_XATTR_ENTRY_SIZE, xattr->suffix, entry.name_len);
	memcpy(at + EROFS_XATTR_ENTRY_SIZE + entry.name_len, xattr->value, xattr->size);
	return erofs_xattr_entry_span(entry.name_len, entry.value_size);
}

static uint32_t filter_bit(const struct small_xattr *xattr)
{
	char rest[512];

	if (!(xattr->index & EROFS_XATTR_LONG_PREFIX))
		return erofs_xattr_filter_bit(xattr->index, xattr->suffix, strlen(xattr->suffix));
	snprintf(rest, sizeof(rest), INFIX "%s", xattr->suffix);
	return erofs_xattr_filter_bit(EROFS_XATTR_INDEX_TRUSTED, rest, strlen(rest));
}

void small_xattrs(struct small_image *image, uint64_t nid, const struct small_xattr *xattrs, bool shared_tag)
{
	struct erofs_xattr_header header = { .name_filter = EROFS_XATTR_FILTER_EMPTY, .shared_count = shared_tag };
	struct erofs_inode inode = small_get(image, nid);
	uint8_t *area = small_behind(image, nid);
	size_t size = EROFS_XATTR_HEADER_SIZE;

	if (shared_tag) {
		memset(area + size, 0, 4); /* id 0 */
		size += 4;
		header.name_filter &= ~erofs_xattr_filter_bit(EROFS_XATTR_INDEX_USER, "tag", 3);
	}
	for (; xattrs->value; xattrs++) {
		size += put_entry(area + size, xattrs);
		header.name_filter &= ~filter_bit(xattrs);
	}
	erofs_xattr_header_encode(&header, area);
	inode.xattr_icount = (uint16_t)erofs_xattr_icount((uint32_t)size);
	small_put(image, &inode);
}

void small_fingerprint(uint8_t out[SMALL_VALUE_SIZE], const void *data, size_t size)
{
	struct erofs_hasher *hasher = erofs_hasher_new(EROFS_DIGEST_SHA256);
	uint8_t raw[EROFS_DIGEST_MAX], value[EROFS_FINGERPRINT_VALUE_MAX];

	assert_non_null(hasher);
	assert_int_equal(erofs_hasher_begin(hasher), 0);
	assert_int_equal(erofs_hasher_append(hasher, data, size), 0);
	assert_int_equal(erofs_hasher_end(hasher, raw), 0);
	erofs_hasher_free(hasher);
	assert_int_equal(erofs_fingerprint_compose(value, EROFS_DIGEST_SHA256, raw), SMALL_VALUE_SIZE);
	memcpy(out, value, SMALL_VALUE_SIZE);
}

static void put_fingerprint(struct small_image *image, uint64_t nid, const void *data, size_t size, bool shared_tag)
{
	uint8_t value[SMALL_VALUE_SIZE];
	const struct small_xattr xattrs[] = { { FINGERPRINT_INDEX, "", value, sizeof(value) }, { 0 } };

	small_fingerprint(value, data, size);
	small_xattrs(image, nid, xattrs, shared_tag);
}

/* ---- directories ------------------------------------------------------------------------------------------------------------ */

size_t small_directory(uint8_t *out, const struct small_entry *entries, size_t count)
{
	size_t names = count * EROFS_DIRENT_SIZE;

	for (size_t i = 0; i < count; i++) {
		struct erofs_dirent_record record = { .nid = entries[i].nid,
						      .nameoff = (uint16_t)names,
						      .file_type = entries[i].type };

		erofs_dirent_encode(&record, out + i * EROFS_DIRENT_SIZE);
		memcpy(out + names, entries[i].name, strlen(entries[i].name));
		names += strlen(entries[i].name);
	}
	return names;
}

void small_root(struct small_image *image, const struct small_entry *entries)
{
	struct erofs_inode root = small_get(image, NID_ROOT);
	size_t count = 0;

	while (entries[count].name)
		count++;
	memset(image->bytes + SMALL_ROOTDIR, 0, SMALL_BLOCK);
	root.size = small_directory(image->bytes + SMALL_ROOTDIR, entries, count);
	small_put(image, &root);
}

static void put_directories(struct small_image *image)
{
	static const struct small_entry root[] = {
		{ ".", NID_ROOT, EROFS_FT_DIR }, { "..", NID_ROOT, EROFS_FT_DIR },
		{ "a", NID_A, EROFS_FT_REG },	 { "b", NID_A, EROFS_FT_REG },
		{ "d", NID_D, EROFS_FT_DIR },	 { "e", NID_E, EROFS_FT_REG },
		{ "f", NID_F, EROFS_FT_FIFO },	 { "l", NID_L, EROFS_FT_SYMLINK },
		{ "s", NID_S, EROFS_FT_REG },	 { NULL, 0, 0 },
	};
	static const struct small_entry d[] = { { ".", NID_D, EROFS_FT_DIR },
						{ "..", NID_ROOT, EROFS_FT_DIR },
						{ "c", NID_C, EROFS_FT_REG } };
	uint8_t block[SMALL_BLOCK];
	size_t size = small_directory(block, d, 3);

	put_inode(image, NID_ROOT, S_IFDIR | 0755, EROFS_LAYOUT_FLAT_PLAIN, 0, SMALL_ROOTDIR / SMALL_BLOCK, 3);
	small_root(image, root);
	put_inode(image, NID_D, S_IFDIR | 0750, EROFS_LAYOUT_FLAT_INLINE, size, 0, 2);
	memcpy(small_behind(image, NID_D), block, size);
}

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

static void put_sparse(struct small_image *image)
{
	static const uint32_t blocks[] = { EROFS_NULL_BLOCK, SMALL_DATA_S / SMALL_BLOCK, EROFS_NULL_BLOCK };
	uint8_t content[3 * SMALL_BLOCK] = { 0 };
	uint8_t *map;

	memset(image->bytes + SMALL_DATA_S, 's', SMALL_BLOCK);
	memset(content + SMALL_BLOCK, 's', SMALL_BLOCK);
	put_inode(image, NID_S, S_IFREG | 0600, EROFS_LAYOUT_CHUNK_BASED, sizeof(content), 0, 1);
	put_fingerprint(image, NID_S, content, sizeof(content), false);
	map = small_behind(image, NID_S) + erofs_xattr_area_size(small_get(image, NID_S).xattr_icount);
	for (size_t i = 0; i < 3; i++)
		erofs_chunk_block_encode(blocks[i], map + i * EROFS_CHUNK_BLOCK_SIZE);
}

static void put_files(struct small_image *image)
{
	uint8_t *tail;

	for (size_t i = 0; i < SMALL_SIZE_A; i++)
		image->bytes[SMALL_DATA_A + i] = (uint8_t)(i % 251);
	put_inode(image, NID_A, S_IFREG | 0644, EROFS_LAYOUT_FLAT_PLAIN, SMALL_SIZE_A, SMALL_DATA_A / SMALL_BLOCK, 2);
	put_fingerprint(image, NID_A, image->bytes + SMALL_DATA_A, SMALL_SIZE_A, true);
	put_inode(image, NID_C, S_IFREG | 0644, EROFS_LAYOUT_FLAT_INLINE, SMALL_SIZE_C, 0, 1);
	put_fingerprint(image, NID_C, image->bytes + SMALL_DATA_A, SMALL_SIZE_C, false);
	tail = small_behind(image, NID_C) + erofs_xattr_area_size(small_get(image, NID_C).xattr_icount);
	memcpy(tail, image->bytes + SMALL_DATA_A, SMALL_SIZE_C);
	put_inode(image, NID_E, S_IFREG | 0644, EROFS_LAYOUT_FLAT_PLAIN, 0, 0, 1);
	put_inode(image, NID_F, S_IFIFO | 0644, EROFS_LAYOUT_FLAT_PLAIN, 0, 0, 1);
	put_inode(image, NID_L, S_IFLNK | 0777, EROFS_LAYOUT_FLAT_INLINE, 6, 0, 1);
	memcpy(small_behind(image, NID_L), "target", 6);
	put_sparse(image);
}

void small_build(struct small_image *image)
{
	static const struct small_xattr tag = { EROFS_XATTR_INDEX_USER, "tag", TAG_VALUE, sizeof(TAG_VALUE) - 1 };

	memset(image, 0, sizeof(*image));
	image->sb = (struct erofs_superblock){
		.feature_compat = EROFS_FEATURE_COMPAT_SB_CHKSUM | EROFS_FEATURE_COMPAT_MTIME |
				  EROFS_FEATURE_COMPAT_XATTR_FILTER | EROFS_FEATURE_COMPAT_PLAIN_XATTR_PFX |
				  EROFS_FEATURE_COMPAT_ISHARE_XATTRS,
		.feature_incompat = EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES | EROFS_FEATURE_INCOMPAT_CHUNKED_FILE,
		.blkszbits = 12,
		.root_nid = NID_ROOT,
		.inos = 8,
		.epoch = 1000000000,
		.blocks = SMALL_BLOCKS,
		.meta_blkaddr = SMALL_INODES / SMALL_BLOCK,
		.xattr_blkaddr = SMALL_SHARED / SMALL_BLOCK,
		.xattr_prefix_count = 1,
		.xattr_prefix_start = SMALL_PREFIX / 4,
	};
	erofs_xattr_prefix_encode(image->bytes + SMALL_PREFIX, EROFS_XATTR_INDEX_TRUSTED, INFIX, strlen(INFIX));
	put_entry(image->bytes + SMALL_SHARED, &tag);
	put_directories(image);
	put_files(image);
}

/* ---- checking ------------------------------------------------------------------------------------------------------------------ */

static void seal(struct small_image *image)
{
	uint8_t *at = image->bytes + EROFS_SUPERBLOCK_OFFSET;
	uint8_t reserved[EROFS_SUPERBLOCK_SIZE];

	/* A byte that a test has set in a reserved field stays. */
	memcpy(reserved, at, sizeof(reserved));
	image->sb.checksum = 0;
	erofs_superblock_encode(&image->sb, at);
	for (size_t i = 0; i < sizeof(reserved); i++)
		if (!at[i] && reserved[i] == 0xEE)
			at[i] = reserved[i];
	image->sb.checksum = erofs_superblock_checksum(at, erofs_superblock_checksum_span(image->sb.blkszbits));
	image->sb.checksum ^= image->spoil_checksum;
	memcpy(at + 4, erofs_put32(image->sb.checksum).b, 4);
}

struct erofs_image *small_open(struct small_image *image, const struct erofs_diag *diag)
{
	const struct erofs_image_options options = { .size = sizeof(options), .tolerate_bad_checksum = true };
	struct erofs_image *open;

	seal(image);
	assert_int_equal(erofs_image_open_memory(&open, image->bytes, sizeof(image->bytes), &options, diag), 0);
	return open;
}

void small_message(void *ctx, enum erofs_severity severity, const char *text)
{
	struct small_report *report = ctx;
	size_t used = strlen(report->text);

	(void)severity;
	snprintf(report->text + used, sizeof(report->text) - used, "%s\n", text);
}

void small_check(struct small_report *report, struct small_image *image, const struct erofs_check_options *options)
{
	const struct erofs_diag diag = { .message = small_message, .ctx = report };
	struct erofs_image *open;

	report->text[0] = 0;
	open = small_open(image, &diag);
	report->ret = erofs_check_image(open, options, &report->summary, &diag);
	erofs_image_close(open);
}

void small_expect(struct small_image *image, const char *messages)
{
	static const struct erofs_check_options options = { .size = sizeof(options), .verify_fingerprints = true };
	struct small_report report;
	uint64_t lines = 0;

	for (const char *at = messages; (at = strchr(at, '\n')); at++)
		lines++;
	small_check(&report, image, &options);
	assert_string_equal(report.text, messages);
	assert_int_equal(report.ret, 0);
	assert_int_equal(report.summary.findings, lines);
}
