/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/walk.h>

#include "lib/check/check_state.h"
#include "lib/util/report.h"

static void choose_all(struct erofs_check *check)
{
	for (uint32_t i = 0; i < check->nodes.count; i++)
		check->nodes.items[i].chosen = true;
}

/* By number, because a hard link may have been met under another name first. */
static int choose(void *ctx, const struct erofs_walk_entry *entry)
{
	struct erofs_check *check = ctx;
	uint32_t node = erofs_reader_nodes_find(&check->nodes, entry->nid);

	if (node != EROFS_NODE_NONE)
		check->nodes.items[node].chosen = true;
	return 0;
}

/* What is damaged there is a finding already. */
static void ignore_damage(void *ctx, int err, const char *path, const char *what)
{
	(void)ctx;
	(void)err;
	(void)path;
	(void)what;
}

static int find_top(const struct erofs_check *check, struct erofs_inode *out)
{
	const struct erofs_check_options *options = check->options;
	int err;

	if (options->use_nid) {
		err = erofs_image_inode(check->image, out, options->nid);
		return err ? erofs_report(check->diag, err, "nid %llu is not a valid inode",
					  (unsigned long long)options->nid)
			   : 0;
	}
	err = erofs_image_lookup(check->image, out, options->path);
	return err ? erofs_report(check->diag, err, "%s: %s", options->path,
				  err == -EUCLEAN ? "the image is damaged on the way there" : strerror(-err))
		   : 0;
}

int erofs_check_choose(struct erofs_check *check)
{
	static const struct erofs_walk_ops ops = { .visit = choose, .damage = ignore_damage };
	struct erofs_inode top;
	int err;

	if (!check->options->path && !check->options->use_nid) {
		choose_all(check);
		return 0;
	}
	err = find_top(check, &top);
	if (err)
		return err;
	err = erofs_walk(check->image, &top, "/", &ops, check);
	return err == -ENOMEM ? erofs_report(check->diag, err, "%s", strerror(-err)) : 0;
}
