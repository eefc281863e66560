/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check/check_state.h"
#include "lib/format/format_dirent.h"
#include "lib/reader/reader.h"
#include "lib/util/cleanup.h"

/* A walk through one directory. */
struct walk {
	struct erofs_check *check;
	uint32_t node;
	struct erofs_inode inode;
	struct erofs_dirblock block;
	char last[EROFS_NAME_MAX]; /* the name before, for the order */
	size_t last_len;
	bool dot, dotdot; /* seen */
};

/* ---- entries ------------------------------------------------------------------------------------------------------------- */

static void check_dots(struct walk *walk, const struct erofs_dirblock_entry *entry)
{
	const struct erofs_node *nodes = walk->check->nodes.items;
	uint32_t parent = nodes[walk->node].parent;
	uint64_t self = nodes[walk->node].nid;
	uint64_t right = self;

	if (entry->name_len == 1) {
		walk->dot = true;
	} else {
		walk->dotdot = true;
		right = parent == EROFS_NODE_NONE ? self : nodes[parent].nid;
	}
	if (entry->nid != right)
		erofs_check_finding_at(walk->check, walk->node, entry->name, entry->name_len,
				       "points to nid %llu instead of %llu", (unsigned long long)entry->nid,
				       (unsigned long long)right);
	if (entry->type != EROFS_FT_DIR)
		erofs_check_finding_at(walk->check, walk->node, entry->name, entry->name_len,
				       "entry of type %u instead of a directory's", entry->type);
}

/* The inode that an entry names, as a new node. */
static int meet(struct walk *walk, uint32_t *number, const struct erofs_dirblock_entry *entry)
{
	struct erofs_check *check = walk->check;
	struct erofs_inode inode;
	bool usable;
	int err = erofs_reader_nodes_add(&check->nodes, number, entry->nid, walk->node, entry->name, entry->name_len);

	if (err)
		return erofs_check_failed(check, walk->node, err, "");
	err = erofs_check_inode(check, *number, &inode, &usable);
	if (err || !usable)
		return err;
	if (check->nodes.items[*number].type == EROFS_FT_REG) {
		check->summary->regular_files++;
		check->summary->data_bytes += inode.size;
	}
	return 0;
}

static int follow(struct walk *walk, const struct erofs_dirblock_entry *entry)
{
	struct erofs_check *check = walk->check;
	uint32_t number = erofs_reader_nodes_find(&check->nodes, entry->nid);
	bool known = number != EROFS_NODE_NONE;
	struct erofs_node *node;
	int err;

	if (!known) {
		err = meet(walk, &number, entry);
		if (err)
			return err;
	}
	node = &check->nodes.items[number];
	if (node->type == EROFS_FT_UNKNOWN)
		return 0;
	if (node->type != entry->type)
		erofs_check_finding_at(check, walk->node, entry->name, entry->name_len,
				       "entry of type %u for an inode of type %u", entry->type, node->type);
	if (known && node->internal)
		erofs_check_finding_at(check, walk->node, entry->name, entry->name_len,
				       "points to the packed or the metabox inode");
	if (node->type != EROFS_FT_DIR) {
		node->links++;
	} else if (known) {
		erofs_check_finding_at(check, walk->node, entry->name, entry->name_len,
				       "a directory that has another name already (nid %llu)",
				       (unsigned long long)entry->nid);
	} else {
		node->links = 2;
		check->nodes.items[walk->node].links++;
	}
	return 0;
}

static bool is_dots(const struct erofs_dirblock_entry *entry)
{
	return entry->name[0] == '.' && (entry->name_len == 1 || (entry->name_len == 2 && entry->name[1] == '.'));
}

static int check_entry(struct walk *walk, const struct erofs_dirblock_entry *entry)
{
	int order = walk->last_len ? erofs_name_compare(walk->last, walk->last_len, entry->name, entry->name_len) : -1;

	if (order >= 0)
		erofs_check_finding_at(walk->check, walk->node, entry->name, entry->name_len,
				       order ? "out of order in its directory"
					     : "there more than once in its directory");
	memcpy(walk->last, entry->name, entry->name_len);
	walk->last_len = entry->name_len;
	if (is_dots(entry)) {
		/* A second one is named above and must not be taken for a subdirectory. */
		check_dots(walk, entry);
		return 0;
	}
	return follow(walk, entry);
}

/* ---- blocks --------------------------------------------------------------------------------------------------------------- */

