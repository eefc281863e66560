/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/check/check_state.h"
#include "lib/format/format_chunk.h"
#include "lib/format/format_inode.h"
#include "lib/format/format_xattr.h"
#include "lib/reader/reader.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#define NSEC_PER_SECOND 1000000000u

/*
 * Bytes from the inode's start to the end of what stands directly behind it: attributes, then a chunk map, the index of
 * compressed data, or inline data. `*reason` says what is wrong with that index, so that it does not count.
 */
static uint64_t inode_span(const struct erofs_check *check, const struct erofs_inode *inode, const char **reason)
{
	uint64_t start = erofs_image_inode_offset(check->image, inode->nid);
	uint64_t end = erofs_reader_inode_end(check->image, inode);
	struct erofs_zmap map;
	unsigned int unit;

	*reason = NULL;
	if (!inode->size)
		return end - start;
	if (inode->layout == EROFS_LAYOUT_FLAT_INLINE)
		end += inode->size % erofs_block_size(check->sb);
	if (inode->layout == EROFS_LAYOUT_CHUNK_BASED) {
		unit = erofs_chunk_entry_size(inode->u);
		end = erofs_chunk_map_at(end, unit) +
		      erofs_chunk_count(inode->size, erofs_chunk_bits(inode->u, check->sb->blkszbits)) * unit;
	}
	if (erofs_inode_is_compressed(inode) && !erofs_reader_zmap_open(&map, check->image, inode, reason))
		end = map.end + map.inline_size;
	return end - start;
}

/* 1: the inode's bytes are its own as far as can be told now. */
static int claim_inode(struct erofs_check *check, uint32_t node, const struct erofs_inode *inode)
{
	uint64_t start = erofs_image_inode_offset(check->image, inode->nid);
	const char *reason;
	uint64_t span = inode_span(check, inode, &reason);
	int added;

	if (!erofs_check_lies_inside(check, start, span)) {
		erofs_check_finding(check, node, "the inode at byte %llu goes beyond the end of the %s",
				    (unsigned long long)(start & ~EROFS_METABOX_AREA),
				    start & EROFS_METABOX_AREA ? "metabox" : "image");
		return 0;
	}
	if (reason)
		erofs_check_finding(check, node, "%s", reason);
	added = erofs_check_claims_add(&check->claims, start, span, EROFS_CLAIM_INODE, node);
	if (added < 0)
		return erofs_check_failed(check, node, added, "");
	if (!added)
		erofs_check_finding(check, node, "the inode overlaps other metadata: they are larger than the image");
	return added;
}

static int check_bytes(struct erofs_check *check, uint32_t node, const struct erofs_inode *inode)
{
	uint8_t raw[EROFS_INODE_EXTENDED_SIZE];
	int err = erofs_reader_read_meta(check->image, raw, erofs_inode_body_size(inode),
					 erofs_image_inode_offset(check->image, inode->nid));
	int at;

	if (err)
		return erofs_check_failed(check, node, err, "the inode cannot be read");
	at = erofs_inode_reserved_byte(inode, raw);
	if (at >= 0)
		erofs_check_finding(check, node, "reserved byte %d of the inode is 0x%02x, not zero", at, raw[at]);
	if (inode->layout == EROFS_LAYOUT_CHUNK_BASED && S_ISREG(inode->mode) && inode->u >> 16)
		erofs_check_finding(check, node, "reserved bytes behind the chunk format are not zero");
	return 0;
}

/* Reads the target: that it can be read as a whole is checked here, where its blocks may lie with all other data. */
static int check_symlink(struct erofs_check *check, uint32_t node, const struct erofs_inode *inode)
{
	char target[EROFS_SYMLINK_MAX];
	int64_t count;

	if (!inode->size || inode->size > EROFS_SYMLINK_MAX) {
		erofs_check_finding(check, node, "a symlink target of %llu bytes", (unsigned long long)inode->size);
		return 0;
	}
	count = erofs_image_read(check->image, inode, target, sizeof(target), 0);
	/* Its data lie on a device that was not given; they are counted when it is asked where they lie. */
	if (count == -ENXIO)
		return 0;
	if (count < 0)
		return erofs_check_failed(check, node, (int)count, "the symlink target lies outside the image");
	if (memchr(target, 0, (size_t)count))
		erofs_check_finding(check, node, "the symlink target contains NUL");
	return 0;
}

static void check_values(struct erofs_check *check, uint32_t node, const struct erofs_inode *inode)
{
	bool special = !S_ISREG(inode->mode) && !S_ISDIR(inode->mode) && !S_ISLNK(inode->mode);

	if (inode->mtime_nsec >= NSEC_PER_SECOND)
		erofs_check_finding(check, node, "%u nanoseconds are more than a second", inode->mtime_nsec);
	if (special && inode->size)
		erofs_check_finding(check, node, "a special file of %llu bytes", (unsigned long long)inode->size);
	if ((S_ISFIFO(inode->mode) || S_ISSOCK(inode->mode)) && inode->u)
		erofs_check_finding(check, node, "a device number 0x%x on a FIFO or socket", inode->u);
	if (erofs_inode_is_compressed(inode) && inode->size && !check->sb->available_compr_algs)
		erofs_check_finding(check, node, "compressed data in an image that announces no algorithm");
	/* Chunk-based data without the CHUNKED_FILE bit are none of it: composefs makes them, and Linux reads them. */
}

static void warn_of_number(const struct erofs_check *check, uint32_t node)
{
	erofs_auto_free char *path = NULL;

	if (!erofs_wants(check->diag, EROFS_SEV_WARNING))
		return;
	path = erofs_reader_nodes_path(&check->nodes, node, NULL, 0);
	erofs_message(check->diag, EROFS_SEV_WARNING,
		      "%s: inode number 0, whose directory entries readdir(3) leaves out",
		      path ? path : "(out of memory)");
}

int erofs_check_inode(struct erofs_check *check, uint32_t node, struct erofs_inode *inode, bool *usable)
{
	uint64_t nid = check->nodes.items[node].nid;
	int err = erofs_image_inode(check->image, inode, nid);

	*usable = false;
	if (err == -EUCLEAN) {
		erofs_check_finding(check, node, "nid %llu is not a valid inode", (unsigned long long)nid);
		return 0;
	}
	if (err)
		return erofs_check_failed(check, node, err, "");
	check->nodes.items[node].nlink = inode->nlink;
	check->nodes.items[node].type = (uint8_t)erofs_file_type_of_mode(inode->mode);
	err = claim_inode(check, node, inode);
	if (err <= 0) {
		check->nodes.items[node].type = EROFS_FT_UNKNOWN;
		return err;
	}
	err = check_bytes(check, node, inode);
	if (err)
		return err;
	check_values(check, node, inode);
	/* Linux reads such an image, and builders made them for years. */
	if (!nid)
		warn_of_number(check, node);
	err = erofs_check_xattrs(check, node, inode);
	if (!err && S_ISLNK(inode->mode))
		err = check_symlink(check, node, inode);
	*usable = !err;
	return err;
}
