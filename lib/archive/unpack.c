/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/archive/unpack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/archive/unpack_format.h"

#define IN_SIZE ((size_t)256 * 1024)

enum place {
	AT_START,
	IN_PLAIN, /* not packed at all */
	IN_MEMBER,
	BEHIND_MEMBER,
	AT_END,
	FAILED,
};

struct erofs_unpack {
	struct erofs_unpack_input input;
	enum place place;
	const struct unpack_format *format;
	void *state;
	bool has_skipped; /* a frame, in front of the first member */
	int err;	  /* FAILED */
	char why[160];
	struct unpack_buffers buffers;
	bool is_ended; /* the input has nothing behind what is in the buffer */
	uint8_t in[IN_SIZE];
};

static const struct unpack_format *const formats[] = {
	&erofs_archive_unpack_gzip, &erofs_archive_unpack_bzip2,      &erofs_archive_unpack_xz,
	&erofs_archive_unpack_lzip, &erofs_archive_unpack_lzma,	      &erofs_archive_unpack_zstd,
	&erofs_archive_unpack_lz4,  &erofs_archive_unpack_lz4_legacy,
};

/* ---- by the first bytes --------------------------------------------------------------------------------------------------- */

#define SKIP_HEADER 8u

/* A frame that zstd's and lz4's formats leave to others: sixteen marks, a size. */
static bool is_skippable(const uint8_t *start, size_t size)
{
	return size >= 4 && (start[0] & 0xf0) == 0x50 && memcmp(start + 1, "\x2a\x4d\x18", 3) == 0;
}

static const struct unpack_format *find_format(const uint8_t *start, size_t size)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i]->fits(start, size))
			return formats[i];
	return NULL;
}

bool erofs_archive_unpack_is_packed(const uint8_t *start, size_t size)
{
	return is_skippable(start, size) || find_format(start, size);
}

const char *erofs_archive_unpack_name_stranger(const uint8_t *start, size_t size)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *name;
	} strangers[] = {
		{ "\x1f\x9d", 2, "compressed with compress (.Z)" },
		{ "\x1f\x1e", 2, "compressed with pack (.z)" },
		{ "\x89LZO\0\r\n\x1a\n", 9, "compressed with lzop (.lzo)" },
		{ "LRZI", 4, "compressed with lrzip (.lrz)" },
		{ "\xffLZMA\0", 6, "an old .lzma of a kind that nothing reads any more" },
		{ "PK\3\4", 4, "a zip archive" },
		{ "7z\xbc\xaf\x27\x1c", 6, "a 7z archive" },
		{ "Rar!\x1a\7", 6, "a rar archive" },
		{ "!<arch>\n", 8, "an ar archive or a Debian package, whose data.tar.* would be one" },
		{ "070701", 6, "a cpio archive" },
		{ "070702", 6, "a cpio archive" },
		{ "070707", 6, "a cpio archive" },
		{ "\xed\xab\xee\xdb", 4, "an RPM package" },
		{ "hsqs", 4, "a squashfs image" },
		{ "<?xml", 5, "XML, perhaps a xar archive's" },
	};

	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		if (size >= strangers[i].length && memcmp(start, strangers[i].bytes, strangers[i].length) == 0)
			return strangers[i].name;
	return NULL;
}

/* ---- what is wrong ---------------------------------------------------------------------------------------------------------- */

static int fail(struct erofs_unpack *unpack, int err, const char *what, const char *detail)
{
	const char *name = unpack->format ? unpack->format->name : "zstd or lz4";

	unpack->place = FAILED;
	unpack->err = err;
	if (err == -ENOMEM)
		snprintf(unpack->why, sizeof(unpack->why), "there is not enough memory for its %s data", name);
	else
		snprintf(unpack->why, sizeof(unpack->why), "its %s data %s%s%s", name, what, detail ? ": " : "",
			 detail ? detail : "");
	return err;
}

static int fail_cut(struct erofs_unpack *unpack)
{
	return fail(unpack, -EBADMSG, "are cut off", NULL);
}

const char *erofs_archive_unpack_failure(const struct erofs_unpack *unpack)
{
	return *unpack->why ? unpack->why : NULL;
}

/* ---- the packed bytes ------------------------------------------------------------------------------------------------------ */

