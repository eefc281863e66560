/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/dump.h"
#include "dump/manifest.h"
#include "dump/text.h"
#include "dump/walk.h"

struct listing {
	const struct dump *dump;
	uint64_t missing; /* non-empty regular files without a usable value */
	uint64_t other;	  /* ... with a value of another algorithm than asked for */
	int result;	  /* first error that did not end the list */
};

/* True with exactly one value. None is counted; more, or what cannot be read, is reported. */
static bool read_value(struct listing *listing, struct erofs_fingerprint *out, const struct erofs_walk_entry *entry)
{
	int err = erofs_image_fingerprint(listing->dump->image, out, entry->inode);
	const char *what = "cannot read the fingerprint";

	if (!err && out->count > 1) {
		err = -EUCLEAN;
		what = "more than one fingerprint";
	}
	if (err) {
		dump_path_error(listing->dump, err, entry->path, what);
		listing->result = err;
	} else if (!out->count) {
		listing->missing++;
	}
	return !err && out->count == 1;
}

static bool has_value(const struct erofs_walk_entry *entry)
{
	return entry->inode && S_ISREG(entry->inode->mode) && entry->inode->size;
}

/* ---- table ----------------------------------------------------------------------------------------------------------- */

static int table_row(void *ctx, const struct erofs_walk_entry *entry)
{
	char text[TEXT_FINGERPRINT_MAX];
	struct erofs_fingerprint value;
	struct listing *listing = ctx;

	if (!has_value(entry))
		return 0;
	strcpy(text, "-");
	if (read_value(listing, &value, entry))
		text_fingerprint(text, &value);
	printf("%s %12" PRIu64 "  ", text, entry->inode->size);
	text_print_name(entry->path, entry->path_len);
	putchar('\n');
	return 0;
}

/* ---- sha256sum and its sisters --------------------------------------------------------------------------------------- */

/* A name with a backslash or a line break is escaped, and a backslash in front of the line says so. */
static void print_sum_name(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (name[i] == '\\')
			fputs("\\\\", stdout);
		else if (name[i] == '\n')
			fputs("\\n", stdout);
		else if (name[i] == '\r')
			fputs("\\r", stdout);
		else
			putchar(name[i]);
	}
}

static bool needs_escape(const char *name, size_t size)
{
	return memchr(name, '\\', size) || memchr(name, '\n', size) || memchr(name, '\r', size);
}

static int sum_row(void *ctx, const struct erofs_walk_entry *entry)
{
	char digits[2 * EROFS_DIGEST_MAX + 1];
	struct erofs_fingerprint value;
	struct listing *listing = ctx;
	enum erofs_digest digest, wanted = listing->dump->options->sum_digest;
	const uint8_t *raw;

	if (!has_value(entry))
		return 0;
	if (!read_value(listing, &value, entry))
		return 0;
	digest = erofs_fingerprint_parse(&raw, value.value, value.value_size);
	if (digest != wanted) {
		listing->other++;
		return 0;
	}
	erofs_hex_encode(digits, raw, erofs_digest_size(wanted));
	/* Relative to the top; the dot keeps a name such as "-" from meaning standard input. */
	if (wanted == EROFS_DIGEST_FSVERITY)
		printf("sha256:%s .", digits);
	else
		printf("%s%s  .", needs_escape(entry->path, entry->path_len) ? "\\" : "", digits);
	print_sum_name(entry->path, entry->path_len);
	putchar('\n');
	return 0;
}

/* ---------------------------------------------------------------------------------------------------------------------- */

static int complain(const struct listing *listing)
{
	const struct dump *dump = listing->dump;
	const char *name = erofs_digest_name(dump->options->sum_digest);

	if (listing->other)
		dump_error(dump, -ENODATA, "%" PRIu64 " files have a fingerprint that is not %s; they are left out",
			   listing->other, name);
	if (listing->missing)
		dump_error(dump, -ENODATA, "%" PRIu64 " non-empty files have no fingerprint", listing->missing);
	return listing->other || listing->missing ? -ENODATA : listing->result;
}

static int print_lines(const struct dump *dump, walk_visitor visit)
{
	struct listing listing = { .dump = dump };
	char name[300];
	int err = erofs_image_fingerprint_name(dump->image, name, sizeof(name));
	int lacking;

	if (err == -ENODATA)
		return dump_error(dump, err, "%s: an image without fingerprints (no ishare_xattrs)",
				  dump->options->images[0]);
	if (err)
		return dump_path_error(dump, err, dump->options->images[0], "cannot find the fingerprints' name");
	err = dump_walk(dump, visit, &listing);
	lacking = complain(&listing);
	return err ? err : lacking;
}

int dump_fingerprints(const struct dump *dump)
{
	if (dump->json || dump->options->fingerprints == FINGERPRINTS_JSON)
		return manifest_print(dump);
	if (dump->options->fingerprints == FINGERPRINTS_SUM)
		return print_lines(dump, sum_row);
	return print_lines(dump, table_row);
}
