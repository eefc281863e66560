/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fsck/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/nearest.h"
#include "common/tool.h"

#define NAME	    "fsck.erofs"
#define WORKERS_MAX 1024u

enum long_option {
	OPT_ISHARE = 256,
	OPT_EXTRACT,
	OPT_OVERWRITE,
	OPT_FORCE,
	OPT_PRESERVE,
	OPT_NO_PRESERVE,
	OPT_PRESERVE_OWNER,
	OPT_NO_PRESERVE_OWNER,
	OPT_PRESERVE_PERMS,
	OPT_NO_PRESERVE_PERMS,
	OPT_XATTRS,
	OPT_NO_XATTRS,
	OPT_RESTORE_FINGERPRINTS,
	OPT_NO_SBCRC,
	OPT_PATH,
	OPT_NO_FOLLOW,
	OPT_NID,
	OPT_DEVICE,
	OPT_OFFSET,
	OPT_WORKERS,
	OPT_QUIET,
	OPT_JSON,
	OPT_PROGRESS,
};

static const struct option long_options[] = {
	{ "ishare", no_argument, NULL, OPT_ISHARE },
	{ "xattr-inode-digest", no_argument, NULL, OPT_ISHARE },
	{ "extract", optional_argument, NULL, OPT_EXTRACT },
	{ "overwrite", no_argument, NULL, OPT_OVERWRITE },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "preserve", no_argument, NULL, OPT_PRESERVE },
	{ "no-preserve", no_argument, NULL, OPT_NO_PRESERVE },
	{ "preserve-owner", no_argument, NULL, OPT_PRESERVE_OWNER },
	{ "no-preserve-owner", no_argument, NULL, OPT_NO_PRESERVE_OWNER },
	{ "preserve-perms", no_argument, NULL, OPT_PRESERVE_PERMS },
	{ "no-preserve-perms", no_argument, NULL, OPT_NO_PRESERVE_PERMS },
	{ "xattrs", no_argument, NULL, OPT_XATTRS },
	{ "no-xattrs", no_argument, NULL, OPT_NO_XATTRS },
	{ "restore-fingerprints", no_argument, NULL, OPT_RESTORE_FINGERPRINTS },
	{ "no-sbcrc", no_argument, NULL, OPT_NO_SBCRC },
	{ "path", required_argument, NULL, OPT_PATH },
	{ "no-follow", no_argument, NULL, OPT_NO_FOLLOW },
	{ "nid", required_argument, NULL, OPT_NID },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "offset", required_argument, NULL, OPT_OFFSET },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "progress", required_argument, NULL, OPT_PROGRESS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char help_text[] =
	"Usage: fsck.erofs [OPTION]... IMAGE...\n"
	"Check EROFS images, verify their fingerprints, or unpack one.\n"
	"\n"
	"Checking:\n"
	"  --ishare              compare every file with its fingerprint; a missing, duplicate,\n"
	"                        malformed or wrong one is an error (also --xattr-inode-digest)\n"
	"  --extract             read the data of every file, write nothing; a wrong fingerprint\n"
	"                        is an error, a missing one is not\n"
	"  --path=PATH           read the contents of this file or directory only; the path goes\n"
	"                        through symbolic links\n"
	"  --no-follow           follow no symbolic link on the way to PATH, nor PATH itself\n"
	"  --nid=N               the same by inode number\n"
	"  --no-sbcrc            do not look at the superblock's checksum\n"
	"  --workers=N           threads that read and hash; 0: none besides the main one\n"
	"                        (default: one per processor)\n"
	"  --device=FILE         file or device of the next slot of the device table (repeatable)\n"
	"  --offset=N            the image begins N bytes into the file\n"
	"\n"
	"Unpacking:\n"
	"  --extract=DIR         check, then unpack into DIR, which is made if it is missing\n"
	"  --path=PATH, --nid=N  only this file or directory, as DIR\n"
	"  --overwrite           replace existing files\n"
	"  --force               allow the root directory as DIR\n"
	"  --[no-]preserve       --[no-]preserve-owner and --[no-]preserve-perms\n"
	"  --[no-]preserve-owner owners as in the image (default for root)\n"
	"  --[no-]preserve-perms modes as in the image (default for root), else the umask applies\n"
	"  --[no-]xattrs         extended attributes (default for root)\n"
	"                        what the default cannot set for lack of privilege is counted in\n"
	"                        a warning; what one of these asks for by name is an error then\n"
	"  --restore-fingerprints  and the fingerprints among them\n"
	"\n"
	"  -d0 ... -d9           say less or more (default 2)\n"
	"  --json                print what was found as JSON (doc/json.schema.json)\n"
	"  --progress=HOW        auto: a line on a terminal, else one to the log every 10 s;\n"
	"                        plain: as for a log; none\n"
	"  --quiet               print nothing but errors\n"
	"  -a, -A, -p, -y        ignored, as other checkers have them: nothing is ever repaired\n"
	"  -h, --help            this text\n"
	"  -V, --version         release and what it was built with\n"
	"\n"
	"Exit status: 0 clean, 4 errors found, 8 the check could not be done, 16 usage.\n";

