/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/diff_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "dump/text.h"

#define PIECE ((size_t)1 << 20)

/* ---- bytes ------------------------------------------------------------------------------------------------------------- */

/* One difference; returns where to go on: what lies there has been named. */
static uint64_t note(struct layout *layout, uint64_t offset)
{
	struct area a = areas_find(&layout->areas[0], offset), b = areas_find(&layout->areas[1], offset);
	struct layout_first *first = &layout->kinds[a.kind];

	if (!first->count++) {
		first->offset = offset;
		first->a = a;
		first->b = b;
	}
	layout->differs = true;
	if (a.kind > AREA_SUPERBLOCK && layout->first == AREA_KINDS)
		layout->first = a.kind;
	return a.end < b.end ? a.end : b.end;
}

static int read_all(int fd, uint8_t *to, size_t size, uint64_t offset)
{
	while (size) {
		ssize_t count = pread(fd, to, size, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count ? -errno : -EIO;
		to += count;
		size -= (size_t)count;
		offset += (uint64_t)count;
	}
	return 0;
}

static int compare(struct layout *layout, uint8_t *a, uint8_t *b, const struct erofs_diag *diag)
{
	uint64_t size = layout->sizes[0] < layout->sizes[1] ? layout->sizes[0] : layout->sizes[1], from = 0;

	for (uint64_t offset = 0; offset < size; offset += PIECE) {
		size_t wanted = size - offset < PIECE ? (size_t)(size - offset) : PIECE;
		int err = read_all(layout->fds[0], a, wanted, offset);

		if (err)
			return diff_error(diag, err, layout->names[0], "", "cannot read it");
		err = read_all(layout->fds[1], b, wanted, offset);
		if (err)
			return diff_error(diag, err, layout->names[1], "", "cannot read it");
		if (!memcmp(a, b, wanted))
			continue;
		for (size_t i = from > offset ? (size_t)(from - offset) : 0; i < wanted; i++) {
			if (a[i] == b[i])
				continue;
			from = note(layout, offset + i);
			if (from >= offset + wanted)
				break;
			i = (size_t)(from - offset) - 1;
		}
	}
	layout->differs |= layout->sizes[0] != layout->sizes[1];
	return 0;
}

/* ---- text -------------------------------------------------------------------------------------------------------------- */

/* "inode of /x (mtime 1 -> 2)", or what lies there on either side; to be freed. */
static char *describe(const struct layout *layout, const struct layout_first *first)
{
	char *a = areas_describe(&first->a), *b = areas_describe(&first->b), *text = NULL;
	char *fields = NULL;
	size_t size;
	FILE *out = open_memstream(&fields, &size);
	int result = -1;

	if (out) {
		bool any = layout_inode(layout, first, out) > 0;

		if (!fclose(out) && a && b && !strcmp(a, b))
			result = any ? asprintf(&text, "%s (%s)", a, fields) : asprintf(&text, "%s", a);
		else if (a && b)
			result = asprintf(&text, "%s, where B has: %s", a, b);
	}
	free(fields);
	free(a);
	free(b);
	return result < 0 ? NULL : text;
}

static char *superblock_words(const struct layout *layout, unsigned int *count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	*count = 0;
	if (!out)
		return NULL;
	*count = layout_superblock(layout, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static void print_first(const struct layout *layout, const char *label, const struct layout_first *first)
{
	char *words = describe(layout, first);

	printf("%s: byte %" PRIu64 ": %s\n", label, first->offset, words ? words : "?");
	free(words);
}

static void print_text(const struct layout *layout)
{
	unsigned int fields;
	char *words = superblock_words(layout, &fields);
	const char *hint;

	if (!layout->differs) {
		puts("The images are the same bytes.");
		free(words);
		return;
	}
	if (layout->sizes[0] != layout->sizes[1])
		printf("Sizes: %" PRIu64 " and %" PRIu64 " bytes\n", layout->sizes[0], layout->sizes[1]);
	if (fields)
		printf("First difference: superblock: %s\n", words);
	if (layout->first != AREA_KINDS)
		print_first(layout, fields ? "Behind the superblock" : "First difference",
			    &layout->kinds[layout->first]);
	for (unsigned int i = 0; i < AREA_KINDS; i++) {
		if (i == AREA_SUPERBLOCK || !layout->kinds[i].count)
			continue;
		printf("  %s: %" PRIu64 " %s; ", areas_word((enum area_kind)i), layout->kinds[i].count,
		       layout->kinds[i].count == 1 ? "differs" : "differ");
		print_first(layout, "the first", &layout->kinds[i]);
	}
	for (unsigned int i = 0; (hint = layout_hint(layout, i)); i++)
		puts(hint);
	free(words);
}

static struct json_object *new_first(const struct layout *layout, enum area_kind kind)
{
	const struct layout_first *first = &layout->kinds[kind];
	struct json_object *object = json_object_new_object();
	char *words = describe(layout, first);

	json_add_text(object, "kind", areas_word(kind));
	json_add_number(object, "count", first->count);
	json_add_number(object, "offset", first->offset);
	json_add_text(object, "first", words);
	free(words);
	return object;
}

static void print_json(const struct layout *layout)
{
	struct json_writer json = { .out = stdout };
	struct json_object *areas = json_object_new_array(), *hints = json_object_new_array(), *names;
	unsigned int fields;
	char *words = superblock_words(layout, &fields);
	const char *hint;

	for (unsigned int i = 0; i < AREA_KINDS; i++)
		if (i != AREA_SUPERBLOCK && layout->kinds[i].count)
			json_object_array_add(areas, new_first(layout, (enum area_kind)i));
	for (unsigned int i = 0; layout->differs && (hint = layout_hint(layout, i)); i++)
		json_object_array_add(hints, json_object_new_string(hint));
	json_begin_document(&json);
	json_begin(&json, "layout", '{');
	json_put(&json, "same", json_object_new_boolean(!layout->differs));
	for (unsigned int i = 0; i < 2; i++) {
		names = json_object_new_object();
		json_add_bytes(names, "image", layout->names[i], strlen(layout->names[i]));
		json_add_number(names, "image_bytes", layout->sizes[i]);
		json_put(&json, i ? "b" : "a", names);
	}
	json_put(&json, "superblock", fields && words ? json_object_new_string(words) : NULL);
	json_put(&json, "areas", areas);
	json_put(&json, "hints", hints);
	json_end(&json, '}');
	json_end(&json, '}');
	free(words);
}

/* ------------------------------------------------------------------------------------------------------------------------- */

static int open_side(struct layout *layout, unsigned int i, const char *name, const struct erofs_diag *diag)
{
	const struct erofs_image_options how = { .size = sizeof(how), .tolerate_bad_checksum = true };
	int err = erofs_image_open(&layout->images[i], name, &how, diag);

	layout->names[i] = name;
	if (err)
		return err;
	layout->sizes[i] = erofs_image_device_size(layout->images[i]);
	layout->fds[i] = open(name, O_RDONLY | O_CLOEXEC);
	if (layout->fds[i] < 0)
		return diff_error(diag, -errno, name, "", "");
	err = areas_collect(&layout->areas[i], layout->images[i]);
	if (!err && layout->areas[i].result)
		diff_error(diag, layout->areas[i].result, name, "", "not all of it could be read");
	return err ? diff_error(diag, err, name, "", "") : layout->areas[i].result;
}

int diff_layout_run(const struct dump_options *options, const struct erofs_diag *diag)
{
	struct layout layout = { .fds = { -1, -1 }, .first = AREA_KINDS };
	uint8_t *pieces = malloc(2 * PIECE);
	int err = pieces ? 0 : diff_error(diag, -ENOMEM, options->images[0], "", ""), damaged = 0;

	for (unsigned int i = 0; i < 2 && !err; i++) {
		err = open_side(&layout, i, options->images[i], diag);
		damaged = err && err == layout.areas[i].result ? err : damaged;
		err = err == layout.areas[i].result ? 0 : err;
	}
	if (!err)
		err = compare(&layout, pieces, pieces + PIECE, diag);
	if (!err && options->json)
		print_json(&layout);
	else if (!err)
		print_text(&layout);
	for (unsigned int i = 0; i < 2; i++) {
		areas_release(&layout.areas[i]);
		erofs_image_close(layout.images[i]);
		if (layout.fds[i] >= 0)
			close(layout.fds[i]);
	}
	free(pieces);
	return err || damaged ? DIFF_TROUBLE : layout.differs;
}
