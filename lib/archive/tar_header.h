/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_ARCHIVE_TAR_HEADER_H
#define EROFS_ARCHIVE_TAR_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/buffer.h"

/*
 * The blocks of 512 bytes that archives are made of, as records: V7, POSIX ustar with its relatives by Jörg Schilling and
 * libarchive, and GNU tar's own.
 */

#define TAR_BLOCK 512u

enum tar_magic { TAR_V7, TAR_USTAR, TAR_STAR, TAR_GNU };

struct tar_header {
	enum tar_magic magic;
	char type;
	char name[256 + 1];
	char link[100 + 1];
	uint16_t mode; /* permissions only */
	int64_t uid, gid;
	int64_t size;
	int64_t mtime;
	int64_t major, minor; /* devices only */
};

bool erofs_archive_tar_is_zero(const uint8_t block[TAR_BLOCK]);
bool erofs_archive_tar_checksum_fits(const uint8_t block[TAR_BLOCK]);

/* 0, or -EINVAL and what is wrong in `*why`. */
int erofs_archive_tar_header_decode(struct tar_header *out, const uint8_t block[TAR_BLOCK], const char **why);

/* A numeric field, octal or base-256; -EINVAL, -ERANGE. */
int erofs_archive_tar_number(int64_t *out, const uint8_t *field, size_t size);

/* ---- sparse files ----------------------------------------------------------------------------------------------------- */

#define TAR_SPARSE_MAX (1u << 20) /* ranges of data in one file */

/*
 * Ranges of data as an archive gives them, in `ranges` as struct erofs_data_range: ascending, not overlapping; empty ones,
 * which mark the end, are left out. -EINVAL, -E2BIG, -ENOMEM.
 */
int erofs_archive_tar_sparse_add(struct erofs_buffer *ranges, uint64_t offset, uint64_t length);

/* The four ranges in the header of an old GNU sparse member, or the 21 of a block that follows; `*more`: another one does. */
int erofs_archive_tar_sparse_header(struct erofs_buffer *ranges, uint64_t *real_size, bool *more,
				    const uint8_t block[TAR_BLOCK]);
int erofs_archive_tar_sparse_block(struct erofs_buffer *ranges, bool *more, const uint8_t block[TAR_BLOCK]);

/* "offset,length,offset,length..." */
int erofs_archive_tar_sparse_text(struct erofs_buffer *ranges, const char *text, size_t size);

#endif
