/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/dump.h"

#define PIECE ((size_t)1 << 20)

int dump_cat(const struct dump *dump)
{
	uint64_t offset = 0;
	uint8_t *buf;
	int64_t count;

	if (S_ISDIR(dump->inode->mode))
		return dump_path_error(dump, -EISDIR, dump->subject, "");
	if (!S_ISREG(dump->inode->mode) && !S_ISLNK(dump->inode->mode))
		return dump_path_misuse(dump, -EINVAL, dump->subject, "neither a regular file nor a symbolic link");
	buf = malloc(PIECE);
	if (!buf)
		return dump_path_error(dump, -ENOMEM, dump->subject, "");
	while ((count = erofs_image_read(dump->image, dump->inode, buf, PIECE, offset)) > 0) {
		/* Lost output is found by tool_flush_stdout(). */
		if (fwrite(buf, 1, (size_t)count, stdout) != (size_t)count)
			break;
		offset += (uint64_t)count;
	}
	free(buf);
	return count < 0 ? dump_path_error(dump, (int)count, dump->subject, "cannot read it") : 0;
}
