/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "common/tool.h"
#include "mkfs/option.h"

static bool take_device(struct mkfs_parser *parser, const char *value)
{
	struct mkfs_options *options = parser->options;

	return mkfs_add_to_list(&options->devices, &options->scan.devices, &options->scan.device_count, value);
}

static bool take_index(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->is_thin = true;
	parser->options->wants_copy = false;
	return true;
}

/* What other builders call a build from scratch: all data, or inodes without. */
static bool take_clean(struct mkfs_parser *parser, const char *value)
{
	struct mkfs_options *options = parser->options;

	options->is_thin = value && strcmp(value, "0") == 0;
	options->wants_copy = !options->is_thin;
	return options->is_thin || !value || strcmp(value, "data") == 0 ||
	       mkfs_refuse("--clean '%s': data or 0", value);
}

static bool take_exclude_path(struct mkfs_parser *parser, const char *value)
{
	struct mkfs_options *options = parser->options;

	return mkfs_add_to_list(&options->exclude_paths, &options->scan.exclude_paths,
				&options->scan.exclude_path_count, value);
}

static bool take_exclude_regex(struct mkfs_parser *parser, const char *value)
{
	struct mkfs_options *options = parser->options;

	return mkfs_add_to_list(&options->exclude_regexes, &options->scan.exclude_regexes,
				&options->scan.exclude_regex_count, value);
}

static bool take_ignore_unreadable(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->scan.ignore_unreadable = true;
	return true;
}

static bool take_one_file_system(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->scan.one_file_system = true;
	return true;
}

static bool take_hard_dereference(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->scan.hard_dereference = true;
	return true;
}

static bool take_aufs(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->rules.aufs_whiteouts = true;
	return true;
}

static bool take_ovlfs_strip(struct mkfs_parser *parser, const char *value)
{
	parser->options->rules.strip_overlay = !value || strcmp(value, "1") == 0;
	parser->options->scan.keep_overlay = !parser->options->rules.strip_overlay;
	return parser->options->rules.strip_overlay || strcmp(value, "0") == 0 ||
	       mkfs_refuse("--ovlfs-strip '%s' is not 0 or 1", value);
}

static bool take_file_contexts(struct mkfs_parser *parser, const char *value)
{
	parser->options->scan.file_contexts = value;
	return true;
}

static bool take_hot_files(struct mkfs_parser *parser, const char *value)
{
	parser->options->hot_path = value;
	return true;
}

bool mkfs_settle_hot_files(struct mkfs_options *options)
{
	const struct erofs_diag *diag = tool_diag(mkfs_verbosity(options), true);
	int err;

	if (!options->hot_path)
		return true;
	if (options->input == MKFS_OCI)
		return mkfs_refuse("--hot-files: layers are stored in the order in which they come");
	if (options->build.data_outside || options->is_thin)
		return mkfs_refuse("--hot-files: an index leaves the contents where they are, in their order");
	err = erofs_hot_files_read(&options->hot_files, options->hot_path, diag);
	if (err && !tool_has_failed())
		mkfs_refuse("--hot-files: %s", strerror(-err));
	options->rules.hot_files = options->hot_files;
	return !err;
}

static bool take_mount_point(struct mkfs_parser *parser, const char *value)
{
	parser->options->scan.mount_point = value;
	return true;
}

static bool take_sort(struct mkfs_parser *parser, const char *value)
{
	(void)parser;
	return strcmp(value, "path") == 0 || strcmp(value, "none") == 0 ||
	       mkfs_refuse("--sort '%s': path or none", value);
}

static bool take_tar(struct mkfs_parser *parser, const char *value)
{
	if (parser->options->input == MKFS_OCI)
		return mkfs_refuse("--tar and --oci are two sources");
	if (!value || strcmp(value, "-") == 0)
		value = "f";
	if (strcmp(value, "headerball") == 0)
		return mkfs_refuse(
			"--tar=headerball: an archive without its contents makes no image that can be verified");
	parser->options->input = MKFS_TAR;
	parser->options->build.data_outside = strcmp(value, "i") == 0;
	return parser->options->build.data_outside || strcmp(value, "f") == 0 ||
	       mkfs_refuse("--tar '%s': f or i", value);
}

/* --ungzip, --unxz: how an archive is compressed shows. */
static bool take_packed(struct mkfs_parser *parser, const char *value)
{
	return !value ||
	       mkfs_refuse("--%s=FILE: the archive is not written out; tee(1) copies what comes through a pipe",
			   parser->option->name);
}

