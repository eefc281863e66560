/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/io/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Has to be zero where nothing is known to be: no file system begins its first record behind this. */
#define ZEROS_WANTED ((size_t)256 * 1024)
#define MAGIC_AT     1024u

/* Reads up to `size` bytes; short at the end of the file. */
static int64_t read_front(const struct erofs_target *target, uint8_t *bytes, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t count = pread(target->fd, bytes + got, size - got, (off_t)(target->offset + got));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (!count)
			break;
		got += (size_t)count;
	}
	return (int64_t)got;
}

static bool is_ours(const uint8_t *front, size_t size)
{
	static const uint8_t magic[] = { 0xe2, 0xe1, 0xf5, 0xe0 };
	static const char unfinished[] = EROFS_TARGET_UNFINISHED;

	if (size >= sizeof(unfinished) && memcmp(front, unfinished, sizeof(unfinished)) == 0)
		return true;
	return size >= MAGIC_AT + sizeof(magic) && memcmp(front + MAGIC_AT, magic, sizeof(magic)) == 0;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return !size || (!bytes[0] && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static int look_at_front(const struct erofs_target *target, bool *ours, bool *zero)
{
	erofs_auto_free uint8_t *front = malloc(ZEROS_WANTED);
	int64_t size = front ? read_front(target, front, ZEROS_WANTED) : -ENOMEM;

	if (size < 0)
		return (int)size;
	*ours = is_ours(front, (size_t)size);
	*zero = is_zero(front, (size_t)size);
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
	return erofs_report(diag, -EEXIST, "'%s' holds other data, no EROFS image; --force overwrites them",
			    target->path);
}
