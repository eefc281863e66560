/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/order_list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mkfs/options.h"

static void print_verity(FILE *out, const struct erofs_build_summary *summary)
{
	fputs(",\n      \"roothash\": \"", out);
	for (size_t i = 0; i < sizeof(summary->verity_root); i++)
		fprintf(out, "%02x", summary->verity_root[i]);
	fprintf(out, "\",\n      \"hashoffset\": %" PRIu64, summary->verity_offset);
}

static void print_layer(FILE *out, const struct mkfs_listed_layer *layer, bool is_last)
{
	fputs("    {\n", out);
	if (layer->diff_id)
		fprintf(out, "      \"diffID\": \"%s\",\n", layer->diff_id);
	fprintf(out, "      \"digest\": \"%s\",\n      \"file\": \"%s\"", layer->digest, layer->file);
	if (layer->summary->has_verity)
		print_verity(out, layer->summary);
	putc('\n', out);
	fprintf(out, "    }%s\n", is_last ? "" : ",");
}

static void print_list(FILE *out, const struct mkfs_listed_layer *layers, size_t count)
{
	fputs(count ? "{\n  \"layers\": [\n" : "{\n  \"layers\": [", out);
	for (size_t i = 0; i < count; i++)
		print_layer(out, &layers[i], i + 1 == count);
	fputs(count ? "  ]\n}\n" : "]\n}\n", out);
}

static int write_file(const char *path, const struct mkfs_listed_layer *layers, size_t count, bool sync)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), err = 0;
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	print_list(out, layers, count);
	if (fflush(out) || ferror(out) || (sync && fsync(fd)))
		err = errno ? -errno : -EIO;
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

int mkfs_write_order_list(const char *directory, const struct mkfs_listed_layer *layers, size_t count, bool sync)
{
	char *path = NULL, *temporary = NULL;
	int err = 0;

	if (asprintf(&path, "%s/" MKFS_ORDER_LIST, directory) < 0)
		return -ENOMEM;
	if (asprintf(&temporary, "%s/." MKFS_ORDER_LIST ".%ld", directory, (long)getpid()) < 0) {
		free(path);
		return -ENOMEM;
	}
	err = write_file(temporary, layers, count, sync);
	if (!err && rename(temporary, path))
		err = -errno;
	if (err) {
		unlink(temporary);
		mkfs_refuse("cannot write '%s': %s", path, strerror(-err));
	}
	free(temporary);
	free(path);
	return err;
}
