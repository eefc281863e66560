/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * build_image DIRECTORY IMAGE: makes an image of a directory, with a fingerprint on each file.
 *
 *	cc build_image.c -o build_image $(pkg-config --cflags --libs liberofs)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <erofs/build.h>
#include <erofs/source.h>
#include <erofs/tree.h>

/* The library says what is wrong once, with the path; all that is left for us is to print it. */
static void print_message(void *ctx, enum erofs_severity severity, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s: %s\n", severity == EROFS_SEV_ERROR ? "error" : "warning", text);
}

static int build(struct erofs_tree *tree, const char *directory, const char *image, const struct erofs_diag *diag)
{
	struct erofs_scan_options scan = erofs_scan_options_init();
	struct erofs_tree_rules rules = erofs_tree_rules_init();
	struct erofs_build_options options;
	struct erofs_build_summary summary;
	int err;

	erofs_build_defaults(&options);
	options.fingerprint = EROFS_DIGEST_SHA256;
	scan.workers = options.workers;

	/* What the image is to hold, how to change it, what it looks like: three steps, each with its own options. */
	err = erofs_scan_directory(tree, directory, &scan, diag);
	if (!err)
		err = erofs_tree_normalize(tree, &rules, diag);
	if (!err)
		err = erofs_build(tree, image, &options, &summary, diag);
	if (!err)
		printf("%s: %llu inodes, %llu files with fingerprints, %llu bytes\n", image,
		       (unsigned long long)summary.inodes, (unsigned long long)summary.fingerprinted_files,
		       (unsigned long long)summary.image_bytes);
	return err;
}

int main(int argc, char **argv)
{
	struct erofs_diag diag = { .message = print_message, .verbosity = EROFS_SEV_WARNING };
	struct erofs_tree *tree;
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: build_image DIRECTORY IMAGE\n");
		return 2;
	}
	tree = erofs_tree_new();
	err = tree ? build(tree, argv[1], argv[2], &diag) : -ENOMEM;
	erofs_tree_free(tree);
	if (err)
		fprintf(stderr, "%s\n", strerror(-err));
	return err ? 1 : 0;
}
