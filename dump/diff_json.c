/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/json.h"
#include "dump/diff.h"
#include "dump/text.h"

static void add_figures(struct json_object *object, const struct diff_figures *figures)
{
	json_add_number(object, "files", figures->files);
	json_add_number(object, "bytes", figures->bytes);
	json_add_number(object, "page_bytes", figures->page_bytes);
	json_add_number(object, "shared_page_bytes", figures->shared_page_bytes);
}

static struct json_object *new_side(const struct diff_side *side)
{
	struct json_object *object = json_object_new_object();

	json_add_bytes(object, "image", side->name, strlen(side->name));
	json_add_flag(object, "manifest", !side->image);
	json_add_text(object, "uuid", side->uuid);
	json_add_flag(object, "fingerprinted", side->fingerprinted);
	if (side->image)
		json_add_number(object, "image_bytes", side->image_bytes);
	add_figures(object, &side->figures);
	return object;
}

static struct json_object *new_facts(const struct diff *diff, const struct diff_entry *entry)
{
	struct json_object *object = json_object_new_object();
	char mode[8];

	json_add_text(object, "type", text_type_key(entry->mode));
	json_add_number(object, "size", entry->size);
	if (S_ISREG(entry->mode)) {
		json_add_text(object, "kind", entry->compressed ? "compressed" : "plain");
		json_add_text(object, "fingerprint", entry->fingerprint);
	}
	if (diff->partial)
		return object;
	snprintf(mode, sizeof(mode), "%04o", entry->mode & 07777u);
	json_add_text(object, "mode", mode);
	json_add_number(object, "uid", entry->uid);
	json_add_number(object, "gid", entry->gid);
	json_add_number(object, "links", entry->nlink);
	json_add_signed(object, "mtime", entry->mtime);
	json_add_number(object, "mtime_nsec", entry->mtime_nsec);
	if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode)) {
		json_add_number(object, "major", erofs_rdev_major(entry->rdev));
		json_add_number(object, "minor", erofs_rdev_minor(entry->rdev));
	}
	return object;
}

static void add_what(struct json_object *object, const struct diff_change *change)
{
	struct json_object *what = json_object_new_array(), *xattrs = json_object_new_array();

	for (unsigned int i = 0; i < DIFF_WHATS; i++)
		if (change->what >> i & 1)
			json_object_array_add(what, json_object_new_string(diff_word((enum diff_what)i)));
	for (size_t i = 0; i < change->xattr_count; i++) {
		const struct diff_xattr *xattr = &change->xattrs[i];
		struct json_object *item = json_object_new_object();

		json_add_text(item, "change",
			      xattr->sign == '+'   ? "added"
			      : xattr->sign == '-' ? "removed"
						   : "changed");
		json_add_bytes(item, "name", xattr->name, xattr->size);
		json_object_array_add(xattrs, item);
	}
	json_object_object_add(object, "what", what);
	json_object_object_add(object, "xattrs", xattrs);
}

static struct json_object *new_change(const struct diff *diff, const struct diff_change *change)
{
	const struct diff_entry *entry = change->a ? change->a : change->b;
	struct json_object *object = json_object_new_object();

	json_add_text(object, "change", !change->a ? "added" : !change->b ? "removed" : "changed");
	json_add_bytes(object, "path", entry->path, entry->path_size);
	if (change->a && change->b)
		add_what(object, change);
	if (change->a)
		json_object_object_add(object, "a", new_facts(diff, change->a));
	if (change->b)
		json_object_object_add(object, "b", new_facts(diff, change->b));
	return object;
}

static struct json_object *new_summary(const struct diff *diff)
{
	struct json_object *object = json_object_new_object(), *whats = json_object_new_object();

	json_add_number(object, "added", diff->added);
	json_add_number(object, "added_bytes", diff->added_bytes);
	json_add_number(object, "removed", diff->removed);
	json_add_number(object, "removed_bytes", diff->removed_bytes);
	json_add_number(object, "changed", diff->changed);
	for (unsigned int i = 0; i < DIFF_WHATS; i++)
		json_add_number(whats, diff_word((enum diff_what)i), diff->whats[i]);
	json_object_object_add(object, "changed_by", whats);
	json_add_number(object, "not_compared", diff->unknown);
	json_add_number(object, "different_kinds", diff->kinds);
	return object;
}

void diff_print_json(const struct diff *diff)
{
	struct json_writer json = { .out = stdout };
	struct json_object *both = json_object_new_object();

	json_begin_document(&json);
	json_begin(&json, "diff", '{');
	json_put(&json, "same",
		 json_object_new_boolean(!diff->count && !diff->unknown && !diff->result && !diff->a.result &&
					 !diff->b.result));
	json_put(&json, "page_size", json_object_new_uint64(diff->options->page_size));
	json_put(&json, "files_only", json_object_new_boolean(diff->partial));
	json_put(&json, "a", new_side(&diff->a));
	json_put(&json, "b", new_side(&diff->b));
	add_figures(both, &diff->both);
	json_add_number(both, "extra_page_bytes", diff_extra_pages(diff));
	json_put(&json, "together", both);
	json_put(&json, "summary", new_summary(diff));
	json_begin(&json, "changes", '[');
	for (size_t i = 0; i < diff->count; i++)
		json_put(&json, NULL, new_change(diff, &diff->changes[i]));
	json_end(&json, ']');
	json_end(&json, '}');
	json_end(&json, '}');
}
