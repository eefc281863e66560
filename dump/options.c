/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/tool.h"

enum {
	OPT_CAT = 256,
	OPT_DEVICE,
	OPT_DIFF,
	OPT_FINGERPRINTS,
	OPT_IGNORE_TIMES,
	OPT_ISHARE_REPORT,
	OPT_JSON,
	OPT_LAYOUT,
	OPT_LS,
	OPT_NID,
	OPT_NO_FOLLOW,
	OPT_OFFSET,
	OPT_PATH,
	OPT_REPORT, /* one of those that go with --ishare-report */
};

static const struct option table[] = {
	{ "backend", required_argument, NULL, OPT_REPORT },
	{ "cat", no_argument, NULL, OPT_CAT },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "diff", no_argument, NULL, OPT_DIFF },
	{ "fingerprints", optional_argument, NULL, OPT_FINGERPRINTS },
	{ "help", no_argument, NULL, 'h' },
	{ "html", required_argument, NULL, OPT_REPORT },
	{ "ignore-times", no_argument, NULL, OPT_IGNORE_TIMES },
	{ "ishare-report", no_argument, NULL, OPT_ISHARE_REPORT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "layout", no_argument, NULL, OPT_LAYOUT },
	{ "long", no_argument, NULL, 'l' },
	{ "ls", no_argument, NULL, OPT_LS },
	{ "copies", required_argument, NULL, OPT_REPORT },
	{ "min-saving", required_argument, NULL, OPT_REPORT },
	{ "progress", required_argument, NULL, OPT_REPORT },
	{ "no-follow", no_argument, NULL, OPT_NO_FOLLOW },
	{ "nid", required_argument, NULL, OPT_NID },
	{ "offset", required_argument, NULL, OPT_OFFSET },
	{ "page-size", required_argument, NULL, OPT_REPORT },
	{ "path", required_argument, NULL, OPT_PATH },
	{ "recursive", no_argument, NULL, 'R' },
	{ "top", required_argument, NULL, OPT_REPORT },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"Usage: dump.erofs [OPTIONS] IMAGE\n"
	"       dump.erofs --diff [OPTIONS] A B\n"
	"       dump.erofs --ishare-report [OPTIONS] IMAGE|MANIFEST...\n"
	"Shows what is in an EROFS image; the superblock, when nothing else is asked for.\n"
	"\n"
	"Views:\n"
	" -s                    superblock\n"
	" -S                    statistics: inodes, sizes, layouts, xattrs, fingerprints\n"
	" --path=P, --nid=N     one inode, with its xattrs and fingerprint; P may be a pattern,\n"
	"                       such as '/etc/*.conf', and goes through symbolic links\n"
	" -e                    ... and its extents\n"
	" --ls                  ... and the entries of the directory (default: the root)\n"
	" -l, --long            with --ls: mode, links, owner, size, time, fingerprint, target\n"
	" -R, --recursive       with --ls: everything below it, one path a line\n"
	" --cat                 the bytes of the file and nothing else\n"
	" --fingerprints[=FORM] fingerprints of all regular files, or of those below P or N\n"
	"                       FORM: table (default), sha256sum, sha512sum, fsverity,\n"
	"                       json, csv, ndjson (these two: of any number of images and manifests,\n"
	"                       a row for each file, for databases)\n"
	"\n"
	"Comparing two images or manifests:\n"
	" --diff                what was added, removed and changed from A to B, and what that means\n"
	"                       for the page cache; exit status 0: nothing, 1: something, 2: trouble\n"
	" --ignore-times        with --diff: times that differ are no difference\n"
	" --layout              with --diff: why two images are not the same bytes\n"
	" --page-size, --html   as for the report\n"
	"\n"
	"Report on what several images share in memory:\n"
	" --ishare-report       page cache with and without sharing, and what spoils it; inputs are\n"
	"                       images or what --fingerprints=json wrote\n"
	" --page-size=N         bytes of a page (4096)\n"
	" --backend=file|block  how plain images will be mounted, for naming (file)\n"
	" --top=N               lines in each list of what spoils sharing (20)\n"
	" --copies=N            each is mounted N times, each for itself; FILE*N: this one\n"
	" --min-saving=PERCENT  exit with 3 if sharing saves less\n"
	" --html=FILE           write the report as a page, too\n"
	" --progress=HOW        auto: a line on a terminal, else one to the log every 10 s;\n"
	"                       plain: as for a log; none\n"
	"\n"
	"Options:\n"
	" --json                print the views as one JSON object\n"
	" --no-follow           follow no symbolic link on the way to P, nor P itself\n"
	" --device=FILE         file with the data of the next extra device; may be repeated\n"
	" --offset=N            the image starts N bytes into IMAGE\n"
	" -h, --help            print this help and exit\n"
	" -V, --version         print the version and exit\n";

