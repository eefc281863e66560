/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/walk.h>

#include "lib/reader/reader.h"
#include "lib/reader/nidset.h"
#include "lib/util/array.h"

/* An entry that waits for its turn; its name follows in the heap. */
struct waiting {
	uint64_t nid;
	uint8_t type;
	uint8_t name_len;
};

/* A directory whose entries are being visited: heap[next..end) waits, the parent's entries end at `start`. */
struct level {
	size_t start, next, end;
	size_t path_len;
};

struct walk {
	const struct erofs_image *image;
	const struct erofs_walk_ops *ops;
	void *ctx;
	struct erofs_nidset seen;
	uint64_t budget; /* directory bytes that the image can still hold */
	char *path;
	size_t path_room;
	char *heap; /* entries of all open levels */
	size_t heap_size, heap_room;
	struct level *levels;
	size_t depth, level_room;
	int result; /* first error that did not end the walk */
};

static void note(struct walk *walk, int err, const char *what)
{
	walk->ops->damage(walk->ctx, err, *walk->path ? walk->path : "/", what);
	if (!walk->result)
		walk->result = err;
}

static int keep_entry(struct walk *walk, const struct erofs_dirent *entry)
{
	struct waiting waiting = { entry->nid, (uint8_t)entry->type, entry->name_len };
	size_t size = sizeof(waiting) + entry->name_len;
	int err = erofs_array_reserve(&walk->heap, &walk->heap_room, walk->heap_size + size);

	if (err)
		return err;
	memcpy(walk->heap + walk->heap_size, &waiting, sizeof(waiting));
	memcpy(walk->heap + walk->heap_size + sizeof(waiting), entry->name, entry->name_len);
	walk->heap_size += size;
	return 0;
}

static bool is_dot(const struct erofs_dirent *entry)
{
	return strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0;
}

static int read_entries(struct walk *walk, const struct erofs_inode *inode)
{
	struct erofs_dirent entry;
	struct erofs_dir *dir;
	int err = erofs_dir_open(&dir, walk->image, inode);
	int found;

	if (err) {
		note(walk, err, "cannot read the directory");
		return 0;
	}
	while (!err && (found = erofs_dir_next(dir, &entry))) {
		if (found < 0)
			note(walk, found, "cannot read a block of the directory");
		else if (!is_dot(&entry))
			err = keep_entry(walk, &entry);
	}
	erofs_dir_close(dir);
	return err;
}

/* Directories do not share their blocks: else few bytes could hold entries without end. */
static bool fits_budget(struct walk *walk, const struct erofs_inode *inode)
{
	uint64_t cost = erofs_reader_dir_cost(inode);

	if (cost > walk->budget)
		return false;
	walk->budget -= cost;
	return true;
}

static int enter(struct walk *walk, const struct erofs_inode *inode, size_t path_len)
{
	struct level *level;
	int err;

	if (path_len >= EROFS_WALK_PATH_MAX) {
		note(walk, -ENAMETOOLONG, "not followed");
		return 0;
	}
	if (!fits_budget(walk, inode)) {
		note(walk, -EUCLEAN, "directories overlap");
		return 0;
	}
	err = erofs_array_reserve(&walk->levels, &walk->level_room, walk->depth + 1);
	if (err)
		return err;
	level = &walk->levels[walk->depth++];
	level->start = level->next = walk->heap_size;
	level->path_len = path_len;
	err = read_entries(walk, inode);
	level->end = walk->heap_size;
	return err;
}

static int visit(struct walk *walk, struct erofs_walk_entry *entry)
{
	struct erofs_inode inode;
	int err = erofs_image_inode(walk->image, &inode, entry->nid);
	int added;

	entry->path = walk->path;
	if (err) {
		note(walk, err, "cannot read the inode");
		entry->inode = NULL;
		entry->first = true;
		return walk->ops->visit(walk->ctx, entry);
	}
	added = erofs_reader_nidset_add(&walk->seen, entry->nid);
	if (added < 0)
		return added;
	entry->inode = &inode;
	entry->first = added;
	err = walk->ops->visit(walk->ctx, entry);
	if (err || !S_ISDIR(inode.mode))
		return err;
	if (!added) {
		note(walk, -EUCLEAN, "the directory is in the tree twice");
		return 0;
	}
	return enter(walk, &inode, entry->path_len);
}

static int visit_next(struct walk *walk, struct level *level)
{
	struct waiting waiting;
	struct erofs_walk_entry entry;
	int err;

	memcpy(&waiting, walk->heap + level->next, sizeof(waiting));
	entry = (struct erofs_walk_entry){ .nid = waiting.nid,
					   .type = (enum erofs_file_type)waiting.type,
					   .name_len = waiting.name_len,
					   .path_len = level->path_len + 1 + waiting.name_len };
	err = erofs_array_reserve(&walk->path, &walk->path_room, entry.path_len + 1);
	if (err)
		return err;
	walk->path[level->path_len] = '/';
	memcpy(walk->path + level->path_len + 1, walk->heap + level->next + sizeof(waiting), waiting.name_len);
	walk->path[entry.path_len] = 0;
	level->next += sizeof(waiting) + waiting.name_len;
	if (walk->ops->leaves_out && walk->ops->leaves_out(walk->ctx, walk->path))
		return 0;
	return visit(walk, &entry);
}

static int run(struct walk *walk, const struct erofs_inode *inode, const char *path)
{
	/* The root's path is a slash, but its children's paths have only one. */
	size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);
	struct erofs_walk_entry top = { .nid = inode->nid, .path_len = length, .type = EROFS_FT_UNKNOWN };
	int err = erofs_array_reserve(&walk->path, &walk->path_room, length + 1);

	if (err)
		return err;
	memcpy(walk->path, path, length);
	walk->path[length] = 0;
	err = visit(walk, &top);
	while (!err && walk->depth) {
		struct level *level = &walk->levels[walk->depth - 1];

		if (level->next < level->end) {
			err = visit_next(walk, level);
			continue;
		}
		walk->heap_size = level->start;
		walk->depth--;
	}
	return err;
}

int erofs_walk(const struct erofs_image *image, const struct erofs_inode *top, const char *path,
	       const struct erofs_walk_ops *ops, void *ctx)
{
	struct walk walk = { .image = image, .ops = ops, .ctx = ctx };
	int err;

	if (!image || !top || !path || !ops || !ops->visit || !ops->damage)
		return -EINVAL;
	walk.budget = erofs_reader_dirs_budget(image);
	err = run(&walk, top, path);
	erofs_reader_nidset_release(&walk.seen);
	free(walk.path);
	free(walk.heap);
	free(walk.levels);
	return err ? err : walk.result;
}
