/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/image.h>

#include "lib/format/format_chunk.h"
#include "lib/reader/reader.h"
#include "lib/util/report.h"

#define SLOT_BATCH 32u

static uint64_t slot_start(const struct erofs_image *image, const struct erofs_image_slot *slot)
{
	return slot->info.uniaddr << image->sb.blkszbits;
}

static uint64_t slot_length(const struct erofs_image *image, const struct erofs_image_slot *slot)
{
	return slot->info.blocks << image->sb.blkszbits;
}

static uint64_t slot_end(const struct erofs_image *image, const struct erofs_image_slot *slot)
{
	return slot_start(image, slot) + slot_length(image, slot);
}

static int read_table(struct erofs_image *image, const char *who, const struct erofs_diag *diag)
{
	uint64_t at = (uint64_t)image->sb.devt_slotoff * EROFS_DEVICE_SLOT_SIZE;
	unsigned int count = image->sb.extra_devices;
	uint8_t raw[SLOT_BATCH * EROFS_DEVICE_SLOT_SIZE];

	if (!erofs_reader_meta_fits(image, at, (uint64_t)count * EROFS_DEVICE_SLOT_SIZE))
		return erofs_report(diag, -EUCLEAN, "%s: the device table lies outside the image", who);
	image->slots = calloc(count, sizeof(*image->slots));
	image->unified = calloc(count, sizeof(*image->unified));
	if (!image->slots || !image->unified)
		return erofs_report(diag, -ENOMEM, "%s: %s", who, strerror(ENOMEM));
	image->slot_count = count;
	for (unsigned int i = 0; i < count; i++, at += EROFS_DEVICE_SLOT_SIZE) {
		unsigned int batch = count - i < SLOT_BATCH ? count - i : SLOT_BATCH;

		if (i % SLOT_BATCH == 0) {
			int err = erofs_reader_read_meta(image, raw, batch * EROFS_DEVICE_SLOT_SIZE, at);

			if (err)
				return erofs_report(diag, err, "%s: cannot read the device table: %s", who,
						    strerror(-err));
		}
		erofs_device_slot_decode(&image->slots[i].info, raw + i % SLOT_BATCH * EROFS_DEVICE_SLOT_SIZE);
	}
	return 0;
}

static int open_files(struct erofs_image *image, const struct erofs_image_options *options,
		      const struct erofs_diag *diag)
{
	for (size_t i = 0; i < options->device_count; i++) {
		struct erofs_image_slot *slot = &image->slots[i];
		int err = erofs_device_open(&slot->device, options->devices[i], 0);

		if (err)
			return erofs_report(diag, err, "%s: %s", options->devices[i],
					    err == -ENODEV ? "neither a regular file nor a block device"
							   : strerror(-err));
		slot->info.present = true;
	}
	return 0;
}

/*
 * Without any device file, one device may hold the whole unified address space (blobs joined behind the image, as Linux
 * allows too).
 */
static void find_flat_slots(struct erofs_image *image)
{
	for (unsigned int i = 0; i < image->slot_count; i++) {
		struct erofs_image_slot *slot = &image->slots[i];

		slot->flat = slot->info.uniaddr && slot->info.blocks && slot_end(image, slot) <= image->primary.size;
		slot->info.present = slot->flat;
	}
}

static int compare_uniaddr(const void *a, const void *b, void *ctx)
{
	const struct erofs_image *image = ctx;
	uint64_t first = image->slots[*(const unsigned int *)a].info.uniaddr;
	uint64_t second = image->slots[*(const unsigned int *)b].info.uniaddr;

	return (first > second) - (first < second);
}

/* Overlapping slots are refused: a verifier that takes the one and a kernel that takes the other would read two files. */
static int sort_slots(struct erofs_image *image, const char *who, const struct erofs_diag *diag)
{
	for (unsigned int i = 0; i < image->slot_count; i++)
		if (image->slots[i].info.uniaddr && image->slots[i].info.blocks)
			image->unified[image->unified_count++] = i;
	qsort_r(image->unified, image->unified_count, sizeof(*image->unified), compare_uniaddr, image);
	for (unsigned int i = 1; i < image->unified_count; i++) {
		const struct erofs_image_slot *slot = &image->slots[image->unified[i]];
		const struct erofs_image_slot *before = &image->slots[image->unified[i - 1]];

		if (slot_end(image, before) > slot_start(image, slot))
			return erofs_report(diag, -EUCLEAN, "%s: slots %u and %u of the device table overlap", who,
					    image->unified[i - 1] + 1, image->unified[i] + 1);
	}
	return 0;
}

