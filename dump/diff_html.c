/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/diff.h"
#include "dump/html.h"
#include "dump/ishare.h"
#include "dump/text.h"

#define ROWS_MAX 10000u /* of one table: browsers get slow */

struct page {
	FILE *out;
	const struct diff *diff;
};

static void put_tile(const struct page *page, const char *id, uint64_t bytes, const char *text)
{
	fputs("<div class=tile>", page->out);
	html_size(page->out, "b", id, bytes);
	fprintf(page->out, "<span>%s</span></div>\n", text);
}

static void put_number(const struct page *page, const char *id, uint64_t number, const char *text)
{
	fprintf(page->out, "<div class=tile><b id=%s data-count=\"%" PRIu64 "\">%" PRIu64 "</b><span>%s</span></div>\n",
		id, number, number, text);
}

static void put_side(const struct page *page, const char *label, const struct diff_side *side)
{
	fprintf(page->out, "<p><b>%s</b> ", label);
	html_name(page->out, side->name, strlen(side->name));
	if (side->image) {
		fputs(", an image of ", page->out);
		html_size(page->out, "span", "", side->image_bytes);
	} else {
		fputs(", a manifest", page->out);
	}
	fputs(side->fingerprinted ? "</p>\n"
				  : ", <span class=note>without fingerprints: nothing of it is shared</span></p>\n",
	      page->out);
}

static void put_summary(const struct page *page)
{
	const struct diff *diff = page->diff;

	put_side(page, "A", &diff->a);
	put_side(page, "B", &diff->b);
	fputs("<div class=tiles>\n", page->out);
	put_number(page, "added", diff->added, "added");
	put_number(page, "removed", diff->removed, "removed");
	put_number(page, "changed", diff->changed, "changed");
	put_tile(page, "a-page-bytes", diff->a.figures.page_bytes, "page cache of A");
	put_tile(page, "b-page-bytes", diff->b.figures.page_bytes, "page cache of B");
	put_tile(page, "extra-page-bytes", diff_extra_pages(diff), "B on top of A, with sharing");
	fputs("</div>\n", page->out);
	if (!diff->count)
		fprintf(page->out, "<p>%s</p>\n",
			diff->unknown || diff->result || diff->a.result || diff->b.result ? "No difference was found."
											  : "Both are the same.");
	if (diff->partial)
		fputs("<p>A manifest knows non-empty regular files only: nothing else was compared.</p>\n", page->out);
	if (diff->unknown)
		fprintf(page->out, "<p class=note>%" PRIu64 " files of one size could not be compared.</p>\n",
			diff->unknown);
	if (diff->kinds)
		fprintf(page->out,
			"<p class=note>%" PRIu64
			" files are compressed on one side and plain on the other, and never share: build both with the same -z.</p>\n",
			diff->kinds);
}

static void put_row(const struct page *page, const struct diff_change *change)
{
	const struct diff_entry *entry = change->a ? change->a : change->b;
	char *words;

	fputs("<tr>", page->out);
	if (S_ISREG(entry->mode))
		html_size(page->out, "td", "", (change->b ? change->b : entry)->size);
	else
		fputs("<td></td>", page->out);
	fputs("<td>", page->out);
	html_name(page->out, entry->path, entry->path_size);
	words = change->a && change->b ? diff_describe(change) : strdup(text_type(entry->mode));
	fputs("<div class=what>", page->out);
	html_escape(page->out, words ? words : "?");
	fputs("</div></td></tr>\n", page->out);
	free(words);
}

/* 0 added, 1 removed, 2 changed. */
static unsigned int kind_of(const struct diff_change *change)
{
	return !change->a ? 0 : !change->b ? 1 : 2;
}

static void put_table(const struct page *page, unsigned int kind, const char *id, const char *title, uint64_t count)
{
	uint64_t rows = 0;

	if (!count)
		return;
	fprintf(page->out,
		"<section id=%s-list aria-label=\"%s\"><h2>%s</h2>\n<div class=scroll><table><thead><tr><th scope=col>Size</th>"
		"<th scope=col>Path</th></tr></thead><tbody>\n",
		id, title, title);
	for (size_t i = 0; i < page->diff->count && rows < ROWS_MAX; i++) {
		if (kind_of(&page->diff->changes[i]) != kind)
			continue;
		put_row(page, &page->diff->changes[i]);
		rows++;
	}
	fputs("</tbody></table></div>\n", page->out);
	if (count > rows)
		fprintf(page->out, "<p>and %" PRIu64 " more, which --diff without --html lists</p>\n", count - rows);
	fputs("</section>\n", page->out);
}

static void put_page(FILE *out, const void *what)
{
	const struct page this_page = { .out = out, .diff = what }, *page = &this_page;
	const struct diff *diff = page->diff;

	html_begin(page->out, "Difference of two EROFS images");
	put_summary(page);
	put_table(page, 2, "changed", "Changed", diff->changed);
	put_table(page, 0, "added", "Added", diff->added);
	put_table(page, 1, "removed", "Removed", diff->removed);
	html_end(page->out, "--diff");
}

int diff_write_html(const struct diff *diff)
{
	return html_write(diff->options->html, put_page, diff);
}
