/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mount/devices.h"
#include "mount/loop.h"
#include "mount/say.h"

struct erofs_image_options image_open_options(const struct mount_image *image, const struct mount_request *request)
{
	struct erofs_image_options options = erofs_image_options_init();

	/* An offset= of mount(8) is in its loop device. */
	options.offset = request->offset + request->fs_offset;
	options.devices = image->devices;
	options.device_count = image->device_count;
	return options;
}

static int choose_path(struct mount_image *image, const struct mount_request *request)
{
	struct stat st;

	if (!realpath(request->source, image->backing) || stat(image->backing, &st))
		return say_error("%s: %s", request->source, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return say_error("%s: neither a regular file nor a block device", request->source);
	image->path = image->backing;
	image->is_file = S_ISREG(st.st_mode);
	if (!image->is_file && request->backing != BACKING_LOOP && !request->offset && !request->size_limit) {
		char below[sizeof(image->backing)];

		if (!loop_backing_file(image->backing, below, sizeof(below))) {
			strcpy(image->backing, below);
			image->is_file = true;
		}
	}
	if (!image->is_file && request->backing == BACKING_FILE)
		return say_error("%s: backing=file, but it is a device", request->source);
	return 0;
}

/* The kernel takes files and block devices together in no mount. */
static int look_at_devices(struct mount_image *image, const struct mount_request *request)
{
	struct stat st;

	for (size_t i = 0; image->is_file && i < image->device_count; i++) {
		if (stat(image->devices[i], &st) || !S_ISBLK(st.st_mode))
			continue;
		if (request->backing == BACKING_FILE)
			return say_error("%s: backing=file, but %s is a device", request->source, image->devices[i]);
		image->is_file = false;
	}
	return 0;
}

static int copy_given(struct mount_image *image, const struct mount_request *request)
{
	if (!request->device_count)
		return 0;
	image->devices = calloc(request->device_count, sizeof(*image->devices));
	if (!image->devices)
		return say_no_memory();
	memcpy(image->devices, request->devices, request->device_count * sizeof(*image->devices));
	image->device_count = image->given = request->device_count;
	return 0;
}

/* What the superblock tells. Without any device at first: which ones there are to be is what we want to know. */
static int read_front(struct mount_image *image, const struct mount_request *request)
{
	struct erofs_image_options options = image_open_options(image, request);
	struct erofs_image *opened;
	int err, status;

	options.device_count = 0;
	err = erofs_image_open(&opened, image->path, &options, say_diag());
	if (err)
		return MOUNT_FAILED;
	image->has_fingerprints = erofs_image_superblock(opened)->feature_compat & EROFS_FEATURE_COMPAT_ISHARE_XATTRS;
	status = devices_find(image, opened, request->device_dir);
	erofs_image_close(opened);
	return status;
}

int image_look_at(struct mount_image *image, const struct mount_request *request)
{
	int status;

	*image = (struct mount_image){ 0 };
	status = choose_path(image, request);
	if (!status)
		status = copy_given(image, request);
	if (!status)
		status = read_front(image, request);
	return status ? status : look_at_devices(image, request);
}

void image_release(struct mount_image *image)
{
	for (size_t i = image->given; i < image->device_count; i++)
		free((char *)image->devices[i]);
	free(image->devices);
}
