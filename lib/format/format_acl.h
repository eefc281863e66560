/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_ACL_H
#define EROFS_FORMAT_ACL_H

#include <stddef.h>
#include <stdint.h>

/* A POSIX ACL as the value of system.posix_acl_access and _default (Linux, include/uapi/linux/posix_acl_xattr.h). */

enum erofs_acl_tag {
	EROFS_ACL_USER_OBJ = 0x01,
	EROFS_ACL_USER = 0x02,
	EROFS_ACL_GROUP_OBJ = 0x04,
	EROFS_ACL_GROUP = 0x08,
	EROFS_ACL_MASK = 0x10,
	EROFS_ACL_OTHER = 0x20,
};

#define EROFS_ACL_NO_ID	     UINT32_MAX /* of entries that are neither USER nor GROUP */
#define EROFS_ACL_HEADER     4u
#define EROFS_ACL_ENTRY_SIZE 8u

struct erofs_acl_entry {
	uint16_t tag;
	uint16_t permissions; /* 4 read, 2 write, 1 execute */
	uint32_t id;
};

/* Order of entries as Linux wants them, for qsort(). */
int erofs_acl_compare(const void *a, const void *b);

/* Bytes of the value, written to `out` if that is not NULL. */
size_t erofs_acl_encode(uint8_t *out, const struct erofs_acl_entry *entries, size_t count);

#endif
