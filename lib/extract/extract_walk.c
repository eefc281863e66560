/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/extract/extract.h"
#include "lib/reader/reader.h"
#include "lib/format/format_inode.h"
#include "lib/util/cleanup.h"

/* ---- levels and pending directories -------------------------------------------------------------------------------------- */

static size_t level_count(const struct erofs_extract *extract)
{
	return extract->levels.size / sizeof(struct erofs_extract_level);
}

/* The innermost level, or one further out. */
static struct erofs_extract_level *level(const struct erofs_extract *extract, size_t outwards)
{
	return (struct erofs_extract_level *)extract->levels.data + level_count(extract) - 1 - outwards;
}

/* Makes `fd` the innermost level; owns it from now on. */
static int enter(struct erofs_extract *extract, int fd, uint32_t node)
{
	struct erofs_extract_level new = { .node = node };
	struct stat st;
	int err = fstat(fd, &st) ? -errno : 0;

	if (!err) {
		new.dev = st.st_dev;
		new.ino = st.st_ino;
		new.made_mode = st.st_mode;
		err = erofs_buffer_append(&extract->levels, &new, sizeof(new));
	}
	if (err) {
		close(fd);
		return erofs_extract_failed(extract, NULL, err, "%s", strerror(-err));
	}
	if (extract->here >= 0)
		close(extract->here);
	extract->here = fd;
	return 0;
}

static bool pop_child(struct erofs_extract *extract, uint32_t *node)
{
	struct erofs_buffer *pending = &extract->pending;

	if (!pending->size)
		return false;
	memcpy(node, pending->data + pending->size - sizeof(*node), sizeof(*node));
	if (extract->nodes.items[*node].parent != level(extract, 0)->node)
		return false;
	pending->size -= sizeof(*node);
	return true;
}

/* What was put there last is taken first: turned round, the directories of a level come in their order. */
static void reverse_pending(struct erofs_buffer *pending, size_t from)
{
	uint32_t *first = (uint32_t *)(pending->data + from);
	uint32_t *last = (uint32_t *)(pending->data + pending->size);

	while (pending->size > from && first < --last) {
		uint32_t swap = *first;

		*first++ = *last;
		*last = swap;
	}
}

/* ---- entries --------------------------------------------------------------------------------------------------------------- */

static int note_dir(struct erofs_extract *extract, const struct erofs_extract_place *place,
		    const struct erofs_inode *inode)
{
	uint32_t node;
	int err;

	if (erofs_reader_nodes_find(&extract->nodes, inode->nid) != EROFS_NODE_NONE)
		return erofs_extract_failed(extract, place, -EUCLEAN, "this directory has another name already");
	err = erofs_reader_nodes_add(&extract->nodes, &node, inode->nid, place->parent, place->name, place->name_len);
	if (!err)
		err = erofs_buffer_append(&extract->pending, &node, sizeof(node));
	return err ? erofs_extract_failed(extract, place, err, "%s", strerror(-err)) : 0;
}

static int make_file(struct erofs_extract *extract, const struct erofs_extract_place *place,
		     const struct erofs_inode *inode)
{
	uint32_t first = inode->nlink > 1 ? erofs_reader_nodes_find(&extract->nodes, inode->nid) : EROFS_NODE_NONE;
	int err;

	if (first != EROFS_NODE_NONE) {
		err = erofs_extract_link(extract, place, first);
		return err == -EMLINK ? erofs_extract_object(extract, place, inode) : err;
	}
	err = erofs_extract_object(extract, place, inode);
	if (err || inode->nlink < 2)
		return err;
	err = erofs_reader_nodes_add(&extract->nodes, &first, inode->nid, place->parent, place->name, place->name_len);
	return err ? erofs_extract_failed(extract, place, err, "%s", strerror(-err)) : 0;
}

static int make_entry(struct erofs_extract *extract, const struct erofs_dirent *entry)
{
	struct erofs_extract_place place = { .dir = extract->here,
					     .parent = level(extract, 0)->node,
					     .name = entry->name,
					     .name_len = entry->name_len };
	struct erofs_inode inode;
	int err;

	if (!strcmp(entry->name, ".") || !strcmp(entry->name, ".."))
		return 0;
	if (memchr(entry->name, '/', entry->name_len) || strlen(entry->name) != entry->name_len || !entry->name_len)
		return erofs_extract_failed(extract, &place, -EUCLEAN, "this cannot be a file's name");
	err = erofs_image_inode(extract->image, &inode, entry->nid);
	if (err)
		return erofs_extract_failed(extract, &place, err, "cannot read inode %llu",
					    (unsigned long long)entry->nid);
	return S_ISDIR(inode.mode) ? note_dir(extract, &place, &inode) : make_file(extract, &place, &inode);
}

static void close_dir(struct erofs_dir **dir)
{
	erofs_dir_close(*dir);
}

