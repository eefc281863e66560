/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/units.h"
#include "dump/ishare.h"
#include "dump/text.h"

static const char *const titles[] = {
	[EROFS_SHARE_SIZE_CLASH] = "ALARM: one fingerprint, several sizes (forged or broken)",
	[EROFS_SHARE_NO_FINGERPRINT] = "Files without a fingerprint",
	[EROFS_SHARE_KIND_CLASH] = "Equal content, compressed in one image and plain in another",
	[EROFS_SHARE_CONTENT_DIFFERS] = "Same path, different content",
};

static void print_size(uint64_t bytes)
{
	char text[ISHARE_SIZE_MAX];

	ishare_format_size(text, bytes);
	printf(" %11s", text);
}

/* Nothing saved stands out, for people. */
static bool is_colored(void)
{
	const char *no = getenv("NO_COLOR");

	return !(no && *no) && isatty(STDOUT_FILENO);
}

static void print_figures(const struct erofs_share_figures *figures)
{
	unsigned int reduction = ishare_reduction(figures);

	printf("%9" PRIu64, figures->files);
	print_size(figures->bytes);
	print_size(figures->page_bytes);
	print_size(figures->shared_page_bytes);
	printf(figures->page_bytes && !reduction && is_colored() ? "  \033[31m%3u.%02u %%\033[0m" : "  %3u.%02u %%",
	       reduction / 100, reduction % 100);
}

static void print_image(const struct erofs_share_image *image)
{
	print_figures(&image->alone);
	print_size(image->marginal_page_bytes);
	printf("  ");
	text_print(image->name, strlen(image->name));
	if (image->copies > 1)
		printf(" (%" PRIu32 " copies)", image->copies);
	if (!image->fingerprinted)
		printf(" (no fingerprints: shares nothing)");
	if (image->packed_page_bytes)
		printf(" (%s of it are fragments, in memory a second time in each mount that reads them)",
		       TOOL_SIZE(image->packed_page_bytes));
	if (image->damaged)
		printf(" (damaged, not all of it)");
	putchar('\n');
}

static void print_images(const struct ishare_report *report)
{
	printf("    files        size     without        with     saved    marginal\n");
	print_figures(&report->total.all);
	printf("%12s  all together\n", "");
	for (size_t i = 0; i < report->total.images; i++) {
		struct erofs_share_image image = ishare_image(report, i);

		print_image(&image);
	}
	if (report->total.mounts > report->total.images)
		printf("%" PRIu64
		       " mounts, each for itself: a line of an image is about one of its copies, marginal are all of them.\n",
		       report->total.mounts);
	printf("Page cache, in pages of %u bytes, without and with sharing, and what sharing saves of it: together, and in\n"
	       "each image alone. Marginal: what the set would not need without this image.\n",
	       report->options->page_size);
}

static void print_example(const struct ishare_report *report, const struct erofs_share_example *example)
{
	const struct erofs_share_image image = ishare_image(report, example->image);

	printf("%12s %12" PRIu64 " bytes, %s: ", "", example->size, ishare_kind(report->options, example->compressed));
	text_print(example->path, example->path_size);
	printf(" in ");
	text_print(image.name, strlen(image.name));
	putchar('\n');
}

static void print_loss(const struct ishare_report *report, const struct erofs_share_loss *loss)
{
	char value[ISHARE_SHORT_MAX];

	print_size(loss->page_bytes);
	if (*loss->value) {
		ishare_shorten(value, loss->value);
		printf("  %s\n", value);
		print_example(report, &loss->examples[0]);
		print_example(report, &loss->examples[1]);
		return;
	}
	if (loss->contents)
		printf("  %" PRIu64 " contents in %" PRIu64 " files  ", loss->contents, loss->files);
	else
		printf("  %" PRIu64 " %s  ", loss->files, loss->files == 1 ? "file" : "files");
	text_print(loss->path, loss->path_size);
	putchar('\n');
}

static void print_rest(uint64_t all, size_t shown)
{
	if (shown && all > shown)
		printf("%12s  and %" PRIu64 " more (--top)\n", "", all - shown);
}

static void print_losses(const struct ishare_report *report, enum erofs_share_spoiler spoiler)
{
	const struct erofs_share_losses *losses = &report->losses[spoiler];
	char size[ISHARE_SIZE_MAX];

	if (!losses->all)
		return;
	ishare_format_size(size, losses->page_bytes);
	printf("\n%s: %" PRIu64 ", %s\n", titles[spoiler], losses->all, size);
	if (spoiler == EROFS_SHARE_CONTENT_DIFFERS && losses->count)
		puts("  by file");
	for (size_t i = 0; i < losses->count; i++)
		print_loss(report, &losses->items[i]);
	print_rest(losses->all, losses->count);
}

static void print_directories(const struct ishare_report *report)
{
	if (report->differing.count)
		puts("  by directory");
	for (size_t i = 0; i < report->differing.count; i++) {
		const struct erofs_share_directory *directory = &report->differing.items[i];

		print_size(directory->differing_page_bytes);
		printf("  ");
		text_print(directory->path, directory->path_size);
		puts(directory->whole ? "" : " (the rest of it)");
	}
}

static void print_algorithms(const struct ishare_report *report)
{
	if (!ishare_mixes(report))
		return;
	printf("\nFingerprints of several algorithms, which never share with each other:\n");
	for (unsigned int i = 0; i < EROFS_DIGEST_COUNT; i++)
		if (ishare_algorithm(report->total.algorithms, i))
			printf("%12zu %s with %s\n", ishare_count_algorithm(report, i),
			       ishare_count_algorithm(report, i) == 1 ? "image" : "images",
			       ishare_algorithm(report->total.algorithms, i));
}

static void print_advice(const struct ishare_report *report)
{
	char *lines[ISHARE_ADVICE_MAX];
	size_t count = ishare_advise(report, lines);

	if (count)
		putchar('\n');
	for (size_t i = 0; i < count; i++) {
		printf("Hint: %s\n", lines[i]);
		free(lines[i]);
	}
}

void ishare_print_text(const struct ishare_report *report)
{
	char size[ISHARE_SIZE_MAX];

	print_images(report);
	print_advice(report);
	print_algorithms(report);
	for (unsigned int i = 0; i < EROFS_SHARE_SPOILERS; i++)
		print_losses(report, (enum erofs_share_spoiler)i);
	print_directories(report);
	if (!report->total.clash_page_bytes)
		return;
	ishare_format_size(size, report->total.clash_page_bytes);
	printf("\nUp to %s more may be needed: Linux shares only the kind and size of a fingerprint that it meets first.\n",
	       size);
}
