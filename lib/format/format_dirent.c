/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_dirent.h"

#include <string.h>

#include "lib/format/le.h"

struct disk_dirent {
	erofs_le64 nid;
	erofs_le16 nameoff;
	uint8_t file_type;
	uint8_t reserved;
};
_Static_assert(sizeof(struct disk_dirent) == EROFS_DIRENT_SIZE, "dirent size");

void erofs_dirent_encode(const struct erofs_dirent_record *record, uint8_t out[EROFS_DIRENT_SIZE])
{
	struct disk_dirent disk = {
		.nid = erofs_put64(record->nid),
		.nameoff = erofs_put16(record->nameoff),
		.file_type = record->file_type,
		.reserved = record->reserved,
	};

	memcpy(out, &disk, sizeof(disk));
}

void erofs_dirent_decode(struct erofs_dirent_record *out, const uint8_t in[EROFS_DIRENT_SIZE])
{
	struct disk_dirent disk;

	memcpy(&disk, in, sizeof(disk));
	*out = (struct erofs_dirent_record){
		.nid = erofs_get64(disk.nid),
		.nameoff = erofs_get16(disk.nameoff),
		.file_type = disk.file_type,
		.reserved = disk.reserved,
	};
}

int erofs_name_compare(const void *a, size_t a_len, const void *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}