static int set_form(struct dump_options *out, const char *form)
{
	if (!form || strcmp(form, "table") == 0) {
		out->fingerprints = FINGERPRINTS_TABLE;
	} else if (strcmp(form, "json") == 0) {
		out->fingerprints = FINGERPRINTS_JSON;
	} else if (strcmp(form, "csv") == 0) {
		out->fingerprints = FINGERPRINTS_CSV;
	} else if (strcmp(form, "ndjson") == 0) {
		out->fingerprints = FINGERPRINTS_NDJSON;
	} else if (strcmp(form, "sha256sum") == 0 || strcmp(form, "sha512sum") == 0) {
		out->fingerprints = FINGERPRINTS_SUM;
		out->sum_digest = form[3] == '2' ? EROFS_DIGEST_SHA256 : EROFS_DIGEST_SHA512;
	} else if (strcmp(form, "fsverity") == 0) {
		out->fingerprints = FINGERPRINTS_SUM;
		out->sum_digest = EROFS_DIGEST_FSVERITY;
	} else {
		return options_usage(
			"--fingerprints=%s: not table, sha256sum, sha512sum, fsverity, json, csv or ndjson", form);
	}
	return 0;
}

static int set_value(struct dump_options *out, int option, const char *value)
{
	switch (option) {
	case OPT_DEVICE:
		return tool_append(&out->devices, &out->device_count, value) ? 0 : options_usage("out of memory");
	case OPT_FINGERPRINTS:
		return set_form(out, value);
	case OPT_NID:
		out->use_nid = true;
		return tool_parse_number(&out->nid, value, UINT64_MAX) ? 0
								       : options_usage("--nid=%s: not a number", value);
	case OPT_OFFSET:
		return tool_parse_number(&out->offset, value, INT64_MAX)
			       ? 0
			       : options_usage("--offset=%s: not a number", value);
	default:
		out->path = value;
		return 0;
	}
}

/* The flag that an option without a value sets. */
static bool *flag_of(struct dump_options *out, int option)
{
	switch (option) {
	case 's':
		return &out->superblock;
	case 'S':
		return &out->statistics;
	case 'e':
		return &out->extents;
	case 'R':
		return &out->recursive;
	case 'l':
		return &out->details;
	case OPT_NO_FOLLOW:
		return &out->no_follow;
	case OPT_LS:
		return &out->list;
	case OPT_CAT:
		return &out->cat;
	case OPT_JSON:
		return &out->json;
	case OPT_DIFF:
		return &out->diff;
	case OPT_LAYOUT:
		return &out->layout;
	case OPT_IGNORE_TIMES:
		return &out->ignore_times;
	case OPT_ISHARE_REPORT:
		return &out->ishare_report;
	default:
		return NULL;
	}
}

static bool wants_view(const struct dump_options *o)
{
	return o->superblock || o->statistics || o->extents || o->list || o->fingerprints != FINGERPRINTS_NONE;
}

/* What neither the report nor a comparison takes. */
static bool wants_more(const struct dump_options *o)
{
	return wants_view(o) || o->recursive || o->cat || o->path || o->use_nid || o->offset || o->device_count ||
	       o->details || o->no_follow;
}

static int check_report(const struct dump_options *o)
{
	if (!o->image_count)
		return options_usage("no image given");
	if (wants_more(o) || o->diff)
		return options_usage("--ishare-report stands alone");
	return 0;
}

