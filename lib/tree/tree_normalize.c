/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <erofs/text.h>

#include "lib/tree/hot_files.h"
#include "lib/tree/tree.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

static int shift_id(uint32_t *id, int64_t offset, const struct erofs_tree_inode *inode, const char *what,
		    const struct erofs_diag *diag)
{
	int64_t shifted;

	if (__builtin_add_overflow((int64_t)*id, offset, &shifted) || shifted < 0 || shifted > UINT32_MAX)
		return erofs_tree_report(diag, -ERANGE, inode, "%s %" PRIu32 " with offset %" PRId64 " is no 32-bit id",
					 what, *id, offset);
	*id = (uint32_t)shifted;
	return 0;
}

static int set_owner(struct erofs_tree_inode *inode, const struct erofs_tree_rules *rules,
		     const struct erofs_diag *diag)
{
	int err;

	if (rules->force_uid)
		inode->uid = rules->uid;
	if (rules->force_gid)
		inode->gid = rules->gid;
	err = shift_id(&inode->uid, rules->uid_offset, inode, "uid", diag);
	return err ? err : shift_id(&inode->gid, rules->gid_offset, inode, "gid", diag);
}

static bool is_later(const struct erofs_tree_inode *inode, const struct erofs_tree_rules *rules)
{
	return inode->mtime != rules->time ? inode->mtime > rules->time : inode->mtime_nsec > rules->time_nsec;
}

static void set_time(struct erofs_tree_inode *inode, const struct erofs_tree_rules *rules)
{
	if (rules->time_rule == EROFS_TIME_KEEP || (rules->time_rule == EROFS_TIME_CLAMP && !is_later(inode, rules)))
		return;
	inode->mtime = rules->time;
	inode->mtime_nsec = rules->time_nsec;
}

/* What chown() takes for "no change", and Linux for an id that cannot be shown. */
#define NO_OWNER UINT32_MAX

/* It is kept, as the source has it; but no file has it on any system, so it is hardly what was meant. */
static void warn_of_no_owner(const struct erofs_tree *tree, const struct erofs_diag *diag)
{
	const struct erofs_tree_inode *first = NULL;
	erofs_auto_free char *shown = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = tree->inodes[i];

		if (inode->uid != NO_OWNER && inode->gid != NO_OWNER)
			continue;
		first = count++ ? first : inode;
	}
	if (!first)
		return;
	shown = erofs_tree_shown_path(first);
	erofs_message(diag, EROFS_SEV_WARNING,
		      "%s: the owner %" PRIu32 ":%" PRIu32
		      " has an id that no file can have; Linux shows 65534 instead "
		      "(%" PRIu32 " such files)",
		      shown ? shown : "(out of memory)", first->uid, first->gid, count);
}

int erofs_tree_apply(struct erofs_tree *tree, const struct erofs_tree_rules *rules, const struct erofs_diag *diag)
{
	int err = 0;

	if (rules->aufs_whiteouts)
		err = erofs_tree_convert_aufs(tree, diag);
	if (!err && rules->strip_overlay)
		err = erofs_tree_strip_overlay(tree);
	if (!err && !tree->is_restamped)
		err = erofs_tree_mark_whiteouts(tree);
	if (!err)
		err = erofs_tree_freeze(tree, diag);
	if (!err && rules->hot_files)
		err = erofs_tree_put_first(tree, rules->hot_files, diag);
	for (uint32_t i = 0; !err && i < tree->inode_count; i++) {
		err = set_owner(tree->inodes[i], rules, diag);
		set_time(tree->inodes[i], rules);
	}
	if (!err)
		warn_of_no_owner(tree, diag);
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	tree->has_hot_files = rules->hot_files;
	tree->is_normalized = !err;
	tree->is_unusable = err;
	return err;
}

int erofs_tree_take_rules(struct erofs_tree_rules *known, const struct erofs_tree_rules *given,
			  const struct erofs_diag *diag)
{
	int err;

	*known = erofs_tree_rules_init();
	err = erofs_sized_take(known, sizeof(*known), given, "erofs_tree_rules", diag);
	if (err)
		return err;
	if ((unsigned int)known->time_rule > EROFS_TIME_FIX)
		return erofs_report(diag, -EINVAL, "erofs_tree_rules.time_rule: there is no rule %d",
				    (int)known->time_rule);
	if (known->time_nsec >= 1000000000)
		return erofs_report(diag, -EINVAL, "erofs_tree_rules.time_nsec: %" PRIu32 " is a second or more",
				    known->time_nsec);
	return 0;
}

int erofs_tree_normalize(struct erofs_tree *tree, const struct erofs_tree_rules *rules, const struct erofs_diag *diag)
{
	struct erofs_tree_rules known;
	int err;

	if (!tree)
		return erofs_report(diag, -EINVAL, "erofs_tree_normalize(): no tree (NULL)");
	if (tree->is_normalized)
		return erofs_report(diag, -EINVAL, "erofs_tree_normalize(): the tree is normalized already");
	if (tree->is_unusable)
		return erofs_report(diag, -EINVAL, "erofs_tree_normalize(): the tree's scan failed");
	if (tree->arrival_ops)
		return erofs_report(
			diag, -EINVAL,
			"erofs_tree_normalize(): contents of the tree arrive once, which erofs_build_arrivals() reads");
	err = erofs_tree_take_rules(&known, rules, diag);
	return err ? err : erofs_tree_apply(tree, &known, diag);
}
