/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/inode.h>

#include "lib/source/source_holes.h"
#include "lib/source/source_tar.h"
#include "lib/util/cleanup.h"

static int report_path(const struct tar_source *source, const char *path, int err)
{
	switch (err) {
	case -ENOMEM:
		return err;
	case -EINVAL:
		return erofs_archive_tar_report(&source->members, err, path,
						"a component '..' may lead out of the archive");
	case -ENAMETOOLONG:
		return erofs_archive_tar_report(&source->members, err, path, "a name in it is longer than %u bytes",
						EROFS_NAME_MAX);
	case -ENOTDIR:
		return erofs_archive_tar_report(&source->members, err, path,
						"lies below something that is no directory");
	case -ELOOP:
		return erofs_archive_tar_report(
			&source->members, err, path,
			"goes through more than 40 symbolic links, or through one that leads to itself");
	case -EISDIR:
		return erofs_archive_tar_report(&source->members, err, path, "the root can only be a directory");
	default:
		return erofs_archive_tar_report(&source->members, err, path, "%s", strerror(-err));
	}
}

/* ---- what is left out -------------------------------------------------------------------------------------------------- */

/* The path as options have it, without what does not count, in `out`. */
static int plain_path(struct erofs_buffer *out, const char *path)
{
	int err = 0;

	out->size = 0;
	while (!err) {
		const char *start = path + strspn(path, "/");
		size_t length = strcspn(start, "/");

		path = start + length;
		if (!length)
			break;
		if (length == 1 && start[0] == '.')
			continue;
		if (out->size)
			err = erofs_buffer_append(out, "/", 1);
		if (!err)
			err = erofs_buffer_append(out, start, length);
	}
	return err ? err : erofs_buffer_append(out, "", 1);
}

/* A path is left out with all that is below it. */
static int excludes(struct tar_source *source, const char *path)
{
	char *plain;
	int err;

	err = plain_path(&source->scratch, path);
	if (err)
		return err;
	plain = (char *)source->scratch.data;
	if (!*plain)
		return 0;
	for (char *slash = strchr(plain, '/'); slash; slash = strchr(slash + 1, '/')) {
		bool excluded;

		*slash = 0;
		excluded = erofs_source_filter_excludes(source->filter, plain);
		*slash = '/';
		if (excluded)
			return 1;
	}
	return erofs_source_filter_excludes(source->filter, plain);
}

int erofs_source_tar_excludes(struct tar_source *source, const char *path)
{
	return source->filter ? excludes(source, path) : 0;
}

/* By its own path, and by that of the place where it would be put. */
static int is_excluded(struct tar_source *source, const char *member_path)
{
	const char *path = member_path;
	int excluded, err;

	if (!source->filter)
		return 0;
	excluded = excludes(source, path);
	if (excluded)
		return excluded;
	err = erofs_tree_paths_resolve(&source->paths, &path);
	if (err)
		return report_path(source, member_path, err);
	return path == member_path ? 0 : excludes(source, path);
}

/* ---- regular files ------------------------------------------------------------------------------------------------------ */

/* What the tree is to know of holes: as in a directory, none that no block could show. */
static int find_holes(struct tar_source *source, struct erofs_tree_inode *inode, const struct tar_member *member)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer ranges = { 0 };
	int err = 0;

	for (size_t i = 0; !err && i < member->range_count; i++)
		err = erofs_source_holes_add_data(&ranges, member->ranges[i].start, member->ranges[i].end);
	return err ? err : erofs_source_holes_set_map(inode, &ranges, &source->tree->arena);
}

static void copy_ranges(struct tar_file *file, const struct tar_member *member)
{
	uint64_t stored = 0;

	file->count = member->range_count;
	for (size_t i = 0; i < file->count; i++) {
		const struct erofs_data_range *range = &member->ranges[i];

		file->ranges[i] = (struct tar_range){ range->start, range->end, stored };
		stored += range->end - range->start;
	}
}

int erofs_source_tar_set_file(struct tar_source *source, struct erofs_tree_inode *inode,
			      const struct tar_member *member)
{
	static struct tar_file anywhere;
	struct tar_file *file;

	inode->size = member->size;
	inode->origin = &anywhere;
	if (source->passes_by && !member->is_sparse)
		return 0;
	file = erofs_arena_alloc(&source->tree->arena, sizeof(*file) + member->range_count * sizeof(file->ranges[0]));
	if (!file)
		return -ENOMEM;
	file->data_at = member->data_at;
	file->is_sparse = member->is_sparse;
	copy_ranges(file, member);
	inode->origin = file;
	return member->is_sparse && member->size >= EROFS_HOLE_LEAST ? find_holes(source, inode, member) : 0;
}