/* At least `wanted` bytes in the buffer, unless the input ends before. */
static int look_ahead(struct erofs_unpack *unpack, size_t wanted)
{
	struct unpack_buffers *buffers = &unpack->buffers;

	while (buffers->in_left < wanted && !unpack->is_ended) {
		int64_t count;

		if (buffers->in != unpack->in)
			memmove(unpack->in, buffers->in, buffers->in_left);
		buffers->in = unpack->in;
		count = unpack->input.read(unpack->input.ctx, unpack->in + buffers->in_left,
					   IN_SIZE - buffers->in_left);
		if (count < 0) {
			unpack->place = FAILED;
			return unpack->err = (int)count;
		}
		unpack->is_ended = !count;
		buffers->in_left += (size_t)count;
	}
	return 0;
}

static int skip_in(struct erofs_unpack *unpack, uint64_t length)
{
	struct unpack_buffers *buffers = &unpack->buffers;

	for (;;) {
		size_t part = length < buffers->in_left ? (size_t)length : buffers->in_left;
		int err;

		buffers->in += part;
		buffers->in_left -= part;
		length -= part;
		if (!length)
			return 0;
		err = look_ahead(unpack, 1);
		if (err)
			return err;
		if (!buffers->in_left)
			return fail_cut(unpack);
	}
}

static int skip_frame(struct erofs_unpack *unpack)
{
	const uint8_t *in = unpack->buffers.in;

	if (unpack->buffers.in_left < SKIP_HEADER)
		return fail_cut(unpack);
	unpack->has_skipped = true;
	return skip_in(unpack, SKIP_HEADER + ((uint64_t)in[4] | (uint64_t)in[5] << 8 | (uint64_t)in[6] << 16 |
					      (uint64_t)in[7] << 24));
}

/* ---- members ---------------------------------------------------------------------------------------------------------------- */

static int begin_member(struct erofs_unpack *unpack, const struct unpack_format *format)
{
	int err;

	/* The two of lz4 have states of their own. */
	if (unpack->format != format && unpack->state) {
		unpack->format->release(unpack->state);
		unpack->state = NULL;
	}
	unpack->format = format;
	unpack->place = IN_MEMBER;
	if (!format->begin)
		return fail(unpack, -EOPNOTSUPP, "cannot be read: built without the library for it", NULL);
	err = format->begin(&unpack->state);
	return err ? fail(unpack, err, "cannot be read", NULL) : 0;
}

/* Frames in front of the first member, and what that is. */
static int find_start(struct erofs_unpack *unpack)
{
	const struct unpack_buffers *buffers = &unpack->buffers;
	const struct unpack_format *format;
	int err = look_ahead(unpack, EROFS_UNPACK_START);

	while (!err && is_skippable(buffers->in, buffers->in_left)) {
		err = skip_frame(unpack);
		if (!err)
			err = look_ahead(unpack, EROFS_UNPACK_START);
	}
	if (err)
		return err;
	format = find_format(buffers->in, buffers->in_left);
	if (unpack->has_skipped && !buffers->in_left) {
		unpack->place = AT_END;
		return 0;
	}
	if (unpack->has_skipped && (!format || !format->may_skip))
		return fail(unpack, -EBADMSG, "have nothing of the kind behind the frames that are to be skipped",
			    NULL);
	if (format)
		return begin_member(unpack, format);
	unpack->place = IN_PLAIN;
	return 0;
}

/* Tapes and devices leave zeros behind what was written; xz has padding of its own. */
static int skip_zeros(struct erofs_unpack *unpack, uint64_t *zeros)
{
	struct unpack_buffers *buffers = &unpack->buffers;
	int err = 0;

	for (*zeros = 0; !err && buffers->in_left; err = look_ahead(unpack, EROFS_UNPACK_START)) {
		size_t count = 0;

		while (count < buffers->in_left && !buffers->in[count])
			count++;
		buffers->in += count;
		buffers->in_left -= count;
		*zeros += count;
		if (buffers->in_left)
			return look_ahead(unpack, EROFS_UNPACK_START);
	}
	return err;
}

