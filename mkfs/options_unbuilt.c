/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "mkfs/option.h"

/* What callers of other builders know. */

/* What will stay refused, and why. */
static bool refuse_foreign(struct mkfs_parser *parser, const char *value)
{
	static const struct {
		const char *name, *why;
	} reasons[] = {
		{ "fs-config-file", "Android's own mkfs.erofs has it; give owners and modes by an archive: --tar=f" },
		{ "gzinfo", "images do not point into compressed archives: their fingerprints could not be verified" },
		{ "incremental",
		  "an image is never written to again; mkfs.erofs NEW OLD LAYER makes an index over both" },
		{ "product-out", "the owners that Android's tools are compiled with are not here" },
		{ "root-xattr-isize",
		  "it leaves room for a later build in the same image, and images are never written to again" },
		{ "s3", "fetch the objects first, or give their archive on standard input: --tar=f" },
		{ "zfeature-bits", "name the features: -E" },
	};

	(void)value;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(parser->option->name, reasons[i].name) == 0)
			return mkfs_refuse("--%s is refused: %s", reasons[i].name, reasons[i].why);
	return mkfs_refuse("--%s is refused", parser->option->name);
}

static const struct mkfs_option rows[] = {
	{ "fs-config-file", 0, MUST, refuse_foreign, .help = NULL },
	{ "gzinfo", 0, MAY, refuse_foreign, .help = NULL },
	{ "incremental", 0, MAY, refuse_foreign, .help = NULL },
	{ "product-out", 0, MUST, refuse_foreign, .help = NULL },
	{ "root-xattr-isize", 0, MUST, refuse_foreign, .help = NULL },
	{ "s3", 0, MUST, refuse_foreign, .help = NULL },
	{ "zfeature-bits", 0, MUST, refuse_foreign, .help = NULL },
};

const struct mkfs_option_group mkfs_unbuilt_options = MKFS_OPTION_GROUP(NULL, rows);
