/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * list_image IMAGE: prints each path of an image with its mode and size.
 *
 *	cc list_image.c -o list_image $(pkg-config --cflags --libs liberofs)
 */
#include <stdio.h>
#include <string.h>

#include <erofs/image.h>
#include <erofs/walk.h>

static void print_message(void *ctx, enum erofs_severity severity, const char *text)
{
	(void)ctx;
	(void)severity;
	fprintf(stderr, "%s\n", text);
}

static int visit(void *ctx, const struct erofs_walk_entry *entry)
{
	(void)ctx;
	/* A path comes from the image: print only what cannot upset a terminal. */
	if (entry->inode)
		printf("%06o %12llu ", entry->inode->mode, (unsigned long long)entry->inode->size);
	if (!entry->path_len)
		putchar('/');
	for (size_t i = 0; i < entry->path_len; i++)
		putchar(entry->path[i] >= ' ' && entry->path[i] < 127 ? entry->path[i] : '?');
	putchar('\n');
	return 0;
}

static void damage(void *ctx, int err, const char *path, const char *what)
{
	(void)ctx;
	fprintf(stderr, "%s: %s: %s\n", path, what, strerror(-err));
}

static int list(const struct erofs_image *image)
{
	static const struct erofs_walk_ops ops = { .visit = visit, .damage = damage };
	struct erofs_inode root;
	int err = erofs_image_lookup(image, &root, "/");

	return err ? err : erofs_walk(image, &root, "/", &ops, NULL);
}

int main(int argc, char **argv)
{
	struct erofs_diag diag = { .message = print_message };
	struct erofs_image_options options = erofs_image_options_init();
	struct erofs_image *image;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: list_image IMAGE\n");
		return 2;
	}
	err = erofs_image_open(&image, argv[1], &options, &diag);
	if (err)
		return 1;
	err = list(image);
	erofs_image_close(image);
	return err ? 1 : 0;
}
