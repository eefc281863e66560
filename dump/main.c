/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/nearest.h"
#include "common/tool.h"
#include "dump/diff.h"
#include "dump/dump.h"
#include "dump/fleet.h"
#include "dump/ishare.h"

static int show_document(struct dump *dump)
{
	struct json_writer writer = { .out = stdout };
	int err;

	if (dump->options->json) {
		dump->json = &writer;
		json_begin_document(&writer);
	}
	err = dump_show(dump);
	if (dump->options->json)
		json_end(&writer, '}');
	return err;
}

static int run(const struct dump_options *options, const struct erofs_diag *diag)
{
	struct erofs_image_options how = { .size = sizeof(how),
					   .offset = options->offset,
					   .devices = options->devices,
					   .device_count = options->device_count,
					   .tolerate_bad_checksum = true };
	struct dump dump = { .options = options, .diag = diag, .path = "" };
	struct erofs_image *image;
	char nid[32];
	int err = erofs_image_open(&image, options->images[0], &how, diag);

	if (err)
		return err;
	dump.image = image;
	if (!erofs_image_checksum_ok(image))
		dump_warning(&dump, "%s: wrong superblock checksum", options->images[0]);
	snprintf(nid, sizeof(nid), "nid %" PRIu64, options->nid);
	dump.subject = nid;
	err = show_document(&dump);
	erofs_image_close(image);
	return err;
}

int main(int argc, char **argv)
{
	const struct erofs_diag *diag = tool_diag(EROFS_SEV_WARNING, false);
	int parsed, status = EXIT_SUCCESS;
	struct dump_options options;

	tool_begin("dump.erofs");
	parsed = options_parse(&options, argc, argv);
	if (parsed < 0)
		status = TOOL_EXIT_USAGE;
	else if (!parsed && (options.fingerprints == FINGERPRINTS_CSV || options.fingerprints == FINGERPRINTS_NDJSON))
		status = fleet_run(&options, diag);
	else if (!parsed && options.ishare_report)
		status = ishare_run(&options, diag);
	else if (!parsed && options.diff)
		status = options.layout ? diff_layout_run(&options, diag) : diff_run(&options, diag);
	else if (!parsed && run(&options, diag))
		status = EXIT_FAILURE;
	options_release(&options);
	if (tool_flush_stdout() || status == TOOL_EXIT_USAGE)
		return status;
	return options.diff ? DIFF_TROUBLE : EXIT_FAILURE;
}
