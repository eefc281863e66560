/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "lib/archive/pack.h"
#include "lib/io/file.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#define LEVEL 3 /* libzstd's default */

struct pack {
	const char *path;
	int from, to;
	uint64_t size, written;
	ZSTD_CCtx *context;
	uint8_t *in, *out; /* ZSTD_CStreamInSize(), ZSTD_CStreamOutSize() */
	const struct erofs_cancel *cancel;
	const struct erofs_diag *diag;
};

static int report_zstd(const struct pack *pack, size_t code)
{
	return erofs_report(pack->diag, -EIO, "cannot compress '%s': %s", pack->path, ZSTD_getErrorName(code));
}

bool erofs_archive_can_pack_zstd(void)
{
	return true;
}

static int set_parameters(const struct pack *pack)
{
	size_t code = ZSTD_CCtx_setParameter(pack->context, ZSTD_c_compressionLevel, LEVEL);

	if (!ZSTD_isError(code))
		code = ZSTD_CCtx_setParameter(pack->context, ZSTD_c_checksumFlag, 1);
	if (!ZSTD_isError(code))
		code = ZSTD_CCtx_setPledgedSrcSize(pack->context, pack->size);
	return ZSTD_isError(code) ? report_zstd(pack, code) : 0;
}

static int write_part(struct pack *pack, size_t size)
{
	int err = erofs_file_write_at(pack->to, pack->out, size, pack->written);

	pack->written += size;
	return err ? erofs_report(pack->diag, err, "cannot write '%s': %s", pack->path, strerror(-err)) : 0;
}

/* Gives the compressor a part, and writes what comes out of it; with the last one, all of it. */
static int pack_part(struct pack *pack, size_t size, bool is_last)
{
	ZSTD_inBuffer in = { .src = pack->in, .size = size };
	size_t left;
	int err = 0;

	do {
		ZSTD_outBuffer out = { .dst = pack->out, .size = ZSTD_CStreamOutSize() };

		left = ZSTD_compressStream2(pack->context, &out, &in, is_last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return report_zstd(pack, left);
		err = write_part(pack, out.pos);
	} while (!err && (is_last ? left : in.pos < in.size));
	return err;
}

static int pack_all(struct pack *pack)
{
	int err = set_parameters(pack);
	uint64_t at = 0;

	while (!err) {
		size_t part = ZSTD_CStreamInSize();

		if (erofs_cancel_requested(pack->cancel))
			return -ECANCELED;
		if (part > pack->size - at)
			part = (size_t)(pack->size - at);
		err = erofs_file_read_at(pack->from, pack->in, part, at);
		if (err)
			return erofs_report(pack->diag, err, "cannot read the image for '%s': %s", pack->path,
					    strerror(-err));
		at += part;
		err = pack_part(pack, part, at == pack->size);
		if (at == pack->size)
			break;
	}
	return err;
}

int erofs_archive_pack_zstd(const char *path, int fd, uint64_t size, const struct erofs_cancel *cancel,
			    const struct erofs_diag *diag)
{
	erofs_auto_free uint8_t *in = malloc(ZSTD_CStreamInSize()), *out = malloc(ZSTD_CStreamOutSize());
	struct pack pack = {
		.path = path, .from = fd, .size = size, .in = in, .out = out, .cancel = cancel, .diag = diag
	};
	int err = 0;

	pack.context = ZSTD_createCCtx();
	pack.to = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (pack.to < 0)
		err = erofs_report(diag, -errno, "cannot create '%s': %s", path, strerror(errno));
	else
		err = pack.context && in && out ? pack_all(&pack) : -ENOMEM;
	if (pack.to >= 0) {
		close(pack.to);
		if (err)
			unlink(path);
	}
	ZSTD_freeCCtx(pack.context);
	return err;
}
