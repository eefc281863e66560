/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dump/dump.h"
#include "dump/text.h"
#include "dump/walk.h"

static void print_entry(const struct dump *dump, uint64_t nid, unsigned int type, const char *key, const char *name,
			size_t size)
{
	struct json_object *object;

	if (!dump->json) {
		printf("%10" PRIu64 " %4u  ", nid, type);
		text_print(name, size);
		putchar('\n');
		return;
	}
	object = json_object_new_object();
	json_add_number(object, "nid", nid);
	json_add_number(object, "type", type);
	json_add_bytes(object, key, name, size);
	json_put(dump->json, NULL, object);
}

static int list_one(const struct dump *dump)
{
	struct erofs_dirent entry;
	struct erofs_dir *dir;
	int err = erofs_dir_open(&dir, dump->image, dump->inode);
	int found;

	if (err)
		return dump_path_error(dump, err, dump->subject, "cannot list it");
	while ((found = erofs_dir_next(dir, &entry)) && !ferror(stdout)) {
		if (found < 0)
			err = dump_path_error(dump, found, dump->subject, "cannot read a block of the directory");
		else
			print_entry(dump, entry.nid, entry.type, "name", entry.name, entry.name_len);
	}
	erofs_dir_close(dir);
	return err;
}

static int visit(void *ctx, const struct erofs_walk_entry *entry)
{
	if (entry->name_len)
		print_entry(ctx, entry->nid, entry->type, "path", entry->path, entry->path_len);
	return 0;
}

static int list_all(const struct dump *dump)
{
	struct dump copy = *dump;

	return dump_walk(dump, visit, &copy);
}

int dump_list(const struct dump *dump)
{
	int err;

	if (dump->json)
		json_begin(dump->json, "entries", '[');
	else
		puts(dump->options->recursive ? "       NID TYPE  PATH" : "       NID TYPE  FILENAME");
	err = dump->options->recursive ? list_all(dump) : list_one(dump);
	if (dump->json)
		json_end(dump->json, ']');
	return err;
}
