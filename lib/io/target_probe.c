/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "lib/io/file.h"
#include "lib/io/target.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#ifdef HAVE_BLKID
#include <blkid.h>

static void release_probe(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

/* -ENODATA: there is nothing behind the offset. */
static int open_probe(blkid_probe *out, const struct erofs_target *target)
{
	erofs_auto(release_probe) blkid_probe probe = blkid_new_probe();
	uint64_t size;
	int err = probe ? erofs_file_size(&size, target->fd) : -ENOMEM;

	if (err)
		return err;
	if (size <= target->offset)
		return -ENODATA;
	if (blkid_probe_set_device(probe, target->fd, (blkid_loff_t)target->offset,
				   (blkid_loff_t)(size - target->offset)))
		return -EIO;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_MAGIC);
	blkid_probe_enable_partitions(probe, 1);
	blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC);
	*out = erofs_take(probe);
	return 0;
}

int erofs_target_probe(const struct erofs_target *target, char *name, size_t size)
{
	erofs_auto(release_probe) blkid_probe probe = NULL;
	int found, err = open_probe(&probe, target);
	const char *value = NULL;

	if (err)
		return err == -ENODATA ? 0 : err;
	found = blkid_do_safeprobe(probe);
	/* 1: nothing; -2: several file systems, none of which is the right one. */
	if (found == 1)
		return 0;
	if (found < 0 && found != -2)
		return -EIO;
	if (found == -2)
		value = "several file systems";
	else if (blkid_probe_lookup_value(probe, "TYPE", &value, NULL))
		(void)blkid_probe_lookup_value(probe, "PTTYPE", &value, NULL);
	if (value && strcmp(value, "erofs") == 0 && !blkid_probe_has_value(probe, "PTTYPE"))
		return 0;
	snprintf(name, size, "%s", value ? value : "unknown");
	return 1;
}

int erofs_target_forget(const struct erofs_target *target, const struct erofs_diag *diag)
{
	erofs_auto(release_probe) blkid_probe probe = NULL;
	int err = open_probe(&probe, target);

	if (err == -ENODATA)
		return 0;
	while (!err && blkid_do_probe(probe) == 0)
		if (blkid_do_wipe(probe, 0))
			err = -EIO;
	return err ? erofs_report(diag, err, "cannot wipe what is in '%s': %s", target->path, strerror(-err)) : 0;
}
#else
int erofs_target_probe(const struct erofs_target *target, char *name, size_t size)
{
	(void)target;
	(void)name;
	(void)size;
	return 0;
}

int erofs_target_forget(const struct erofs_target *target, const struct erofs_diag *diag)
{
	(void)target;
	(void)diag;
	return 0;
}
#endif
