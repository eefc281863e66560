/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/ishare.h"
#include "dump/text.h"

static char *image_name(const struct ishare_report *report, size_t index)
{
	const struct erofs_share_image image = ishare_image(report, index);

	return text_quote(image.name, strlen(image.name));
}

/* "NAME is KIND, OTHER KIND: build both with REMEDY" */
static char *pair(const struct ishare_report *report, size_t a, const char *is, size_t b, const char *other,
		  const char *remedy)
{
	char *left = image_name(report, a), *right = image_name(report, b), *text;

	if (!left || !right || asprintf(&text, "%s %s, %s %s: build both with %s", left, is, right, other, remedy) < 0)
		text = NULL;
	free(left);
	free(right);
	return text;
}

static char *advise_kinds(const struct ishare_report *report)
{
	const struct erofs_share_losses *losses = &report->losses[EROFS_SHARE_KIND_CLASH];
	const struct erofs_share_example *examples;

	if (!losses->all)
		return NULL;
	if (!losses->count)
		return strdup("equal files are compressed here and plain there: build all images with the same -z");
	examples = losses->items[0].examples;
	return pair(report, examples[0].image, examples[0].compressed ? "is compressed" : "is plain", examples[1].image,
		    examples[1].compressed ? "compressed" : "plain", "the same -z");
}

static char *advise_missing(const struct ishare_report *report)
{
	size_t first = 0, count = 0;
	char *name, *text;
	int length;

	for (size_t i = report->total.images; i-- > 0;) {
		const struct erofs_share_image image = ishare_image(report, i);

		if (!image.fingerprinted) {
			first = i;
			count++;
		}
	}
	if (!count)
		return NULL;
	name = image_name(report, first);
	if (count > 1)
		length = asprintf(&text, "%s and %zu more have no fingerprints: mkfs.erofs --restamp NEW %s adds them",
				  name ? name : "?", count - 1, name ? name : "IMAGE");
	else
		length = asprintf(&text, "%s has no fingerprints: mkfs.erofs --restamp NEW %s adds them",
				  name ? name : "?", name ? name : "IMAGE");
	free(name);
	return length < 0 ? NULL : text;
}

/* Two images whose algorithms have nothing in common. */
static char *advise_algorithms(const struct ishare_report *report)
{
	uint32_t first = 0;
	size_t from = 0;

	for (size_t i = 0; ishare_mixes(report) && i < report->total.images; i++) {
		const struct erofs_share_image image = ishare_image(report, i);
		char is[64];

		if (!first) {
			first = image.algorithms;
			from = i;
		} else if (image.algorithms && !(image.algorithms & first)) {
			snprintf(is, sizeof(is), "has %s", ishare_algorithm(first, (unsigned int)__builtin_ctz(first)));
			return pair(report, from, is, i,
				    ishare_algorithm(image.algorithms, (unsigned int)__builtin_ctz(image.algorithms)),
				    "one --ishare-fingerprint");
		}
	}
	return NULL;
}

size_t ishare_advise(const struct ishare_report *report, char *lines[ISHARE_ADVICE_MAX])
{
	char *(*const all[ISHARE_ADVICE_MAX])(const struct ishare_report *) = { advise_missing, advise_kinds,
										advise_algorithms };
	size_t count = 0;

	for (size_t i = 0; i < ISHARE_ADVICE_MAX; i++) {
		lines[count] = all[i](report);
		count += lines[count] != NULL;
	}
	return count;
}

/* Page cache of images that share nothing at all. */
static uint64_t without_fingerprints(const struct ishare_report *report)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < report->total.images; i++) {
		const struct erofs_share_image image = ishare_image(report, i);

		if (!image.fingerprinted)
			bytes += image.alone.page_bytes * image.copies;
	}
	return bytes;
}

char *ishare_explain(const struct ishare_report *report)
{
	uint64_t missing = without_fingerprints(report);
	uint64_t kinds = report->losses[EROFS_SHARE_KIND_CLASH].page_bytes;
	uint64_t differ = report->losses[EROFS_SHARE_CONTENT_DIFFERS].page_bytes;
	char *reason = NULL, *text, size[ISHARE_SIZE_MAX];
	unsigned int saved = ishare_reduction(&report->total.all);
	int length;

	if (missing && missing >= kinds)
		reason = advise_missing(report);
	else if (kinds && kinds >= differ)
		reason = advise_kinds(report);
	else if (ishare_mixes(report))
		reason = advise_algorithms(report);
	if (!reason && differ) {
		ishare_format_size(size, differ);
		if (asprintf(&reason, "files of the same path have different contents, which takes %s", size) < 0)
			reason = NULL;
	}
	if (!reason)
		reason = strdup("the images have no more files in common");
	length = asprintf(&text, "sharing saves %u.%02u %%, less than the %u.%02u %% of --min-saving: %s", saved / 100,
			  saved % 100, report->options->min_saving / 100, report->options->min_saving % 100,
			  reason ? reason : "?");
	free(reason);
	return length < 0 ? NULL : text;
}
