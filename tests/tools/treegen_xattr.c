/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/tools/support.h"
#include "tests/tools/treegen.h"

static bool set(int dir, const char *file, const char *name, const void *value, size_t size)
{
	char object[OBJECT_PATH_MAX];

	object_path(object, dir, file);
	if (!lsetxattr(object, name, value, size, 0))
		return true;
	fprintf(stderr, "treegen: not made: xattr %s of %s: %s\n", name, file, strerror(errno));
	return false;
}

static void set_text(int dir, const char *file, const char *name, const char *value)
{
	set(dir, file, name, value, strlen(value));
}

static void generate_namespaces(int dir, const struct treegen_options *options)
{
	char name[256 + 8];

	make_file(dir, "user", 50, 1);
	set_text(dir, "user", "user.one", "value");
	set_text(dir, "user", "user.empty", "");
	set(dir, "user", "user.nul", "a\0b", 3);
	set_text(dir, "user", "user.with.dots.and \xff bytes", "x");
	memcpy(name, "user.", 5);
	memset(name + 5, 'n', 250);
	name[255] = 0;
	set_text(dir, "user", name, "255 bytes of name");
	close(make_dir(dir, "directory"));
	set_text(dir, "directory", "user.one", "value");
	if (!options->privileged)
		return;
	make_file(dir, "all", 5000, 2);
	set_text(dir, "all", "user.one", "value");
	set_text(dir, "all", "trusted.one", "value");
	set_text(dir, "all", "trusted.empty", "");
	set_text(dir, "all", "security.one", "value");
	set_text(dir, "all", "trusted.overlay.opaque", "y");
	set_text(dir, "directory", "trusted.overlay.opaque", "y");
	/* File capabilities, version 2: permitted cap_net_raw. */
	make_file(dir, "capable", 60, 3);
	set(dir, "capable", "security.capability",
	    "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
	if (symlinkat("all", dir, "symlink") || mknodat(dir, "fifo", S_IFIFO | 0600, 0))
		die("cannot make a symlink or FIFO");
	set_text(dir, "symlink", "trusted.on.symlink", "yes");
	set_text(dir, "fifo", "trusted.on.fifo", "yes");
}

static void generate_values(int dir, const struct treegen_options *options)
{
	static const unsigned int sizes[] = { 1, 2, 3, 4, 5, 255, 256, 1000, 3000, 4080, 4096, 10000, 60000, 65535 };
	static uint8_t value[65536];
	char file[32];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t seed = sizes[i];

		snprintf(file, sizeof(file), "value-%u", sizes[i]);
		make_file(dir, file, 80 + i, 4);
		random_fill(&seed, value, sizes[i]);
		set(dir, file, options->privileged ? "trusted.value" : "user.value", value, sizes[i]);
	}
}

/* Values that several files have, for the shared area; on some of them more than the 255 that one inode can share. */
static void generate_shared(int dir)
{
	char file[32], name[32], value[32];

	for (int i = 0; i < 6; i++) {
		snprintf(file, sizeof(file), "shared-%d", i);
		make_file(dir, file, 90 + (unsigned int)i, 5);
		set_text(dir, file, "user.common", "the same on six files");
		snprintf(value, sizeof(value), "pair %d", i / 2);
		set_text(dir, file, "user.pair", value);
	}
	for (int i = 0; i < 4; i++) {
		snprintf(file, sizeof(file), "crowded-%d", i);
		make_file(dir, file, 100, 6);
		for (int attr = 0; attr < 300; attr++) {
			snprintf(name, sizeof(name), "user.%03d", attr);
			snprintf(value, sizeof(value), "v%d", attr);
			if (!set(dir, file, name, value, strlen(value)))
				break;
		}
	}
}

/* ACLs in the form of the system call: le32 version 2, then {le16 tag, le16 permissions, le32 id}. */
#define OWNER_PERMISSIONS 6 /* where they stand in both */
static const uint8_t access_acl[] = {
	2, 0,	 0,    0,    0x01, 0,	 6,    0, 0xff, 0xff, 0xff, 0xff, 0x02, 0,    4,
	0, 0x70, 0x11, 1,    0,	   0x04, 0,    4, 0,	0xff, 0xff, 0xff, 0xff, 0x10, 0,
	6, 0,	 0xff, 0xff, 0xff, 0xff, 0x20, 0, 0,	0,    0xff, 0xff, 0xff, 0xff,
};
static const uint8_t default_acl[] = {
	2, 0,	 0, 0, 0x01, 0,	   7, 0, 0xff, 0xff, 0xff, 0xff, 0x04, 0,    5, 0, 0xff, 0xff, 0xff, 0xff, 0x08, 0, 7,
	0, 0xe8, 3, 0, 0,    0x10, 0, 7, 0,    0xff, 0xff, 0xff, 0xff, 0x20, 0, 5, 0,	 0xff, 0xff, 0xff, 0xff,
};

static void generate_acls(int dir)
{
	uint8_t of_directory[sizeof(access_acl)];

	/* Without the right to search it, nobody but root gets in. */
	memcpy(of_directory, access_acl, sizeof(access_acl));
	if (geteuid())
		of_directory[OWNER_PERMISSIONS] = 7;
	make_file(dir, "file", 110, 7);
	set(dir, "file", "system.posix_acl_access", access_acl, sizeof(access_acl));
	close(make_dir(dir, "directory"));
	set(dir, "directory", "system.posix_acl_access", of_directory, sizeof(of_directory));
	set(dir, "directory", "system.posix_acl_default", default_acl, sizeof(default_acl));
}

/* What must never reach an image: a fingerprint that the source brings along. */
static void generate_forged(int dir)
{
	static const char value[] = "sha256:0123456789abcdef0123456789abcdef";

	make_file(dir, "file", 6000, 8);
	make_file(dir, "empty", 0, 0);
	close(make_dir(dir, "directory"));
	set(dir, "file", "trusted.erofs.fingerprint", value, 39);
	set(dir, "empty", "trusted.erofs.fingerprint", value, 39);
	set(dir, "directory", "trusted.erofs.fingerprint", value, 39);
	set_text(dir, "file", "trusted.erofs.fingerprints", "a longer name stays");
	set_text(dir, "file", "trusted.erofs.", "so does a shorter one");
}

void generate_xattrs(int parent, const struct treegen_options *options)
{
	int dir = make_dir(parent, "xattrs");
	int acls = make_dir(parent, "acls");

	generate_namespaces(dir, options);
	generate_values(dir, options);
	generate_shared(dir);
	generate_acls(acls);
	if (options->privileged) {
		int forged = make_dir(parent, "forged");

		generate_forged(forged);
		close(forged);
	}
	close(dir);
	close(acls);
}
