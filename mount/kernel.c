/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/nearest.h"
#include "mount/request.h"

/* Takes all messages off the queue; the last error is the one that counts. */
static void listen_to(struct kernel_mount *mount)
{
	char line[sizeof(mount->said)];
	ssize_t length;

	while ((length = read(mount->context, line, sizeof(line) - 1)) > 0) {
		line[length] = 0;
		line[strcspn(line, "\n")] = 0;
		/* A message begins with its kind: e, w or i. */
		if (!strncmp(line, "e ", 2))
			snprintf(mount->said, sizeof(mount->said), "%.*s", (int)sizeof(line) - 3, line + 2);
	}
}

static int result(struct kernel_mount *mount, int value)
{
	int err = value < 0 ? -errno : 0;

	mount->said[0] = 0;
	if (mount->context >= 0)
		listen_to(mount);
	if (err && !mount->said[0])
		snprintf(mount->said, sizeof(mount->said), "%s", strerror(-err));
	return err;
}

int kernel_begin(struct kernel_mount *mount, const char *mounted)
{
	mount->mount = -1;
	mount->context = mounted ? fspick(AT_FDCWD, mounted, FSPICK_CLOEXEC) : fsopen("erofs", FSOPEN_CLOEXEC);
	if (mount->context < 0 && errno == ENODEV) {
		snprintf(mount->said, sizeof(mount->said), "this kernel has no EROFS");
		return -ENODEV;
	}
	return result(mount, mount->context);
}

bool kernel_knows_not(const struct kernel_mount *mount)
{
	return strstr(mount->said, "nknown parameter") != NULL;
}

int kernel_set(struct kernel_mount *mount, const char *key, const char *value)
{
	unsigned int kind = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

	int err = result(mount, fsconfig(mount->context, kind, key, value, 0));
	char hint[TOOL_HINT_MAX];
	size_t used = strlen(mount->said);

	if (err && kernel_knows_not(mount))
		snprintf(mount->said + used, sizeof(mount->said) - used, "%s", request_option_hint(hint, key));
	return err;
}

int kernel_make(struct kernel_mount *mount, uint64_t attributes)
{
	int err = result(mount, fsconfig(mount->context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));

	if (err)
		return err;
	mount->mount = fsmount(mount->context, FSMOUNT_CLOEXEC, (unsigned int)attributes);
	return result(mount, mount->mount);
}

int kernel_attach(struct kernel_mount *mount, const char *target)
{
	return result(mount, move_mount(mount->mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
}

int kernel_change(struct kernel_mount *mount)
{
	return result(mount, fsconfig(mount->context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
}

int kernel_change_attributes(struct kernel_mount *mount, const char *target, uint64_t set, uint64_t clear)
{
	struct mount_attr attributes = { .attr_set = set, .attr_clr = clear };

	return result(mount, mount_setattr(AT_FDCWD, target, 0, &attributes, sizeof(attributes)));
}

void kernel_end(struct kernel_mount *mount)
{
	if (mount->mount >= 0)
		close(mount->mount);
	if (mount->context >= 0)
		close(mount->context);
}
