/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/option.h"

/* What callers of other builders know. */

bool mkfs_refuse_unbuilt(struct mkfs_parser *parser, const char *value)
{
	const struct mkfs_option *option = parser->option;

	(void)value;
	if (option->name)
		return mkfs_refuse("--%s is not built yet", option->name);
	return mkfs_refuse("-%c is not built yet", option->letter);
}

static const struct mkfs_option rows[] = {
	{ "async-queue-limit", 0, MUST, mkfs_refuse_unbuilt, .help = NULL },
	{ "blobdev", 0, MUST, mkfs_refuse_unbuilt, .help = NULL },
	{ "chunksize", 0, MUST, mkfs_refuse_unbuilt, .help = NULL },
	{ "dsunit", 0, MUST, mkfs_refuse_unbuilt, .help = NULL },
	{ "fs-config-file", 0, MUST, mkfs_refuse_unbuilt, .help = NULL },
	{ "incremental", 0, MAY, mkfs_refuse_unbuilt, .help = NULL },
	{ "product-out", 0, MUST, mkfs_refuse_unbuilt, .help = NULL },
	{ "root-xattr-isize", 0, MUST, mkfs_refuse_unbuilt, .help = NULL },
	{ "zD", 0, MAY, mkfs_refuse_unbuilt, .help = NULL },
};

const struct mkfs_option_group mkfs_unbuilt_options = MKFS_OPTION_GROUP(NULL, rows);
