/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fuse/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/tool.h"
#include "fuse/lowlevel.h"
#include "fuse/mount_options.h"

#define NAME	      "erofsfuse"
#define CACHE_DEFAULT ((size_t)32 << 20)

enum long_option {
	OPT_OFFSET = 256,
	OPT_DEVICE,
	OPT_CACHE_SIZE,
	OPT_DBGLEVEL,
};

static const struct option long_options[] = {
	{ "offset", required_argument, NULL, OPT_OFFSET },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "cache-size", required_argument, NULL, OPT_CACHE_SIZE },
	{ "dbglevel", required_argument, NULL, OPT_DBGLEVEL },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char help_text[] =
	"Usage: erofsfuse [OPTION]... IMAGE DIR\n"
	"Show what is in an EROFS image under DIR, without a loop device and without root.\n"
	"It ends with 'fusermount3 -u DIR', or 'umount DIR' for root.\n"
	"\n"
	"  --device=FILE         file or device of the next slot of the device table (repeatable)\n"
	"  --offset=N            the image begins N bytes into the file\n"
	"  --cache-size=SIZE     keep so many decoded bytes in memory (default 32M)\n"
	"  --dbglevel=N          say less or more on stderr: 0 to 9 (default 2)\n"
	"  -f                    stay in the foreground, and say there what cannot be read\n"
	"  -d, -o debug          the same, and each request\n"
	"  -s                    one thread\n"
	"  -o OPTION[,OPTION]... mount options:\n"
	"     allow_other, allow_root  other users may look, too (default_permissions is added)\n"
	"     default_permissions      callers are compared with owners, modes and ACLs\n"
	"     max_threads=N            threads at most (default: twice the processors)\n"
	"     max_idle_threads=N       of which so many stay when there is nothing to do\n"
	"     clone_fd                 a descriptor of /dev/fuse for each thread\n"
	"     offset=N, device=FILE, cache_size=SIZE  as above, for fstab(5)\n"
	"                              others go to libfuse and the kernel: nosuid, fsname=NAME, ...\n"
	"  -h, --help            this text\n"
	"  -V, --version         release and what it was built with\n"
	"\n"
	"Exit status: 0 if it is mounted (with -f: when it was unmounted), 1 if not.\n";

static int set_verbosity(struct options *options, const char *text)
{
	uint64_t level;

	if (!tool_parse_number(&level, text, 9))
		return mount_options_mistake("--dbglevel takes a number from 0 to 9, not '%s'", text);
	options->verbosity = level < 7 ? EROFS_SEV_NOTE : EROFS_SEV_DEBUG;
	if (level < 3)
		options->verbosity = level ? EROFS_SEV_WARNING : EROFS_SEV_ERROR;
	return -1;
}

static int show_version(void)
{
	tool_print_version();
	tool_print_compatible();
	tool_print_compressors("available decompressors");
	tool_print_build();
	printf("libfuse %s\n", fuse_pkgversion());
	return tool_flush_stdout() ? 0 : STATUS_FAILED;
}

static int refuse_option(int option, char *const *argv)
{
	char *mistake = tool_option_mistake(option, argv, long_options);
	int status = mount_options_mistake("%s", mistake ? mistake : "out of memory");

	free(mistake);
	return status;
}

static int set_option(struct options *options, int option, char *const *argv)
{
	switch (option) {
	case OPT_OFFSET:
		return mount_options_set_offset(options, optarg);
	case OPT_DEVICE:
		return mount_options_add_device(options, optarg);
	case OPT_CACHE_SIZE:
		return mount_options_set_cache_size(options, optarg);
	case OPT_DBGLEVEL:
		return set_verbosity(options, optarg);
	case 'o':
		return mount_options_take(options, optarg);
	case 'd':
		return mount_options_take(options, "debug");
	case 'f':
		options->foreground = true;
		return -1;
	case 's':
		options->single_thread = true;
		return -1;
	case 'h':
		fputs(help_text, stdout);
		return tool_flush_stdout() ? 0 : STATUS_FAILED;
	case 'V':
		return show_version();
	default:
		return refuse_option(option, argv);
	}
}

static int take_places(struct options *options, int argc, char **argv)
{
	if (optind == argc)
		return mount_options_mistake("%s", "no image given");
	options->image = argv[optind];
	if (optind + 1 == argc)
		return mount_options_mistake("no directory given to show '%s' in", options->image);
	options->mountpoint = argv[optind + 1];
	if (optind + 2 < argc)
		return mount_options_mistake("one image and one directory, what is '%s'?", argv[optind + 2]);
	return -1;
}

int options_parse(struct options *options, int argc, char **argv)
{
	unsigned int threads = 2 * tool_processors();
	int option, status;

	*options = (struct options){ .open = erofs_image_options_init(),
				     .max_threads = threads < 4 ? 4 : threads,
				     .cache_bytes = CACHE_DEFAULT,
				     .verbosity = EROFS_SEV_WARNING };
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":dfso:hV", long_options, NULL)) != -1) {
		status = set_option(options, option, argv);
		if (status >= 0)
			return status;
	}
	if (!options->max_idle_threads)
		options->max_idle_threads = options->max_threads;
	return take_places(options, argc, argv);
}

void options_release(struct options *options)
{
	for (size_t i = 0; i < options->list_count; i++)
		free(options->lists[i]);
	free(options->lists);
	free(options->devices);
	free(options->passed_on);
}
