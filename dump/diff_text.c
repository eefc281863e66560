/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/diff.h"
#include "dump/ishare.h"
#include "dump/text.h"

static void print_side(const char *label, const struct diff_side *side)
{
	char size[ISHARE_SIZE_MAX];

	printf("%s ", label);
	text_print_name(side->name, strlen(side->name));
	if (side->image) {
		ishare_format_size(size, side->image_bytes);
		printf("  image of %s", size);
	} else {
		fputs("  manifest", stdout);
	}
	puts(side->fingerprinted ? "" : ", without fingerprints");
}

static void print_change(const struct diff_change *change)
{
	const struct diff_entry *entry = change->a ? change->a : change->b;
	char *words;

	printf("%c ", !change->a ? '+' : !change->b ? '-' : '~');
	text_print_name(entry->path, entry->path_size);
	if (change->a && change->b) {
		words = diff_describe(change);
		printf("  %s\n", words ? words : "?");
		free(words);
	} else {
		printf("  %s", text_type(entry->mode));
		if (S_ISREG(entry->mode))
			printf(" of %" PRIu64 " bytes", entry->size);
		putchar('\n');
	}
}

static void print_counts(const struct diff *diff)
{
	char added[ISHARE_SIZE_MAX], removed[ISHARE_SIZE_MAX];
	const char *before = ": ";

	ishare_format_size(added, diff->added_bytes);
	ishare_format_size(removed, diff->removed_bytes);
	if (!diff->count) {
		puts(diff->unknown || diff->result ? "No difference was found."
		     : diff->partial		   ? "All non-empty files are the same."
						   : "The trees are the same.");
		return;
	}
	printf("%" PRIu64 " added (%s), %" PRIu64 " removed (%s), %" PRIu64 " changed", diff->added, added,
	       diff->removed, removed, diff->changed);
	for (unsigned int i = 0; i < DIFF_WHATS; i++) {
		if (!diff->whats[i])
			continue;
		printf("%s%s %" PRIu64, before, diff_word((enum diff_what)i), diff->whats[i]);
		before = ", ";
	}
	putchar('\n');
}

static void print_pages(const struct diff *diff)
{
	char a[ISHARE_SIZE_MAX], b[ISHARE_SIZE_MAX], extra[ISHARE_SIZE_MAX], both[ISHARE_SIZE_MAX];
	const struct erofs_share_figures figures = { .page_bytes = diff->both.page_bytes,
						     .shared_page_bytes = diff->both.shared_page_bytes };
	unsigned int saved = ishare_reduction(&figures);

	ishare_format_size(a, diff->a.figures.bytes);
	ishare_format_size(b, diff->b.figures.bytes);
	printf("Files:      %s -> %s\n", a, b);
	ishare_format_size(a, diff->a.figures.page_bytes);
	ishare_format_size(b, diff->b.figures.page_bytes);
	ishare_format_size(extra, diff_extra_pages(diff));
	ishare_format_size(both, diff->both.shared_page_bytes);
	printf("Page cache: %s -> %s; both together, with sharing, %s (%u.%02u %% saved): B needs %s on top of A\n", a,
	       b, both, saved / 100, saved % 100, extra);
	if (diff->kinds)
		printf("%" PRIu64
		       " %s compressed on one side and plain on the other, and never %s: build both with the same -z\n",
		       diff->kinds, diff->kinds == 1 ? "file is" : "files are", diff->kinds == 1 ? "shares" : "share");
}

void diff_print_text(const struct diff *diff)
{
	print_side("A:", &diff->a);
	print_side("B:", &diff->b);
	if (diff->partial)
		puts("A manifest knows non-empty regular files only: nothing else was compared.");
	if (diff->count)
		putchar('\n');
	for (size_t i = 0; i < diff->count && !ferror(stdout); i++)
		print_change(&diff->changes[i]);
	putchar('\n');
	print_counts(diff);
	print_pages(diff);
}
