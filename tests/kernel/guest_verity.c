/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <fcntl.h>
#include <linux/fsverity.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/kernel/guest.h"

/* From here on the kernel compares what it reads of the file with a tree of digests. */
int command_verity(int argc, char **argv)
{
	struct fsverity_enable_arg how = { .version = 1,
					   .hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
					   .block_size = 4096 };
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		die("cannot open the file");
	if (ioctl(fd, FS_IOC_ENABLE_VERITY, &how))
		die("%s: no fs-verity", argv[1]);
	close(fd);
	return 0;
}
