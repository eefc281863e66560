/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/next.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* For the shell. */
static void print_quoted(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+/";

	if (!text[strspn(text, plain)]) {
		fputs(text, stdout);
		return;
	}
	putchar('\'');
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	putchar('\'');
}

/* The files that have the contents of an image without its own. */
static size_t device_count(const struct mkfs_options *options)
{
	if (options->build.data_outside || options->is_thin)
		return options->source_count;
	return options->build.data_device != NULL;
}

static void print_mount(const struct mkfs_options *options)
{
	const char *separator = "-o ";

	fputs("  mount it:     mount -t erofs ", stdout);
	if (!device_count(options) || options->build.data_device) {
		printf("%sloop", separator);
		separator = ",";
	}
	if (options->build.offset) {
		printf("%soffset=%" PRIu64, separator, options->build.offset);
		separator = ",";
	}
	for (size_t i = 0; i < device_count(options); i++) {
		printf("%sdevice=", separator);
		print_quoted(options->build.data_device ? options->build.data_device : options->sources[i]);
		separator = ",";
	}
	putchar(' ');
	print_quoted(options->output);
	fputs(" /mnt\n", stdout);
}

void mkfs_print_next(const struct mkfs_job *job)
{
	const struct mkfs_options *options = job->options;
	bool is_one = options->input != MKFS_OCI || options->oci_layers == MKFS_FLATTEN;
	/* The archive of an index came through a pipe. */
	bool is_lost = options->build.data_outside && !options->source_count;

	if (!is_one || is_lost || !isatty(STDOUT_FILENO))
		return;
	print_mount(options);
	if (options->build.fingerprint == EROFS_DIGEST_NONE || device_count(options) || options->build.offset)
		return;
	fputs("  share pages:  mount -t erofs -o inode_share,domain_id=apps,verify ", stdout);
	print_quoted(options->output);
	fputs(" /mnt     (Linux 7.0, mount.erofs)\n", stdout);
}
