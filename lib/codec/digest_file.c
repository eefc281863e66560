/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/codec/hasher.h"
#include "lib/util/cleanup.h"

#define READ_SIZE ((size_t)1 << 20)

int erofs_digest_file(uint8_t *out, enum erofs_digest digest, int fd)
{
	erofs_auto(erofs_hasher_release) struct erofs_hasher *hasher = erofs_hasher_new(digest);
	erofs_auto_free uint8_t *buf = malloc(READ_SIZE);
	int err = hasher && buf ? erofs_hasher_begin(hasher) : -ENOMEM;
	ssize_t size = 1;

	for (off_t at = 0; !err && size; at += size) {
		size = pread(fd, buf, READ_SIZE, at);
		if (size < 0)
			return -errno;
		err = erofs_hasher_append(hasher, buf, (size_t)size);
	}
	return err ? err : erofs_hasher_end(hasher, out);
}
