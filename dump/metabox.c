/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdio.h>

#include "dump/dump.h"

/* What the metabox is made of. */
struct metabox {
	uint64_t size;	  /* of its data */
	uint64_t encoded; /* what they take in the image */
	uint64_t pieces;  /* encoded at once */
};

/* -ENODATA: there is none. */
static int collect(const struct dump *dump, struct metabox *out)
{
	struct erofs_extent extent;
	struct erofs_inode inode;
	uint64_t offset = 0;
	int found = erofs_image_metabox_inode(dump->image, &inode);

	*out = (struct metabox){ 0 };
	if (found)
		return found;
	out->size = inode.size;
	while ((found = erofs_image_map(dump->image, &extent, &inode, offset)) > 0) {
		offset = extent.logical + extent.length;
		out->encoded += extent.kind == EROFS_EXTENT_HOLE ? 0 : extent.plen;
		out->pieces++;
	}
	return found;
}

void dump_metabox_row(const struct dump *dump)
{
	struct metabox metabox;
	int err = collect(dump, &metabox);

	printf("%-46s", "Filesystem metabox:");
	if (err)
		puts(dump_reason(err));
	else
		printf("%" PRIu64 " bytes in %" PRIu64 ", %" PRIu64 " pieces\n", metabox.size, metabox.encoded,
		       metabox.pieces);
}

void dump_metabox_add(const struct dump *dump, struct json_object *object)
{
	struct json_object *record = json_object_new_object();
	struct metabox metabox;
	int err = collect(dump, &metabox);

	if (err)
		json_add_text(record, "error", dump_reason(err));
	json_add_number(record, "size", metabox.size);
	json_add_number(record, "encoded", metabox.encoded);
	json_add_number(record, "pieces", metabox.pieces);
	json_object_object_add(object, "metabox", record);
}
