/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_OPTION_H
#define EROFS_MKFS_OPTION_H

#include <getopt.h>

#include "mkfs/options.h"

/*
 * The options, a row for each: spelling, handler, help. What getopt_long() needs and what --help prints is made of the rows,
 * so that a new option is a row and its handler.
 */

/* Short names for the kinds of arguments. */
enum { NO = no_argument, MUST = required_argument, MAY = optional_argument };

/* Which option said what files' times are to be; the last one counts. */
enum mkfs_times { MKFS_TIMES_DEFAULT, MKFS_TIMES_KEEP, MKFS_TIMES_FIX };

struct mkfs_option;

/* What is known while the command line is read, or only when all of it is: several options work together. */
struct mkfs_parser {
	struct mkfs_options *options;
	const struct mkfs_option *option; /* the one that a handler is called for */
	bool done;			  /* --help, --version: nothing is left to do but */
	bool wants_help;		  /* to print the rows */

	enum mkfs_times times;
	bool ignore_mtime, preserve_mtime;
	bool time_given, uuid_given;
	bool epoch_given; /* the time is that of SOURCE_DATE_EPOCH */
	int64_t time;

	bool restamp;
	bool fingerprint_given; /* or none */
	char unfit[64];		/* an option given that has no place beside --restamp */
};

/* `value` is NULL if there is none. False when reported. */
typedef bool mkfs_take_function(struct mkfs_parser *parser, const char *value);

struct mkfs_option {
	const char *name; /* NULL: the letter only */
	char letter;	  /* 0: the name only; neither: lines of help */
	int argument;
	mkfs_take_function *take;
	/* An image that is taken over stays as it is; these change nothing in it, or what --restamp is there to change. */
	bool fits_restamp;
	const char *help; /* whole lines. NULL: none, or the row above speaks for this one, too */
};

struct mkfs_option_group {
	const char *title; /* in the help; NULL: not shown */
	const struct mkfs_option *options;
	size_t count;
};

#define MKFS_OPTION_GROUP(title, rows)                                                                                 \
	{                                                                                                              \
		title, rows, sizeof(rows) / sizeof((rows)[0])                                                          \
	}

/* In the order of the help. */
#define MKFS_OPTION_GROUPS 6
extern const struct mkfs_option_group *const mkfs_option_groups[MKFS_OPTION_GROUPS];

extern const struct mkfs_option_group mkfs_fingerprint_options; /* options_fingerprint.c */
extern const struct mkfs_option_group mkfs_image_options;	/* options_image.c */
extern const struct mkfs_option_group mkfs_compress_options;	/* options_compress.c */
extern const struct mkfs_option_group mkfs_source_options;	/* options_source.c */
extern const struct mkfs_option_group mkfs_other_options;	/* options_other.c */
extern const struct mkfs_option_group mkfs_unbuilt_options;	/* options_unbuilt.c */

/* Handlers that are not beside their rows. */
mkfs_take_function mkfs_take_features; /* -E, options_features.c */
mkfs_take_function mkfs_take_oci;      /* options_oci.c */
/* options_times.c */
mkfs_take_function mkfs_take_time;
mkfs_take_function mkfs_take_all_time;
mkfs_take_function mkfs_take_mkfs_time;
mkfs_take_function mkfs_take_preserve_mtime;
mkfs_take_function mkfs_take_ignore_mtime;
/* options_owners.c */
mkfs_take_function mkfs_take_all_root;
mkfs_take_function mkfs_take_force_uid;
mkfs_take_function mkfs_take_force_gid;
mkfs_take_function mkfs_take_uid_offset;
mkfs_take_function mkfs_take_gid_offset;

/* The option's spelling: "-b", "--tar". */
void mkfs_spell_option(char *out, size_t size, const struct mkfs_option *option);
/* A number from 0 to `most`, the value of the parser's option. */
bool mkfs_parse_small(const struct mkfs_parser *parser, unsigned int *out, const char *value, unsigned int most);
/* Fingerprints where nobody has said anything about them. */
bool mkfs_default_fingerprint(struct mkfs_parser *parser);
/* Appends to a list that `shown` shows to the library. */
bool mkfs_add_to_list(const char ***list, const char *const **shown, size_t *count, const char *value);

/* When all options are read: what needs several of them. In this order. */
bool mkfs_settle_times(struct mkfs_parser *parser);
bool mkfs_settle_positionals(struct mkfs_options *options, int argc, char **argv);
bool mkfs_settle_oci(struct mkfs_options *options);  /* part of the positionals */
bool mkfs_settle_layers(struct mkfs_parser *parser); /* of --oci, options_oci.c */
bool mkfs_settle_restamp(struct mkfs_parser *parser);
bool mkfs_settle_thin(struct mkfs_parser *parser);	  /* options_thin.c */
bool mkfs_settle_hot_files(struct mkfs_options *options); /* options_source.c */
bool mkfs_settle_compression(struct mkfs_options *options);

#endif
