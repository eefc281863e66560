/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_OPTIONS_H
#define EROFS_DUMP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/fingerprint.h>

#include "common/progress.h"

enum fingerprint_form {
	FINGERPRINTS_NONE, /* not asked for */
	FINGERPRINTS_TABLE,
	FINGERPRINTS_SUM, /* lines for sha256sum -c and its sisters, or as of `fsverity digest` */
	FINGERPRINTS_JSON,
	FINGERPRINTS_CSV, /* rows for databases, of any number of images and manifests */
	FINGERPRINTS_NDJSON,
};

struct dump_options {
	const char *const *images; /* image_count of them; one, if not for a report */
	size_t image_count;
	uint64_t offset;
	const char **devices; /* device_count of them */
	size_t device_count;

	bool superblock;
	bool statistics;
	bool extents;
	bool list;
	bool recursive;
	bool details;	/* of each entry */
	bool no_follow; /* symbolic links on the way to path */
	bool cat;
	bool json;
	enum fingerprint_form fingerprints;
	enum erofs_digest sum_digest; /* with FINGERPRINTS_SUM */

	const char *path; /* NULL: not asked for */
	uint64_t nid;
	bool use_nid;

	bool ishare_report;
	uint32_t page_size;
	bool block_backend;
	size_t top;		   /* lines of a list */
	enum tool_progress_form progress;
	unsigned int min_saving;   /* in hundredths of a percent */
	const char *html;	   /* NULL: not asked for */
	uint32_t copies;	   /* of each input that does not say so itself */
	bool diff;
	bool ignore_times;	   /* mtimes that differ are no difference */
	bool layout;		   /* compare bytes, not trees */
	const char *html_or_page;  /* an option that --diff takes, too; NULL: none was given */
	const char *report_option; /* one that goes with ishare_report only; NULL: none was given */
};

/* 0: go on; 1: nothing is left to do (--help, --version); -1: a usage error, which has been reported. */
int options_parse(struct dump_options *out, int argc, char **argv);
void options_release(struct dump_options *options);

/* Reports what is wrong with the command line; returns -1. */
int options_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A number of copies. */
bool options_parse_copies(uint32_t *out, const char *text);

/* The options of --ishare-report, by name; 0 or -1. */
int options_set_report(struct dump_options *out, const char *name, const char *value);

#endif
