/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/image.h>

#include "lib/codec/decoder.h"
#include "lib/reader/reader.h"
#include "lib/util/data_buffer.h"
#include "lib/util/monitor.h"

/*
 * What a decoder remembers: the extents it decoded last, so many of them and so many bytes in all. The newest is kept
 * whatever its size.
 */
#define KEPT	   8u
#define KEPT_BYTES ((size_t)4 << 20)

/*
 * A reader of one extent may want the next ones, too: for each that follows, twice as much is read at once, up to this. A reader here
 * and there wants two at times, where what it reads crosses the border between them.
 */
#define READ_AHEAD ((size_t)128 << 10)

/* A decoded extent. */
struct kept {
	uint8_t *data; /* NULL: nothing */
	struct erofs_extent extent;
	uint64_t used; /* when, by the decoder's own clock */
};

/* A decoder with its memory: used by one thread at a time, idle in the image's list meanwhile. */
struct idle {
	struct idle *next;
	struct erofs_decoder *decoder;
	uint8_t *in; /* in_size bytes of a device from in_start on */
	size_t in_room, in_size;
	uint64_t in_start;
	unsigned int in_device;
	struct kept kept[KEPT];
	size_t kept_bytes;
	uint64_t clock;
};

struct erofs_decoders {
	struct erofs_monitor monitor; /* of the list */
	struct idle *idle;	      /* as many in all as threads have ever read at once */
};

/* ---- the list --------------------------------------------------------------------------------------------------------------- */

struct erofs_decoders *erofs_reader_decoders_new(void)
{
	struct erofs_decoders *new = calloc(1, sizeof(*new));

	if (new)
		erofs_monitor_init(&new->monitor);
	return new;
}

static void free_idle(struct idle *idle)
{
	erofs_decoder_free(idle->decoder);
	for (unsigned int i = 0; i < KEPT; i++)
		free(idle->kept[i].data);
	free(idle->in);
	free(idle);
}

void erofs_reader_decoders_free(struct erofs_decoders *decoders)
{
	struct idle *next;

	if (!decoders)
		return;
	for (struct idle *idle = decoders->idle; idle; idle = next) {
		next = idle->next;
		free_idle(idle);
	}
	erofs_monitor_destroy(&decoders->monitor);
	free(decoders);
}

/* NULL: there is none. */
static struct idle *take_idle(struct erofs_decoders *decoders)
{
	erofs_monitor_hold(&decoders->monitor);
	struct idle *idle = decoders->idle;

	if (idle)
		decoders->idle = idle->next;
	return idle;
}

/* NULL: out of memory. */
static struct idle *take(struct erofs_decoders *decoders)
{
	struct idle *idle = take_idle(decoders);

	if (idle)
		return idle;
	idle = calloc(1, sizeof(*idle));
	if (!idle)
		return NULL;
	idle->decoder = erofs_decoder_new();
	if (idle->decoder)
		return idle;
	free(idle);
	return NULL;
}

static void give_back(struct erofs_decoders *decoders, struct idle *idle)
{
	erofs_monitor_hold(&decoders->monitor);

	idle->next = decoders->idle;
	decoders->idle = idle;
}

/* ---- decoding ---------------------------------------------------------------------------------------------------------------- */

static uint64_t device_size(const struct erofs_image *image, unsigned int device)
{
	if (device == EROFS_DEVICE_METABOX)
		return image->metabox.size;
	return device ? image->slots[device - 1].device.size : image->primary.size;
}

/* Its file may be missing. */
static bool is_absent(const struct erofs_image *image, unsigned int device)
{
	return device && device != EROFS_DEVICE_METABOX && !image->slots[device - 1].info.present;
}

static bool have_input(const struct idle *idle, const struct erofs_extent *extent)
{
	return idle->in_device == extent->device && extent->physical >= idle->in_start &&
	       extent->physical - idle->in_start <= idle->in_size &&
	       extent->plen <= idle->in_size - (extent->physical - idle->in_start);
}

/* More than the extent, if it follows what was read last. */
static size_t input_wanted(const struct erofs_image *image, const struct idle *idle, const struct erofs_extent *extent)
{
	uint64_t rest = device_size(image, extent->device) - extent->physical;
	size_t most = idle->in_size < READ_AHEAD / 2 ? 2 * idle->in_size : READ_AHEAD;
	bool follows = idle->in_device == extent->device && extent->physical >= idle->in_start &&
		       extent->physical - idle->in_start <= idle->in_size;

	if (!follows || extent->plen >= most)
		return (size_t)extent->plen;
	return rest < most ? (size_t)rest : most;
}

