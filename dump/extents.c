/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <erofs/compress.h>

#include "dump/dump.h"
#include "dump/text.h"

static const char *const kinds[] = {
	[EROFS_EXTENT_HOLE] = "hole",	    [EROFS_EXTENT_PLAIN] = "plain",	  [EROFS_EXTENT_INLINE] = "inline",
	[EROFS_EXTENT_ENCODED] = "encoded", [EROFS_EXTENT_FRAGMENT] = "fragment",
};

/* Extents of an algorithm that has no name cannot be mapped. */
static const char *algorithm_of(const struct erofs_extent *e)
{
	const char *name = erofs_algorithm_name(e->algorithm);

	return name ? name : "unknown";
}

static void print_row(uint64_t number, const struct erofs_extent *e)
{
	printf("%4" PRIu64 ": %8" PRIu64 "..%8" PRIu64 " | %7" PRIu64 " : ", number, e->logical, e->logical + e->length,
	       e->length);
	if (e->kind == EROFS_EXTENT_HOLE)
		printf("%10s  %8s | %7d  %s", "-", "-", 0, kinds[e->kind]);
	else
		printf("%10" PRIu64 "..%8" PRIu64 " | %7" PRIu64 "  %s", e->physical, e->physical + e->plen, e->plen,
		       kinds[e->kind]);
	if (e->device == EROFS_DEVICE_METABOX)
		fputs("  metabox", stdout);
	else if (e->device)
		printf("  device %u", e->device);
	if (e->kind == EROFS_EXTENT_ENCODED)
		printf("  %s", algorithm_of(e));
	if (e->inlined)
		fputs("  inline", stdout);
	if (e->partial)
		fputs("  partial", stdout);
	putchar('\n');
}

static void put_item(struct json_writer *json, const struct erofs_extent *e)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "kind", kinds[e->kind]);
	json_add_number(object, "logical", e->logical);
	json_add_number(object, "length", e->length);
	if (e->kind != EROFS_EXTENT_HOLE) {
		json_add_number(object, "physical", e->physical);
		json_add_number(object, "physical_length", e->plen);
		if (e->device == EROFS_DEVICE_METABOX)
			json_add_text(object, "within", "metabox");
		else
			json_add_number(object, "device", e->device);
	}
	if (e->kind == EROFS_EXTENT_ENCODED) {
		json_add_text(object, "algorithm", algorithm_of(e));
		json_add_flag(object, "inline", e->inlined);
		json_add_flag(object, "partial", e->partial);
	}
	json_put(json, NULL, object);
}

static bool adjacent(const struct erofs_extent *first, const struct erofs_extent *second)
{
	if (first->kind != second->kind || first->kind == EROFS_EXTENT_ENCODED || first->kind == EROFS_EXTENT_FRAGMENT)
		return false;
	return first->kind == EROFS_EXTENT_HOLE ||
	       (first->device == second->device && first->physical + first->plen == second->physical);
}

static void show(const struct dump *dump, uint64_t number, const struct erofs_extent *extent)
{
	if (dump->json)
		put_item(dump->json, extent);
	else
		print_row(number, extent);
}

/* Prints all extents; the library may hand out a very long one in pieces. */
static int each_extent(const struct dump *dump, uint64_t *count)
{
	struct erofs_extent run = { .length = 0 }, next;
	uint64_t offset = 0;
	int found;

	while ((found = erofs_image_map(dump->image, &next, dump->inode, offset)) > 0 && !ferror(stdout)) {
		offset = next.logical + next.length;
		if (run.length && adjacent(&run, &next)) {
			run.length += next.length;
			run.plen += next.plen;
			continue;
		}
		if (run.length)
			show(dump, (*count)++, &run);
		run = next;
	}
	if (run.length)
		show(dump, (*count)++, &run);
	return found < 0 ? found : 0;
}

int dump_extents(const struct dump *dump)
{
	uint64_t count = 0;
	int err;

	if (dump->json)
		json_begin(dump->json, "extents", '[');
	else
		puts(" Ext:   logical offset   |  length :     physical offset    |  length  kind");
	err = each_extent(dump, &count);
	if (dump->json) {
		json_end(dump->json, ']');
	} else {
		text_print(dump->subject, strlen(dump->subject));
		printf(": %" PRIu64 " extents found\n", count);
	}
	return err ? dump_path_error(dump, err, dump->subject, "cannot map its data") : 0;
}
