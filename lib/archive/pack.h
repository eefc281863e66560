/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_ARCHIVE_PACK_H
#define EROFS_ARCHIVE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include <erofs/api.h>
#include <erofs/diag.h>

/* Whether libzstd was built in. */
bool erofs_archive_can_pack_zstd(void);

/*
 * Compresses the first `size` bytes of a file with zstd, into a file that is new: one frame, with its size and a checksum; the same bytes by the
 * same libzstd, always. Reported; a failure leaves no file.
 */
int erofs_archive_pack_zstd(const char *path, int fd, uint64_t size, const struct erofs_cancel *cancel,
			    const struct erofs_diag *diag);

#endif
