/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/kernel.h"
#include "mount/loop.h"
#include "mount/mounts.h"
#include "mount/say.h"

/* One way of mounting: the paths that the kernel gets, and the loop devices among them, open until it has them. */
struct attempt {
	const struct mount_image *image;
	const struct mount_request *request;
	bool by_loop;
	struct part {
		const char *path;
		char loop[LOOP_PATH_SIZE];
		int device; /* of the loop device, -1: it is none of ours */
	} * parts;	    /* the image, then its devices */
	size_t part_count;
	bool sharing;
	struct kernel_mount kernel;
};

/* -ENOTBLK is not an error yet, but the answer of a kernel that wants a block device: nothing was said then. */
static int not_mounted(const struct attempt *attempt, int err, const char *what)
{
	if (err == -ENOTBLK && !attempt->by_loop && attempt->request->backing == BACKING_ANY)
		return -ENOTBLK;
	return say_error("%s: not mounted: %s%s%s", attempt->image->path, what ? what : "", what ? ": " : "",
			 attempt->kernel.said);
}

/* A block device stays what it is; offset and size are the image's. */
static int make_loop(struct part *part, const struct mount_request *request, bool first)
{
	struct stat st;
	bool cut = first && (request->offset || request->size_limit);
	int file = open(part->path, O_RDONLY | O_CLOEXEC), err;

	if (file < 0 || fstat(file, &st))
		err = -errno;
	else if (S_ISBLK(st.st_mode) && !cut)
		err = 0;
	else
		err = loop_attach(&part->device, part->loop, file, first ? request->offset : 0,
				  first ? request->size_limit : 0);
	if (file >= 0)
		close(file);
	if (err)
		return say_error("%s: no loop device: %s", part->path, strerror(-err));
	if (part->loop[0]) {
		say_note("%s is %s", part->loop, part->path);
		part->path = part->loop;
	}
	return 0;
}

static int make_parts(struct attempt *attempt)
{
	const struct mount_image *image = attempt->image;
	int status = 0;

	attempt->parts = calloc(1 + image->device_count, sizeof(*attempt->parts));
	if (!attempt->parts)
		return say_no_memory();
	for (; !status && attempt->part_count < 1 + image->device_count; attempt->part_count++) {
		size_t i = attempt->part_count;

		attempt->parts[i] = (struct part){ .path = i ? image->devices[i - 1] : image->path, .device = -1 };
		if (attempt->by_loop)
			status = make_loop(&attempt->parts[i], attempt->request, !i);
	}
	return status;
}

/* What is left of sharing when the kernel has said no. */
static int cannot_share(struct attempt *attempt, const char *reason)
{
	attempt->sharing = false;
	if (attempt->request->require_share)
		return say_error("%s: not mounted: %s", attempt->image->path, reason);
	say_warning("%s: mounted without sharing: %s", attempt->image->path, reason);
	return 0;
}

static int ask_for_sharing(struct attempt *attempt)
{
	const struct mount_request *request = attempt->request;
	int err;

	attempt->sharing = request->inode_share;
	if (request->inode_share && !attempt->image->has_fingerprints)
		return cannot_share(attempt, "the image has no fingerprints");
	if (request->inode_share) {
		err = kernel_set(&attempt->kernel, "inode_share", NULL);
		if (err)
			return cannot_share(attempt, kernel_knows_not(&attempt->kernel)
							     ? "this kernel does not share pages (inode_share)"
							     : attempt->kernel.said);
	}
	if (!request->domain)
		return 0;
	err = kernel_set(&attempt->kernel, "domain_id", request->domain);
	return err ? not_mounted(attempt, err, "domain_id") : 0;
}

static int set_options(struct attempt *attempt)
{
	const struct mount_request *request = attempt->request;
	int err;

	for (size_t i = 0; i < request->option_count; i++) {
		const struct mount_option *option = &request->options[i];

		err = kernel_set(&attempt->kernel, option->key, option->value);
		if (err && request->sloppy && kernel_knows_not(&attempt->kernel))
			say_note("left out: %s", option->key);
		else if (err)
			return not_mounted(attempt, err, option->key);
	}
	return 0;
}

static int set_parts(struct attempt *attempt)
{
	int err = kernel_set(&attempt->kernel, "source", attempt->parts[0].path);

	/* Nothing else can be had, and block devices are not even tried to be written to. */
	if (!err)
		err = kernel_set(&attempt->kernel, "ro", NULL);
	for (size_t i = 1; !err && i < attempt->part_count; i++)
		err = kernel_set(&attempt->kernel, "device", attempt->parts[i].path);
	return err ? not_mounted(attempt, err, NULL) : 0;
}

/* Kernels that know the option may still leave it aside. Sharing that was promised must not be missing in silence. */
static int look_at_result(struct attempt *attempt)
{
	struct mounted *mounted = malloc(sizeof(*mounted));
	int status = 0;

	if (!mounted)
		return say_no_memory();
	if (attempt->sharing &&
	    (mounts_at(mounted, attempt->request->target) || !mounts_has_option(mounted, "inode_share")))
		status = cannot_share(attempt, "the kernel has left inode_share aside");
	free(mounted);
	if (status)
		umount2(attempt->request->target, UMOUNT_NOFOLLOW);
	return status;
}

static int mount_parts(struct attempt *attempt)
{
	int err, status;

	err = kernel_begin(&attempt->kernel, NULL);
	if (err)
		return not_mounted(attempt, err, NULL);
	status = set_parts(attempt);
	if (!status)
		status = ask_for_sharing(attempt);
	if (!status)
		status = set_options(attempt);
	if (status)
		return status;
	err = kernel_make(&attempt->kernel, attempt->request->attr_set);
	if (err)
		return not_mounted(attempt, err, NULL);
	err = kernel_attach(&attempt->kernel, attempt->request->target);
	if (err)
		return not_mounted(attempt, err, attempt->request->target);
	return look_at_result(attempt);
}

/* 0, -ENOTBLK if another way is to be tried, or the status to exit with. */
static int try_one(const struct mount_image *image, const struct mount_request *request, bool by_loop)
{
	struct attempt attempt = {
		.image = image, .request = request, .by_loop = by_loop, .kernel = { .context = -1, .mount = -1 }
	};
	int status = make_parts(&attempt);

	if (!status)
		status = mount_parts(&attempt);
	if (!status)
		say_note("%s mounted on %s by %s%s", image->path, request->target,
			 by_loop ? "a block device" : "its file", attempt.sharing ? ", sharing" : "");
	kernel_end(&attempt.kernel);
	for (size_t i = 0; i < attempt.part_count; i++)
		if (attempt.parts[i].device >= 0)
			close(attempt.parts[i].device);
	free(attempt.parts);
	return status;
}

int attempt_mount(const struct mount_image *image, const struct mount_request *request)
{
	int status = -ENOTBLK;

	if (image->is_file && request->backing != BACKING_LOOP && !request->offset && !request->size_limit)
		status = try_one(image, request, false);
	return status == -ENOTBLK ? try_one(image, request, true) : status;
}
