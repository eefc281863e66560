/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_METHODS_H
#define EROFS_WRITER_METHODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/build.h>

#include "lib/format/format_zmap.h"

/* How the data of files are stored; which files go by which method is for the hints to say. */
struct erofs_method {
	struct erofs_compression compression;
	uint32_t unit;	       /* encoded extents take a multiple of this: the block size, or 1 */
	uint32_t encoded_max;  /* bytes of the largest encoded extent; 0: such files are stored */
	uint32_t extent_bytes; /* largest input of one extent; in the extents layout that of every one but the last */
	uint32_t dict_size;    /* history that a reader has to keep */
	bool slow;	       /* a quick look beforehand pays */
	uint32_t zeros;	       /* clusters: what the one of zeros decodes to that files share; 0: there is none */
};

#define EROFS_METHODS_MAX 255u

static inline unsigned int erofs_writer_method_algorithm(const struct erofs_method *method)
{
	return (unsigned int)erofs_compressor_limits(method->compression.compressor)->algorithm;
}

/* All methods of a build; the first is that of files without a hint. */
struct erofs_methods {
	const struct erofs_build_options *options;
	struct erofs_method *items;
	unsigned int count;
	struct erofs_method packed; /* the packed inode's, with the option for fragments */
};

/* Makes the methods of the options and their hints. Refuses what Linux would not mount. -ENOMEM, or reported. */
int erofs_writer_methods_init(struct erofs_methods *methods, const struct erofs_build_options *options,
			      const struct erofs_diag *diag);
void erofs_writer_methods_release(struct erofs_methods *methods);

/* Finds the method of files with this hint (NULL: none), or adds it. -ENOMEM, -E2BIG. */
int erofs_writer_methods_find(struct erofs_methods *methods, uint8_t *number, const struct erofs_compress_hint *hint);

/* Bytes of the largest encoded extent of files. */
uint32_t erofs_writer_methods_largest(const struct erofs_methods *methods);

/* Bytes of a long file that are read and stored as one; a file of no more is a small one. */
size_t erofs_writer_methods_segment(const struct erofs_methods *methods);

/* What the image tells about its algorithms; their bitmap depends on the options alone. */
struct erofs_compression_configs erofs_writer_methods_configs(const struct erofs_methods *methods);

/* Whether the image needs records of them; without, kernels before 5.13 read it, too. */
bool erofs_writer_needs_configs(const struct erofs_build_options *options);

/* An encoded extent of `size` bytes in the extents layout has at most so many; one that would have more is stored. */
size_t erofs_writer_extent_most(size_t size);

#endif