static int check_diff(const struct dump_options *o)
{
	if (wants_more(o) || o->report_option)
		return options_usage("--diff goes with --layout, --ignore-times, --json, --html and --page-size only");
	if (o->image_count != 2)
		return options_usage("--diff needs two images or manifests, A and B");
	if (o->layout && o->ignore_times)
		return options_usage("--ignore-times does not go with --layout, which compares bytes");
	if (o->layout && o->html_or_page)
		return options_usage("--%s does not go with --layout", o->html_or_page);
	return 0;
}

static bool wants_rows(const struct dump_options *o)
{
	return o->fingerprints == FINGERPRINTS_CSV || o->fingerprints == FINGERPRINTS_NDJSON;
}

static int check_rows(const struct dump_options *o)
{
	if (o->superblock || o->statistics || o->extents || o->list || o->recursive || o->cat || o->path ||
	    o->use_nid || o->offset || o->device_count || o->details || o->no_follow || o->json || o->layout ||
	    o->report_option || o->html_or_page || o->ishare_report || o->diff)
		return options_usage("--fingerprints=csv and ndjson stand alone");
	return o->image_count ? 0 : options_usage("no image given");
}

static int check(struct dump_options *o)
{
	if (o->ignore_times && !o->diff)
		return options_usage("--ignore-times goes with --diff");
	if (wants_rows(o))
		return check_rows(o);
	if (o->ishare_report)
		return check_report(o);
	if (o->diff)
		return check_diff(o);
	if (o->report_option || o->html_or_page)
		return options_usage("--%s goes with --ishare-report%s",
				     o->report_option ? o->report_option : o->html_or_page,
				     o->report_option ? "" : " or --diff");
	if (o->layout)
		return options_usage("--layout goes with --diff");
	if (o->image_count != 1)
		return options_usage(o->image_count ? "more than one image given" : "no image given");
	if (o->path && o->use_nid)
		return options_usage("--path and --nid name two inodes");
	if (o->recursive && !o->list)
		return options_usage("--recursive goes with --ls");
	if (o->details && !o->list)
		return options_usage("-l goes with --ls");
	if (o->no_follow && !o->path)
		return options_usage("--no-follow goes with --path");
	if ((o->extents || o->cat) && !o->path && !o->use_nid)
		return options_usage("%s needs --path or --nid", o->cat ? "--cat" : "-e");
	if (o->cat && (wants_view(o) || o->json))
		return options_usage("--cat stands alone");
	if (o->fingerprints == FINGERPRINTS_SUM && (o->json || o->superblock || o->statistics || o->extents || o->list))
		return options_usage("--fingerprints with sums of %s stands alone", erofs_digest_name(o->sum_digest));
	if (o->fingerprints == FINGERPRINTS_JSON && (o->superblock || o->statistics || o->extents || o->list))
		return options_usage("--fingerprints=json stands alone; use --json --fingerprints for several views");
	if (!wants_view(o) && !o->cat && !o->path && !o->use_nid)
		o->superblock = true;
	return 0;
}

static int refuse_option(int found, char *const *argv)
{
	char *mistake = tool_option_mistake(found, argv, table);

	options_usage("%s", mistake ? mistake : "out of memory");
	free(mistake);
	return -1;
}

int options_parse(struct dump_options *out, int argc, char **argv)
{
	int option, which = 0, err = 0;

	*out = (struct dump_options){ .page_size = 4096, .top = 20, .copies = 1 };
	opterr = 0;
	while (!err && (option = getopt_long(argc, argv, ":ehlRsSV", table, &which)) != -1) {
		bool *flag = flag_of(out, option);

		if (flag) {
			*flag = true;
		} else if (option == 'h') {
			fputs(help, stdout);
			return 1;
		} else if (option == 'V') {
			tool_print_version();
			tool_print_compatible();
			tool_print_build();
			return 1;
		} else if (option == ':' || option == '?') {
			err = refuse_option(option, argv);
		} else if (option == OPT_REPORT) {
			err = options_set_report(out, table[which].name, optarg);
		} else {
			err = set_value(out, option, optarg);
		}
	}
	if (err)
		return err;
	out->images = (const char *const *)&argv[optind];
	out->image_count = (size_t)(argc - optind);
	return check(out);
}

void options_release(struct dump_options *options)
{
	free(options->devices);
}