static int find_next(struct erofs_unpack *unpack)
{
	const struct unpack_buffers *buffers = &unpack->buffers;
	const struct unpack_format *format = unpack->format, *next;
	uint64_t zeros = 0;
	int err = look_ahead(unpack, EROFS_UNPACK_START);

	if (!err)
		err = skip_zeros(unpack, &zeros);
	if (err)
		return err;
	if (format->padding && zeros % format->padding)
		return fail(unpack, -EBADMSG, "have padding of a wrong size behind them", NULL);
	if (!buffers->in_left) {
		unpack->place = AT_END;
		return 0;
	}
	if (format->may_skip && !zeros && is_skippable(buffers->in, buffers->in_left))
		return skip_frame(unpack);
	next = find_format(buffers->in, buffers->in_left);
	if (!next || next->family != format->family || format->is_single || (zeros && !format->padding))
		return fail(unpack, -EBADMSG, "have bytes behind them that do not belong to them", NULL);
	return begin_member(unpack, next);
}

/* Some bytes, or none when the member has ended. */
static int read_member(struct erofs_unpack *unpack)
{
	const struct unpack_format *format = unpack->format;
	struct unpack_buffers *buffers = &unpack->buffers;

	for (;;) {
		size_t in_left, out_left = buffers->out_left;
		const char *why = NULL;
		int state = format->lookahead ? look_ahead(unpack, format->lookahead) : 0;

		if (state)
			return state;
		/* Without input, too: the decoder may have held some back. */
		in_left = buffers->in_left;
		state = format->step(unpack->state, buffers, &why);
		if (state < 0)
			return fail(unpack, state, "are damaged", why);
		if (state)
			unpack->place = BEHIND_MEMBER;
		if (state || buffers->out_left < out_left)
			return 0;
		if (in_left && buffers->in_left == in_left)
			return format->lookahead ? fail_cut(unpack)
						 : fail(unpack, -EBADMSG, "are damaged", "they lead nowhere");
		state = look_ahead(unpack, 1);
		if (state)
			return state;
		if (buffers->in_left)
			continue;
		if (!format->may_end || !format->may_end(unpack->state))
			return fail_cut(unpack);
		unpack->place = AT_END;
		return 0;
	}
}

/* ---- all together ------------------------------------------------------------------------------------------------------------ */

static int64_t read_plain(struct erofs_unpack *unpack, uint8_t *buf, size_t size)
{
	struct unpack_buffers *buffers = &unpack->buffers;
	int err;

	/* Much is wanted: past the buffer. */
	if (!buffers->in_left && !unpack->is_ended && size >= IN_SIZE)
		return unpack->input.read(unpack->input.ctx, buf, size);
	err = look_ahead(unpack, 1);
	if (err)
		return err;
	if (size > buffers->in_left)
		size = buffers->in_left;
	memcpy(buf, buffers->in, size);
	buffers->in += size;
	buffers->in_left -= size;
	return (int64_t)size;
}

int64_t erofs_archive_unpack_read(struct erofs_unpack *unpack, void *buf, size_t size)
{
	int err = 0;

	unpack->buffers.out = buf;
	unpack->buffers.out_left = size;
	while (!err && unpack->buffers.out_left == size && size) {
		switch (unpack->place) {
		case AT_START:
			err = find_start(unpack);
			break;
		case IN_PLAIN:
			return read_plain(unpack, buf, size);
		case IN_MEMBER:
			err = read_member(unpack);
			break;
		case BEHIND_MEMBER:
			err = find_next(unpack);
			break;
		case AT_END:
			return 0;
		case FAILED:
			return unpack->err;
		}
	}
	return err ? err : (int64_t)(size - unpack->buffers.out_left);
}

bool erofs_archive_unpack_was_packed(const struct erofs_unpack *unpack)
{
	return unpack->format || unpack->has_skipped;
}

struct erofs_unpack *erofs_archive_unpack_new(const struct erofs_unpack_input *input)
{
	struct erofs_unpack *unpack = malloc(sizeof(*unpack));

	if (!unpack)
		return NULL;
	/* The buffer needs no clearing. */
	memset(unpack, 0, offsetof(struct erofs_unpack, in));
	unpack->input = *input;
	unpack->buffers.in = unpack->in;
	return unpack;
}

void erofs_archive_unpack_free(struct erofs_unpack *unpack)
{
	if (unpack && unpack->state)
		unpack->format->release(unpack->state);
	free(unpack);
}
