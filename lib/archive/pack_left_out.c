/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/archive/pack.h"
#include "lib/util/report.h"

bool erofs_archive_can_pack_zstd(void)
{
	return false;
}

int erofs_archive_pack_zstd(const char *path, int fd, uint64_t size, const struct erofs_cancel *cancel,
			    const struct erofs_diag *diag)
{
	(void)fd;
	(void)size;
	(void)cancel;
	return erofs_report(diag, -EOPNOTSUPP, "cannot write '%s': built without libzstd", path);
}
