/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "config.h"

#include "lib/archive/unpack_format.h"

/* Formats of libraries that this build does without: known, and refused by name. */

#ifndef HAVE_DEFLATE
const struct unpack_format erofs_archive_unpack_gzip = { .name = "gzip",
							 .family = UNPACK_GZIP,
							 .fits = erofs_archive_unpack_fits_gzip };
#endif

#ifndef HAVE_BZIP2
const struct unpack_format erofs_archive_unpack_bzip2 = { .name = "bzip2",
							  .family = UNPACK_BZIP2,
							  .fits = erofs_archive_unpack_fits_bzip2 };
#endif

#ifndef HAVE_LZMA
const struct unpack_format erofs_archive_unpack_xz = { .name = "xz",
						       .family = UNPACK_XZ,
						       .fits = erofs_archive_unpack_fits_xz };
const struct unpack_format erofs_archive_unpack_lzip = { .name = "lzip",
							 .family = UNPACK_LZIP,
							 .fits = erofs_archive_unpack_fits_lzip };
const struct unpack_format erofs_archive_unpack_lzma = { .name = "lzma",
							 .family = UNPACK_LZMA,
							 .fits = erofs_archive_unpack_fits_lzma };
#endif

#ifndef HAVE_ZSTD
const struct unpack_format erofs_archive_unpack_zstd = {
	.name = "zstd", .family = UNPACK_ZSTD, .may_skip = true, .fits = erofs_archive_unpack_fits_zstd
};
#endif

#ifndef HAVE_LZ4
const struct unpack_format erofs_archive_unpack_lz4 = {
	.name = "lz4", .family = UNPACK_LZ4, .may_skip = true, .fits = erofs_archive_unpack_fits_lz4
};
const struct unpack_format erofs_archive_unpack_lz4_legacy = { .name = "lz4",
							       .family = UNPACK_LZ4,
							       .fits = erofs_archive_unpack_fits_lz4_legacy };
#endif
