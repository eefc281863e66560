/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/diff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/dump.h"

static void release(struct diff *diff)
{
	for (size_t i = 0; i < diff->count; i++) {
		for (size_t k = 0; k < diff->changes[i].xattr_count; k++)
			free(diff->changes[i].xattrs[k].name);
		free(diff->changes[i].xattrs);
	}
	free(diff->changes);
	diff_side_release(&diff->a);
	diff_side_release(&diff->b);
}

static int fail(const struct diff *diff, const char *what, int err)
{
	diff_error(diff->diag, err, what, "", "");
	return DIFF_TROUBLE;
}

static void say_unknown(const struct diff *diff)
{
	char text[200];

	if (!diff->unknown)
		return;
	snprintf(
		text, sizeof(text),
		"%" PRIu64
		" %s of one size could not be compared: no fingerprints of one algorithm on both sides, and a manifest has no contents",
		diff->unknown, diff->unknown == 1 ? "file" : "files");
	diff->diag->message(diff->diag->ctx, EROFS_SEV_ERROR, text);
}

static int show(const struct diff *diff)
{
	int err = 0;

	if (diff->options->json)
		diff_print_json(diff);
	else
		diff_print_text(diff);
	if (diff->options->html)
		err = diff_write_html(diff);
	if (err)
		return fail(diff, diff->options->html, err);
	say_unknown(diff);
	if (diff->unknown || diff->result || diff->a.result || diff->b.result)
		return DIFF_TROUBLE;
	return diff->count ? 1 : 0;
}

int diff_run(const struct dump_options *options, const struct erofs_diag *diag)
{
	struct diff diff = { .options = options, .diag = diag };
	int err = diff_side_read(&diff.a, options->images[0], diag), status = DIFF_TROUBLE;

	if (!err)
		err = diff_side_read(&diff.b, options->images[1], diag);
	if (!err) {
		err = diff_compare(&diff);
		if (!err)
			err = diff_count_pages(&diff);
		status = err ? fail(&diff, "cannot compare", err) : show(&diff);
	}
	release(&diff);
	return status;
}
