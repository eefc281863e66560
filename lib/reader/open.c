/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/compress.h>
#include <erofs/image.h>

#include "lib/format/format_superblock.h"
#include "lib/reader/reader.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

/* A checksum that cannot be computed because the image ends before is a wrong one. */
static int verify_checksum(struct erofs_image *image)
{
	uint8_t covered[EROFS_IMAGE_BLOCK_MAX];
	size_t span = erofs_superblock_checksum_span(image->sb.blkszbits);
	int err;

	image->checksum_ok = true;
	if (!erofs_has_compat(&image->sb, EROFS_FEATURE_COMPAT_SB_CHKSUM))
		return 0;
	err = erofs_reader_read_meta(image, covered, span, EROFS_SUPERBLOCK_OFFSET);
	if (err && err != -EUCLEAN)
		return err;
	image->checksum_ok = !err && erofs_superblock_checksum(covered, span) == image->sb.checksum;
	return 0;
}

static int read_superblock(struct erofs_image *image, const char *who, const struct erofs_diag *diag)
{
	uint8_t raw[EROFS_SUPERBLOCK_DECODE_SIZE] = { 0 };
	uint64_t size = image->primary.size;
	const char *reason = NULL;
	size_t avail = sizeof(raw);
	int err;

	if (size < EROFS_SUPERBLOCK_OFFSET + EROFS_SUPERBLOCK_SIZE)
		return erofs_report(diag, -EUCLEAN, "%s: too small for an EROFS image", who);
	if (avail > size - EROFS_SUPERBLOCK_OFFSET)
		avail = (size_t)(size - EROFS_SUPERBLOCK_OFFSET);
	err = erofs_reader_read_meta(image, raw, avail, EROFS_SUPERBLOCK_OFFSET);
	if (err)
		return erofs_report(diag, err, "%s: cannot read the superblock: %s", who, strerror(-err));
	err = erofs_superblock_decode(&image->sb, raw, &reason);
	if (err)
		return erofs_report(diag, err, "%s: %s", who, reason);
	return 0;
}

const char *erofs_reader_left_out(const struct erofs_image *image)
{
	uint16_t used = !image->configs_err && image->sb.available_compr_algs ? image->configs.algorithms : 0;

	for (int i = 0; i < EROFS_ALGORITHM_COUNT; i++)
		if (used & 1u << i && !erofs_algorithm_is_built(i))
			return erofs_algorithm_name(i);
	return NULL;
}

/* Names and attributes can be read all the same. */
static void tell_left_out(const struct erofs_image *image, const char *who, const struct erofs_diag *diag)
{
	const char *algorithm = erofs_reader_left_out(image);

	if (algorithm)
		erofs_message(diag, EROFS_SEV_WARNING, "%s: files compressed with %s cannot be read: built without it",
			      who, algorithm);
}

static int load(struct erofs_image *image, const char *who, const struct erofs_image_options *options,
		const struct erofs_diag *diag)
{
	int err = read_superblock(image, who, diag);

	if (err)
		return err;
	err = verify_checksum(image);
	if (err)
		return erofs_report(diag, err, "%s: cannot read the superblock: %s", who, strerror(-err));
	if (!image->checksum_ok && !options->tolerate_bad_checksum)
		return erofs_report(diag, -EUCLEAN, "%s: wrong superblock checksum", who);
	err = erofs_reader_open_devices(image, options, who, diag);
	if (err)
		return err;
	erofs_reader_read_compression(image);
	tell_left_out(image, who, diag);
	image->decoders = erofs_reader_decoders_new();
	err = image->decoders ? erofs_reader_read_prefixes(image) : -ENOMEM;
	if (err)
		return erofs_report(diag, err, "%s: %s", who, strerror(-err));
	return 0;
}

static int finish(struct erofs_image **out, struct erofs_image *image, const char *who,
		  const struct erofs_image_options *options, const struct erofs_diag *diag)
{
	int err = load(image, who, options, diag);

	if (err) {
		erofs_image_close(image);
		return err;
	}
	*out = image;
	return 0;
}

/* NULL: none are given. */
static int take_options(struct erofs_image_options *known, const struct erofs_image_options *given,
			const struct erofs_diag *diag)
{
	int err;

	*known = erofs_image_options_init();
	err = given ? erofs_sized_take(known, sizeof(*known), given, "erofs_image_options", diag) : 0;
	if (err)
		return err;
	for (size_t i = 0; i < known->device_count; i++)
		if (!known->devices || !known->devices[i])
			return erofs_report(diag, -EINVAL, "erofs_image_options.devices: device %zu is missing (NULL)",
					    i);
	return 0;
}

int erofs_image_open(struct erofs_image **out, const char *path, const struct erofs_image_options *options,
		     const struct erofs_diag *diag)
{
	struct erofs_image_options known;
	struct erofs_image *image;
	int err = take_options(&known, options, diag);

	if (err)
		return err;
	if (!out || !path)
		return erofs_report(diag, -EINVAL, "erofs_image_open(): no %s (NULL)", out ? "path" : "result");
	*out = NULL;
	image = calloc(1, sizeof(*image));
	if (!image)
		return erofs_report(diag, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	err = erofs_device_open(&image->primary, path, known.offset);
	if (err) {
		free(image);
		if (err == -ENODEV)
			return erofs_report(diag, err, "%s: neither a regular file nor a block device", path);
		if (err == -ERANGE)
			return erofs_report(diag, err, "%s: the offset lies behind its end", path);
		return erofs_report(diag, err, "%s: %s", path, strerror(-err));
	}
	return finish(out, image, path, &known, diag);
}

int erofs_image_open_memory(struct erofs_image **out, const void *data, size_t size,
			    const struct erofs_image_options *options, const struct erofs_diag *diag)
{
	struct erofs_image_options known;
	struct erofs_image *image;
	int err = take_options(&known, options, diag);

	if (err)
		return err;
	if (!out || (!data && size))
		return erofs_report(diag, -EINVAL, "erofs_image_open_memory(): no %s (NULL)", out ? "data" : "result");
	*out = NULL;
	if (known.offset > size)
		return erofs_report(diag, -ERANGE, "image: the offset lies behind its end");
	image = calloc(1, sizeof(*image));
	if (!image)
		return erofs_report(diag, -ENOMEM, "image: %s", strerror(ENOMEM));
	erofs_device_use_memory(&image->primary, (const uint8_t *)data + known.offset, size - known.offset);
	return finish(out, image, "image", &known, diag);
}

void erofs_image_close(struct erofs_image *image)
{
	if (!image)
		return;
	erofs_reader_close_devices(image);
	erofs_device_close(&image->primary);
	erofs_reader_decoders_free(image->decoders);
	free(image->prefixes);
	free(image);
}

const struct erofs_superblock *erofs_image_superblock(const struct erofs_image *image)
{
	return image ? &image->sb : NULL;
}

bool erofs_image_checksum_ok(const struct erofs_image *image)
{
	return image && image->checksum_ok;
}

uint64_t erofs_image_device_size(const struct erofs_image *image)
{
	return image ? image->primary.size : 0;
}