static int usage_error(const char *format, const char *what)
{
	fprintf(stderr, NAME ": ");
	fprintf(stderr, format, what);
	fprintf(stderr, "; see " NAME " --help\n");
	return FSCK_USAGE;
}

static int set_verbosity(struct fsck_options *options, const char *text)
{
	uint64_t value;

	if (!tool_parse_number(&value, text, 9))
		return usage_error("-d takes a number from 0 to 9, not '%s'", text);
	options->verbosity = (unsigned int)value;
	return -1;
}

static int set_number(uint64_t *out, const char *text, uint64_t max, const char *mistake)
{
	return tool_parse_number(out, text, max) ? -1 : usage_error(mistake, text);
}

static int set_workers(struct fsck_options *options, const char *text)
{
	uint64_t value;

	if (!tool_parse_number(&value, text, WORKERS_MAX))
		return usage_error("--workers takes a number from 0 to 1024, not '%s'", text);
	options->check.workers = (unsigned int)value;
	return -1;
}

static int set_progress(struct fsck_options *options, const char *text)
{
	return tool_progress_parse(&options->progress, text)
		       ? -1
		       : usage_error("--progress takes auto, plain or none, not '%s'", text);
}

static void set_extract(struct fsck_options *options, const char *target)
{
	options->check.read_data = true;
	if (target)
		options->target = target;
}

static int set_start(struct fsck_options *options, const char *path, const char *nid)
{
	options->only = true;
	options->extract.path = path;
	options->extract.use_nid = nid != NULL;
	return nid ? set_number(&options->extract.nid, nid, UINT64_MAX, "--nid takes a number, not '%s'") : -1;
}

/* What to restore. What is asked for by name must not be missing in silence. */
static bool set_preserve(struct erofs_extract_options *extract, int option)
{
	switch (option) {
	case OPT_PRESERVE:
	case OPT_NO_PRESERVE:
		extract->preserve_owner = extract->preserve_perms = option == OPT_PRESERVE;
		extract->lenient_owner = extract->lenient_perms = false;
		return true;
	case OPT_PRESERVE_OWNER:
	case OPT_NO_PRESERVE_OWNER:
		extract->preserve_owner = option == OPT_PRESERVE_OWNER;
		extract->lenient_owner = false;
		return true;
	case OPT_PRESERVE_PERMS:
	case OPT_NO_PRESERVE_PERMS:
		extract->preserve_perms = option == OPT_PRESERVE_PERMS;
		extract->lenient_perms = false;
		return true;
	case OPT_XATTRS:
	case OPT_NO_XATTRS:
		extract->preserve_xattrs = option == OPT_XATTRS;
		extract->lenient_xattrs = false;
		return true;
	default:
		return false;
	}
}