/* Makes what the directory of the innermost level names; its subdirectories become pending. */
static int fill(struct erofs_extract *extract, const struct erofs_inode *inode)
{
	erofs_auto(close_dir) struct erofs_dir *dir = NULL;
	size_t before = extract->pending.size;
	struct erofs_dirent entry;
	bool damaged = false;
	int found, err = 0;

	/* Directories that do not overlap are not larger than the image in all. */
	if (erofs_reader_dir_cost(inode) > extract->budget)
		return erofs_extract_failed(extract, NULL, -EUCLEAN, "the directories are larger than the image");
	extract->budget -= erofs_reader_dir_cost(inode);
	found = erofs_dir_open(&dir, extract->image, inode);
	if (found)
		return erofs_extract_failed(extract, NULL, found, "cannot read the directory");
	while ((found = erofs_dir_next(dir, &entry)) && !erofs_extract_is_fatal(err)) {
		if (found > 0)
			err = make_entry(extract, &entry);
		else if (!damaged)
			err = erofs_extract_failed(extract, NULL, found, "cannot read all of the directory");
		damaged = damaged || found < 0;
	}
	reverse_pending(&extract->pending, before);
	return erofs_extract_is_fatal(err) ? err : 0;
}

/* ---- down and up ------------------------------------------------------------------------------------------------------------ */

static int make_dir(struct erofs_extract *extract, const struct erofs_extract_place *place, mode_t mode)
{
	int fd;

	if (mkdirat(place->dir, place->name, mode) && errno != EEXIST)
		return erofs_extract_failed(extract, place, -errno, "cannot create the directory: %s", strerror(errno));
	fd = openat(place->dir, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno != ENOTDIR && errno != ELOOP)
		return erofs_extract_failed(extract, place, -errno, "cannot open the directory: %s", strerror(errno));
	return -ENOTDIR;
}

static int descend(struct erofs_extract *extract, uint32_t node)
{
	struct erofs_extract_place place = { .dir = extract->here, .parent = extract->nodes.items[node].parent };
	size_t length = (uint8_t)extract->nodes.items[node].name[0];
	char name[EROFS_NAME_MAX + 1];
	struct erofs_inode inode;
	mode_t mode = 0700;
	int fd, err;

	memcpy(name, extract->nodes.items[node].name + 1, length);
	name[length] = 0;
	place.name = name;
	place.name_len = length;
	err = erofs_image_inode(extract->image, &inode, extract->nodes.items[node].nid);
	if (err)
		return erofs_extract_failed(extract, &place, err, "cannot read its inode");
	if (!extract->options->preserve_perms)
		mode |= inode.mode & 0777;
	fd = make_dir(extract, &place, mode);
	if (fd == -ENOTDIR) {
		err = erofs_extract_clear(extract, &place);
		if (err)
			return err;
		fd = make_dir(extract, &place, mode);
	}
	if (fd < 0)
		return fd;
	err = enter(extract, fd, node);
	return err ? err : fill(extract, &inode);
}

/* The way up, if it still is the way that led down: somebody may have moved the directory meanwhile. */
static int open_parent(struct erofs_extract *extract)
{
	const struct erofs_extract_level *outer = level(extract, 1);
	int fd = openat(extract->here, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return erofs_extract_failed(extract, NULL, -errno, "cannot go back: %s", strerror(errno));
	if (!fstat(fd, &st) && st.st_dev == outer->dev && st.st_ino == outer->ino)
		return fd;
	close(fd);
	return erofs_extract_failed(extract, NULL, -ESTALE, "the directory was moved while it was filled");
}

/* Completes the innermost level and leaves it. Errors but that of the way up are no reason to stop. */
static int ascend(struct erofs_extract *extract)
{
	struct erofs_inode inode;
	int outer = -1, err;

	if (level_count(extract) > 1) {
		outer = open_parent(extract);
		if (outer < 0)
			return -ESTALE;
	}
	err = erofs_image_inode(extract->image, &inode, extract->nodes.items[level(extract, 0)->node].nid);
	if (err)
		erofs_extract_failed(extract, NULL, err, "cannot read its inode");
	else
		erofs_extract_meta(extract, NULL, extract->here, &inode, level(extract, 0)->made_mode);
	close(extract->here);
	extract->here = outer;
	extract->levels.size -= sizeof(struct erofs_extract_level);
	return 0;
}

int erofs_extract_tree(struct erofs_extract *extract, const struct erofs_inode *inode)
{
	uint32_t node;
	int fd, err = erofs_reader_nodes_add(&extract->nodes, &node, inode->nid, EROFS_NODE_NONE, "", 0);

	if (err)
		return erofs_extract_failed(extract, NULL, err, "%s", strerror(-err));
	fd = fcntl(extract->root, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return erofs_extract_failed(extract, NULL, -errno, "%s", strerror(errno));
	err = enter(extract, fd, node);
	if (!err)
		err = fill(extract, inode);
	while (!erofs_extract_is_fatal(err) && level_count(extract)) {
		err = pop_child(extract, &node) ? descend(extract, node) : ascend(extract);
	}
	return err;
}
