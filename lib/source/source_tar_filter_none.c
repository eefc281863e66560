/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/source/source_tar_filter.h"
#include "lib/util/report.h"

int erofs_tar_filter_open(struct erofs_tar_input *input, const char *compression)
{
	return erofs_report(input->diag, -EOPNOTSUPP,
			    "%s is compressed with %s: built without libarchive, which that needs", input->name,
			    compression);
}

int64_t erofs_tar_filter_read(struct erofs_tar_input *input, uint8_t *buf, size_t length)
{
	(void)input;
	(void)buf;
	(void)length;
	return -EOPNOTSUPP;
}

void erofs_tar_filter_close(struct erofs_tar_input *input)
{
	(void)input;
}
