/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/statistics.h"

#include <inttypes.h>
#include <stdio.h>

#include "dump/text.h"

static const char *const type_keys[STATISTICS_TYPES] = { "unknown",	 "regular", "directory", "char_device",
							 "block_device", "fifo",    "socket",	 "symlink" };
static const char *const type_labels[STATISTICS_TYPES] = {
	"unknown type", "regular file", "directory", "char dev", "block dev", "FIFO file", "SOCK file", "symlink file"
};

static void row(const char *label, uint64_t value, const char *unit)
{
	printf("%-46s%" PRIu64 "%s\n", label, value, unit);
}

static void row_percent(const char *label, uint64_t part, uint64_t whole)
{
	printf("%-46s%.2f%%\n", label, whole ? 100.0 * (double)part / (double)whole : 100.0);
}

/* One line per power of two that any file has. */
static void print_sizes(const struct statistics *s)
{
	uint64_t files = s->types[EROFS_FT_REG];

	if (!files)
		return;
	puts("\nFile sizes:                    from            up to      files");
	for (unsigned int bits = 0; bits < STATISTICS_SIZES; bits++) {
		uint64_t from = bits ? UINT64_C(1) << (bits - 1) : 0;
		uint64_t to = from ? from + (from - 1) : 0;

		if (s->sizes[bits])
			printf("%35" PRIu64 " %16" PRIu64 " %10" PRIu64 "  %6.2f%%\n", from, to, s->sizes[bits],
			       100.0 * (double)s->sizes[bits] / (double)files);
	}
}

static void print_inodes(const struct statistics *s)
{
	char label[64];

	row("Filesystem total file count:", s->inodes, "");
	row("Filesystem names:", s->names, "");
	for (unsigned int i = 0; i < STATISTICS_TYPES; i++) {
		snprintf(label, sizeof(label), "Filesystem %s count:", type_labels[i]);
		row(label, s->types[i], "");
	}
	row("Filesystem compact inodes:", s->compact, "");
	row("Filesystem extended inodes:", s->extended, "");
	for (unsigned int i = 0; i < STATISTICS_LAYOUTS; i++) {
		snprintf(label, sizeof(label), "Filesystem %s inodes:", text_layout((enum erofs_data_layout)i));
		row(label, s->layouts[i], "");
	}
	row("Filesystem inodes with xattrs:", s->with_xattrs, "");
	row("Filesystem inline xattr areas:", s->xattr_bytes, " Bytes");
}

static void print_text(const struct statistics *s)
{
	print_inodes(s);
	row("Filesystem empty files:", s->empty_files, "");
	row("Filesystem total original file size:", s->file_bytes, " Bytes");
	row("Filesystem holes in files:", s->hole_bytes, " Bytes");
	row("Filesystem total file size:", s->stored_bytes, " Bytes");
	row("Filesystem distinct file data:", s->distinct_bytes, " Bytes");
	row("Filesystem shared file data:", s->stored_bytes - s->distinct_bytes, " Bytes");
	row_percent("Filesystem compress rate:", s->stored_bytes, s->file_bytes);
	row_percent("Filesystem distinct data rate:", s->distinct_bytes, s->file_bytes);
	row("Filesystem fingerprinted files:", s->fingerprints, "");
	row("Filesystem distinct fingerprints:", s->distinct_fingerprints, "");
	row("Filesystem size of files with a repeated one:", s->repeated_bytes, " Bytes");
	print_sizes(s);
}

static struct json_object *new_sizes(const struct statistics *s)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int bits = 0; bits < STATISTICS_SIZES; bits++) {
		struct json_object *object;

		if (!s->sizes[bits])
			continue;
		object = json_object_new_object();
		json_add_number(object, "from", bits ? UINT64_C(1) << (bits - 1) : 0);
		json_add_number(object, "files", s->sizes[bits]);
		json_object_array_add(array, object);
	}
	return array;
}

static void print_json(const struct dump *dump, const struct statistics *s)
{
	struct json_object *object = json_object_new_object(), *types = json_object_new_object(),
			   *layouts = json_object_new_object();

	for (unsigned int i = 0; i < STATISTICS_TYPES; i++)
		json_add_number(types, type_keys[i], s->types[i]);
	for (unsigned int i = 0; i < STATISTICS_LAYOUTS; i++)
		json_add_number(layouts, text_layout((enum erofs_data_layout)i), s->layouts[i]);
	json_add_number(object, "inodes", s->inodes);
	json_add_number(object, "names", s->names);
	json_object_object_add(object, "types", types);
	json_object_object_add(object, "layouts", layouts);
	json_add_number(object, "compact_inodes", s->compact);
	json_add_number(object, "extended_inodes", s->extended);
	json_add_number(object, "inodes_with_xattrs", s->with_xattrs);
	json_add_number(object, "inline_xattr_bytes", s->xattr_bytes);
	json_add_number(object, "empty_files", s->empty_files);
	json_add_number(object, "file_bytes", s->file_bytes);
	json_add_number(object, "hole_bytes", s->hole_bytes);
	json_add_number(object, "stored_bytes", s->stored_bytes);
	json_add_number(object, "distinct_bytes", s->distinct_bytes);
	json_add_number(object, "shared_bytes", s->stored_bytes - s->distinct_bytes);
	json_add_number(object, "fingerprints", s->fingerprints);
	json_add_number(object, "distinct_fingerprints", s->distinct_fingerprints);
	json_add_number(object, "repeated_fingerprint_bytes", s->repeated_bytes);
	json_object_object_add(object, "file_sizes", new_sizes(s));
	json_put(dump->json, "statistics", object);
}

int dump_statistics(const struct dump *dump)
{
	struct statistics statistics;
	int err = statistics_collect(&statistics, dump);

	if (dump->json)
		print_json(dump, &statistics);
	else
		print_text(&statistics);
	return err;
}
