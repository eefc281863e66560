/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct walk {
	const struct dump *dump;
	walk_visitor visit;
	void *ctx;
};

static int visit(void *ctx, const struct erofs_walk_entry *entry)
{
	struct walk *walk = ctx;

	/* Nobody reads on; tool_flush_stdout() tells. */
	if (ferror(stdout))
		return -EPIPE;
	return walk->visit(walk->ctx, entry);
}

static void damage(void *ctx, int err, const char *path, const char *what)
{
	struct walk *walk = ctx;

	dump_path_error(walk->dump, err, path, what);
}

int dump_walk(const struct dump *dump, walk_visitor visitor, void *ctx)
{
	static const struct erofs_walk_ops ops = { .visit = visit, .damage = damage };
	struct walk walk = { .dump = dump, .visit = visitor, .ctx = ctx };
	int err = erofs_walk(dump->image, dump->inode, dump->path, &ops, &walk);

	if (err == -ENOMEM)
		dump_error(dump, err, "%s", strerror(ENOMEM));
	return err;
}
