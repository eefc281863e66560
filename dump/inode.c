/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/dump.h"
#include "dump/text.h"

static bool is_device(const struct erofs_inode *inode)
{
	return S_ISCHR(inode->mode) || S_ISBLK(inode->mode);
}

static uint32_t xattr_size(const struct erofs_inode *inode)
{
	return inode->xattr_icount ? 12u + 4u * (inode->xattr_icount - 1u) : 0;
}

/* In an offset: it counts in the metabox' data. */
#define IN_METABOX (UINT64_C(1) << 63)

/* ---- text ------------------------------------------------------------------------------------------------------------ */

static void print_facts(const struct dump *dump)
{
	const struct erofs_inode *inode = dump->inode;
	uint64_t offset = erofs_image_inode_offset(dump->image, inode->nid);
	char permissions[10], when[64], zone[64];

	if (*dump->path) {
		fputs("Path : ", stdout);
		text_print_name(dump->path, strlen(dump->path));
		if (dump->asked) {
			fputs(" (asked for as ", stdout);
			text_print_name(dump->asked, strlen(dump->asked));
			putchar(')');
		}
		putchar('\n');
	}
	text_permissions(permissions, inode->mode);
	text_time(when, inode->mtime, "%Y-%m-%d %H:%M:%S");
	text_time(zone, inode->mtime, "%z");
	printf("Size: %" PRIu64 "  %s\n", inode->size, text_type(inode->mode));
	printf("NID: %" PRIu64 "   Links: %" PRIu32 "   Layout: %d (%s)\n", inode->nid, inode->nlink,
	       (int)inode->layout, text_layout(inode->layout));
	printf("Inode size: %" PRIu32 "   Xattr size: %" PRIu32 "   Offset: %" PRIu64 "%s   Inode number: %" PRIu32
	       "\n",
	       erofs_inode_body_size(inode), xattr_size(inode), offset & ~IN_METABOX,
	       offset & IN_METABOX ? " of the metabox" : "", inode->ino);
	printf("Uid: %" PRIu32 "   Gid: %" PRIu32 "  Access: %04o/%s\n", inode->uid, inode->gid, inode->mode & 07777u,
	       permissions);
	printf("Timestamp: %s.%09" PRIu32 " %s\n", when, inode->mtime_nsec, zone);
	if (is_device(inode))
		printf("Device: %" PRIu32 ":%" PRIu32 "\n", erofs_rdev_major(inode->u), erofs_rdev_minor(inode->u));
}

static void print_xattr(const struct erofs_xattr *xattr, const uint8_t *value, void *ctx)
{
	char *digits = malloc(2 * (size_t)xattr->value_size + 1);

	(void)ctx;
	fputs("Xattr: ", stdout);
	text_print(xattr->name, xattr->name_len);
	if (digits) {
		erofs_hex_encode(digits, value, xattr->value_size);
		printf("=%s%s%s\n", xattr->value_size ? "0x" : "", digits, xattr->shared ? " (shared)" : "");
	}
	free(digits);
}

/* ---- both ------------------------------------------------------------------------------------------------------------ */

typedef void (*xattr_visitor)(const struct erofs_xattr *xattr, const uint8_t *value, void *ctx);

static int report(const struct dump *dump, int err, const char *what)
{
	return dump_path_error(dump, err, dump->subject, what);
}

static int each_xattr(const struct dump *dump, xattr_visitor visit, void *ctx)
{
	struct erofs_xattr_iter *iter;
	struct erofs_xattr xattr;
	int err = erofs_xattr_open(&iter, dump->image, dump->inode);
	int result = 0, found;

	if (err)
		return report(dump, err, "cannot read the xattrs");
	while ((found = erofs_xattr_next(iter, &xattr))) {
		uint8_t *value = NULL;

		if (found < 0) {
			result = report(dump, found, "cannot read an xattr");
			continue;
		}
		value = malloc((size_t)xattr.value_size + 1);
		err = value ? erofs_xattr_value(dump->image, &xattr, value) : -ENOMEM;
		if (err)
			result = report(dump, err, "cannot read an xattr's value");
		else
			visit(&xattr, value, ctx);
		free(value);
	}
	erofs_xattr_close(iter);
	return result;
}

int dump_read_target(const struct dump *dump, const struct erofs_inode *inode, const char *path,
		     char target[EROFS_SYMLINK_MAX + 1], size_t *size)
{
	int64_t count;

	if (!S_ISLNK(inode->mode))
		return 0;
	count = erofs_image_read(dump->image, inode, target, EROFS_SYMLINK_MAX, 0);
	if (count < 0)
		return dump_path_error(dump, (int)count, path, "cannot read the link's target");
	*size = (size_t)count;
	return 1;
}

