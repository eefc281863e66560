/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * verify_image IMAGE: checks the structure of an image and compares each fingerprint with the file's content: what should be
 * done before an image from elsewhere joins a domain. Exit status 0 means that all is right.
 *
 *	cc verify_image.c -o verify_image $(pkg-config --cflags --libs liberofs)
 */
#include <stdio.h>

#include <erofs/check.h>
#include <erofs/image.h>

static void print_message(void *ctx, enum erofs_severity severity, const char *text)
{
	(void)ctx;
	(void)severity;
	fprintf(stderr, "%s\n", text);
}

static int verify(const char *path, const struct erofs_diag *diag)
{
	struct erofs_image_options open = erofs_image_options_init();
	struct erofs_check_options check = erofs_check_options_init();
	struct erofs_check_summary summary;
	struct erofs_image *image;
	int err = erofs_image_open(&image, path, &open, diag);

	if (err)
		return err;
	check.verify_fingerprints = true;
	check.workers = 2;
	err = erofs_check_image(image, &check, &summary, diag);
	erofs_image_close(image);
	if (err)
		return err;
	printf("%s: %llu files compared, %llu findings\n", path, (unsigned long long)summary.hashed_files,
	       (unsigned long long)summary.findings);
	return summary.findings != 0;
}

int main(int argc, char **argv)
{
	struct erofs_diag diag = { .message = print_message };

	if (argc != 2) {
		fprintf(stderr, "usage: verify_image IMAGE\n");
		return 2;
	}
	return verify(argv[1], &diag) ? 1 : 0;
}
