/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>

#include "lib/writer/build_options.h"
#include "lib/writer/plan/hints.h"
#include "lib/writer/plan/plan.h"
#include "lib/format/format_kernel.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

/* What an image is for, and whom to tell what it cannot have. */
struct target {
	struct erofs_kernel kernel;
	const struct erofs_diag *diag;
};

static int need(const struct target *target, struct erofs_kernel since, const char *what)
{
	if (!erofs_kernel_is_before(target->kernel, since))
		return 0;
	return erofs_report(target->diag, -EOPNOTSUPP,
			    "no Linux before %u.%u reads %s, and the image is for %u.%u and later", since.major,
			    since.minor, what, target->kernel.major, target->kernel.minor);
}

static int check_algorithm(const struct erofs_compression *compression, const struct target *target)
{
	const struct erofs_compressor_info *limits = erofs_compressor_limits(compression->compressor);

	return need(target, erofs_kernel_of_algorithms((uint16_t)(1u << limits->algorithm)),
		    erofs_algorithm_name(limits->algorithm));
}

static int check_algorithms(const struct erofs_build_options *options, const struct target *target)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < options->compression_count; i++)
		err = check_algorithm(&options->compression[i], target);
	return err;
}

static int check_clusters(const struct erofs_build_options *options, const struct target *target)
{
	uint32_t largest = erofs_writer_compress_hints_largest(options);
	int err = 0;

	if (options->fragments)
		err = need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_FRAGMENTS), "fragments");
	if (!err && options->dedupe_runs)
		err = need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_DEDUPE), "extents that files share");
	if (err)
		return err;
	if (options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_48BIT), "encoded extents");
	if (largest > 1u << options->blkszbits)
		err = need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_BIG_PCLUSTER),
			   "compressed clusters of more than a block");
	if (!err && options->pack_tails)
		err = need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_ZTAILPACKING), "packed tails");
	if (!err && options->interlaced)
		err = need(target, EROFS_KERNEL_INTERLACED, "interlaced clusters");
	if (!err && options->zero_extents == EROFS_ZERO_EXTENTS_ALWAYS)
		err = need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_DEDUPE),
			   "runs of zeros that share a cluster");
	return err;
}

static int check_compression(const struct erofs_build_options *options, const struct target *target)
{
	int err = check_algorithms(options, target);

	return err || !options->compression_count ? err : check_clusters(options, target);
}

static int check_metabox(const struct erofs_build_options *options, const struct target *target)
{
	int err;

	if (options->metabox < EROFS_METABOX_IF_SMALLER)
		return 0;
	err = need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_METABOX), "a metabox");
	if (err || !options->metabox_compression_set)
		return err;
	return check_algorithm(&options->metabox_compression, target);
}

static int check_block_size(const struct erofs_build_options *options, const struct target *target)
{
	bool compressed = options->compression_count;
	char what[64];

	snprintf(what, sizeof(what), "%sblocks of %u bytes", compressed ? "compressed files in " : "",
		 1u << options->blkszbits);
	return need(target, erofs_kernel_of_block_size(options->blkszbits, compressed), what);
}

static int check_chunks(const struct erofs_build_options *options, const struct target *target)
{
	return erofs_writer_wants_chunks(options)
		       ? need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_CHUNKED_FILE), "chunk-based files")
		       : 0;
}

static int check_devices(const struct erofs_build_options *options, const struct target *target)
{
	return options->data_outside || options->data_device
		       ? need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_DEVICE_TABLE), "an extra device")
		       : 0;
}

static int check_xattrs(const struct erofs_build_options *options, const struct target *target)
{
	struct erofs_kernel since = erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES);

	if (options->fingerprint != EROFS_DIGEST_NONE)
		return need(target, since, "images with fingerprints");
	return options->xattr_prefix_count ? need(target, since, "long xattr prefixes") : 0;
}

