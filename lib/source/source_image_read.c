/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>

#include "lib/source/source_image.h"

/* Contents, through the reader, which may be asked from any thread. */

int erofs_source_image_reader_new(void **out, void *source, const struct erofs_diag *diag)
{
	struct image_reader *reader = calloc(1, sizeof(*reader));

	(void)source;
	if (!reader)
		return -ENOMEM;
	reader->diag = diag;
	*out = reader;
	return 0;
}

void erofs_source_image_reader_free(void *reader)
{
	free(reader);
}

int erofs_source_image_open_content(void *arg, struct erofs_content *out, const struct erofs_tree_inode *inode)
{
	*out = (struct erofs_content){ .inode = inode, .fd = -1 };
	out->encoded_end = ((const struct image_origin *)inode->origin)->encoded_end;
	return erofs_source_image_load(arg, inode);
}

int erofs_source_image_read_content(void *arg, struct erofs_content *content, void *buf, size_t length, uint64_t offset)
{
	struct image_reader *reader = arg;
	const struct image_origin *origin = content->inode->origin;
	/* Another worker may have opened it. */
	int err = erofs_source_image_load(reader, content->inode);
	int64_t count;

	if (err)
		return err;
	count = erofs_image_read(origin->layer->image, &reader->from, buf, length, offset);
	if (count == (int64_t)length)
		return 0;
	return erofs_source_image_report_content(reader, count < 0 ? (int)count : -EUCLEAN, content->inode);
}

int erofs_source_image_close_content(void *arg, struct erofs_content *content)
{
	(void)arg;
	(void)content;
	return 0;
}

void erofs_source_image_abandon_content(struct erofs_content *content)
{
	(void)content;
}

void erofs_source_image_release(void *arg)
{
	struct image_source *source = arg;

	for (size_t i = 0; i < source->layer_count; i++) {
		erofs_image_close(source->layers[i].image);
		erofs_source_losses_release(&source->layers[i].losses);
	}
	free(source->layers);
	erofs_source_labels_close(source->labels);
	erofs_source_filter_free(source->filter);
	free(source);
}

const struct erofs_source_ops erofs_source_image_source_ops = {
	EROFS_SOURCE_IMAGE_OPS,
};

const struct erofs_source_ops erofs_source_image_restamp_ops = {
	EROFS_SOURCE_IMAGE_OPS,
	.encoding = erofs_source_image_encoding,
	.encoded = erofs_source_image_encoded,
	.read_encoded = erofs_source_image_read_extent,
};
