/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * An image as one of the sources of an index. What is made must be sound with its devices, whatever they are: every address
 * of the index lies in one of them, and fingerprints that were computed are right.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <erofs/build.h>
#include <erofs/check.h>
#include <erofs/image.h>
#include <erofs/source.h>
#include <erofs/tree.h>

#include "tests/fuzz/fuzz.h"

#define IMAGE_MOST   (1u << 20)
#define CONTENT_MOST (4u << 20) /* bytes that are worth hashing */

static const struct erofs_tree_rules rules = { .size = sizeof(rules) };

/* Makes the index of the image over itself; `fingerprint` EROFS_DIGEST_NONE carries them over. */
static int make_index(const char *source, const char *output, enum erofs_digest fingerprint,
		      struct erofs_build_summary *summary)
{
	static const char name[] = EROFS_FINGERPRINT_DEFAULT_NAME;
	const char *const sources[] = { source, source };
	struct erofs_scan_options scan = erofs_scan_options_init();
	struct erofs_build_options build;
	struct erofs_tree *tree = erofs_tree_new();
	int err;

	if (!tree)
		abort();
	scan.carry_fingerprints = true;
	erofs_build_defaults(&build);
	build.workers = 0;
	build.no_sync = true;
	build.fingerprint = fingerprint;
	build.fingerprint_name = fingerprint == EROFS_DIGEST_NONE ? NULL : name;
	err = fingerprint == EROFS_DIGEST_NONE ? 0 : erofs_tree_reserve_xattr(tree, name);
	if (!err)
		err = erofs_scan_thin(tree, sources, 2, &scan, &build, NULL);
	if (!err)
		err = erofs_tree_normalize(tree, &rules, NULL);
	if (!err)
		err = erofs_build(tree, output, &build, summary, NULL);
	erofs_tree_free(tree);
	return err;
}

static void say(void *ctx, enum erofs_severity severity, const char *text)
{
	(void)ctx;
	(void)severity;
	fprintf(stderr, "%s\n", text);
}

static void check_index(const char *source, const char *output, bool fingerprints)
{
	const char *const devices[] = { source, source };
	const struct erofs_diag diag = { .message = say, .verbosity = EROFS_SEV_WARNING };
	struct erofs_image_options with = { .size = sizeof(with), .devices = devices, .device_count = 2 };
	struct erofs_check_options options = erofs_check_options_init();
	struct erofs_check_summary summary = { 0 };
	struct erofs_image *image;

	options.verify_fingerprints = fingerprints;
	if (erofs_image_open(&image, output, &with, &diag) || erofs_check_image(image, &options, &summary, &diag) ||
	    summary.findings) {
		fprintf(stderr, "the index is not sound\n");
		abort();
	}
	erofs_image_close(image);
}

bool fuzz_one(const uint8_t *data, size_t size)
{
	char output[] = "/dev/shm/fuzz-thin-XXXXXX", source[64];
	struct erofs_build_summary summary;
	int image = memfd_create("image", MFD_CLOEXEC), target = mkstemp(output);
	bool made;

	if (image < 0 || target < 0)
		abort();
	snprintf(source, sizeof(source), "/proc/self/fd/%d", image);
	made = size <= IMAGE_MOST && write(image, data, size) == (ssize_t)size &&
	       !make_index(source, output, EROFS_DIGEST_NONE, &summary);
	if (made)
		check_index(source, output, false);
	if (made && summary.source_bytes <= CONTENT_MOST && !make_index(source, output, EROFS_DIGEST_SHA256, &summary))
		check_index(source, output, true);
	close(image);
	close(target);
	unlink(output);
	return made;
}
