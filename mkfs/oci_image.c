/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/oci_image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/units.h"
#include "mkfs/image.h"
#include "mkfs/location.h"
#include "mkfs/places.h"
#include "mkfs/summary.h"
#include "mkfs/summary_json.h"

struct building {
	struct mkfs_job *job;
	const struct erofs_diag *diag;
};

static int build_layer(void *ctx, struct erofs_oci_image *image, size_t layer, const char *path,
		       struct erofs_build_summary *summary)
{
	struct mkfs_job *job = ((struct building *)ctx)->job;
	int err;

	job->oci_image = image;
	job->oci_layer = layer;
	job->output = path;
	job->title = erofs_oci_layer_digest(image, layer);
	err = mkfs_build_image(job, ((struct building *)ctx)->diag);
	job->oci_image = NULL;
	job->output = job->options->output;
	job->title = NULL;
	*summary = job->summary;
	return err;
}

/* The converted image would take the place of the one that it is made of. */
static bool is_source(const struct mkfs_options *options)
{
	struct stat in, out;

	return !stat(options->oci.location, &in) && !stat(options->output, &out) && in.st_dev == out.st_dev &&
	       in.st_ino == out.st_ino;
}

/* Versions of compressors are part of what decides about bytes. */
static char *make_recipe(const struct mkfs_options *options)
{
	char *recipe;

	if (options->reads_files)
		return NULL;
	if (asprintf(&recipe, "%s\n%s\ntime %lld, rule %d\n%s", erofs_version(), erofs_build_info(),
		     (long long)options->build.build_time, (int)options->rules.time_rule,
		     options->recipe ? options->recipe : "") < 0)
		return NULL;
	return recipe;
}

static void print_summary(const struct mkfs_job *job, const struct erofs_oci_convert_summary *summary)
{
	printf("%s: %zu image%s, %zu layer%s converted, %zu there already", job->options->output, summary->images,
	       tool_plural(summary->images), summary->converted, tool_plural(summary->converted), summary->reused);
	if (summary->copied)
		printf(", %zu artifact%s copied", summary->copied, tool_plural(summary->copied));
	if (mkfs_is_registry(job->options->output))
		printf(", %zu blob%s sent (%" PRIu64 " bytes), %zu mounted", summary->sent, tool_plural(summary->sent),
		       summary->sent_bytes, summary->mounted);
	putchar('\n');
}

int mkfs_build_oci_image(struct mkfs_job *job, const struct erofs_diag *diag)
{
	const struct mkfs_options *options = job->options;
	struct erofs_oci_convert_options convert = erofs_oci_convert_options_init();
	struct building building = { .job = job, .diag = diag };
	struct erofs_oci_convert_summary summary;
	char *recipe = make_recipe(options);
	int err;

	if (is_source(options)) {
		free(recipe);
		mkfs_refuse("'%s' is both the source and the image to make", options->output);
		return -EINVAL;
	}
	convert.layer_type = options->oci_layer_type;
	convert.recipe = recipe;
	convert.no_sync = options->build.no_sync;
	convert.pack_zstd = options->oci_pack;
	convert.caches = options->oci_caches;
	convert.cache_count = options->oci_cache_count;
	convert.build = build_layer;
	convert.ctx = &building;
	err = erofs_oci_convert(&options->oci, options->output, &convert, &summary, job->scan.cancel, diag);
	free(recipe);
	if (!err)
		mkfs_note_container(job, &summary);
	if (!err && mkfs_wants_summary(job))
		print_summary(job, &summary);
	return err;
}
