/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "lib/check/check_state.h"
#include "lib/reader/reader.h"
#include "lib/util/cleanup.h"

/* An inode that no directory names. */
static int add_apart(struct erofs_check *check, uint32_t *number, uint64_t nid, const char *name)
{
	struct erofs_inode inode;
	bool usable;
	int err = erofs_reader_nodes_add(&check->nodes, number, nid, EROFS_NODE_NONE, name, strlen(name));

	if (!err)
		err = erofs_check_inode(check, *number, &inode, &usable);
	return err;
}

static int add_root(struct erofs_check *check)
{
	uint32_t root;
	int err = add_apart(check, &root, check->sb->root_nid, "");

	if (err)
		return err;
	check->nodes.items[root].links = 2;
	if (check->nodes.items[root].type != EROFS_FT_DIR && check->nodes.items[root].type != EROFS_FT_UNKNOWN)
		erofs_check_finding(check, root, "the root is not a directory");
	return 0;
}

/* One that holds what belongs to others. */
static int add_internal(struct erofs_check *check, uint64_t nid, const char *name)
{
	struct erofs_node *node;
	uint32_t number;
	int err;

	if (erofs_reader_nodes_find(&check->nodes, nid) != EROFS_NODE_NONE) {
		erofs_check_finding_of(check, name, "it is the root, or has another such task");
		return 0;
	}
	if (erofs_image_inode_offset(check->image, nid) & EROFS_METABOX_AREA) {
		erofs_check_finding_of(check, name, "it lies in the metabox");
		return 0;
	}
	err = add_apart(check, &number, nid, name);
	if (err)
		return err;
	node = &check->nodes.items[number];
	node->internal = true;
	if (node->type != EROFS_FT_REG && node->type != EROFS_FT_UNKNOWN)
		erofs_check_finding(check, number, "it is not a regular file");
	return 0;
}

static int add_packed(struct erofs_check *check)
{
	uint64_t nid = check->sb->packed_nid;

	if (!nid || !erofs_has_incompat(check->sb, EROFS_FEATURE_INCOMPAT_FRAGMENTS))
		return 0;
	return add_internal(check, nid, "packed inode");
}

static int add_metabox(struct erofs_check *check)
{
	if (!erofs_has_incompat(check->sb, EROFS_FEATURE_INCOMPAT_METABOX))
		return 0;
	return add_internal(check, check->sb->metabox_nid, "metabox inode");
}

static void report_progress(const struct erofs_check *check)
{
	const struct erofs_check_options *options = check->options;
	struct erofs_check_progress progress = { .stage = EROFS_CHECK_TREE,
						 .files = check->nodes.count,
						 .files_total = check->sb->inos };

	if (options->progress)
		options->progress(options->progress_ctx, &progress);
}

/* Level by level: the nodes are the queue, too, so that depth costs nothing. */
int erofs_check_tree(struct erofs_check *check)
{
	int err = add_root(check);

	if (!err)
		err = add_packed(check);
	if (!err)
		err = add_metabox(check);
	for (uint32_t i = 0; !err && i < check->nodes.count; i++) {
		if (check->nodes.items[i].type != EROFS_FT_DIR || check->nodes.items[i].internal)
			continue;
		err = erofs_check_dir(check, i);
		report_progress(check);
	}
	return err;
}

/* ---- accounts ------------------------------------------------------------------------------------------------------------ */

static void report_overlap(void *ctx, const struct erofs_claim *earlier, const struct erofs_claim *later)
{
	struct erofs_check *check = ctx;
	erofs_auto_free char *first = erofs_check_claim_text(check, earlier);
	erofs_auto_free char *second = erofs_check_claim_text(check, later);

	erofs_check_finding_of(check, "metadata", "%s overlaps %s at byte %llu%s", second ? second : "",
			       first ? first : "", (unsigned long long)(later->start & ~EROFS_METABOX_AREA),
			       later->start & EROFS_METABOX_AREA ? " of the metabox" : "");
}

/* A directory in a form that could not be read hides its subdirectories. */
static bool count_is_known(const struct erofs_check *check, const struct erofs_node *node)
{
	if (node->type == EROFS_FT_UNKNOWN || node->internal)
		return false;
	return node->type != EROFS_FT_DIR || !check->unreadable;
}

static void check_inode_count(struct erofs_check *check, uint64_t internal)
{
	uint64_t found = check->nodes.count, stored = check->sb->inos;

	/* Whether the packed and the metabox inode count is left to the writer. */
	if (check->unreadable || (stored <= found && stored >= found - internal))
		return;
	erofs_check_finding_of(check, "superblock", "%llu inodes, but %llu were found", (unsigned long long)stored,
			       (unsigned long long)(found - internal));
}

int erofs_check_accounts(struct erofs_check *check)
{
	uint64_t internal = 0;

	for (uint32_t i = 0; i < check->nodes.count; i++) {
		const struct erofs_node *node = &check->nodes.items[i];

		internal += node->internal;
		check->summary->directories += node->type == EROFS_FT_DIR;
		if (count_is_known(check, node) && node->nlink != node->links)
			erofs_check_finding(check, i, "link count %u, but %u references were found", node->nlink,
					    node->links);
	}
	check->summary->inodes = check->nodes.count - internal;
	check_inode_count(check, internal);
	erofs_check_claims_settle(&check->claims, report_overlap, check);
	return 0;
}
