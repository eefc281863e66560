/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_ISHARE_H
#define EROFS_DUMP_ISHARE_H

#include <stdio.h>

#include <erofs/diag.h>
#include <erofs/share.h>

#include "dump/options.h"

/* The report on what a set of images shares: computed once, shown as text, JSON or a page. */
struct ishare_report {
	const struct dump_options *options;
	const struct erofs_share *share;
	struct erofs_share_total total;
	struct erofs_share_losses losses[EROFS_SHARE_SPOILERS];
	struct erofs_share_directories largest;	  /* by size */
	struct erofs_share_directories differing; /* by what differs */
};

/* Computes and shows it. The exit status, see dump.erofs(1); problems have been reported. */
int ishare_run(const struct dump_options *options, const struct erofs_diag *diag);

void ishare_print_text(const struct ishare_report *report);
void ishare_print_json(const struct ishare_report *report);

/* The page goes to options->html. 0 or a negative errno. */
int ishare_write_html(const struct ishare_report *report);
extern const char ishare_style[];

/* Saved bytes in hundredths of a percent of `figures->page_bytes`, rounded down: nothing is promised that is not kept. */
unsigned int ishare_reduction(const struct erofs_share_figures *figures);

/* "1.5 MiB" or "12 B"; 32 bytes. */
#define ISHARE_SIZE_MAX 32
void ishare_format_size(char out[ISHARE_SIZE_MAX], uint64_t bytes);

/* Whether fingerprints of several algorithms spoil sharing. */
bool ishare_mixes(const struct ishare_report *report);

/* The name of an algorithm, by its bit; NULL: no bit of this set. */
const char *ishare_algorithm(uint32_t algorithms, unsigned int bit);

/* In how many images there are fingerprints of this algorithm. */
size_t ishare_count_algorithm(const struct ishare_report *report, unsigned int bit);

/* What a plain file is called with the backend in use. */
const char *ishare_kind(const struct dump_options *options, bool compressed);

/* What to do about what spoils sharing: at most so many lines, each to be freed; how many. */
#define ISHARE_ADVICE_MAX 3
size_t ishare_advise(const struct ishare_report *report, char *lines[ISHARE_ADVICE_MAX]);

/* One line why less was saved than --min-saving asks for, to be freed; NULL when out of memory. */
char *ishare_explain(const struct ishare_report *report);

/* Cuts the digits of "sha256:..." to twelve. 64 bytes. */
#define ISHARE_SHORT_MAX 64
void ishare_shorten(char out[ISHARE_SHORT_MAX], const char *value);

/* Image `index`, which exists. */
struct erofs_share_image ishare_image(const struct ishare_report *report, size_t index);

#endif
