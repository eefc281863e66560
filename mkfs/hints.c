/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/hints.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* The first bytes of what wraps archives, and of an archive itself. */
static bool is_archive(const char *path)
{
	static const struct {
		size_t at;
		const char *bytes;
	} marks[] = { { 257, "ustar" },
		      { 0, "\x1f\x8b" },
		      { 0, "BZh" },
		      { 0, "\xfd"
			   "7zXZ" },
		      { 0, "\x28\xb5\x2f\xfd" },
		      { 0, "\x04\x22\x4d\x18" },
		      { 0, "LZIP" } };
	char head[512] = "";
	int fd = is_file(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t size = fd < 0 ? -1 : read(fd, head, sizeof(head));

	if (fd >= 0)
		close(fd);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t length = strlen(marks[i].bytes);

		if (size >= (ssize_t)(marks[i].at + length) && memcmp(head + marks[i].at, marks[i].bytes, length) == 0)
			return true;
	}
	return false;
}

static bool is_layout(const char *path)
{
	char *mark;
	bool is_there;

	if (asprintf(&mark, "%s/oci-layout", path) < 0)
		return false;
	is_there = is_directory(path) && is_file(mark);
	free(mark);
	return is_there;
}

bool mkfs_check_turns(const struct mkfs_options *options)
{
	const char *output = options->output, *source = options->source;

	if (options->input != MKFS_TREE || options->source_count > 1)
		return true;
	if (is_directory(output) && !is_directory(source))
		return mkfs_refuse(
			"'%s' is a directory and '%s' is none: the image comes first, as in mkfs.erofs '%s' '%s'",
			output, source, source, output);
	if (is_archive(source) && erofs_source_is_image(source) <= 0)
		return mkfs_refuse("'%s' is an archive: mkfs.erofs --tar=f '%s' '%s'", source, output, source);
	/* It may be meant. */
	if (is_layout(source) && !options->quiet && options->debug_level)
		fprintf(stderr,
			"mkfs.erofs: warning: '%s' is an OCI layout, and becomes an image as the directory that it is; "
			"--oci='%s' takes the container image in it\n",
			source, source);
	return true;
}
