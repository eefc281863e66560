/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "common/tool.h"
#include "mkfs/options_table.h"

/* Which option said what files' times are to be; the last one counts. */
enum times { TIMES_DEFAULT, TIMES_KEEP, TIMES_FIX };

/* What is known only when all options are: several of them work together. */
struct pending {
	enum times times;
	bool ignore_mtime, preserve_mtime;
	bool time_given, uuid_given;
	bool epoch_given; /* the time is that of SOURCE_DATE_EPOCH */
	bool restamp;
	char unfit[64]; /* an option given that has no place beside --restamp */
	int64_t time;
};

bool mkfs_refuse(const char *format, ...)
{
	va_list args;

	fputs("mkfs.erofs: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

/* ---- values ---------------------------------------------------------------------------------------------------------------- */

static bool parse_block_size(struct mkfs_options *options, const char *value)
{
	uint64_t size;

	if (!tool_parse_size(&size, value, 1u << 20) || size < 512 || size > 4096 || (size & (size - 1)))
		return mkfs_refuse("-b '%s': the block size is 512, 1024, 2048 or 4096", value);
	options->build.blkszbits = (unsigned int)__builtin_ctzll(size);
	return true;
}

static bool parse_label(struct mkfs_options *options, const char *value)
{
	if (strlen(value) > EROFS_VOLUME_NAME_MAX)
		return mkfs_refuse("-L '%s': a label has at most %u bytes", value, EROFS_VOLUME_NAME_MAX);
	strcpy(options->build.volume_name, value);
	return true;
}

static bool parse_uuid(struct mkfs_options *options, struct pending *pending, const char *value)
{
	pending->uuid_given = true;
	options->build.uuid_rule = EROFS_UUID_GIVEN;
	if (strcmp(value, "random") == 0)
		options->build.uuid_rule = EROFS_UUID_RANDOM;
	else if (strcmp(value, "clear") == 0)
		memset(options->build.uuid, 0, sizeof(options->build.uuid));
	else if (uuid_parse(value, options->build.uuid))
		return mkfs_refuse("-U '%s' is no UUID", value);
	return true;
}

static bool parse_time(struct pending *pending, const char *value)
{
	if (!tool_parse_signed(&pending->time, value, INT64_MIN, INT64_MAX))
		return mkfs_refuse("-T '%s' is no number of seconds", value);
	pending->time_given = true;
	return true;
}

static bool parse_xattr_users(struct mkfs_options *options, const char *value)
{
	int64_t users;

	if (!tool_parse_signed(&users, value, -1, INT32_MAX))
		return mkfs_refuse("-x '%s' is no number of inodes (-1: no xattrs)", value);
	options->build.shared_xattr_users = (int)users;
	options->scan.ignore_xattrs = users < 0;
	return true;
}

static bool parse_id(uint32_t *id, bool *forced, const char *name, const char *value)
{
	uint64_t number;

	if (!tool_parse_number(&number, value, UINT32_MAX))
		return mkfs_refuse("--%s '%s' is no 32-bit id", name, value);
	*id = (uint32_t)number;
	*forced = true;
	return true;
}

static bool parse_id_offset(int64_t *offset, const char *name, const char *value)
{
	if (!tool_parse_signed(offset, value, -(int64_t)UINT32_MAX, UINT32_MAX))
		return mkfs_refuse("--%s '%s' is no difference of 32-bit ids", name, value);
	return true;
}

static bool parse_small(unsigned int *out, const char *option, const char *value, unsigned int most)
{
	uint64_t number;

	if (!tool_parse_number(&number, value, most))
		return mkfs_refuse("%s '%s' is not a number from 0 to %u", option, value, most);
	*out = (unsigned int)number;
	return true;
}

static bool add_to_list(const char ***list, const char *const **shown, size_t *count, const char *value)
{
	const char **longer = reallocarray(*list, *count + 1, sizeof(*longer));

	if (!longer)
		return mkfs_refuse("out of memory");
	longer[(*count)++] = value;
	*list = longer;
	*shown = longer;
	return true;
}

static bool check_sort(const char *value)
{
	return strcmp(value, "path") == 0 || strcmp(value, "none") == 0 ||
	       mkfs_refuse("--sort '%s': path or none", value);
}

static bool parse_tar(struct mkfs_options *options, const char *value)
{
	if (options->input == MKFS_OCI)
		return mkfs_refuse("--tar and --oci are two sources");
	if (strcmp(value, "headerball") == 0)
		return mkfs_refuse("--tar=headerball is not built yet");
	options->input = MKFS_TAR;
	options->build.data_outside = strcmp(value, "i") == 0;
	return options->build.data_outside || strcmp(value, "f") == 0 || mkfs_refuse("--tar '%s': f or i", value);
}

static bool parse_strip(struct mkfs_options *options, const char *value)
{
	options->rules.strip_overlay = !value || strcmp(value, "1") == 0;
	return options->rules.strip_overlay || strcmp(value, "0") == 0 ||
	       mkfs_refuse("--ovlfs-strip '%s' is not 0 or 1", value);
}

/* ---- the options, one by one --------------------------------------------------------------------------------------------------- */

static bool parse_build_option(struct mkfs_options *options, struct pending *pending, int option, const char *value)
{
	struct erofs_build_options *build = &options->build;
	unsigned int on = 0;

	switch (option) {
	case 'b':
		return parse_block_size(options, value);
	case 'E':
		return mkfs_parse_extended(options, value);
	case 'L':
		return parse_label(options, value);
	case 'T':
		return parse_time(pending, value);
	case 'U':
		return parse_uuid(options, pending, value);
	case 'x':
		return parse_xattr_users(options, value);
	case OPT_DEDUPE_FILES:
		if (!parse_small(&on, "--dedupe-files", value, 1))
			return false;
		build->dedupe_files = on;
		return true;
	case OPT_FORCE:
		build->force = true;
		return true;
	case OPT_NO_FSYNC:
		build->no_sync = true;
		return true;
	case OPT_ISHARE_FINGERPRINT:
		return mkfs_parse_fingerprint(options, value);
	case OPT_XATTR_INODE_DIGEST:
		return mkfs_set_fingerprint(options, EROFS_DIGEST_SHA256,
					    value ? value : EROFS_FINGERPRINT_DEFAULT_NAME);
	case OPT_XATTR_PREFIX:
		return add_to_list(&options->xattr_prefixes, &build->xattr_prefixes, &build->xattr_prefix_count, value);
	case OPT_OFFSET:
		return (tool_parse_size(&build->offset, value, INT64_MAX) && build->offset % 512 == 0) ||
		       mkfs_refuse("--offset '%s' is no number of bytes that 512 divides", value);
	case OPT_WORKERS:
		if (!parse_small(&build->workers, "--workers", value, 1024))
			return false;
		options->scan.workers = build->workers;
		return true;
	default:
		return mkfs_refuse("option without a meaning");
	}
}

static bool parse_compression_option(struct mkfs_options *options, int option, const char *value)
{
	switch (option) {
	case 'C':
		return mkfs_parse_pcluster_size(options, value);
	case 'z':
		return mkfs_parse_compression(options, value);
	case OPT_COMPRESS_HINTS:
		options->hints_path = value;
		return true;
	case OPT_EXTENT_SIZE:
		return mkfs_parse_extent_size(options, value);
	case OPT_MAX_EXTENT_BYTES:
		return mkfs_parse_max_extent(options, value);
	case OPT_MIN_KERNEL:
		return mkfs_parse_min_kernel(options, value);
	default:
		return mkfs_refuse("option without a meaning");
	}
}

static bool parse_source_option(struct mkfs_options *options, int option, const char *value)
{
	struct erofs_scan_options *scan = &options->scan;
	struct erofs_tree_rules *rules = &options->rules;

	switch (option) {
	case OPT_ALL_ROOT:
		rules->force_uid = rules->force_gid = true;
		rules->uid = rules->gid = 0;
		return true;
	case OPT_FORCE_UID:
		return parse_id(&rules->uid, &rules->force_uid, "force-uid", value);
	case OPT_FORCE_GID:
		return parse_id(&rules->gid, &rules->force_gid, "force-gid", value);
	case OPT_UID_OFFSET:
		return parse_id_offset(&rules->uid_offset, "uid-offset", value);
	case OPT_GID_OFFSET:
		return parse_id_offset(&rules->gid_offset, "gid-offset", value);
	case OPT_AUFS:
		rules->aufs_whiteouts = true;
		return true;
	case OPT_EXCLUDE_PATH:
		return add_to_list(&options->exclude_paths, &scan->exclude_paths, &scan->exclude_path_count, value);
	case OPT_DEVICE:
		return add_to_list(&options->devices, &scan->devices, &scan->device_count, value);
	case OPT_EXCLUDE_REGEX:
		return add_to_list(&options->exclude_regexes, &scan->exclude_regexes, &scan->exclude_regex_count,
				   value);
	case OPT_FILE_CONTEXTS:
		scan->file_contexts = value;
		return true;
	case OPT_MOUNT_POINT:
		scan->mount_point = value;
		return true;
	case OPT_HARD_DEREFERENCE:
		scan->hard_dereference = true;
		return true;
	case OPT_SORT:
		return check_sort(value);
	case OPT_TAR:
		return parse_tar(options, value);
	case OPT_OCI:
		return mkfs_parse_oci(options, value);
	case OPT_RESTAMP:
		options->input = MKFS_RESTAMP;
		return true;
	case OPT_OVLFS_STRIP:
		return parse_strip(options, value);
	case OPT_UNGZIP:
	case OPT_UNXZ:
		/* How an archive is compressed shows. */
		return !value || mkfs_refuse("--%s=FILE is not built yet: the archive is not written out",
					     option == OPT_UNXZ ? "unxz" : "ungzip");
	default:
		return mkfs_refuse("option without a meaning");
	}
}

static bool parse_option(struct mkfs_options *options, struct pending *pending, int option, const char *value)
{
	unsigned int level = 0;

	switch (option) {
	case OPT_ALL_TIME:
		pending->times = TIMES_FIX;
		return true;
	case OPT_IGNORE_MTIME:
		pending->times = TIMES_FIX;
		pending->ignore_mtime = true;
		return true;
	case OPT_MKFS_TIME:
		pending->times = TIMES_KEEP;
		return true;
	case OPT_PRESERVE_MTIME:
		/* Undoes --ignore-mtime; what -T says it does not touch, as callers know it. */
		pending->times = pending->ignore_mtime ? TIMES_DEFAULT : pending->times;
		pending->ignore_mtime = false;
		pending->preserve_mtime = true;
		return true;
	case OPT_QUIET:
		options->quiet = true;
		return true;
	case 'd':
		if (!parse_small(&level, "-d", value, 9))
			return false;
		options->debug_level = (int)level;
		return true;
	case 'b':
	case 'E':
	case 'L':
	case 'T':
	case 'U':
	case 'x':
	case OPT_DEDUPE_FILES:
	case OPT_FORCE:
	case OPT_NO_FSYNC:
	case OPT_ISHARE_FINGERPRINT:
	case OPT_XATTR_INODE_DIGEST:
	case OPT_XATTR_PREFIX:
	case OPT_OFFSET:
	case OPT_WORKERS:
		return parse_build_option(options, pending, option, value);
	case 'C':
	case 'z':
	case OPT_COMPRESS_HINTS:
	case OPT_EXTENT_SIZE:
	case OPT_MAX_EXTENT_BYTES:
	case OPT_MIN_KERNEL:
		return parse_compression_option(options, option, value);
	default:
		return parse_source_option(options, option, value);
	}
}

/* ---- all together ----------------------------------------------------------------------------------------------------------------- */

/* SOURCE_DATE_EPOCH: the time of the build, and the latest that a file may have. -T overrules it. */
static bool read_environment(struct mkfs_options *options, struct pending *pending)
{
	const char *value = getenv("SOURCE_DATE_EPOCH");

	if (!value || !*value || pending->time_given)
		return true;
	if (!tool_parse_signed(&pending->time, value, 0, INT64_MAX))
		return mkfs_refuse("SOURCE_DATE_EPOCH '%s' is no number of seconds", value);
	pending->time_given = pending->epoch_given = true;
	options->rules.time_rule = EROFS_TIME_CLAMP;
	return true;
}

static bool settle_times(struct mkfs_options *options, struct pending *pending)
{
	struct timespec now;

	options->rules.time_rule = EROFS_TIME_FIX;
	if (!read_environment(options, pending))
		return false;
	if (pending->times == TIMES_FIX && !pending->time_given && !pending->ignore_mtime)
		return mkfs_refuse("--all-time needs a time: -T or SOURCE_DATE_EPOCH");
	if (pending->times == TIMES_FIX)
		options->rules.time_rule = EROFS_TIME_FIX;
	if (pending->times == TIMES_KEEP || (pending->times == TIMES_DEFAULT && !pending->time_given) ||
	    (pending->times == TIMES_DEFAULT && pending->epoch_given && pending->preserve_mtime))
		options->rules.time_rule = EROFS_TIME_KEEP;
	clock_gettime(CLOCK_REALTIME, &now);
	options->build.build_time = pending->time_given ? pending->time : now.tv_sec;
	options->rules.time = options->build.build_time;
	/* Who gives a time wants the same bytes again. */
	if (!pending->uuid_given)
		options->build.uuid_rule = pending->time_given ? EROFS_UUID_CONTENT : EROFS_UUID_RANDOM;
	return true;
}

static bool settle_positionals(struct mkfs_options *options, int argc, char **argv)
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

/* An index has to reach everything in the archive, which is made of blocks of 512 bytes. */
static bool settle_outside(struct mkfs_options *options)
{
	if (!options->build.data_outside)
		return true;
	if (options->build.compression_count)
		return mkfs_refuse("-z: --tar=i leaves the contents in the archive, as they are");
	options->build.blkszbits = 9;
	return true;
}

/* An image that is taken over stays as it is; these change nothing in it, or what --restamp is there to change. */
static bool fits_restamp(int option)
{
	static const int fitting[] = {
		'd',
		'L',
		'U',
		OPT_DEDUPE_FILES,
		OPT_DEVICE,
		OPT_FORCE,
		OPT_ISHARE_FINGERPRINT,
		OPT_NO_FSYNC,
		OPT_OFFSET,
		OPT_QUIET,
		OPT_RESTAMP,
		OPT_WORKERS,
		OPT_XATTR_INODE_DIGEST,
	};

	for (size_t i = 0; i < sizeof(fitting) / sizeof(fitting[0]); i++)
		if (option == fitting[i])
			return true;
	return false;
}

static void note_unfit(struct pending *pending, int option, int long_index)
{
	pending->restamp |= option == OPT_RESTAMP;
	if (fits_restamp(option))
		return;
	if (option < OPT_FIRST)
		snprintf(pending->unfit, sizeof(pending->unfit), "-%c", option);
	else
		snprintf(pending->unfit, sizeof(pending->unfit), "--%s", mkfs_long_options[long_index].name);
}

static bool settle_restamp(struct mkfs_options *options, const struct pending *pending)
{
	if (!pending->restamp)
		return true;
	if (*pending->unfit)
		return mkfs_refuse("--restamp takes an image over as it is, so %s has no place beside it",
				   pending->unfit);
	options->rules.time_rule = EROFS_TIME_KEEP;
	return options->build.fingerprint != EROFS_DIGEST_NONE ||
	       mkfs_set_fingerprint(options, EROFS_DIGEST_SHA256, EROFS_FINGERPRINT_DEFAULT_NAME);
}

static bool refuse_unbuilt(int option, int long_index)
{
	if (option == OPT_UNBUILT)
		return mkfs_refuse("--%s is not built yet", mkfs_long_options[long_index].name);
	return mkfs_refuse("-%c is not built yet", option);
}

/* The option that getopt() stumbled over, as the user wrote it. */
static bool refuse_argument(int kind, char **argv)
{
	const char *text = argv[optind - 1];
	bool is_long = strncmp(text, "--", 2) == 0;

	if (kind == ':' && !is_long)
		return mkfs_refuse("-%c needs a value", optopt);
	if (kind == ':')
		return mkfs_refuse("%s needs a value", text);
	if (is_long && optopt)
		return mkfs_refuse("%s takes no value", text);
	if (is_long || !optopt)
		return mkfs_refuse("unknown option '%s'; see mkfs.erofs --help", text);
	return mkfs_refuse("unknown option '-%c'; see mkfs.erofs --help", optopt);
}

enum mkfs_action mkfs_parse_options(struct mkfs_options *options, int argc, char **argv)
{
	struct pending pending = { 0 };
	int option, long_index = 0;

	*options = (struct mkfs_options){
		.debug_level = 2,
		.scan = erofs_scan_options_init(),
		.rules = erofs_tree_rules_init(),
		.oci = erofs_oci_options_init(),
	};
	erofs_build_defaults(&options->build);
	options->scan.workers = options->build.workers;
	while ((option = getopt_long(argc, argv, mkfs_short_options, mkfs_long_options, &long_index)) != -1) {
		bool good;

		if (option == 'h' || option == 'V') {
			if (option == 'h')
				mkfs_print_help();
			else
				tool_print_version();
			return tool_flush_stdout() ? MKFS_DONE : MKFS_FAIL;
		}
		if (option == '?' || option == ':')
			good = refuse_argument(option, argv);
		else if (option == OPT_UNBUILT || option == 'm')
			good = refuse_unbuilt(option, long_index);
		else
			good = parse_option(options, &pending, option, optarg);
		note_unfit(&pending, option, long_index);
		if (!good)
			return MKFS_FAIL;
	}
	options->scan.overlay_xattrs = options->rules.strip_overlay;
	if (!settle_times(options, &pending) || !settle_positionals(options, argc - optind, argv + optind) ||
	    !settle_restamp(options, &pending) || !settle_outside(options) || !mkfs_settle_compression(options))
		return MKFS_FAIL;
	return MKFS_BUILD;
}

void mkfs_release_options(struct mkfs_options *options)
{
	free(options->exclude_paths);
	free(options->exclude_regexes);
	free(options->devices);
	free(options->xattr_prefixes);
	free(options->fingerprint_name);
	free(options->oci_text);
	erofs_compress_hints_free(options->hints);
}