/* Options that are on or off. */
static bool set_flag(struct fsck_options *options, int option)
{
	struct erofs_extract_options *extract = &options->extract;

	switch (option) {
	case OPT_ISHARE:
		options->check.verify_fingerprints = true;
		return true;
	case OPT_OVERWRITE:
		extract->overwrite = true;
		return true;
	case OPT_FORCE:
		options->force = true;
		return true;
	case OPT_RESTORE_FINGERPRINTS:
		extract->restore_fingerprints = true;
		return true;
	case OPT_NO_SBCRC:
		options->check.ignore_checksum = true;
		return true;
	case OPT_NO_FOLLOW:
		options->no_follow = true;
		return true;
	case OPT_JSON:
		options->json = true;
		return true;
	case OPT_QUIET:
		options->quiet = true;
		return true;
	case 'a':
	case 'A':
	case 'p':
	case 'y':
		return true;
	default:
		return false;
	}
}

static int refuse_option(int found, char *const *argv)
{
	char *mistake = tool_option_mistake(found, argv, long_options);
	int status = usage_error("%s", mistake ? mistake : "out of memory");

	free(mistake);
	return status;
}

static int set_option(struct fsck_options *options, int option, char *const *argv)
{
	if (set_flag(options, option) || set_preserve(&options->extract, option))
		return -1;
	switch (option) {
	case OPT_EXTRACT:
		set_extract(options, optarg);
		return -1;
	case OPT_PATH:
		return set_start(options, optarg, NULL);
	case OPT_NID:
		return set_start(options, NULL, optarg);
	case OPT_DEVICE:
		options->devices[options->open.device_count++] = optarg;
		return -1;
	case OPT_OFFSET:
		return set_number(&options->open.offset, optarg, INT64_MAX, "--offset takes a number, not '%s'");
	case OPT_WORKERS:
		return set_workers(options, optarg);
	case OPT_PROGRESS:
		return set_progress(options, optarg);
	case 'd':
		return set_verbosity(options, optarg);
	case 'h':
		fputs(help_text, stdout);
		return tool_flush_stdout() ? FSCK_CLEAN : FSCK_FAILED;
	case 'V':
		tool_print_version();
		tool_print_compatible();
		tool_print_compressors("available decompressors");
		tool_print_build();
		return tool_flush_stdout() ? FSCK_CLEAN : FSCK_FAILED;
	default:
		return refuse_option(option, argv);
	}
}

static int take_images(struct fsck_options *options, int argc, char **argv)
{
	if (optind == argc)
		return usage_error("%s", "no image given");
	options->images = (const char **)argv + optind;
	options->image_count = (size_t)(argc - optind);
	if (options->no_follow && !options->extract.path)
		return usage_error("%s", "--no-follow goes with --path");
	if (options->target && !*options->target)
		return usage_error("%s", "--extract= needs a directory");
	if (options->image_count > 1 && options->target)
		return usage_error("--extract=%s unpacks one image", options->target);
	if (options->image_count > 1 && options->open.device_count)
		return usage_error("--device=%s belongs to one image", options->devices[0]);
	if (!options->only || options->target)
		return -1;
	/* A caller that names a file wants to know of its contents. */
	options->check.read_data = true;
	options->check.path = options->extract.path;
	options->check.nid = options->extract.nid;
	options->check.use_nid = options->extract.use_nid;
	return -1;
}

int fsck_parse_options(struct fsck_options *options, int argc, char **argv)
{
	bool root = geteuid() == 0;
	int option, status;

	*options = (struct fsck_options){
		.open = { .size = sizeof(options->open), .tolerate_bad_checksum = true },
		.check = { .size = sizeof(options->check), .workers = tool_processors() },
		.extract = { .size = sizeof(options->extract),
			     .preserve_owner = root,
			     .preserve_perms = root,
			     .preserve_xattrs = root,
			     .lenient_owner = true,
			     .lenient_perms = true,
			     .lenient_xattrs = true },
		.verbosity = 2,
		/* No more of them than words. */
		.devices = calloc((size_t)argc, sizeof(char *)),
	};
	if (!options->devices) {
		fputs(NAME ": out of memory\n", stderr);
		return FSCK_FAILED;
	}
	options->open.devices = options->devices;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":aApyd:hV", long_options, NULL)) != -1) {
		status = set_option(options, option, argv);
		if (status >= 0)
			return status;
	}
	return take_images(options, argc, argv);
}

void fsck_options_release(struct fsck_options *options)
{
	free(options->devices);
}
