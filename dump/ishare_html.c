/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/units.h"
#include "dump/html.h"
#include "dump/ishare_order.h"

/* The report as one page. */

struct page {
	FILE *out;
	const struct ishare_report *report;
	size_t *ranks[ISHARE_ORDERS]; /* of its images */
};

static void put_name(const struct page *page, const char *name, size_t size)
{
	html_name(page->out, name, size);
}

static void put_size(const struct page *page, const char *tag, const char *id, uint64_t bytes)
{
	html_size(page->out, tag, id, bytes);
}

static void put_percent(const struct page *page, const struct erofs_share_figures *figures)
{
	unsigned int reduction = ishare_reduction(figures);

	fprintf(page->out, "%u.%02u %%", reduction / 100, reduction % 100);
}

/* ---- bars -------------------------------------------------------------------------------------------------------------- */

struct segment {
	const char *kind, *title;
	uint64_t bytes;
};

/* What a bar shows is its name, too, for those to whom it is read. */
static void put_bar(const struct page *page, const struct segment *segments, size_t count, uint64_t scale)
{
	const char *separator = "";

	fputs("<div class=bar role=img aria-label=\"", page->out);
	for (size_t i = 0; i < count; i++) {
		if (!segments[i].bytes)
			continue;
		fprintf(page->out, "%s%s: %s", separator, segments[i].title, TOOL_SIZE(segments[i].bytes));
		separator = ", ";
	}
	fputs(*separator ? "\">" : "empty\">", page->out);
	for (size_t i = 0; i < count; i++) {
		const struct segment *segment = &segments[i];

		if (segment->bytes)
			fprintf(page->out,
				"<i class=%s style=\"width:%.3f%%\" data-bytes=\"%" PRIu64 "\" title=\"%s: %s\"></i>",
				segment->kind, 100.0 * (double)segment->bytes / (double)scale, segment->bytes,
				segment->title, TOOL_SIZE(segment->bytes));
	}
	fputs("</div>", page->out);
}

/* What the choices above the list of images go by. */
static void begin_image(const struct page *page, size_t index)
{
	const struct erofs_share_image image = ishare_image(page->report, index);

	fprintf(page->out, "<div class=\"row image%s%s%s\" style=\"--p:%zu;--s:%zu;--m:%zu\">",
		image.alone.page_bytes && !ishare_common(&image) ? " zero" : "", image.fingerprinted ? "" : " bare",
		image.damaged ? " damaged" : "", page->ranks[ISHARE_BY_PAGES][index],
		page->ranks[ISHARE_BY_SAVING][index], page->ranks[ISHARE_BY_MARGINAL][index]);
}

static void put_image(const struct page *page, size_t index, uint64_t scale)
{
	const struct erofs_share_image image = ishare_image(page->report, index);
	const struct erofs_share_figures *alone = &image.alone;
	/* Of one copy, as the bar is. */
	uint64_t only = ishare_only(&image);
	unsigned int common = ishare_common(&image);
	const struct segment segments[] = {
		{ "others", "shared with other images", alone->shared_page_bytes - only },
		{ "only", "only in this image", only - image.unshareable_page_bytes },
		{ "never", "without fingerprint", image.unshareable_page_bytes },
		{ "saved", "equal files of this image", alone->page_bytes - alone->shared_page_bytes },
	};

	begin_image(page, index);
	fputs("<div class=label><span>", page->out);
	put_name(page, image.name, strlen(image.name));
	if (image.copies > 1)
		fprintf(page->out, " &times; %" PRIu32, image.copies);
	fputs("</span><span class=num>", page->out);
	put_size(page, "span", "", alone->page_bytes);
	fprintf(page->out, ", <span class=percent>%u.%02u %%</span> shared, only here ", common / 100, common % 100);
	put_size(page, "b", "", image.marginal_page_bytes);
	fputs("</span></div>", page->out);
	put_bar(page, segments, sizeof(segments) / sizeof(segments[0]), scale);
	if (!image.fingerprinted)
		fputs("<div class=note>no fingerprints: nothing of it is shared</div>", page->out);
	if (image.damaged)
		fputs("<div class=note>damaged: not all of it could be read</div>", page->out);
	fputs("</div>\n", page->out);
}