static int check_block(struct walk *walk, uint64_t index)
{
	struct erofs_dirblock_entry entry;
	struct erofs_dirent_record record;
	int err = erofs_reader_dirblock_read(&walk->block, walk->check->image, &walk->inode, index);

	if (!err)
		err = erofs_reader_dirblock_begin(&walk->block);
	if (err)
		return erofs_check_failed(walk->check, walk->node, err, "a block of the directory holds no entries");
	for (uint32_t i = 0; i < walk->block.count; i++) {
		erofs_dirent_decode(&record, walk->block.data + (size_t)i * EROFS_DIRENT_SIZE);
		if (record.reserved)
			erofs_check_finding(walk->check, walk->node,
					    "the reserved byte of entry %u in block %llu is 0x%02x, not zero", i,
					    (unsigned long long)index, record.reserved);
		err = erofs_reader_dirblock_get(&walk->block, &entry, i);
		if (err) {
			erofs_check_finding(walk->check, walk->node,
					    "entry %u in block %llu has a name that is empty, too long, outside the "
					    "block, or contains '/' or NUL",
					    i, (unsigned long long)index);
			continue;
		}
		err = check_entry(walk, &entry);
		if (err)
			return err;
	}
	return 0;
}

/* Whether the extent has bytes of its own outside of inodes. */
static bool is_apart(const struct erofs_extent *extent)
{
	return extent->kind != EROFS_EXTENT_INLINE && !extent->inlined && extent->kind != EROFS_EXTENT_FRAGMENT;
}

/*
 * Compressed data may decode to much more than they take, and fragments can be shared: what they decode to counts, at the
 * ratio that the reader allows, if that is more.
 */
static int charge_decoded(struct walk *walk, const struct erofs_extent *extent)
{
	struct erofs_inode part = { .layout = walk->inode.layout, .size = extent->length };
	uint64_t cost = erofs_reader_dir_cost(&part), taken = is_apart(extent) ? extent->plen : 0;

	if (!erofs_inode_is_compressed(&walk->inode) || cost <= taken ||
	    erofs_check_claims_charge(&walk->check->claims, cost - taken))
		return 1;
	erofs_check_finding(walk->check, walk->node, "the directories are larger than the image");
	return 0;
}

/* 1: the directory's blocks are its own as far as can be told now; the inline tail is the inode's. */
static int claim_blocks(struct walk *walk)
{
	struct erofs_check *check = walk->check;
	struct erofs_extent extent;
	int found;

	for (uint64_t offset = 0;; offset = extent.logical + extent.length) {
		int added;

		found = erofs_image_map(check->image, &extent, &walk->inode, offset);
		if (found <= 0)
			break;
		added = charge_decoded(walk, &extent);
		if (!added)
			return 0;
		if (!is_apart(&extent))
			continue;
		if (extent.kind == EROFS_EXTENT_HOLE) {
			erofs_check_finding(check, walk->node, "a hole in directory data");
			return 0;
		}
		if (!extent.device && extent.physical + extent.plen > check->limit && !check->image->slot_count)
			erofs_check_finding(check, walk->node, "directory data beyond the end of the image");
		added = extent.device ? erofs_check_claims_charge(&check->claims, extent.plen)
				      : erofs_check_claims_add(&check->claims, extent.physical, extent.plen,
							       EROFS_CLAIM_DIRECTORY, walk->node);
		if (added < 0)
			return erofs_check_failed(check, walk->node, added, "");
		if (!added) {
			erofs_check_finding(check, walk->node,
					    "the directory overlaps other metadata: they are larger than the image");
			return 0;
		}
	}
	if (found < 0)
		return erofs_check_failed(check, walk->node, found, "directory data outside the image");
	return 1;
}

static int walk_blocks(struct walk *walk)
{
	uint64_t count = (walk->inode.size + erofs_block_size(walk->check->sb) - 1) >> walk->check->sb->blkszbits;

	for (uint64_t index = 0; index < count; index++) {
		int err = check_block(walk, index);

		if (err)
			return err;
	}
	if (!walk->dot && !walk->inode.dot_omitted)
		erofs_check_finding(walk->check, walk->node, "the directory has no entry \".\"");
	if (walk->dot && walk->inode.dot_omitted)
		erofs_check_finding(walk->check, walk->node,
				    "the directory has an entry \".\", which it says to do without");
	if (!walk->dotdot)
		erofs_check_finding(walk->check, walk->node, "the directory has no entry \"..\"");
	return 0;
}

int erofs_check_dir(struct erofs_check *check, uint32_t node)
{
	/* On the heap: names and a block are much for a stack. */
	erofs_auto_free struct walk *walk = calloc(1, sizeof(*walk));
	int err;

	if (!walk)
		return erofs_check_failed(check, node, -ENOMEM, "");
	walk->check = check;
	walk->node = node;
	err = erofs_image_inode(check->image, &walk->inode, check->nodes.items[node].nid);
	if (!err)
		err = erofs_reader_dirblock_check_inode(check->image, &walk->inode);
	if (err)
		return erofs_check_failed(check, node, err, "the directory's data have an impossible layout or place");
	err = claim_blocks(walk);
	if (err <= 0)
		return err;
	return walk_blocks(walk);
}
