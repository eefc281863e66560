/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * Everything about a tree that an image of it must have: one line a file. The same program writes it for the source on the
 * host and checks it for the mount in the guest. A fingerprint must be that of the content, and is not part of the line.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/kernel/guest.h"
#include "tests/kernel/sha256.h"

#define FINGERPRINT_NAME "trusted.erofs.fingerprint"

struct manifest {
	const char *root;
	FILE *expect;
	char *line, *other;
	size_t line_room, other_room;
	uint64_t files, bad, fingerprints, bad_fingerprints, without;
};

static void put_hex(FILE *out, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		fprintf(out, "%02x", bytes[i]);
}

static void put_name(FILE *out, const char *name)
{
	for (; *name; name++)
		if (*name > ' ' && *name < 0x7f && *name != '\\')
			fputc(*name, out);
		else
			fprintf(out, "\\x%02x", (uint8_t)*name);
}

static void digest_file(const char *path, uint8_t digest[SHA256_SIZE])
{
	static char buf[128 * 1024];
	struct sha256 sha;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		die("cannot open %s", path);
	sha256_start(&sha);
	while ((got = read(fd, buf, sizeof(buf))) > 0)
		sha256_add(&sha, buf, (size_t)got);
	if (got < 0)
		die("cannot read %s", path);
	close(fd);
	sha256_finish(&sha, digest);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_xattr(FILE *out, const char *path, const char *name)
{
	static uint8_t value[65536];
	ssize_t size = lgetxattr(path, name, value, sizeof(value));

	if (size < 0)
		die("cannot read the xattr %s of %s", name, path);
	fputc(' ', out);
	put_name(out, name);
	fputc('=', out);
	put_hex(out, value, (size_t)size);
}

/* true if there was a fingerprint */
static bool put_xattrs(FILE *out, const char *path)
{
	static char list[65536];
	ssize_t size = llistxattr(path, list, sizeof(list));
	char *names[4096];
	size_t count = 0;
	bool fingerprint = false;

	if (size < 0)
		die("cannot list the xattrs of %s", path);
	for (char *name = list; name < list + size && count < 4096; name += strlen(name) + 1)
		if (!strcmp(name, FINGERPRINT_NAME))
			fingerprint = true;
		else
			names[count++] = name;
	qsort(names, count, sizeof(names[0]), by_name);
	for (size_t i = 0; i < count; i++)
		put_xattr(out, path, names[i]);
	return fingerprint;
}

static void check_fingerprint(struct manifest *manifest, const char *path, const char *file,
			      const uint8_t digest[SHA256_SIZE])
{
	uint8_t value[256];
	ssize_t size = lgetxattr(file, FINGERPRINT_NAME, value, sizeof(value));

	manifest->fingerprints++;
	if (size == 7 + SHA256_SIZE && !memcmp(value, "sha256:", 7) && !memcmp(value + 7, digest, SHA256_SIZE))
		return;
	if (manifest->bad_fingerprints++ < 5 && manifest->expect)
		fprintf(stderr, "wrong fingerprint: %s\n", path);
}

static void put_line(struct manifest *manifest, FILE *out, const char *path, const char *file, const struct stat *stat)
{
	uint8_t digest[SHA256_SIZE];
	char target[4097] = "";

	put_name(out, path[strlen(manifest->root)] ? path + strlen(manifest->root) : "/");
	fprintf(out, " %o %u:%u %lld.%09ld", stat->st_mode, stat->st_uid, stat->st_gid, (long long)stat->st_mtim.tv_sec,
		stat->st_mtim.tv_nsec);
	if (!S_ISDIR(stat->st_mode))
		fprintf(out, " links=%ju", (uintmax_t)stat->st_nlink);
	if (S_ISCHR(stat->st_mode) || S_ISBLK(stat->st_mode))
		fprintf(out, " dev=%u:%u", major(stat->st_rdev), minor(stat->st_rdev));
	if (S_ISLNK(stat->st_mode)) {
		if (readlink(file, target, sizeof(target) - 1) < 0)
			die("cannot read the link %s", path);
		fputs(" -> ", out);
		put_name(out, target);
	}
	if (S_ISREG(stat->st_mode)) {
		digest_file(file, digest);
		fprintf(out, " %jd ", (intmax_t)stat->st_size);
		put_hex(out, digest, sizeof(digest));
	}
	if (put_xattrs(out, file) && S_ISREG(stat->st_mode))
		check_fingerprint(manifest, path, file, digest);
	else if (S_ISREG(stat->st_mode) && stat->st_size)
		manifest->without++;
}

static void compare(struct manifest *manifest)
{
	ssize_t got = getline(&manifest->other, &manifest->other_room, manifest->expect);

	if (got > 0 && manifest->other[got - 1] == '\n')
		manifest->other[got - 1] = 0;
	if (got >= 0 && !strcmp(manifest->other, manifest->line))
		return;
	if (manifest->bad++ < 5)
		fprintf(stderr, "expected: %s\n   found: %s\n", got < 0 ? "(nothing)" : manifest->other,
			manifest->line);
}

static void visit(const char *path, const char *file, const struct stat *stat, void *context)
{
	struct manifest *manifest = context;
	FILE *out = open_memstream(&manifest->line, &manifest->line_room);

	if (!out)
		die("no memory");
	put_line(manifest, out, path, file, stat);
	fclose(out);
	manifest->files++;
	if (manifest->expect)
		compare(manifest);
	else
		puts(manifest->line);
	free(manifest->line);
}

int command_manifest(int argc, char **argv)
{
	struct manifest manifest = { .root = argv[argc - 1] };

	if (argc == 4 && !strcmp(argv[1], "--expect")) {
		manifest.expect = fopen(argv[2], "re");
		if (!manifest.expect)
			die("cannot open %s", argv[2]);
	} else if (argc != 2) {
		return 2;
	}
	walk(manifest.root, manifest.root, visit, &manifest);
	if (!manifest.expect)
		return 0;
	if (getline(&manifest.other, &manifest.other_room, manifest.expect) >= 0) {
		fprintf(stderr, "missing: %s", manifest.other);
		manifest.bad++;
	}
	printf("files=%ju bad=%ju fingerprints=%ju bad_fingerprints=%ju without=%ju\n", (uintmax_t)manifest.files,
	       (uintmax_t)manifest.bad, (uintmax_t)manifest.fingerprints, (uintmax_t)manifest.bad_fingerprints,
	       (uintmax_t)manifest.without);
	return manifest.bad || manifest.bad_fingerprints;
}