/* `*in` is the extent's encoded bytes. */
static int read_input(const struct erofs_image *image, struct idle *idle, const struct erofs_extent *extent,
		      const uint8_t **in)
{
	size_t wanted;
	int err = 0;

	if (!extent->device && image->primary.memory) {
		*in = image->primary.memory + extent->physical;
		return 0;
	}
	if (!have_input(idle, extent)) {
		if (is_absent(image, extent->device))
			return -ENXIO;
		wanted = input_wanted(image, idle, extent);
		idle->in_size = 0;
		if (wanted > idle->in_room) {
			free(idle->in);
			idle->in = erofs_data_buffer(wanted);
			idle->in_room = idle->in ? wanted : 0;
		}
		if (!idle->in)
			return -ENOMEM;
		err = erofs_reader_read_device(image, extent->device, idle->in, wanted, extent->physical);
		idle->in_device = extent->device;
		idle->in_start = extent->physical;
		idle->in_size = err ? 0 : wanted;
	}
	*in = idle->in + (extent->physical - idle->in_start);
	return err;
}

static int decode(const struct erofs_image *image, struct idle *idle, const struct erofs_extent *extent, uint8_t *out)
{
	bool padded = erofs_has_incompat(&image->sb, EROFS_FEATURE_INCOMPAT_ZERO_PADDING);
	bool partial = extent->partial;
	size_t size = (size_t)extent->plen, front = 0, front_max = erofs_block_size(&image->sb);
	const uint8_t *in;
	int err = read_input(image, idle, extent, &in);

	if (err)
		return err;
	/* The oldest images have LZ4 data in front, and behind them whatever was there. */
	if (!padded && extent->algorithm == EROFS_ALGORITHM_LZ4)
		partial = true;
	else
		while (front < size && front < front_max && !in[front])
			front++;
	return erofs_decode(idle->decoder, (enum erofs_algorithm)extent->algorithm, in + front, size - front, out,
			    (size_t)extent->length, partial);
}

/* ---- what is kept ------------------------------------------------------------------------------------------------------------ */

static void forget(struct idle *idle, struct kept *kept)
{
	if (!kept->data)
		return;
	free(kept->data);
	kept->data = NULL;
	idle->kept_bytes -= (size_t)kept->extent.length;
}

/* Files may share an extent: it counts where the bytes are, and to how many they decode. */
static bool same(const struct erofs_extent *a, const struct erofs_extent *b)
{
	return a->physical == b->physical && a->device == b->device && a->plen == b->plen &&
	       a->algorithm == b->algorithm && a->length == b->length && a->partial == b->partial;
}

static struct kept *find_kept(struct idle *idle, const struct erofs_extent *extent)
{
	for (unsigned int i = 0; i < KEPT; i++)
		if (idle->kept[i].data && same(&idle->kept[i].extent, extent))
			return &idle->kept[i];
	return NULL;
}

static struct kept *oldest_kept(struct idle *idle)
{
	struct kept *oldest = NULL;

	for (unsigned int i = 0; i < KEPT; i++)
		if (idle->kept[i].data && (!oldest || idle->kept[i].used < oldest->used))
			oldest = &idle->kept[i];
	return oldest;
}

static struct kept *make_room(struct idle *idle, size_t length)
{
	while (idle->kept_bytes && idle->kept_bytes + length > KEPT_BYTES)
		forget(idle, oldest_kept(idle));
	for (unsigned int i = 0; i < KEPT; i++)
		if (!idle->kept[i].data)
			return &idle->kept[i];
	forget(idle, oldest_kept(idle));
	return make_room(idle, length);
}

static int keep(const struct erofs_image *image, struct idle *idle, struct kept **out,
		const struct erofs_extent *extent)
{
	struct kept *kept = make_room(idle, (size_t)extent->length);
	int err;

	kept->data = erofs_data_buffer((size_t)extent->length);
	if (!kept->data)
		return -ENOMEM;
	kept->extent = *extent;
	idle->kept_bytes += (size_t)extent->length;
	err = decode(image, idle, extent, kept->data);
	if (err)
		forget(idle, kept);
	*out = kept;
	return err;
}

static int read_with(const struct erofs_image *image, struct idle *idle, const struct erofs_extent *extent,
		     uint8_t *buf, size_t length, uint64_t skip)
{
	struct kept *kept = find_kept(idle, extent);
	int err = 0;

	/* A reader that took all of it will hardly come again. */
	if (!kept && length == extent->length)
		return decode(image, idle, extent, buf);
	if (!kept)
		err = keep(image, idle, &kept, extent);
	if (err)
		return err;
	kept->used = ++idle->clock;
	memcpy(buf, kept->data + skip, length);
	return 0;
}

int erofs_reader_read_encoded(const struct erofs_image *image, const struct erofs_extent *extent, uint8_t *buf,
			      size_t length, uint64_t skip)
{
	struct idle *idle = take(image->decoders);
	int err;

	if (!idle)
		return -ENOMEM;
	err = read_with(image, idle, extent, buf, length, skip);
	give_back(image->decoders, idle);
	return err;
}

int erofs_reader_read_start(const struct erofs_image *image, const struct erofs_extent *extent, uint8_t *buf,
			    size_t length)
{
	struct idle *idle = take(image->decoders);
	struct erofs_extent start = *extent;
	int err;

	if (!idle)
		return -ENOMEM;
	start.partial = extent->partial || length < extent->length;
	start.length = length;
	err = decode(image, idle, &start, buf);
	give_back(image->decoders, idle);
	return err;
}
