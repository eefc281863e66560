/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * corrupt SEED IN OUT: writes a copy of image IN, damaged as the seed says (see mutate.h).
 * corrupt --at OFFSET HEX [--fix] IN OUT: writes a copy with these bytes at that offset.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tools/mutate.h"
#include "tests/tools/support.h"

static void store(const char *path, const uint8_t *image, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		die("cannot make %s", path);
	write_fully(fd, image, size);
	close(fd);
}

static void patch(uint8_t *image, size_t size, const char *offset, const char *hex)
{
	size_t at = strtoull(offset, NULL, 0);

	errno = 0;
	for (; hex[0] && hex[1]; hex += 2, at++) {
		char digits[3] = { hex[0], hex[1], 0 };

		if (at >= size)
			die("offset %s lies behind the image", offset);
		image[at] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

int main(int argc, char **argv)
{
	bool at = argc >= 6 && !strcmp(argv[1], "--at");
	bool fix = at && argc == 7 && !strcmp(argv[4], "--fix");
	uint8_t *image;
	size_t size;

	if (argc != (at ? 6 + fix : 4)) {
		fputs("usage: corrupt SEED IN OUT\n       corrupt --at OFFSET HEX [--fix] IN OUT\n", stderr);
		return 2;
	}
	image = read_file(argv[argc - 2], &size);
	if (at)
		patch(image, size, argv[2], argv[3]);
	else
		size = mutate_image(image, size, strtoull(argv[1], NULL, 0));
	if (fix)
		mutate_repair_checksum(image, size);
	store(argv[argc - 1], image, size);
	free(image);
	return 0;
}