/* They stand in front of the list and beside it, where the style sheet can look at them. */
static void put_choices(const struct page *page)
{
	fputs("<span class=ask>Order:</span>"
	      "<input type=radio name=order id=as-given checked><label for=as-given>as given</label>"
	      "<input type=radio name=order id=by-pages><label for=by-pages>page cache</label>"
	      "<input type=radio name=order id=by-common><label for=by-common>percent shared</label>"
	      "<input type=radio name=order id=by-marginal><label for=by-marginal>only here</label><br>\n"
	      "<span class=ask>Show:</span>"
	      "<input type=radio name=show id=show-all checked><label for=show-all>all</label>"
	      "<input type=radio name=show id=show-zero><label for=show-zero>0 % shared</label>"
	      "<input type=radio name=show id=show-bare><label for=show-bare>without fingerprints</label>"
	      "<input type=radio name=show id=show-damaged><label for=show-damaged>damaged</label>\n",
	      page->out);
}

static void put_images(const struct page *page)
{
	uint64_t scale = 1;

	for (size_t i = 0; i < page->report->total.images; i++) {
		const struct erofs_share_image image = ishare_image(page->report, i);

		scale = image.alone.page_bytes > scale ? image.alone.page_bytes : scale;
	}
	fputs("<section id=images><h2>Images</h2><p>Page cache of each image. What only it has is its marginal cost: the set "
	      "would not need that much without it.</p><div class=key>"
	      "<span><i class=others></i>shared with other images</span><span><i class=only></i>only in this image</span>"
	      "<span><i class=never></i>without fingerprint</span><span><i class=saved></i>saved inside of the image</span>"
	      "</div>\n",
	      page->out);
	if (page->report->total.images > 1)
		put_choices(page);
	fputs("<div class=list>\n", page->out);
	for (size_t i = 0; i < page->report->total.images; i++)
		put_image(page, i, scale);
	fputs("</div></section>\n", page->out);
}

static void put_directory(const struct page *page, const struct erofs_share_directory *directory, uint64_t scale)
{
	uint64_t shared = directory->shared_page_bytes;
	uint64_t differing = directory->differing_page_bytes < shared ? directory->differing_page_bytes : shared;
	const struct segment segments[] = {
		{ "saved", "saved by sharing", directory->page_bytes - shared },
		{ "only", "differs between images", differing },
		{ "rest", "needed once", shared - differing },
	};

	fputs("<div class=\"row directory\"><div class=label><span>", page->out);
	put_name(page, directory->path, directory->path_size);
	fputs(directory->whole ? "" : " (the rest of it)", page->out);
	fputs("</span><span class=num>", page->out);
	put_size(page, "span", "", directory->page_bytes);
	fputs(" \xe2\x86\x92 ", page->out);
	put_size(page, "span", "", shared);
	fputs("</span></div>", page->out);
	put_bar(page, segments, sizeof(segments) / sizeof(segments[0]), scale);
	fputs("</div>\n", page->out);
}

static void put_directories(const struct page *page)
{
	const struct erofs_share_directories *directories = &page->report->largest;
	uint64_t scale = directories->count ? directories->items[0].page_bytes : 1;

	if (!directories->count)
		return;
	fputs("<section id=directories><h2>Directories</h2><p>Page cache of all images by directory, without and with "
	      "sharing.</p><div class=key><span><i class=saved></i>saved by sharing</span>"
	      "<span><i class=only></i>same path, different content</span>"
	      "<span><i class=rest></i>needed once</span></div>\n",
	      page->out);
	for (size_t i = 0; i < directories->count; i++)
		put_directory(page, &directories->items[i], scale);
	fputs("</section>\n", page->out);
}

/* ---- tables ------------------------------------------------------------------------------------------------------------ */

