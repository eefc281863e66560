/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <unistd.h>

#include "mkfs/option.h"

bool mkfs_settle_positionals(struct mkfs_options *options, int argc, char **argv)
{
	if (options->input == MKFS_OCI && argc == 1) {
		options->output = argv[0];
		return mkfs_settle_oci(options);
	}
	if (options->input == MKFS_OCI && argc > 1)
		return mkfs_refuse("--oci names the source, and '%s' is another one", argv[1]);
	if (options->input == MKFS_TAR && argc == 1) {
		options->output = argv[0];
		return !isatty(STDIN_FILENO) || mkfs_refuse("standard input is a terminal, no archive");
	}
	if (options->input == MKFS_TAR && argc > 2)
		return mkfs_refuse("one archive at a time, and '%s' is another one", argv[2]);
	if (argc < 2)
		return mkfs_refuse("%s is missing; see mkfs.erofs --help", argc ? "the source" : "the image");
	options->output = argv[0];
	options->source = argv[1];
	options->sources = (const char *const *)argv + 1;
	options->source_count = (size_t)argc - 1;
	if (options->input == MKFS_RESTAMP && argc > 2)
		return mkfs_refuse("--restamp takes one image, and '%s' is another one", argv[2]);
	for (size_t i = 0; argc > 2 && i < options->source_count; i++)
		if (erofs_source_is_image(options->sources[i]) <= 0)
			return mkfs_refuse("of several sources each has to be an EROFS image, and '%s' is none",
					   options->sources[i]);
	return true;
}
