/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_OPTIONS_H
#define EROFS_MKFS_OPTIONS_H

#include <stdbool.h>

#include <erofs/build.h>
#include <erofs/oci.h>
#include <erofs/source.h>
#include <erofs/tree.h>

#include "common/progress.h"

/* What becomes of the layers of --oci. */
enum mkfs_layers {
	MKFS_FLATTEN,
	MKFS_EACH,  /* an image for each, in the directory `output` */
	MKFS_CACHE, /* an entry for each, in the layer cache `output` */
	MKFS_IMAGE, /* a container image of them: the OCI layout or archive `output`, or one in a registry */
};

enum mkfs_input {
	MKFS_TREE, /* a directory or images */
	MKFS_TAR,
	MKFS_OCI,
	MKFS_RESTAMP, /* one image, to be taken over as it is */
};

/* What the command line and SOURCE_DATE_EPOCH ask for; const once mkfs_parse_options() is done. */
struct mkfs_options {
	const char *output;
	enum mkfs_input input;
	bool is_thin;	    /* contents stay in the source images: --index, --clean=0, or nothing says otherwise */
	bool wants_copy;    /* --clean, --clean=data */
	const char *source; /* the first of them; NULL: standard input */
	const char *const *sources;
	size_t source_count; /* more than one: images */
	bool quiet;
	enum tool_progress_form progress;
	bool is_stream; /* standard output gets the finished image */
	bool json; /* what was made, as JSON on stdout */
	int debug_level; /* -d */

	struct erofs_scan_options scan;
	struct erofs_tree_rules rules;
	struct erofs_build_options build;
	bool block_size_given;
	const char *vmdk_path;		/* --vmdk-desc */
	struct erofs_kernel min_kernel; /* --min-kernel, 0.0 without */
	bool form_given;		/* -E [^]48bit */

	struct erofs_oci_options oci; /* --oci */
	enum mkfs_layers oci_layers;
	enum erofs_oci_layer_type oci_layer_type;
	bool oci_layer_type_given;
	bool oci_pack; /* layers compressed with zstd */
	const char **oci_caches;
	size_t oci_cache_count;
	char *recipe;	  /* all options that have to do with the bytes of an image, as text */
	bool reads_files; /* some of them name files that have, too */

	/* What the pointers in scan, build and oci lead to. */
	char *oci_text;
	const char **exclude_paths;
	const char **exclude_regexes;
	const char **devices;
	const char **xattr_prefixes;
	char *fingerprint_name;
	const char *hints_path; /* --compress-hints */
	struct erofs_compress_hints *hints;
	const char *hot_path; /* --hot-files */
	struct erofs_hot_files *hot_files;
};

/* What is left to do after the command line was read. */
enum mkfs_action {
	MKFS_BUILD,
	MKFS_DONE, /* --help, --version: the text is out */
	MKFS_LOST, /* ... and could not be printed */
	MKFS_FAIL, /* a wrong command line: the reason is on stderr */
};

enum mkfs_action mkfs_parse_options(struct mkfs_options *options, int argc, char **argv);
void mkfs_release_options(struct mkfs_options *options);

/* Whether an index of images has the block size that was asked for. */
bool mkfs_check_thin_blocks(const struct mkfs_options *options, const struct erofs_build_options *build);

/* Which messages are wanted. */
enum erofs_severity mkfs_verbosity(const struct mkfs_options *options);

/* Prints the usage on stdout. */
void mkfs_print_help(void);

/* Reports "mkfs.erofs: ..." on stderr and returns false. */
bool mkfs_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether it was called. */
bool mkfs_has_refused(void);

#endif
