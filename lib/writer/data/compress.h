/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_COMPRESS_H
#define EROFS_WRITER_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/build.h>

#include "lib/writer/index/extent_list.h"
#include "lib/codec/encoder.h"
#include "lib/format/format_zmap.h"

/*
 * Turning a run of bytes into extents. What comes out depends on the bytes, their length and the build's options, so that
 * equal files are stored in the same way in every image.
 */

/* One way to compress files; which files go which way is for the hints to say. */
struct erofs_compress_way {
	struct erofs_compression compression;
	uint32_t unit;	       /* encoded extents take a multiple of this: the block size, or 1 */
	uint32_t encoded_max;  /* bytes of the largest physical cluster; 0: such files are stored flat */
	uint32_t extent_bytes; /* largest input of one extent; for encoded extents that of every one but the last */
	uint32_t dict_size;    /* history that a reader has to keep */
	bool slow;	       /* a quick look beforehand pays */
};

#define EROFS_COMPRESS_WAYS_MAX 255u

/* All ways of a build; the first is that of files without a hint. */
struct erofs_compress_plan {
	const struct erofs_build_options *options;
	struct erofs_compress_way *ways;
	unsigned int count;
};

void erofs_compress_plan_release(struct erofs_compress_plan *plan);

/* Finds the way of files with this hint (NULL: none), or makes it. -ENOMEM, -E2BIG. */
int erofs_compress_plan_way(struct erofs_compress_plan *plan, uint8_t *number, const struct erofs_compress_hint *hint);

/* Refuses what Linux would not mount, -ERANGE, reported. */
int erofs_compress_plan_check(const struct erofs_compress_plan *plan, const struct erofs_diag *diag);

/* Bytes of a big file that are read and compressed as one. */
size_t erofs_compress_segment(const struct erofs_compress_plan *plan);

/* What the image tells about its algorithms; their bitmap depends on the options alone. */
struct erofs_compression_configs erofs_compress_configs(const struct erofs_compress_plan *plan);

/* Whether an image without records of them will do, as kernels before 5.13 want it. */
bool erofs_compress_needs_configs(const struct erofs_build_options *options);

/* One thread's compressors. */
struct erofs_compress_tools {
	const struct erofs_compress_plan *plan;
	struct erofs_encoder **encoders; /* by way, made when first needed */
	struct erofs_look *look;
	uint8_t *scratch; /* of the largest physical cluster */
};

int erofs_compress_tools_init(struct erofs_compress_tools *tools, const struct erofs_compress_plan *plan);
void erofs_compress_tools_release(struct erofs_compress_tools *tools);
void erofs_compress_tools_count(const struct erofs_compress_tools *tools, uint64_t *runs, uint64_t *extents);

/* What became of a run of bytes. */
struct erofs_compressed {
	uint8_t *out; /* room is the caller's */
	size_t room;
	size_t size;		      /* bytes of `out` in use */
	struct erofs_buffer *extents; /* the caller's; what is made is appended, as for an extent list */
	uint64_t count;		      /* of the extents */
	bool shrunk;		      /* some extent is not stored as it is */
	bool uneven;		      /* pieces that are not all of the way's size */
	uint64_t start, end;	      /* of the file, what the extents span; set by erofs_press_copy() */
	bool full;		      /* more than `room` would have been needed: nothing else counts */
};

/* About what the index of a compressed file of this size takes. */
uint64_t erofs_compress_index_estimate(const struct erofs_compress_plan *plan, uint64_t size);

/* Room that is enough for any `size` bytes. */
size_t erofs_compress_room(const struct erofs_compress_plan *plan, size_t size);

/* Compresses `size` bytes, a whole file or a segment of one. -ENOMEM or what the compressor says. */
int erofs_compress(struct erofs_compress_tools *tools, uint8_t way, const uint8_t *in, size_t size,
		   struct erofs_compressed *to);

/*
 * The same behind what is there already: `in` is `at` bytes from the start of the file, or of a segment. Where that is inside
 * a block, no extent has begun in it.
 */
int erofs_compress_more(struct erofs_compress_tools *tools, uint8_t way, const uint8_t *in, size_t size, size_t at,
			struct erofs_compressed *to);

/*
 * Linux (measured on 6.18) gives up on a DEFLATE stream if its page runs out when all output is made and only the mark of the
 * stream's end is missing: "failed to decompress 0 in[1] out[0]". Whether an extent of `size` bytes would end just behind a
 * page boundary if it began at `start`. The mark has 15 bits at most; an encoder may have put an empty block behind the last.
 */
#define EROFS_MARK_PAGE 4096u /* the smallest that Linux has; larger ones have their boundaries there, too */
#define EROFS_MARK_MOST 8u    /* bytes */

static inline bool erofs_leaves_mark_behind(uint64_t start, uint64_t size)
{
	uint64_t behind = (start + size) % EROFS_MARK_PAGE;

	return behind && behind < EROFS_MARK_MOST && behind < size;
}

/* Clusters: stores bytes as they are behind what is there already. */
int erofs_compress_store(struct erofs_compress_tools *tools, uint8_t way, const uint8_t *in, size_t size, size_t at,
			 struct erofs_compressed *to);

/* The two forms; parts of the functions above. */
int erofs_compress_clusters(struct erofs_compress_tools *tools, struct erofs_encoder *encoder,
			    const struct erofs_compress_way *way, const uint8_t *in, size_t size, size_t at,
			    struct erofs_compressed *to);
int erofs_compress_pieces(struct erofs_compress_tools *tools, struct erofs_encoder *encoder,
			  const struct erofs_compress_way *way, const uint8_t *in, size_t size,
			  struct erofs_compressed *to);

/* So many bytes an encoded piece of `size` bytes has at most; it is stored, else. */
size_t erofs_compress_piece_most(size_t size);

/* Notes an extent whose bytes stand at the end of what is in use; `plen` in the way's unit. */
int erofs_compressed_note(struct erofs_compressed *to, uint64_t length, uint32_t plen, enum erofs_extent_form form);

#endif