static int read_target(const struct dump *dump, char target[EROFS_SYMLINK_MAX + 1], size_t *size)
{
	return dump_read_target(dump, dump->inode, dump->subject, target, size);
}

/* 1: `text` is the fingerprint, empty if there is none; 0: not asked of such an inode or image. */
static int read_fingerprint(const struct dump *dump, char text[TEXT_FINGERPRINT_MAX])
{
	struct erofs_fingerprint fingerprint;
	int err =
		S_ISREG(dump->inode->mode) ? erofs_image_fingerprint(dump->image, &fingerprint, dump->inode) : -ENODATA;

	if (err == -ENODATA)
		return 0;
	if (err)
		return report(dump, err, "cannot read the fingerprint");
	text_fingerprint(text, &fingerprint);
	if (fingerprint.count > 1)
		report(dump, -EUCLEAN, "more than one fingerprint");
	return 1;
}

static int print_text(const struct dump *dump)
{
	char target[EROFS_SYMLINK_MAX + 1], fingerprint[TEXT_FINGERPRINT_MAX];
	int result, found;
	size_t size = 0;

	print_facts(dump);
	found = result = read_target(dump, target, &size);
	if (found > 0) {
		fputs("Target: ", stdout);
		text_print_name(target, size);
		putchar('\n');
		result = 0;
	}
	found = read_fingerprint(dump, fingerprint);
	if (found > 0)
		printf("Fingerprint: %s\n", *fingerprint ? fingerprint : "none");
	else if (found)
		result = found;
	found = each_xattr(dump, print_xattr, NULL);
	if (dump->options->list || dump->options->extents)
		putchar('\n');
	return found ? found : result;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static void add_xattr(const struct erofs_xattr *xattr, const uint8_t *value, void *ctx)
{
	struct json_object *object = json_object_new_object();

	json_add_bytes(object, "name", xattr->name, xattr->name_len);
	json_add_hex(object, "value_hex", value, xattr->value_size);
	json_add_flag(object, "shared", xattr->shared);
	json_add_number(object, "offset", xattr->entry_offset);
	json_object_array_add(ctx, object);
}

static void add_facts(struct json_object *object, const struct dump *dump)
{
	const struct erofs_inode *inode = dump->inode;
	uint64_t offset = erofs_image_inode_offset(dump->image, inode->nid);
	char mode[8];

	if (*dump->path)
		json_add_bytes(object, "path", dump->path, strlen(dump->path));
	if (dump->asked)
		json_add_bytes(object, "asked", dump->asked, strlen(dump->asked));
	snprintf(mode, sizeof(mode), "%04o", inode->mode & 07777u);
	json_add_number(object, "nid", inode->nid);
	json_add_number(object, "ino", inode->ino);
	json_add_text(object, "type", text_type_key(inode->mode));
	json_add_text(object, "mode", mode);
	json_add_number(object, "uid", inode->uid);
	json_add_number(object, "gid", inode->gid);
	json_add_number(object, "links", inode->nlink);
	json_add_number(object, "size", inode->size);
	json_add_signed(object, "mtime", inode->mtime);
	json_add_number(object, "mtime_nsec", inode->mtime_nsec);
	json_add_text(object, "layout", text_layout(inode->layout));
	json_add_number(object, "offset", offset & ~IN_METABOX);
	if (offset & IN_METABOX)
		json_add_text(object, "within", "metabox");
	json_add_number(object, "inode_size", erofs_inode_body_size(inode));
	json_add_number(object, "xattr_size", xattr_size(inode));
	if (is_device(inode)) {
		json_add_number(object, "major", erofs_rdev_major(inode->u));
		json_add_number(object, "minor", erofs_rdev_minor(inode->u));
	} else {
		json_add_number(object, "i_u", inode->u);
	}
}

static int print_json(const struct dump *dump)
{
	struct json_object *object = json_object_new_object(), *xattrs = json_object_new_array();
	char target[EROFS_SYMLINK_MAX + 1], fingerprint[TEXT_FINGERPRINT_MAX];
	int result, found;
	size_t size = 0;

	add_facts(object, dump);
	found = result = read_target(dump, target, &size);
	if (found > 0) {
		json_add_bytes(object, "target", target, size);
		result = 0;
	}
	found = read_fingerprint(dump, fingerprint);
	if (found > 0)
		json_add_text(object, "fingerprint", *fingerprint ? fingerprint : NULL);
	else if (found)
		result = found;
	found = each_xattr(dump, add_xattr, xattrs);
	json_object_object_add(object, "xattrs", xattrs);
	json_put(dump->json, "inode", object);
	return found ? found : result;
}

int dump_inode(const struct dump *dump)
{
	return dump->json ? print_json(dump) : print_text(dump);
}
