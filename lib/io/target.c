/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/io/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#include <erofs/superblock.h>

#include "lib/io/file.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/util/zeros.h"

/* Has to be zero where nothing is known to be: no file system begins its first record behind this. */
#define ZEROS_WANTED ((size_t)256 * 1024)

static bool is_ours(const struct erofs_target *target, const uint8_t *front, size_t size)
{
	static const char unfinished[] = EROFS_TARGET_UNFINISHED, data[] = EROFS_TARGET_DATA;

	if (size >= sizeof(unfinished) && memcmp(front, unfinished, sizeof(unfinished)) == 0)
		return true;
	if (target->has_data_alone)
		return size >= sizeof(data) && memcmp(front, data, sizeof(data)) == 0;
	return size >= EROFS_SUPERBLOCK_OFFSET + sizeof(uint32_t) && erofs_is_magic(front + EROFS_SUPERBLOCK_OFFSET);
}

static int look_at_front(const struct erofs_target *target, bool *ours, bool *zero)
{
	erofs_auto_free uint8_t *front = malloc(ZEROS_WANTED);
	int64_t size = front ? erofs_file_read_some_at(target->fd, front, ZEROS_WANTED, target->offset) : -ENOMEM;

	if (size < 0)
		return (int)size;
	*ours = is_ours(target, front, (size_t)size);
	*zero = erofs_is_zero(front, (size_t)size);
	return 0;
}

int erofs_target_check_content(const struct erofs_target *target, const struct erofs_diag *diag)
{
	bool ours = false, zero = false, knows_devices = false;
	char name[64] = "";
	int found = look_at_front(target, &ours, &zero);

#ifdef HAVE_BLKID
	knows_devices = true;
#endif
	/* An image of ours may hold anything where other file systems begin, but a device of ours does not look like two. */
	if (!found && (target->is_device || !ours))
		found = erofs_target_probe(target, name, sizeof(name));
	if (found < 0)
		return erofs_report(diag, found, "cannot read what is in '%s': %s", target->path, strerror(-found));
	if (found)
		return erofs_report(diag, -EEXIST, "'%s' holds other data (%s); --force overwrites them", target->path,
				    name);
	/* Devices are full of what was deleted. */
	if (ours || zero || (target->is_device && knows_devices))
		return 0;
	return erofs_report(diag, -EEXIST, "'%s' holds other data, no %s; --force overwrites them", target->path,
			    target->has_data_alone ? "data of an EROFS image" : "EROFS image");
}
