/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * manifestgen DIR COUNT FILES: writes manifests DIR/00000.json ... as `dump.erofs --fingerprints=json` would of COUNT images with
 * FILES files each: applications in 40 versions, of whose files a quarter changes with each version, on a base that all of
 * them have. 1,000 of 20,000 have 5.1 million distinct values.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define VERSIONS 40u
#define LIFETIME 4u /* versions that a content lives for */

static uint64_t mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15u;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

static void put_file(FILE *out, unsigned int image, unsigned int file, unsigned int base_files)
{
	unsigned int application = file < base_files ? 0 : image / VERSIONS + 1;
	unsigned int content = (image % VERSIONS + file % LIFETIME) / LIFETIME;
	uint64_t seed = mix(mix((uint64_t)application << 32 | file) + content), bits = mix(seed);
	/* Most files are small, some are large. */
	uint64_t size = (bits >> 32) % ((uint64_t)1 << (8 + bits % 14)) + 1;

	fprintf(out,
		"%s\n    { \"path\": \"/usr/lib/application-%u/part-%03u/file-%05u.so\", \"nid\": %u, \"links\": 1, \"size\": %" PRIu64
		", \"kind\": \"plain\", \"algorithm\": \"sha256\", \"value\": \"7368613235363a",
		file ? "," : "", application, file / 50, file, 40 + 4 * file, size);
	for (unsigned int i = 1; i <= 4; i++)
		fprintf(out, "%016" PRIx64, mix(seed + i));
	fputs("\" }", out);
}

static int put_manifest(const char *dir, unsigned int image, unsigned int files)
{
	char name[4096];
	FILE *out;

	snprintf(name, sizeof(name), "%s/%05u.json", dir, image);
	out = fopen(name, "w");
	if (!out)
		return -1;
	fprintf(out,
		"{\n  \"version\": 1,\n  \"image\": { \"uuid\": \"00000000-0000-0000-0000-%012u\", \"block_size\": 4096, "
		"\"fingerprint_xattr\": \"trusted.erofs.fingerprint\" },\n  \"files\": [",
		image);
	for (unsigned int i = 0; i < files; i++)
		put_file(out, image, i, files / 20);
	fputs("\n  ],\n  \"hard_links\": []\n}\n", out);
	return fclose(out);
}

int main(int argc, char **argv)
{
	unsigned int count, files;

	if (argc != 4) {
		fputs("usage: manifestgen DIR COUNT FILES\n", stderr);
		return 2;
	}
	count = (unsigned int)strtoul(argv[2], NULL, 10);
	files = (unsigned int)strtoul(argv[3], NULL, 10);
	for (unsigned int i = 0; i < count; i++) {
		if (put_manifest(argv[1], i, files)) {
			perror(argv[1]);
			return 1;
		}
	}
	return 0;
}