static const struct mkfs_option rows[] = {
	{ "device", 0, MUST, take_device, .fits_restamp = true,
	  .help = "      --device=FILE          source image: file with the data of the next slot of its device\n"
		  "                             table (repeatable)\n" },
	{ "index", 0, NO, take_index,
	  .help = "      --index                source images: write metadata only; contents stay in the images, each\n"
		  "                             a device of the new one, for mount -o device=IMAGE,device=IMAGE...\n"
		  "                             (default, unless -z, --min-kernel or --device asks for a copy)\n" },
	{ "clean", 0, MAY, take_clean,
	  .help = "      --clean[=data|0]       source images: copy the contents, too; 0: the same as --index\n" },
	{ "exclude-path", 0, MUST, take_exclude_path,
	  .help = "      --exclude-path=PATH    leave out PATH and what is below it\n" },
	{ "exclude-regex", 0, MUST, take_exclude_regex,
	  .help = "      --exclude-regex=REGEX  leave out what matches an extended regular expression\n" },
	{ "ignore-unreadable", 0, NO, take_ignore_unreadable,
	  .help = "      --ignore-unreadable    leave out files and directories that may not be read, with a warning\n" },
	{ "one-file-system", 0, NO, take_one_file_system,
	  .help = "      --one-file-system      directories on which other file systems are mounted stay empty\n" },
	{ "hot-files", 0, MUST, take_hot_files,
	  .help = "      --hot-files=LIST       put the files that LIST names first, in its order, and together: paths and\n"
		  "                             patterns, one a line, as erofs-hot-files records them\n" },
	{ "all-root", 0, NO, mkfs_take_all_root, .help = "      --all-root             all files belong to root\n" },
	{ "force-uid", 0, MUST, mkfs_take_force_uid,
	  .help = "      --force-uid=UID, --force-gid=GID\n"
		  "                             all files belong to this owner, this group\n" },
	{ "force-gid", 0, MUST, mkfs_take_force_gid, .help = NULL },
	{ "uid-offset", 0, MUST, mkfs_take_uid_offset,
	  .help = "      --uid-offset=N, --gid-offset=N\n"
		  "                             add N to all owners, groups, forced ones too\n" },
	{ "gid-offset", 0, MUST, mkfs_take_gid_offset, .help = NULL },
	{ "hard-dereference", 0, NO, take_hard_dereference,
	  .help = "      --hard-dereference     make hard links files of their own\n" },
	{ "aufs", 0, NO, take_aufs,
	  .help = "      --aufs                 turn AUFS whiteouts into those of overlayfs\n" },
	{ "oci", 0, MUST, mkfs_take_oci,
	  .help = "      --oci=DIR|FILE|docker://HOST/NAME[:TAG|@DIGEST]\n"
		  "                             the source is a container image: an OCI layout or dir: of skopeo, an archive,\n"
		  "                             what docker save writes, or one in a registry; behind it, if need\n"
		  "                             be: ,ref=NAME ,platform=OS/ARCH[/VARIANT] ,http\n"
		  "                             ,layers=flatten|each|cache|image (each: IMAGE is a directory for an\n"
		  "                             image of every layer, and layers.json, their order; cache: IMAGE\n"
		  "                             is a layer cache of containerd, to which entries are added; image:\n"
		  "                             the same container image with EROFS layers, IMAGE being an OCI\n"
		  "                             layout, an archive (....tar) or docker://HOST/NAME[:TAG]); for\n"
		  "                             layers=image: ,cache-from=LOCATION (where to look for converted\n"
		  "                             layers) ,type=containerd|draft[+zstd]|oci (what they are called)\n" },
	{ "ovlfs-strip", 0, MAY, take_ovlfs_strip,
	  .help = "      --ovlfs-strip[=0|1]    leave out whiteouts and xattrs of overlayfs; 0: keep them, even where\n"
		  "                             several source images have been laid over each other\n" },
	{ "file-contexts", 0, MUST, take_file_contexts,
	  .help = "      --file-contexts=FILE   label all files as a SELinux file_contexts file says\n" },
	{ "mount-point", 0, MUST, take_mount_point,
	  .help = "      --mount-point=PATH     where the image will be mounted, for --file-contexts (/)\n" },
	{ "sort", 0, MUST, take_sort,
	  .help = "      --sort=path|none       order of the data; directories are always laid out by path\n" },
	{ "tar", 0, MAY, take_tar,
	  .help = "      --tar[=f]              the source is a tar archive, compressed or not; standard input if\n"
		  "                             it is not given\n"
		  "      --tar=i                the same, and contents stay in the archive, for mount -o device=\n" },
	{ "ungzip", 0, MAY, take_packed,
	  .help = "      --ungzip, --unxz       accepted: how an archive is compressed shows\n" },
	{ "unxz", 0, MAY, take_packed, .help = NULL },
};

const struct mkfs_option_group mkfs_source_options = MKFS_OPTION_GROUP("Source", rows);