/* ---- other kinds ---------------------------------------------------------------------------------------------------------- */

static int set_target(struct tar_source *source, struct erofs_tree_inode *inode, const struct tar_member *member)
{
	size_t length = strlen(member->link);

	if (!length || length > EROFS_SYMLINK_MAX)
		return erofs_archive_tar_report(&source->members, -ENAMETOOLONG, member->path,
						length ? "link target is longer than %u bytes" : "link target is empty",
						EROFS_SYMLINK_MAX);
	inode->size = length;
	inode->target = erofs_arena_copy(&source->tree->arena, member->link, length);
	return inode->target ? 0 : -ENOMEM;
}

static int set_kind(struct tar_source *source, struct erofs_tree_inode *inode, const struct tar_member *member)
{
	switch (member->mode & S_IFMT) {
	case S_IFREG:
		return erofs_source_tar_set_file(source, inode, member);
	case S_IFLNK:
		return set_target(source, inode, member);
	case S_IFCHR:
	case S_IFBLK:
		inode->rdev.major = member->major;
		inode->rdev.minor = member->minor;
		return 0;
	default:
		inode->origin = source; /* a directory with a member of its own */
		return 0;
	}
}

static int add_inode(struct tar_source *source, const struct tar_member *member, struct erofs_tree_inode **out)
{
	struct erofs_tree_inode *inode;
	int err = erofs_tree_paths_put(&source->paths, &inode, member->path, (uint16_t)member->mode);

	if (err)
		return report_path(source, member->path, err);
	inode->uid = member->uid;
	inode->gid = member->gid;
	inode->mtime = member->mtime;
	inode->mtime_nsec = member->mtime_nsec;
	err = set_kind(source, inode, member);
	if (!err)
		err = erofs_source_tar_set_xattrs(source, inode, member->extended, member->path);
	if (S_ISREG(member->mode))
		*out = inode;
	return err;
}

static int add_known(struct tar_source *source, const struct tar_member *member, struct erofs_tree_inode **out)
{
	int err = erofs_tree_paths_link(&source->paths, member->path, source->known);

	if (err)
		return report_path(source, member->path, err);
	if (member->extended)
		erofs_source_tar_note_losses(source, member->extended, member->path);
	*out = source->known;
	return 0;
}

/* ---- hard links -------------------------------------------------------------------------------------------------------------- */

static int add_copy(struct tar_source *source, const struct tar_member *member, const struct erofs_tree_inode *target)
{
	struct erofs_tree_inode *copy;
	int err;

	if (!source->input.is_random && S_ISREG(target->mode) && target->size)
		return erofs_archive_tar_report(&source->members, -EOPNOTSUPP, member->path,
						"--hard-dereference would need its data again, and they arrive once");
	err = erofs_tree_paths_put(&source->paths, &copy, member->path, target->mode);
	if (err)
		return report_path(source, member->path, err);
	/* Over its own target: that is what it is already. */
	if (copy != target) {
		struct erofs_tree_inode *parent = copy->parent;
		const char *name = copy->name;

		*copy = *target;
		copy->parent = parent;
		copy->name = name;
	}
	return 0;
}

static int add_link(struct tar_source *source, const struct tar_member *member)
{
	struct erofs_tree_inode *target;
	int err = erofs_tree_paths_find(&source->paths, &target, member->link);

	if (err == -ENOENT || err == -ENOTDIR)
		return erofs_archive_tar_report(&source->members, -ENOENT, member->path,
						"hard link to '%s', which is not in the archive before it%s",
						member->link, source->filter ? ", or left out" : "");
	if (err)
		return report_path(source, member->link, err);
	if (S_ISDIR(target->mode))
		return erofs_archive_tar_report(&source->members, -EPERM, member->path,
						"hard link to the directory '%s'", member->link);
	if (source->options->hard_dereference)
		return add_copy(source, member, target);
	err = erofs_tree_paths_link(&source->paths, member->path, target);
	return err ? report_path(source, member->path, err) : 0;
}

int erofs_source_tar_add_member(struct tar_source *source, const struct tar_member *member,
				struct erofs_tree_inode **out)
{
	int excluded = is_excluded(source, member->path);

	*out = NULL;
	if (excluded)
		return excluded < 0 ? excluded : 0;
	if (source->known)
		return add_known(source, member, out);
	return member->mode ? add_inode(source, member, out) : add_link(source, member);
}
