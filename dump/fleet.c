/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <erofs/manifest.h>
#include <erofs/text.h>

#include "common/json.h"
#include "dump/diff.h"
#include "dump/text.h"

#define HEX_SIZE 64u

/* "sha256:" and the digest of an input. */
struct name {
	char text[7 + HEX_SIZE + 1];
};

/* Blobs of layouts and entries of caches are called by their digests, and so may manifests of them be. */
static bool is_digest(const char *path, char hex[HEX_SIZE + 1])
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;

	if (strncmp(file, "sha256-", 7) == 0)
		file += 7;
	if (strspn(file, "0123456789abcdef") != HEX_SIZE || (file[HEX_SIZE] && file[HEX_SIZE] != '.'))
		return false;
	snprintf(hex, HEX_SIZE + 1, "%s", file);
	return true;
}

static int name_input(struct name *out, const char *path, const struct erofs_diag *diag)
{
	uint8_t digest[EROFS_DIGEST_MAX];
	char hex[2 * EROFS_DIGEST_MAX + 1];
	int fd, err = 0;

	if (!is_digest(path, hex)) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		err = fd < 0 ? -errno : erofs_digest_file(digest, EROFS_DIGEST_SHA256, fd);
		if (fd >= 0)
			close(fd);
		if (err)
			return diff_error(diag, err, path, "", "cannot read it for its digest");
		erofs_hex_encode(hex, digest, HEX_SIZE / 2);
	}
	snprintf(out->text, sizeof(out->text), "sha256:%.*s", (int)HEX_SIZE, hex);
	return 0;
}

static const char *kind(const struct diff_entry *entry)
{
	return entry->compressed ? EROFS_MANIFEST_KIND_COMPRESSED : EROFS_MANIFEST_KIND_PLAIN;
}

/* Paths alone may have what CSV has a meaning for. Bytes that are no text are escaped: databases refuse them. */
static int put_csv(const struct name *name, const struct diff_entry *entry)
{
	char *path = erofs_escape(entry->path, entry->path_size);

	if (!path)
		return -ENOMEM;
	printf("%s,", name->text);
	if (strpbrk(path, ",\"")) {
		putchar('"');
		for (const char *at = path; *at; at++) {
			if (*at == '"')
				putchar('"');
			putchar(*at);
		}
		putchar('"');
	} else {
		fputs(path, stdout);
	}
	printf(",%" PRIu64 ",%s,%s\n", entry->size, kind(entry), entry->fingerprint ? entry->fingerprint : "");
	free(path);
	return 0;
}

static int put_json(const struct name *name, const struct diff_entry *entry)
{
	struct json_object *row = json_object_new_object();
	const char *text;
	int err = 0;

	json_add_text(row, "image", name->text);
	json_add_bytes(row, EROFS_MANIFEST_KEY_PATH, entry->path, entry->path_size);
	json_add_number(row, EROFS_MANIFEST_KEY_SIZE, entry->size);
	json_add_text(row, EROFS_MANIFEST_KEY_KIND, kind(entry));
	json_add_text(row, EROFS_MANIFEST_KEY_VALUE, entry->fingerprint);
	text = json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	else
		err = -ENOMEM;
	json_object_put(row);
	return err;
}

static int put_input(const struct dump_options *options, const char *path, const struct erofs_diag *diag)
{
	struct diff_side side = { 0 };
	struct name name;
	int err = name_input(&name, path, diag);

	if (!err)
		err = diff_side_read(&side, path, diag);
	for (size_t i = 0; !err && i < side.count; i++) {
		const struct diff_entry *entry = &side.entries[i];

		/* Page cache belongs to inodes, and an empty file has none. */
		if (!entry->first || !entry->size || !S_ISREG(entry->mode))
			continue;
		err = options->fingerprints == FINGERPRINTS_CSV ? put_csv(&name, entry) : put_json(&name, entry);
	}
	if (!err)
		err = side.result;
	diff_side_release(&side);
	return err;
}

int fleet_run(const struct dump_options *options, const struct erofs_diag *diag)
{
	int status = EXIT_SUCCESS;

	if (options->fingerprints == FINGERPRINTS_CSV)
		puts("image,path,size,kind,value");
	for (size_t i = 0; i < options->image_count; i++)
		if (put_input(options, options->images[i], diag))
			status = EXIT_FAILURE;
	return status;
}
