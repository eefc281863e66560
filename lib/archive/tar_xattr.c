/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/archive/tar_member.h"

int erofs_archive_tar_extended_set_xattr(struct tar_extended *extended, const char *name, size_t name_len,
					 const void *value, size_t value_size)
{
	struct tar_xattr xattr = { .name = extended->texts.size, .value_size = (uint32_t)value_size };
	int err = erofs_buffer_append(&extended->texts, name, name_len);

	if (!err)
		err = erofs_buffer_append(&extended->texts, "", 1);
	xattr.value = extended->texts.size;
	if (!err)
		err = erofs_buffer_append(&extended->texts, value, value_size);
	return err ? err : erofs_buffer_append(&extended->xattrs, &xattr, sizeof(xattr));
}
