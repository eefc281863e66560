/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/statistics.h"

#include <inttypes.h>
#include <stdio.h>

#include "dump/text.h"

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

/* One line per power of two that has any. */
static void print_buckets(const uint64_t buckets[STATISTICS_SIZES], uint64_t total)
{
	for (unsigned int bits = 0; bits < STATISTICS_SIZES; bits++) {
		uint64_t from = bits ? UINT64_C(1) << (bits - 1) : 0;
		uint64_t to = from ? from + (from - 1) : 0;

		if (buckets[bits])
			printf("%35" PRIu64 " %16" PRIu64 " %10" PRIu64 "  %6.2f%%\n", from, to, buckets[bits],
			       100.0 * (double)buckets[bits] / (double)total);
	}
}

static void print_sizes(const struct statistics *s)
{
	if (!s->types[EROFS_FT_REG])
		return;
	puts("\nFile sizes:                    from            up to      files");
	print_buckets(s->sizes, s->types[EROFS_FT_REG]);
}

static bool has_compressed(const struct statistics *s)
{
	return s->layouts[EROFS_LAYOUT_COMPRESSED_FULL] || s->layouts[EROFS_LAYOUT_COMPRESSED_COMPACT];
}

static void print_algorithm(const char *name, const struct statistics_algorithm *algorithm)
{
	char label[64];

	if (!algorithm->extents)
		return;
	snprintf(label, sizeof(label), "Filesystem %s extents:", name);
	row(label, algorithm->extents, "");
	snprintf(label, sizeof(label), "Filesystem %s mean extent:", name);
	row(label, algorithm->decoded_bytes / algorithm->extents, " Bytes");
	snprintf(label, sizeof(label), "Filesystem %s data:", name);
	printf("%-46s%" PRIu64 " Bytes in %" PRIu64 " (%.2f%%)\n", label, algorithm->decoded_bytes,
	       algorithm->encoded_bytes, 100.0 * (double)algorithm->encoded_bytes / (double)algorithm->decoded_bytes);
}

/* Nothing about images without compression. */
static void print_compression(const struct statistics *s)
{
	if (!has_compressed(s))
		return;
	row("Filesystem size of compressed files:",
	    s->layout_bytes[EROFS_LAYOUT_COMPRESSED_FULL] + s->layout_bytes[EROFS_LAYOUT_COMPRESSED_COMPACT], " Bytes");
	for (int i = 0; i < EROFS_ALGORITHM_COUNT; i++)
		print_algorithm(erofs_algorithm_name(i), &s->algorithms[i]);
	row("Filesystem extents in the metadata:", s->inline_tails, "");
	row("Filesystem extents stored plain:", s->plain_extents, "");
	row("Filesystem data stored plain:", s->plain_bytes, " Bytes");
	row("Filesystem fragments:", s->fragments, "");
	row("Filesystem data in fragments:", s->fragment_bytes, " Bytes");
	row("Filesystem packed file size:", s->packed_bytes, " Bytes");
}

static void print_extent_sizes(const struct statistics *s)
{
	if (!s->encoded_extents)
		return;
	puts("\nEncoded extents hold:          from            up to    extents");
	print_buckets(s->extent_sizes, s->encoded_extents);
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
	print_compression(s);
	print_sizes(s);
	print_extent_sizes(s);
}

static struct json_object *new_buckets(const uint64_t buckets[STATISTICS_SIZES], const char *unit)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int bits = 0; bits < STATISTICS_SIZES; bits++) {
		struct json_object *object;

		if (!buckets[bits])
			continue;
		object = json_object_new_object();
		json_add_number(object, "from", bits ? UINT64_C(1) << (bits - 1) : 0);
		json_add_number(object, unit, buckets[bits]);
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *new_compression(const struct statistics *s)
{
	struct json_object *object = json_object_new_object(), *algorithms = json_object_new_object();

	for (int i = 0; i < EROFS_ALGORITHM_COUNT; i++) {
		struct json_object *algorithm;

		if (!s->algorithms[i].extents)
			continue;
		algorithm = json_object_new_object();
		json_add_number(algorithm, "extents", s->algorithms[i].extents);
		json_add_number(algorithm, "decoded_bytes", s->algorithms[i].decoded_bytes);
		json_add_number(algorithm, "encoded_bytes", s->algorithms[i].encoded_bytes);
		json_object_object_add(algorithms, erofs_algorithm_name(i), algorithm);
	}
	json_add_number(object, "file_bytes",
			s->layout_bytes[EROFS_LAYOUT_COMPRESSED_FULL] +
				s->layout_bytes[EROFS_LAYOUT_COMPRESSED_COMPACT]);
	json_object_object_add(object, "algorithms", algorithms);
	json_add_number(object, "inline_extents", s->inline_tails);
	json_add_number(object, "plain_extents", s->plain_extents);
	json_add_number(object, "plain_bytes", s->plain_bytes);
	json_add_number(object, "fragments", s->fragments);
	json_add_number(object, "fragment_bytes", s->fragment_bytes);
	json_add_number(object, "packed_bytes", s->packed_bytes);
	json_object_object_add(object, "extent_sizes", new_buckets(s->extent_sizes, "extents"));
	return object;
}

static void print_json(const struct dump *dump, const struct statistics *s)
{
	struct json_object *object = json_object_new_object(), *types = json_object_new_object(),
			   *layouts = json_object_new_object();

	for (unsigned int i = 0; i < STATISTICS_TYPES; i++)
		json_add_number(types, text_entry_type((enum erofs_file_type)i), s->types[i]);
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
	json_object_object_add(object, "file_sizes", new_buckets(s->sizes, "files"));
	if (has_compressed(s))
		json_object_object_add(object, "compression", new_compression(s));
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
