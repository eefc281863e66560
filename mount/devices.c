/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/devices.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mount/say.h"

#define PLACES 4u

/* Where the file of a tag may be. NULL if there is no memory. */
static char *place_of(unsigned int place, const char *directory, const char *tag)
{
	char *path = NULL;
	int length;

	switch (place) {
	case 0: /* as it is called */
		length = asprintf(&path, "%s/%s", directory, tag);
		break;
	case 1: /* a layer of that name */
		length = asprintf(&path, "%s/%s.erofs", directory, tag);
		break;
	case 2: /* a blob of an OCI layout */
		length = asprintf(&path, "%s/sha256/%s", directory, tag);
		break;
	default: /* an entry of a layer cache */
		length = asprintf(&path, "%s/sha256/%.2s/%s.erofs", directory, tag, tag);
	}
	return length < 0 ? NULL : path;
}

/* Tags are the image's, which may want to lead us elsewhere. */
static bool is_name(const char *tag)
{
	return *tag && *tag != '.' && !strchr(tag, '/');
}

static int find_one(char **out, unsigned int slot, const char *tag, const char *directory)
{
	if (!is_name(tag))
		return say_error("slot %u of the device table has no tag that names a file: give its device=",
				 slot + 1);
	for (unsigned int i = 0; i < PLACES; i++) {
		char *path = place_of(i, directory, tag);

		if (!path)
			return say_no_memory();
		if (!access(path, F_OK)) {
			*out = path;
			return 0;
		}
		free(path);
	}
	return say_error("%s: no file for slot %u of the device table, tag %s", directory, slot + 1, tag);
}

/* Whether the image holds the data of all its slots itself. */
static bool is_complete(const struct erofs_image *opened, unsigned int count)
{
	struct erofs_device_slot slot;

	for (unsigned int i = 0; i < count; i++)
		if (erofs_image_device_slot(opened, &slot, i) || !slot.present)
			return false;
	return true;
}

static int add_found(struct mount_image *image, const struct erofs_image *opened, unsigned int slots,
		     const char *directory)
{
	const char **devices = reallocarray(image->devices, slots, sizeof(*devices));
	struct erofs_device_slot slot;
	int status = 0;

	if (!devices)
		return say_no_memory();
	image->devices = devices;
	while (!status && image->device_count < slots) {
		unsigned int index = (unsigned int)image->device_count;
		char *path = NULL;

		if (erofs_image_device_slot(opened, &slot, index))
			return say_error("%s: its device table cannot be read", image->path);
		status = find_one(&path, index, slot.tag, directory);
		if (path) {
			devices[image->device_count++] = path;
			say_note("slot %u of the device table: %s", index + 1, path);
		}
	}
	return status;
}

int devices_find(struct mount_image *image, const struct erofs_image *opened, const char *directory)
{
	unsigned int slots = erofs_image_superblock(opened)->extra_devices;

	if (image->device_count > slots)
		return say_error("%s: it has %u extra devices, and device= was given %zu times", image->path, slots,
				 image->device_count);
	if (image->device_count == slots || (!image->device_count && is_complete(opened, slots)))
		return 0;
	if (!directory)
		return say_error(
			"%s: it has %u extra devices, and device= was given %zu times (device-dir= finds them)",
			image->path, slots, image->device_count);
	return add_found(image, opened, slots, directory);
}