static void put_example(const struct page *page, const struct erofs_share_example *example)
{
	const struct erofs_share_image image = ishare_image(page->report, example->image);

	fprintf(page->out, "<div>%" PRIu64 " bytes, %s: ", example->size,
		ishare_kind(page->report->options, example->compressed));
	put_name(page, example->path, example->path_size);
	fputs(" in ", page->out);
	put_name(page, image.name, strlen(image.name));
	fputs("</div>", page->out);
}

static void put_loss(const struct page *page, const struct erofs_share_loss *loss)
{
	char value[ISHARE_SHORT_MAX];

	fputs("<tr>", page->out);
	put_size(page, "td", "", loss->page_bytes);
	fprintf(page->out, "<td>%" PRIu64 "</td><td>", loss->files);
	if (*loss->value) {
		ishare_shorten(value, loss->value);
		fprintf(page->out, "<span class=name title=\"%s\">%s</span>", loss->value, value);
		put_example(page, &loss->examples[0]);
		put_example(page, &loss->examples[1]);
	} else {
		put_name(page, loss->path, loss->path_size);
		if (loss->contents)
			fprintf(page->out, " (%" PRIu64 " contents)", loss->contents);
	}
	fputs("</td></tr>\n", page->out);
}

static void put_differing(const struct page *page)
{
	const struct erofs_share_directories *directories = &page->report->differing;

	if (!directories->count)
		return;
	fputs("<h3>By directory</h3><div class=scroll><table><tr><th>Lost</th><th>Directory</th></tr>\n", page->out);
	for (size_t i = 0; i < directories->count; i++) {
		fputs("<tr>", page->out);
		put_size(page, "td", "", directories->items[i].differing_page_bytes);
		fputs("<td>", page->out);
		put_name(page, directories->items[i].path, directories->items[i].path_size);
		fputs(directories->items[i].whole ? "" : " (the rest of it)", page->out);
		fputs("</td></tr>\n", page->out);
	}
	fputs("</table></div><h3>By file</h3>\n", page->out);
}

static void put_losses(const struct page *page, enum erofs_share_spoiler spoiler)
{
	static const struct {
		const char *id, *title, *text;
	} words[] = {
		[EROFS_SHARE_SIZE_CLASH] = { "size-clashes", "Alarm: one fingerprint, several sizes",
					     "A fingerprint is forged or broken. Do not mount these images in one domain "
					     "before fsck.erofs --ishare has verified them." },
		[EROFS_SHARE_NO_FINGERPRINT] = { "no-fingerprint", "Files without a fingerprint",
						 "In images that have fingerprints otherwise." },
		[EROFS_SHARE_KIND_CLASH] = { "kind-clashes", "Equal content, compressed here, plain there",
					     "Linux shares files of one kind only. Build these images with the same "
					     "options." },
		[EROFS_SHARE_CONTENT_DIFFERS] = { "different-contents", "Same path, different content",
						  "Where the images differ: what equal files would save, the largest "
						  "first." },
	};
	const struct erofs_share_losses *losses = &page->report->losses[spoiler];

	if (!losses->all)
		return;
	fprintf(page->out,
		"<section id=%s%s><h2>%s</h2><p>%s <span class=count data-count=\"%" PRIu64 "\">%" PRIu64
		"</span> in all, ",
		words[spoiler].id, spoiler == EROFS_SHARE_SIZE_CLASH ? " class=alarm" : "", words[spoiler].title,
		words[spoiler].text, losses->all, losses->all);
	put_size(page, "span", "", losses->page_bytes);
	fputs(".</p>\n", page->out);
	if (spoiler == EROFS_SHARE_CONTENT_DIFFERS)
		put_differing(page);
	if (losses->count)
		fputs("<div class=scroll><table><tr><th>Lost</th><th>Files</th><th>What</th></tr>\n", page->out);
	for (size_t i = 0; i < losses->count; i++)
		put_loss(page, &losses->items[i]);
	fputs(losses->count ? "</table></div></section>\n" : "</section>\n", page->out);
}

/* ---------------------------------------------------------------------------------------------------------------------- */

static void put_tile(const struct page *page, const char *id, uint64_t bytes, const char *text)
{
	fputs("<div class=tile>", page->out);
	put_size(page, "b", id, bytes);
	fprintf(page->out, "<span>%s</span></div>\n", text);
}

