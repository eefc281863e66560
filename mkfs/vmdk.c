/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/vmdk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <erofs/image.h>

#include "mkfs/places.h"

/* A text that says of which parts of files a disk is made, for virtual machines. */

#define SECTOR	512u
#define HEADS	16u
#define SECTORS 63u

struct descriptor {
	const char *path;
	char *directory; /* real */
	char *temporary;
	FILE *file;
	uint64_t sectors;
};

static void release(struct descriptor *descriptor)
{
	if (descriptor->file)
		fclose(descriptor->file);
	if (descriptor->temporary) {
		unlink(descriptor->temporary);
		free(descriptor->temporary);
	}
	free(descriptor->directory);
}

/* Names stand between quotes, and there is no way to write one in a name. */
static bool check_name(const char *path)
{
	return !path[strcspn(path, "\"\n\r")] ||
	       mkfs_refuse("--vmdk-desc: '%s' cannot be named in a descriptor, because of a quote or a line end in it",
			   path);
}

bool mkfs_check_vmdk(const struct mkfs_options *options)
{
	if (!options->vmdk_path)
		return true;
	if (options->oci_layers != MKFS_FLATTEN)
		return mkfs_refuse("--vmdk-desc: there is more than one image to describe");
	if (options->build.data_outside)
		return mkfs_refuse("--vmdk-desc: the archive of --tar=i is appended to its image instead");
	for (size_t i = 0; options->is_thin && i < options->source_count; i++)
		if (!check_name(options->sources[i]))
			return false;
	if (options->build.data_device && !check_name(options->build.data_device))
		return false;
	return check_name(options->output);
}

/* ---- its lines ---- */

/* Relative to the descriptor where that is possible without going up, so that the folder may be moved. */
static int add_extent(struct descriptor *descriptor, const char *path, uint64_t bytes, uint64_t offset)
{
	char *real = realpath(path, NULL);
	size_t length = strlen(descriptor->directory);
	const char *name = real;

	if (!real)
		return -errno;
	if (strncmp(real, descriptor->directory, length) == 0 && real[length] == '/' && !strchr(real + length + 1, '/'))
		name = real + length + 1;
	if (!check_name(name)) {
		free(real);
		return -EINVAL;
	}
	fprintf(descriptor->file, "RW %" PRIu64 " FLAT \"%s\" %" PRIu64 "\n", bytes / SECTOR, name, offset / SECTOR);
	descriptor->sectors += bytes / SECTOR;
	free(real);
	return 0;
}

static int add_extents(struct descriptor *descriptor, const struct mkfs_options *options,
		       const struct erofs_image *image)
{
	const struct erofs_superblock *sb = erofs_image_superblock(image);
	const char *data_device = options->build.data_device;
	uint64_t block = 0;
	int err = add_extent(descriptor, options->output, sb->blocks << sb->blkszbits, options->build.offset);

	block = sb->blocks;
	for (unsigned int i = 0; !err && i < sb->extra_devices && (data_device || i < options->source_count); i++) {
		struct erofs_device_slot slot;

		err = erofs_image_device_slot(image, &slot, i);
		if (!err && slot.uniaddr != block)
			err = -EUCLEAN;
		if (!err)
			err = add_extent(descriptor, data_device ? data_device : options->sources[i],
					 slot.blocks << sb->blkszbits, 0);
		block += err ? 0 : slot.blocks;
	}
	return err;
}

/* The number changes when the content does; that of a disk without a parent is special. */
static uint32_t content_number(const struct erofs_build_summary *summary)
{
	uint32_t number = 0;

	for (size_t i = 0; i < sizeof(summary->uuid); i++)
		number = (number << 5 | number >> 27) ^ summary->uuid[i];
	return number < UINT32_MAX - 1 ? number : 1;
}

static int write_text(struct descriptor *descriptor, const struct mkfs_job *job, const struct erofs_image *image)
{
	FILE *file = descriptor->file;
	int err;

	fprintf(file,
		"# Disk DescriptorFile\nversion=1\nCID=%08" PRIx32
		"\nparentCID=ffffffff\ncreateType=\"twoGbMaxExtentFlat\"\n\n# Extent description\n",
		content_number(&job->summary));
	err = add_extents(descriptor, job->options, image);
	if (err)
		return err;
	fprintf(file,
		"\n# The Disk Data Base\n#DDB\n\nddb.virtualHWVersion = \"4\"\nddb.geometry.cylinders = \"%" PRIu64
		"\"\nddb.geometry.heads = \"%u\"\nddb.geometry.sectors = \"%u\"\nddb.adapterType = \"ide\"\n",
		descriptor->sectors / (HEADS * SECTORS) + 1, HEADS, SECTORS);
	if (fflush(file) || ferror(file))
		return errno ? -errno : -EIO;
	if (!job->build.no_sync && fsync(fileno(file)))
		return -errno;
	if (rename(descriptor->temporary, descriptor->path))
		return -errno;
	free(descriptor->temporary);
	descriptor->temporary = NULL;
	return 0;
}

static int write_descriptor(struct descriptor *descriptor, const struct mkfs_job *job, const struct erofs_image *image)
{
	int fd;

	descriptor->directory = mkfs_real_directory(descriptor->path);
	if (!descriptor->directory)
		return -errno;
	if (asprintf(&descriptor->temporary, "%s.XXXXXX", descriptor->path) < 0) {
		descriptor->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(descriptor->temporary, O_CLOEXEC);
	descriptor->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!descriptor->file || fchmod(fd, 0644))
		return -errno;
	return write_text(descriptor, job, image);
}

int mkfs_write_vmdk(const struct mkfs_job *job, const struct erofs_diag *diag)
{
	struct erofs_image_options with = { .size = sizeof(with), .offset = job->build.offset };
	struct descriptor descriptor = { .path = job->options->vmdk_path };
	struct erofs_image *image;
	int err;

	if (!descriptor.path)
		return 0;
	err = erofs_image_open(&image, job->options->output, &with, diag);
	if (err)
		return err;
	err = write_descriptor(&descriptor, job, image);
	erofs_image_close(image);
	release(&descriptor);
	if (err && !mkfs_has_refused())
		mkfs_refuse("--vmdk-desc: cannot write '%s': %s", job->options->vmdk_path, strerror(-err));
	return err;
}
