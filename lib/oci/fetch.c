/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/codec/hasher.h"
#include "lib/io/file.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/util/seed.h"

#define PART ((size_t)256 * 1024)

char *erofs_oci_temporary_name(const char *folder, const char *below)
{
	char *path;

	return asprintf(&path, "%s/%s.new-%016" PRIx64, folder, below, erofs_random_seed()) < 0 ? NULL : path;
}

int erofs_oci_hash_file(int fd, enum erofs_digest algorithm, uint8_t *raw, uint64_t *size)
{
	erofs_auto(erofs_hasher_release) struct erofs_hasher *hasher = erofs_hasher_new(algorithm);
	erofs_auto_free uint8_t *part = malloc(PART);
	int64_t count = 0;
	int err = hasher && part ? erofs_hasher_begin(hasher) : -ENOMEM;

	*size = 0;
	while (!err && (count = erofs_file_read_some_at(fd, part, PART, *size)) > 0) {
		err = erofs_hasher_append(hasher, part, (size_t)count);
		*size += (uint64_t)count;
	}
	if (!err && count < 0)
		err = (int)count;
	return err ? err : erofs_hasher_end(hasher, raw);
}

struct fetch {
	const char *path;
	const struct oci_store *from;
	const struct oci_descriptor *blob;
	const struct erofs_diag *diag;
};

static int report_other(const struct fetch *fetch)
{
	return erofs_report(fetch->diag, -EBADMSG, "'%s': blob %s does not have this digest, or another size",
			    fetch->from->name, fetch->blob->digest.text);
}

static int pour(const struct fetch *fetch, int fd, struct oci_input *input, struct erofs_hasher *hasher)
{
	erofs_auto_free uint8_t *part = malloc(PART);
	uint8_t raw[EROFS_DIGEST_MAX];
	uint64_t at = 0;
	int64_t count;
	int err = part ? erofs_hasher_begin(hasher) : -ENOMEM;

	while (!err && (count = input->read(input, part, PART)) != 0) {
		if (count < 0)
			return (int)count;
		if (erofs_cancel_requested(fetch->from->cancel))
			return -ECANCELED;
		/* What is too long need not fill the disk. */
		if ((uint64_t)count > fetch->blob->size - at)
			return report_other(fetch);
		err = erofs_file_write_at(fd, part, (size_t)count, at);
		if (err)
			return erofs_report(fetch->diag, err, "cannot write '%s': %s", fetch->path, strerror(-err));
		err = erofs_hasher_append(hasher, part, (size_t)count);
		at += (uint64_t)count;
	}
	if (!err)
		err = erofs_hasher_end(hasher, raw);
	if (err)
		return err;
	return at == fetch->blob->size && memcmp(raw, fetch->blob->digest.raw,
						 erofs_digest_size(fetch->blob->digest.algorithm)) == 0
		       ? 0
		       : report_other(fetch);
}

int erofs_oci_fetch(const char *path, struct oci_store *from, const struct oci_descriptor *blob,
		    const struct erofs_diag *diag)
{
	erofs_auto(erofs_hasher_release) struct erofs_hasher *hasher = erofs_hasher_new(blob->digest.algorithm);
	const struct fetch fetch = { .path = path, .from = from, .blob = blob, .diag = diag };
	erofs_auto_fd int fd = -1;
	struct oci_input *input;
	int err = hasher ? from->ops->open(from, &input, blob, NULL) : -ENOMEM;

	if (err)
		return err;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	err = fd < 0 ? erofs_report(diag, -errno, "cannot create '%s': %s", path, strerror(errno))
		     : pour(&fetch, fd, input, hasher);
	input->close(input);
	if (err && fd >= 0)
		unlink(path);
	return err;
}
