/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/dump.h"
#include "dump/text.h"
#include "dump/walk.h"

/* One line or object. */
struct entry {
	uint64_t nid;
	enum erofs_file_type type;
	const char *key; /* "name" or "path" */
	const char *name;
	size_t size;
	const struct erofs_inode *inode; /* NULL: not wanted, or it cannot be read */
	const char *path;		 /* for messages */
};

/* What -l adds; empty where it cannot be read, which has been reported. */
struct details {
	char fingerprint[TEXT_FINGERPRINT_MAX];
	char shortened[TEXT_SHORT_FINGERPRINT_MAX];
	char target[EROFS_SYMLINK_MAX + 1];
	size_t target_size;
	bool is_link;
};

/* ---- text ------------------------------------------------------------------------------------------------------------ */

static void print_details(const struct erofs_inode *inode, const struct details *details)
{
	static const char letters[] = { [S_IFREG >> 12] = '-', [S_IFDIR >> 12] = 'd', [S_IFLNK >> 12] = 'l',
					[S_IFCHR >> 12] = 'c', [S_IFBLK >> 12] = 'b', [S_IFIFO >> 12] = 'p',
					[S_IFSOCK >> 12] = 's' };
	char permissions[10], when[64], size[32];

	text_permissions(permissions, inode->mode);
	text_time(when, inode->mtime, "%Y-%m-%d %H:%M:%S %z");
	snprintf(size, sizeof(size), "%" PRIu64, inode->size);
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		snprintf(size, sizeof(size), "%" PRIu32 ", %" PRIu32, erofs_rdev_major(inode->u),
			 erofs_rdev_minor(inode->u));
	printf("%c%s %5" PRIu32 " %6" PRIu32 " %6" PRIu32 " %12s %s %-19s  ", letters[inode->mode >> 12], permissions,
	       inode->nlink, inode->uid, inode->gid, size, when, details->shortened);
}

static void print_row(const struct dump *dump, const struct entry *entry, const struct details *details)
{
	printf("%10" PRIu64 " ", entry->nid);
	if (!dump->options->details)
		printf("%-12s  ", text_entry_type(entry->type));
	else if (entry->inode)
		print_details(entry->inode, details);
	else
		printf("%-84s  ", "?");
	text_print_name(entry->name, entry->size);
	if (details->is_link) {
		fputs(" -> ", stdout);
		text_print_name(details->target, details->target_size);
	}
	putchar('\n');
}

void dump_list_head(const struct dump *dump)
{
	const char *what = dump->options->recursive || dump->many ? "PATH" : "FILENAME";

	if (dump->json)
		return;
	if (dump->options->details)
		printf("       NID MODE       LINKS    UID    GID         SIZE %-25s FINGERPRINT          %s\n", "TIME",
		       what);
	else
		printf("       NID TYPE          %s\n", what);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static void add_details(struct json_object *object, const struct erofs_inode *inode, const struct details *details)
{
	char mode[8];

	snprintf(mode, sizeof(mode), "%04o", inode->mode & 07777u);
	json_add_text(object, "mode", mode);
	json_add_number(object, "links", inode->nlink);
	json_add_number(object, "uid", inode->uid);
	json_add_number(object, "gid", inode->gid);
	json_add_number(object, "size", inode->size);
	json_add_signed(object, "mtime", inode->mtime);
	json_add_number(object, "mtime_nsec", inode->mtime_nsec);
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) {
		json_add_number(object, "major", erofs_rdev_major(inode->u));
		json_add_number(object, "minor", erofs_rdev_minor(inode->u));
	}
	if (S_ISREG(inode->mode))
		json_add_text(object, "fingerprint", *details->fingerprint ? details->fingerprint : NULL);
	if (details->is_link)
		json_add_bytes(object, "target", details->target, details->target_size);
}

static void put_item(const struct dump *dump, const struct entry *entry, const struct details *details)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "nid", entry->nid);
	json_add_text(object, "type", text_entry_type(entry->type));
	json_add_bytes(object, entry->key, entry->name, entry->size);
	if (dump->options->details && entry->inode)
		add_details(object, entry->inode, details);
	json_put(dump->json, NULL, object);
}

/* ---- both ------------------------------------------------------------------------------------------------------------ */