static void put_head(const struct page *page)
{
	const struct erofs_share_total *total = &page->report->total;

	char title[64];

	snprintf(title, sizeof(title), "Page cache of %zu EROFS images", total->images);
	html_begin(page->out, title);
	fprintf(page->out,
		"<p>What Linux needs to keep all of their files in memory, in pages of %u bytes, when they are mounted with "
		"<code>inode_share</code> in one domain, %s.</p>\n<div class=tiles>\n",
		page->report->options->page_size,
		page->report->options->block_backend ? "from block devices" : "from image files");
}

static void put_algorithms(const struct page *page)
{
	const struct ishare_report *report = page->report;
	const char *before = "";

	if (!ishare_mixes(report))
		return;
	fputs("<p class=note id=algorithms>Fingerprints of several algorithms, which never share with each other: ",
	      page->out);
	for (unsigned int i = 0; i < EROFS_DIGEST_COUNT; i++) {
		if (!ishare_algorithm(report->total.algorithms, i))
			continue;
		fprintf(page->out, "%s%s in %zu", before, ishare_algorithm(report->total.algorithms, i),
			ishare_count_algorithm(report, i));
		before = ", ";
	}
	fputs(" images. Build them with one.</p>\n", page->out);
}

static void put_summary(const struct page *page)
{
	const struct erofs_share_total *total = &page->report->total;

	fprintf(page->out, "<div class=\"tile %s\"><b id=reduction>", ishare_reduction(&total->all) ? "good" : "bad");
	put_percent(page, &total->all);
	fputs("</b><span>saved by sharing</span></div>\n", page->out);
	put_tile(page, "page-bytes", total->all.page_bytes, "without sharing");
	put_tile(page, "shared-page-bytes", total->all.shared_page_bytes, "with sharing");
	put_tile(page, "saved-page-bytes", total->all.page_bytes - total->all.shared_page_bytes, "less memory");
	fprintf(page->out,
		"<div class=tile><b id=files data-count=\"%" PRIu64 "\">%" PRIu64
		"</b><span>files with content</span></div>\n"
		"</div>\n",
		total->all.files, total->all.files);
	if (!total->clash_page_bytes)
		return;
	fputs("<p class=note>Up to ", page->out);
	put_size(page, "b", "clash-page-bytes", total->clash_page_bytes);
	fputs(" more may be needed: Linux shares only the kind and size of a fingerprint that it meets first.</p>\n",
	      page->out);
}

static void put_advice(const struct page *page)
{
	char *lines[ISHARE_ADVICE_MAX];
	size_t count = ishare_advise(page->report, lines);

	for (size_t i = 0; i < count; i++) {
		fputs("<p class=hint><b>Hint:</b> <bdi>", page->out);
		html_escape(page->out, lines[i]);
		fputs("</bdi></p>\n", page->out);
		free(lines[i]);
	}
}

static void put_page(FILE *out, const void *what)
{
	const struct page *with_report = what;
	struct page this_page = *with_report;
	const struct page *page = &this_page;

	this_page.out = out;
	put_head(page);
	put_summary(page);
	put_advice(page);
	put_algorithms(page);
	put_losses(page, EROFS_SHARE_SIZE_CLASH);
	put_images(page);
	put_directories(page);
	for (unsigned int i = EROFS_SHARE_SIZE_CLASH + 1; i < EROFS_SHARE_SPOILERS; i++)
		put_losses(page, (enum erofs_share_spoiler)i);
	html_end(page->out, "--ishare-report");
}

int ishare_write_html(const struct ishare_report *report)
{
	struct page page = { .report = report };
	int err = 0;

	for (unsigned int i = 0; i < ISHARE_ORDERS; i++) {
		page.ranks[i] = ishare_rank(report, (enum ishare_order)i);
		err = page.ranks[i] ? err : -ENOMEM;
	}
	if (!err)
		err = html_write(report->options->html, put_page, &page);
	for (unsigned int i = 0; i < ISHARE_ORDERS; i++)
		free(page.ranks[i]);
	return err;
}
