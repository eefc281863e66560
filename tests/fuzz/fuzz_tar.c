/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* An archive: as a file that is read at any place, and through a pipe into an index of it. Both come to one verdict. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <erofs/build.h>
#include <erofs/source.h>
#include <erofs/tree.h>

#include "tests/fuzz/fuzz.h"

#define PIPE_MOST (1 << 20) /* the whole archive waits in the pipe, so that nobody has to write into it */

static const struct erofs_scan_options scan_options = { .size = sizeof(scan_options) };
static const struct erofs_tree_rules rules = { .size = sizeof(rules) };

static int scan_fd(struct erofs_tree *tree, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return erofs_scan_tar(tree, path, &scan_options, NULL);
}

/* 0 or an errno; `*streamed`: it is compressed, and nothing has been looked at. */
static int from_file(const uint8_t *data, size_t size, bool *streamed)
{
	struct erofs_tree *tree = erofs_tree_new();
	int fd = memfd_create("archive", MFD_CLOEXEC);
	int err;

	if (!tree || fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
		abort();
	err = scan_fd(tree, fd);
	*streamed = erofs_tree_arrives(tree);
	if (!err && !*streamed)
		err = erofs_tree_normalize(tree, &rules, NULL);
	erofs_tree_free(tree);
	close(fd);
	return err;
}

/* The index takes no contents, so absurd sizes cost nothing. */
static int from_pipe(const uint8_t *data, size_t size)
{
	struct erofs_build_options options;
	struct erofs_tree *tree = erofs_tree_new();
	char output[] = "/dev/shm/fuzz-tar-XXXXXX";
	int ends[2], target = mkstemp(output);
	int err;

	if (!tree || target < 0 || pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, PIPE_MOST) < 0 ||
	    write(ends[1], data, size) != (ssize_t)size)
		abort();
	close(ends[1]);
	erofs_build_defaults(&options);
	options.workers = 0;
	options.blkszbits = 9;
	options.data_outside = true;
	options.no_sync = true;
	err = scan_fd(tree, ends[0]);
	if (!err)
		err = erofs_build_arrivals(tree, &rules, output, &options, NULL, NULL);
	erofs_tree_free(tree);
	close(ends[0]);
	close(target);
	unlink(output);
	return err;
}

bool fuzz_one(const uint8_t *data, size_t size)
{
	bool streamed;
	int by_file, by_pipe;

	if (size > PIPE_MOST)
		return false;
	by_file = from_file(data, size, &streamed);
	/* A build takes long: of what is refused anyway, a part will do. */
	if (by_file && !streamed && size && data[size / 2] % 16)
		return false;
	by_pipe = from_pipe(data, size);
	if (streamed)
		return !by_pipe;
	/* What an image can hold, an index may not reach. */
	if (!by_file != !by_pipe && (by_file || (by_pipe != -EOPNOTSUPP && by_pipe != -EFBIG && by_pipe != -E2BIG)))
		abort();
	return !by_file;
}
