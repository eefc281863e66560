/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <string.h>

#include <erofs/text.h>

#include "dump/diff_layout.h"

struct field {
	const char *name;
	size_t offset, size;
};

#define FIELD(type, name)                                                                                              \
	{                                                                                                              \
#name, offsetof(struct type, name), sizeof(((struct type *)NULL)->name)                                \
	}

/* Numbers of the superblock. The checksum follows from the rest. */
static const struct field superblock_fields[] = {
	FIELD(erofs_superblock, feature_compat),
	FIELD(erofs_superblock, feature_incompat),
	FIELD(erofs_superblock, blkszbits),
	FIELD(erofs_superblock, sb_extslots),
	FIELD(erofs_superblock, root_nid),
	FIELD(erofs_superblock, inos),
	FIELD(erofs_superblock, epoch),
	FIELD(erofs_superblock, fixed_nsec),
	FIELD(erofs_superblock, build_time),
	FIELD(erofs_superblock, blocks),
	FIELD(erofs_superblock, meta_blkaddr),
	FIELD(erofs_superblock, xattr_blkaddr),
	FIELD(erofs_superblock, available_compr_algs),
	FIELD(erofs_superblock, extra_devices),
	FIELD(erofs_superblock, devt_slotoff),
	FIELD(erofs_superblock, xattr_prefix_count),
	FIELD(erofs_superblock, xattr_prefix_start),
	FIELD(erofs_superblock, xattr_filter_reserved),
	FIELD(erofs_superblock, ishare_xattr_prefix_id),
	FIELD(erofs_superblock, packed_nid),
	FIELD(erofs_superblock, metabox_nid),
};

static const struct field inode_fields[] = {
	FIELD(erofs_inode, extended),	  FIELD(erofs_inode, layout),	  FIELD(erofs_inode, mode),
	FIELD(erofs_inode, xattr_icount), FIELD(erofs_inode, uid),	  FIELD(erofs_inode, gid),
	FIELD(erofs_inode, nlink),	  FIELD(erofs_inode, ino),	  FIELD(erofs_inode, size),
	FIELD(erofs_inode, mtime),	  FIELD(erofs_inode, mtime_nsec),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Of any size up to eight bytes, in the order of this machine. */
static uint64_t value_of(const void *record, const struct field *field)
{
	const char *at = (const char *)record + field->offset;
	uint32_t word;
	uint16_t half;
	uint64_t value;

	switch (field->size) {
	case 8:
		memcpy(&value, at, 8);
		return value;
	case 4:
		memcpy(&word, at, 4);
		return word;
	case 2:
		memcpy(&half, at, 2);
		return half;
	default:
		return (uint8_t)*at;
	}
}

static unsigned int list(const struct field *fields, size_t count, const void *a, const void *b, FILE *out)
{
	unsigned int found = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t x = value_of(a, &fields[i]), y = value_of(b, &fields[i]);

		if (x == y)
			continue;
		fprintf(out, "%s%s ", found++ ? ", " : "", fields[i].name);
		if (!strcmp(fields[i].name, "mode"))
			fprintf(out, "%04" PRIo64 " -> %04" PRIo64, x, y);
		else if (!strncmp(fields[i].name, "feature", 7))
			fprintf(out, "0x%" PRIx64 " -> 0x%" PRIx64, x, y);
		else
			fprintf(out, "%" PRId64 " -> %" PRId64, (int64_t)x, (int64_t)y);
	}
	return found;
}

unsigned int layout_superblock(const struct layout *layout, FILE *out)
{
	const struct erofs_superblock *a = erofs_image_superblock(layout->images[0]);
	const struct erofs_superblock *b = erofs_image_superblock(layout->images[1]);
	unsigned int found = list(superblock_fields, COUNT(superblock_fields), a, b, out);
	char before[EROFS_UUID_TEXT_SIZE], after[EROFS_UUID_TEXT_SIZE];

	if (memcmp(a->uuid, b->uuid, sizeof(a->uuid))) {
		erofs_uuid_encode(before, a->uuid);
		erofs_uuid_encode(after, b->uuid);
		fprintf(out, "%suuid %s -> %s", found++ ? ", " : "", before, after);
	}
	if (strcmp(a->volume_name, b->volume_name))
		fprintf(out, "%svolume_name", found++ ? ", " : "");
	return found;
}

unsigned int layout_inode(const struct layout *layout, const struct layout_first *first, FILE *out)
{
	struct erofs_inode a, b;
	unsigned int found;

	if (!first->count || first->a.kind != AREA_INODE || first->b.kind != AREA_INODE ||
	    strcmp(first->a.path, first->b.path) || erofs_image_inode(layout->images[0], &a, first->a.nid) ||
	    erofs_image_inode(layout->images[1], &b, first->b.nid))
		return 0;
	found = list(inode_fields, COUNT(inode_fields), &a, &b, out);
	if (a.u != b.u || a.startblk_hi != b.startblk_hi)
		fprintf(out, "%splace of the data", found++ ? ", " : "");
	return found;
}

/* Whether the first inode that differs says something else about the file, not only where it lies. */
static bool inode_facts_differ(const struct layout *layout)
{
	const struct layout_first *first = &layout->kinds[AREA_INODE];
	struct erofs_inode a, b;

	if (!first->count || first->a.kind != AREA_INODE || first->b.kind != AREA_INODE ||
	    erofs_image_inode(layout->images[0], &a, first->a.nid) ||
	    erofs_image_inode(layout->images[1], &b, first->b.nid))
		return false;
	return a.mode != b.mode || a.uid != b.uid || a.gid != b.gid || a.mtime != b.mtime ||
	       a.mtime_nsec != b.mtime_nsec || a.size != b.size;
}

const char *layout_hint(const struct layout *layout, unsigned int number)
{
	const struct erofs_superblock *a = erofs_image_superblock(layout->images[0]);
	const struct erofs_superblock *b = erofs_image_superblock(layout->images[1]);
	bool times = a->epoch != b->epoch || a->build_time != b->build_time || a->fixed_nsec != b->fixed_nsec;
	const struct {
		bool applies;
		const char *text;
	} hints[] = {
		{ a->blkszbits != b->blkszbits || a->feature_incompat != b->feature_incompat ||
			  a->feature_compat != b->feature_compat || a->available_compr_algs != b->available_compr_algs,
		  "The builds had different options, or were made by different programs." },
		{ times, "Times differ: build both with the same -T or SOURCE_DATE_EPOCH." },
		{ !times && layout->first == AREA_KINDS && memcmp(a->uuid, b->uuid, 16),
		  "Nothing but the UUID differs: -T, SOURCE_DATE_EPOCH or -U makes it the same." },
		{ inode_facts_differ(layout) || layout->kinds[AREA_DATA].count || layout->kinds[AREA_TAIL].count ||
			  layout->kinds[AREA_DIRECTORY].count,
		  "The trees may differ: dump.erofs --diff without --layout tells." },
	};

	for (size_t i = 0; i < COUNT(hints); i++)
		if (hints[i].applies && !number--)
			return hints[i].text;
	return NULL;
}