int erofs_reader_open_devices(struct erofs_image *image, const struct erofs_image_options *options, const char *who,
			      const struct erofs_diag *diag)
{
	unsigned int count = image->sb.extra_devices;
	int err;

	/* The table's feature bit also means a second compression algorithm, so the count decides. */
	if (!erofs_has_incompat(&image->sb, EROFS_FEATURE_INCOMPAT_DEVICE_TABLE))
		count = 0;
	if (options->device_count > count)
		return erofs_report(diag, -EINVAL, "%s: %zu extra devices given, the image has %u", who,
				    options->device_count, count);
	if (!count)
		return 0;
	while (image->device_id_mask < count)
		image->device_id_mask = 2 * image->device_id_mask + 1;
	err = read_table(image, who, diag);
	if (err)
		return err;
	if (options->device_count) {
		err = open_files(image, options, diag);
		if (err)
			return err;
	} else {
		find_flat_slots(image);
	}
	return sort_slots(image, who, diag);
}

void erofs_reader_close_devices(struct erofs_image *image)
{
	for (unsigned int i = 0; i < image->slot_count; i++)
		erofs_device_close(&image->slots[i].device);
	free(image->slots);
	free(image->unified);
}

int erofs_image_device_slot(const struct erofs_image *image, struct erofs_device_slot *out, unsigned int index)
{
	if (!image || !out)
		return -EINVAL;
	if (index >= image->slot_count)
		return -ERANGE;
	*out = image->slots[index].info;
	return 0;
}

int erofs_image_device_file(const struct erofs_image *image, unsigned int device, int *fd, uint64_t *start)
{
	const struct erofs_device *from;

	if (!image || !fd || !start)
		return -EINVAL;
	if (device > image->slot_count)
		return -ERANGE;
	from = device ? &image->slots[device - 1].device : &image->primary;
	if (!from->is_open)
		return -ENXIO;
	*fd = from->fd;
	*start = from->base;
	return 0;
}

static int put(struct erofs_extent *out, unsigned int device, uint64_t address, uint64_t length, uint64_t limit)
{
	if (address > limit || length > limit - address)
		return -EUCLEAN;
	out->device = device;
	out->physical = address;
	out->plen = length;
	return 0;
}

/* `address` counts from the slot's own first block. */
static int place_in_slot(const struct erofs_image *image, struct erofs_extent *out, unsigned int index,
			 uint64_t address, uint64_t length)
{
	const struct erofs_image_slot *slot = &image->slots[index];

	if (slot->flat) {
		int err = put(out, 0, address, length, slot_length(image, slot));

		out->physical += slot_start(image, slot);
		return err;
	}
	/* Some writers leave it to the device how large it is. */
	if (!slot->info.present && !slot->info.blocks)
		return put(out, index + 1, address, length, INT64_MAX);
	return put(out, index + 1, address, length, slot->info.present ? slot->device.size : slot_length(image, slot));
}

/* Position in image->unified of the first slot that starts behind `address`. */
static unsigned int next_unified(const struct erofs_image *image, uint64_t address)
{
	unsigned int low = 0, high = image->unified_count;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (slot_start(image, &image->slots[image->unified[middle]]) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int place_unified(const struct erofs_image *image, struct erofs_extent *out, uint64_t address, uint64_t length)
{
	unsigned int next = next_unified(image, address);
	uint64_t limit = image->primary.size;

	if (next) {
		unsigned int index = image->unified[next - 1];
		const struct erofs_image_slot *slot = &image->slots[index];

		if (address < slot_end(image, slot)) {
			if (length > slot_end(image, slot) - address)
				return -EUCLEAN;
			return place_in_slot(image, out, index, address - slot_start(image, slot), length);
		}
	}
	/* What starts in the primary device must not run into a slot's addresses. */
	if (next < image->unified_count) {
		uint64_t start = slot_start(image, &image->slots[image->unified[next]]);

		if (start < limit)
			limit = start;
	}
	return put(out, 0, address, length, limit);
}

int erofs_reader_place(const struct erofs_image *image, struct erofs_extent *out, unsigned int device_id,
		       uint64_t address, uint64_t length)
{
	device_id &= image->device_id_mask;
	if (!device_id)
		return place_unified(image, out, address, length);
	if (device_id > image->slot_count)
		return -EUCLEAN;
	return place_in_slot(image, out, device_id - 1, address, length);
}

int erofs_reader_read_device(const struct erofs_image *image, unsigned int device, void *buf, size_t length,
			     uint64_t offset)
{
	const struct erofs_image_slot *slot;
	int err;

	if (!device || device == EROFS_DEVICE_METABOX)
		return erofs_reader_read_meta(image, buf, length, offset + (device ? EROFS_METABOX_AREA : 0));
	if (device > image->slot_count)
		return -EINVAL;
	slot = &image->slots[device - 1];
	if (!slot->info.present)
		return -ENXIO;
	err = erofs_device_read(&slot->device, buf, length, offset);
	return err == -ERANGE ? -EUCLEAN : err;
}
