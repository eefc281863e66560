/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/resolve.h"
#include "dump/dump.h"
#include "dump/resolve.h"
#include "dump/text.h"

/* "/a/b" from "a//b/" and the like, so that paths below it can be appended; NULL when out of memory. */
static char *clean_path(const char *path)
{
	char *out = malloc(strlen(path) + 2), *to = out;

	if (!out)
		return NULL;
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length) {
			*to++ = '/';
			memcpy(to, path, length);
			to += length;
		}
		path += length;
		path += *path == '/';
	}
	if (to == out)
		*to++ = '/';
	*to = 0;
	return out;
}

/* What the views show, with the paths that it goes by. */
struct found {
	struct erofs_inode inode;
	char *real;
	char *asked;
};

static void release(struct found *found)
{
	free(found->real);
	free(found->asked);
}

/* As ls(1) does: a link to a directory lists that, every other one itself; and so does one that leads nowhere, if a pattern named it. */
static int find_path(const struct dump *dump, struct found *out, const char *path)
{
	const struct dump_options *o = dump->options;
	int err;

	if (o->no_follow) {
		out->real = strdup(out->asked);
		return out->real ? erofs_image_lookup(dump->image, &out->inode, path) : -ENOMEM;
	}
	err = tool_resolve_path(dump->image, &out->inode, &out->real, path, true);
	if (((err == -ENOENT || err == -ELOOP) && (o->list || dump->many)) ||
	    (!err && o->list && !o->recursive && !S_ISDIR(out->inode.mode))) {
		free(out->real);
		err = tool_resolve_path(dump->image, &out->inode, &out->real, path, false);
	}
	return err;
}

static int find_inode(struct dump *dump, struct found *out, const char *path)
{
	const struct dump_options *o = dump->options;
	int err;

	if (o->use_nid) {
		err = erofs_image_inode(dump->image, &out->inode, o->nid);
		if (err == -EUCLEAN)
			return dump_path_misuse(dump, err, dump->subject, "no inode is there, or a damaged one");
		return err ? dump_path_error(dump, err, dump->subject, "") : 0;
	}
	out->asked = clean_path(path);
	err = out->asked ? find_path(dump, out, path) : -ENOMEM;
	if (err)
		return dump_path_error(dump, err, out->asked ? out->asked : path, "");
	dump->path = dump->subject = out->real;
	dump->asked = strcmp(out->real, out->asked) ? out->asked : NULL;
	return 0;
}

/* A list with details says of each what there is to say. */
static bool wants_facts(const struct dump *dump)
{
	const struct dump_options *o = dump->options;
	bool one_inode = o->path || o->use_nid || o->extents;

	if (o->statistics || o->fingerprints != FINGERPRINTS_NONE || (o->list && o->recursive))
		return false;
	return one_inode && (dump->json || !o->list || !(o->details || dump->many));
}

static int show_views(const struct dump *dump)
{
	const struct dump_options *o = dump->options;
	int result = 0, err;

	if (wants_facts(dump))
		result = dump_inode(dump);
	if (o->extents && (err = dump_extents(dump)))
		result = err;
	if (o->statistics && (err = dump_statistics(dump)))
		result = err;
	if (o->list && !dump->many)
		dump_list_head(dump);
	if (o->list && (err = dump_list(dump)))
		result = err;
	if (o->fingerprints != FINGERPRINTS_NONE && (err = dump_fingerprints(dump)))
		result = err;
	return result;
}

static int show_one(const struct dump *dump, const char *path)
{
	struct dump copy = *dump;
	struct found found = { .real = NULL };
	int err = find_inode(&copy, &found, path);

	copy.inode = &found.inode;
	if (!err)
		err = copy.options->cat ? dump_cat(&copy) : show_views(&copy);
	release(&found);
	return err;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------------- */

static int show_item(const struct dump *dump, const char *path)
{
	int err;

	if (dump->json)
		json_begin(dump->json, NULL, '{');
	err = show_one(dump, path);
	if (dump->json)
		json_end(dump->json, '}');
	return err;
}

static bool is_directory(const struct dump *dump, const char *path)
{
	struct erofs_inode inode;
	char *real = NULL;
	int err = dump->options->no_follow ? erofs_image_lookup(dump->image, &inode, path)
					   : tool_resolve_path(dump->image, &inode, &real, path, true);

	free(real);
	return !err && S_ISDIR(inode.mode);
}

static void head_directory(const struct dump *dump, const char *path, bool first)
{
	if (!first)
		putchar('\n');
	text_print_name(path, strlen(path));
	puts(":");
	dump_list_head(dump);
}

/* Files in one table, then each directory with its own. */
static int list_matches(const struct dump *dump, const struct resolve_matches *matches)
{
	bool begun = false;
	int result = 0, err;

	for (int directories = 0; directories < 2; directories++) {
		for (size_t i = 0; i < matches->count; i++) {
			const char *path = matches->paths[i];

			if (is_directory(dump, path) != (directories == 1))
				continue;
			if (directories)
				head_directory(dump, path, !begun);
			else if (!begun)
				dump_list_head(dump);
			begun = true;
			err = show_one(dump, path);
			result = result ? result : err;
		}
	}
	return result;
}

static int show_matches(const struct dump *dump, const struct resolve_matches *matches)
{
	const struct dump_options *o = dump->options;
	int result = 0, err;

	if (o->list && !dump->json)
		return list_matches(dump, matches);
	if (dump->json)
		json_begin(dump->json, "matches", '[');
	for (size_t i = 0; i < matches->count; i++) {
		if (i && !dump->json && !o->cat)
			putchar('\n');
		err = show_item(dump, matches->paths[i]);
		result = result ? result : err;
	}
	if (dump->json)
		json_end(dump->json, ']');
	return result;
}

/* A pattern that is the name of something means that. */
static bool is_pattern(const struct dump *dump, const char *path)
{
	struct erofs_inode inode;
	char *real = NULL;
	int err;

	if (!resolve_is_pattern(path))
		return false;
	err = tool_resolve_path(dump->image, &inode, &real, path, false);
	free(real);
	return err == -ENOENT || err == -ENOTDIR;
}

static int show_pattern(const struct dump *dump, const char *pattern)
{
	struct resolve_matches matches = { 0 };
	struct dump copy = *dump;
	int err = resolve_pattern(dump->image, &matches, pattern, dump->options->no_follow);

	copy.many = true;
	if (err == -ENOENT)
		return dump_path_misuse(dump, err, pattern, "nothing matches");
	if (err == -E2BIG)
		return dump_path_misuse(dump, err, pattern, "matches too much");
	if (err)
		return dump_path_error(dump, err, pattern, "");
	err = show_matches(&copy, &matches);
	resolve_release(&matches);
	return err;
}

/* ---------------------------------------------------------------------------------------------------------------------- */

static bool needs_inode(const struct dump_options *o)
{
	return o->path || o->use_nid || o->statistics || o->list || o->fingerprints != FINGERPRINTS_NONE;
}

int dump_show(struct dump *dump)
{
	const struct dump_options *o = dump->options;
	int result = 0, err;

	if (o->superblock)
		result = dump_superblock(dump);
	if (!needs_inode(o))
		return result;
	if (!o->path || !is_pattern(dump, o->path))
		err = show_one(dump, o->path ? o->path : "/");
	else if (o->fingerprints == FINGERPRINTS_JSON)
		err = dump_path_misuse(dump, -EINVAL, o->path,
				       "--fingerprints=json takes no pattern; use --json --fingerprints");
	else
		err = show_pattern(dump, o->path);
	return err ? err : result;
}
