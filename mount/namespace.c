/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mount/say.h"

int namespace_enter(const char *name)
{
	char path[64];
	int fd, err;

	if (name[strspn(name, "0123456789")] == 0 && strlen(name) < 20) {
		snprintf(path, sizeof(path), "/proc/%s/ns/mnt", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	} else {
		fd = open(name, O_RDONLY | O_CLOEXEC);
	}
	err = fd < 0 || setns(fd, CLONE_NEWNS) ? errno : 0;
	if (fd >= 0)
		close(fd);
	return err ? say_error("cannot enter the mount namespace %s: %s", name, strerror(err)) : 0;
}