/* What every kernel from this one on reads and gains something by. */
static void switch_on(struct erofs_build_options *options, struct erofs_kernel kernel, bool form_given)
{
	if (erofs_kernel_is_before(kernel, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_CHUNKED_FILE)))
		options->fill_holes = true;
	/* For the oldest kernels, whatever this one reads. */
	if (options->legacy_layout)
		return;
	if (!erofs_kernel_is_before(kernel, EROFS_KERNEL_INTERLACED))
		options->interlaced = true;
	/* Tails are packed of clusters, and nothing but clusters can be asked to hold zeros. */
	if (!form_given && !options->pack_tails && options->zero_extents != EROFS_ZERO_EXTENTS_NEVER &&
	    !erofs_kernel_is_before(kernel, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_48BIT)))
		options->compressed_form = EROFS_COMPRESSED_EXTENTS;
	if (options->metabox == EROFS_METABOX_DEFAULT && options->compression_count &&
	    !erofs_kernel_is_before(kernel, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_METABOX)))
		options->metabox = EROFS_METABOX_IF_SMALLER;
}

static bool wants_algorithm_of(const struct erofs_build_options *options, struct erofs_kernel kernel)
{
	for (unsigned int i = 0; i < options->compression_count; i++) {
		const struct erofs_compressor_info *limits =
			erofs_compressor_limits(options->compression[i].compressor);

		if (!erofs_kernel_is_before(erofs_kernel_of_algorithms((uint16_t)(1u << limits->algorithm)), kernel))
			return true;
	}
	return false;
}

/* What an image has by itself, not what some file might happen to have. */
static bool wants_shared_extents_kernel(const struct erofs_build_options *options)
{
	struct erofs_kernel since = erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_DEDUPE);

	return options->interlaced || options->fragments || options->dedupe_runs || options->dot_omitted ||
	       options->xattr_prefix_count || options->fingerprint != EROFS_DIGEST_NONE ||
	       options->metabox >= EROFS_METABOX_IF_SMALLER ||
	       !erofs_kernel_is_before(erofs_kernel_of_block_size(options->blkszbits, true), since) ||
	       wants_algorithm_of(options, since);
}

void erofs_writer_settle_zero_extents(struct erofs_build_options *options)
{
	if (options->zero_extents == EROFS_ZERO_EXTENTS_DEFAULT &&
	    (options->legacy_layout || !wants_shared_extents_kernel(options)))
		options->zero_extents = EROFS_ZERO_EXTENTS_NEVER;
}

static int check_directories(const struct erofs_build_options *options, const struct target *target)
{
	return options->dot_omitted ? need(target, erofs_kernel_of_features(EROFS_FEATURE_INCOMPAT_48BIT),
					   "directories without an entry \".\"")
				    : 0;
}

static int for_kernel(struct erofs_build_options *options, struct erofs_kernel kernel, bool form_given,
		      const struct erofs_diag *diag)
{
	const struct target target = { .kernel = kernel, .diag = diag };
	int err;

	if (!kernel.major && !kernel.minor)
		return 0;
	err = need(&target, EROFS_KERNEL_OLDEST, "EROFS as it is now");
	if (!err)
		err = check_block_size(options, &target);
	if (!err)
		err = check_compression(options, &target);
	if (!err)
		err = check_xattrs(options, &target);
	if (!err)
		err = check_chunks(options, &target);
	if (!err)
		err = check_devices(options, &target);
	if (!err)
		err = check_metabox(options, &target);
	if (!err)
		err = check_directories(options, &target);
	if (!err)
		switch_on(options, kernel, form_given);
	return err;
}

int erofs_build_for_kernel(struct erofs_build_options *options, struct erofs_kernel kernel, bool form_given,
			   const struct erofs_diag *diag)
{
	struct erofs_build_options known;
	int err = erofs_writer_options_take(&known, options, diag);

	if (!err)
		err = erofs_writer_options_check(&known, diag);
	if (!err)
		err = erofs_writer_options_check_archive(&known, diag);
	if (!err)
		err = for_kernel(&known, kernel, form_given, diag);
	if (!err)
		erofs_sized_give(options, &known, sizeof(known));
	return err;
}