static int read_details(const struct dump *dump, const struct entry *entry, struct details *out)
{
	struct erofs_fingerprint fingerprint = { .count = 0 };
	int found = dump_read_target(dump, entry->inode, entry->path, out->target, &out->target_size);
	int err = S_ISREG(entry->inode->mode) ? erofs_image_fingerprint(dump->image, &fingerprint, entry->inode) : 0;

	out->is_link = found > 0;
	if (err && err != -ENODATA) {
		dump_path_error(dump, err, entry->path, "cannot read the fingerprint");
		fingerprint.count = 0;
	}
	text_fingerprint(out->fingerprint, &fingerprint);
	text_short_fingerprint(out->shortened, &fingerprint);
	if (found < 0)
		return found;
	return err == -ENODATA ? 0 : err;
}

static int show(const struct dump *dump, const struct entry *entry)
{
	struct details details;
	int err = 0;

	details.is_link = false;
	if (dump->options->details && entry->inode)
		err = read_details(dump, entry, &details);
	if (dump->json)
		put_item(dump, entry, &details);
	else
		print_row(dump, entry, &details);
	return err;
}

static int show_name(const struct dump *dump, const struct erofs_dirent *name)
{
	struct entry entry = { name->nid, name->type, "name", name->name, name->name_len, NULL, name->name };
	struct erofs_inode inode;
	int err = 0, shown;

	if (dump->options->details)
		err = erofs_image_inode(dump->image, &inode, name->nid);
	if (err)
		dump_path_error(dump, err, name->name, "cannot read its inode");
	else if (dump->options->details)
		entry.inode = &inode;
	shown = show(dump, &entry);
	return err ? err : shown;
}

static int list_one(const struct dump *dump)
{
	struct erofs_dirent entry;
	struct erofs_dir *dir;
	int err = erofs_dir_open(&dir, dump->image, dump->inode), shown;
	int found;

	if (err)
		return dump_path_error(dump, err, dump->subject, "cannot list it");
	while ((found = erofs_dir_next(dir, &entry)) && !ferror(stdout)) {
		if (found < 0)
			err = dump_path_error(dump, found, dump->subject, "cannot read a block of the directory");
		else if ((shown = show_name(dump, &entry)))
			err = shown;
	}
	erofs_dir_close(dir);
	return err;
}

/* What is no directory is listed itself. */
static int list_self(const struct dump *dump)
{
	static const enum erofs_file_type types[] = {
		[S_IFREG >> 12] = EROFS_FT_REG,	 [S_IFDIR >> 12] = EROFS_FT_DIR, [S_IFLNK >> 12] = EROFS_FT_SYMLINK,
		[S_IFCHR >> 12] = EROFS_FT_CHR,	 [S_IFBLK >> 12] = EROFS_FT_BLK, [S_IFIFO >> 12] = EROFS_FT_FIFO,
		[S_IFSOCK >> 12] = EROFS_FT_SOCK
	};
	const char *name = dump->asked ? dump->asked : dump->subject;
	const struct entry entry = {
		dump->inode->nid, types[dump->inode->mode >> 12], "path", name, strlen(name), dump->inode, dump->subject
	};

	return show(dump, &entry);
}

struct listing {
	const struct dump *dump;
	int result; /* first error that did not end the walk */
};

static int visit(void *ctx, const struct erofs_walk_entry *found)
{
	struct entry entry = {
		found->nid, found->type, "path", found->path, found->path_len, found->inode, found->path
	};
	struct listing *listing = ctx;
	int err = found->name_len ? show(listing->dump, &entry) : 0;

	if (err && !listing->result)
		listing->result = err;
	return 0;
}

static int list_all(const struct dump *dump)
{
	struct listing listing = { .dump = dump };
	int err = dump_walk(dump, visit, &listing);

	return err ? err : listing.result;
}

int dump_list(const struct dump *dump)
{
	int err;

	if (dump->json)
		json_begin(dump->json, "entries", '[');
	if (!S_ISDIR(dump->inode->mode))
		err = list_self(dump);
	else
		err = dump->options->recursive ? list_all(dump) : list_one(dump);
	if (dump->json)
		json_end(dump->json, ']');
	return err;
}
