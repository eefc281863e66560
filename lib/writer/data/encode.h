/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_ENCODE_H
#define EROFS_WRITER_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/codec/encoder.h"
#include "lib/writer/index/extent_list.h"
#include "lib/writer/plan/methods.h"

/*
 * Turning a run of bytes into extents. What comes out depends on the bytes, their length and the build's options, so that
 * equal files are stored in the same way in every image.
 */

/* One thread's compressors. */
struct erofs_encode_tools {
	const struct erofs_methods *methods;
	struct erofs_encoder **encoders; /* by method, made when first needed */
	struct erofs_look *look;
	uint8_t *scratch; /* of the largest encoded extent */
};

int erofs_writer_encode_tools_init(struct erofs_encode_tools *tools, const struct erofs_methods *methods);
void erofs_writer_encode_tools_release(struct erofs_encode_tools *tools);
void erofs_writer_encode_tools_count(const struct erofs_encode_tools *tools, uint64_t *runs, uint64_t *extents);

/* What becomes of a run of bytes. */
struct erofs_encoded {
	uint8_t *out; /* room is the caller's */
	size_t room;
	bool ends_file;		      /* set by the caller: the bytes are a file's last, so that its tail may be packed */
	bool is_followed;	      /* set by the caller: the next extent begins anywhere in a block */
	bool may_have_zeros;  /* set by the caller: of clusters, some may be zeros; the index will be a full one, ... */
	size_t zeros_pay_for; /* ... for so many bytes of the file these have to pay; 0: it is one anyway */
	size_t wanted; /* set by the caller: of the input; repeats need their extents, so that they are in no tail */
	size_t size;		      /* bytes of `out` in use */
	size_t tail_size;	      /* bytes behind them: the last extent, to stand behind the index */
	size_t fragment_size;	      /* bytes of the input's end: the last extent, to be a fragment */
	struct erofs_buffer *extents; /* the caller's; what is made is appended, as for an extent list */
	uint64_t count;		      /* of the extents */
	bool shrunk;		      /* some extent is not stored as it is */
	bool has_zeros;		      /* some extent takes no room */
	bool uneven;		      /* extents that are not all of the method's size */
	uint64_t start, end;	      /* of the file, what the extents span; set where extents are taken over */
	bool full;		      /* more than `room` would have been needed: nothing else counts */
};

/* Whether extents of a file may be zeros that has no extents of others. */
static inline bool erofs_writer_may_have_zeros(const struct erofs_build_options *options)
{
	return options->zero_extents == EROFS_ZERO_EXTENTS_ALWAYS || options->full_index;
}

/* About what the index of a compressed file of this size takes. */
uint64_t erofs_writer_index_estimate(const struct erofs_methods *methods, uint64_t size);

/* Room that is enough for any `size` bytes. */
size_t erofs_writer_encode_room(const struct erofs_methods *methods, size_t size);

/* Whether this many bytes, the last of a file, are to be a fragment. */
bool erofs_writer_is_fragment(const struct erofs_methods *methods, const struct erofs_method *method, uint64_t size);

/*
 * CLUSTERS: whether so many bytes are to be one that are all that is left of a file, and that encoding makes `encoded` bytes of.
 * They would not fill their cluster.
 */
bool erofs_writer_ends_in_fragment(const struct erofs_methods *methods, const struct erofs_method *method,
				   uint64_t size, uint64_t encoded);

/* Leaves the last bytes of the input to be a fragment. */
int erofs_writer_encoded_leave(struct erofs_encoded *to, size_t size);

/* Notes extents of zeros. */
int erofs_writer_encoded_zeros(struct erofs_encoded *to, const struct erofs_method *method, uint64_t length);

/* Clusters: looking for runs of zeros in bytes as of erofs_writer_encode(). */
struct erofs_zero_search {
	const struct erofs_build_options *options;
	const struct erofs_method *method;
	const uint8_t *in;
	size_t size, at;
	bool ends_file;
};

struct erofs_zero_run {
	size_t start, end;
	size_t gain; /* about so many bytes less are stored if it becomes extents of its own */
};

/*
 * Finds the next run from byte run->end on that gains something. It begins and ends with a block, or where the file ends. Whether it pays
 * for a full index is another question.
 */
bool erofs_writer_zero_run_find(const struct erofs_zero_search *search, struct erofs_zero_run *run);

/* Whether the runs together gain more than a full index for `size` bytes costs. */
bool erofs_writer_zero_runs_pay(const struct erofs_zero_search *search, size_t size);

/* Bytes that an entry of a full index has more than one of a compact one. */
#define EROFS_FULL_INDEX_MORE 6u

/* Empties a result, but for what the caller has set and the extents of others. */
void erofs_writer_encoded_reset(struct erofs_encoded *to);

/*
 * Encodes `size` bytes behind what is there already: `in` is `at` bytes from the start of the file, or of a segment. Where that
 * is inside a block, no extent has begun in it. -ENOMEM or what the compressor says.
 */
int erofs_writer_encode(struct erofs_encode_tools *tools, uint8_t method, const uint8_t *in, size_t size, size_t at,
			struct erofs_encoded *to);

/*
 * Linux (measured on 6.18) gives up on a DEFLATE stream if its page runs out when all output is made and only the mark of the
 * stream's end is missing: "failed to decompress 0 in[1] out[0]". Whether an extent of `size` bytes would end just behind a
 * page boundary if it began at `start`. The mark has 15 bits at most; an encoder may have put an empty block behind the last.
 */
#define EROFS_MARK_PAGE 4096u /* the smallest that Linux has; larger ones have their boundaries there, too */
#define EROFS_MARK_MOST 8u    /* bytes */

static inline bool erofs_writer_leaves_mark_behind(uint64_t start, uint64_t size)
{
	uint64_t behind = (start + size) % EROFS_MARK_PAGE;

	return behind && behind < EROFS_MARK_MOST && behind < size;
}

/* Clusters: stores bytes as they are behind what is there already. */
int erofs_writer_encode_store(struct erofs_encode_tools *tools, uint8_t method, const uint8_t *in, size_t size,
			      size_t at, struct erofs_encoded *to);

/* The two layouts; parts of the functions above. */
int erofs_writer_encode_clusters(struct erofs_encode_tools *tools, struct erofs_encoder *encoder,
				 const struct erofs_method *method, const uint8_t *in, size_t size, size_t at,
				 struct erofs_encoded *to);
int erofs_writer_encode_extents(struct erofs_encode_tools *tools, struct erofs_encoder *encoder,
				const struct erofs_method *method, const uint8_t *in, size_t size,
				struct erofs_encoded *to);

/* Notes an extent whose bytes stand at the end of what is in use; `plen` in the method's unit. */
int erofs_writer_encoded_note(struct erofs_encoded *to, uint64_t length, uint32_t plen, enum erofs_extent_form form);

#endif
