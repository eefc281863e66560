/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/source/source_oci_layers.h"
#include "lib/util/cleanup.h"

/* The path of a member, its last component, and what its name means. */
struct layer_path {
	char *path; /* of the directory that it is in; to be freed */
	const char *component;
	const char *hidden;
	enum erofs_hiding hiding;
};

/* Whether a directory on the way is AUFS' own, and what is in it with it. */
static enum erofs_hiding hiding_of_parents(char *path)
{
	enum erofs_hiding hiding = EROFS_HIDES_NOTHING;
	const char *ignored;

	for (char *part = path, *slash; hiding == EROFS_HIDES_NOTHING && *part; part = slash + (*slash == '/')) {
		char saved;

		slash = strchrnul(part, '/');
		saved = *slash;
		*slash = 0;
		hiding = erofs_tree_hiding_by_name(part, &ignored);
		*slash = saved;
	}
	/* Nothing can be below a whiteout. */
	return hiding == EROFS_HIDES_NOTHING || hiding == EROFS_HIDES_ITSELF ? hiding : EROFS_HIDES_BADLY;
}

static int take_apart(struct layer_path *out, const char *path)
{
	char *copy = strdup(path), *slash;
	size_t length;

	if (!copy)
		return -ENOMEM;
	for (length = strlen(copy); length && copy[length - 1] == '/';)
		copy[--length] = 0;
	*out = (struct layer_path){ .path = copy, .component = copy, .hiding = EROFS_HIDES_NOTHING };
	slash = strrchr(copy, '/');
	if (slash) {
		*slash = 0;
		out->component = slash + 1;
		out->hiding = hiding_of_parents(copy);
	}
	if (out->hiding == EROFS_HIDES_NOTHING)
		out->hiding = erofs_tree_hiding_by_name(out->component, &out->hidden);
	return 0;
}

static void release_path(struct layer_path *path)
{
	free(path->path);
}

static int hide_name(struct oci_source *source, const struct layer_path *path)
{
	erofs_auto_free char *target = NULL;

	/* In the root there is nothing but the name. */
	if (path->component == path->path)
		return erofs_tree_paths_whiteout(&source->tar.paths, path->hidden);
	if (asprintf(&target, "%s/%s", path->path, path->hidden) < 0) {
		target = NULL;
		return -ENOMEM;
	}
	return erofs_tree_paths_whiteout(&source->tar.paths, target);
}

static int hide_siblings(struct oci_source *source, const struct layer_path *path)
{
	int err = erofs_tree_paths_clear(&source->tar.paths, path->component == path->path ? "" : path->path);

	/* What is no directory goes when this layer puts one there. */
	return err == -ENOTDIR ? 0 : err;
}

/*
 * The first name of a file that has several, in AUFS: a layer lists it among the book-keeping, and its real names as hard links
 * to that. It is in the tree until the layer ends.
 */
static bool is_pseudo_link(const struct layer_path *path)
{
	const char *directory = path->path;

	if (path->component == path->path)
		return false;
	for (; *directory == '/' || (directory[0] == '.' && directory[1] == '/'); directory++)
		;
	return strcmp(directory, EROFS_PSEUDO_LINKS) == 0;
}

int erofs_source_oci_forget_pseudo_links(struct oci_source *source)
{
	int err = source->has_pseudo_links ? erofs_tree_paths_remove(&source->tar.paths, EROFS_PSEUDO_LINKS) : 0;

	source->has_pseudo_links = false;
	return err == -ENOENT ? 0 : err;
}

/* ---- from the top down ------------------------------------------------------------------------------------------------- */

/* Below the lowest layer there is nothing to hide. */
static int note(struct oci_source *source, const char *path, enum oci_hides what)
{
	return source->number == source->first ? 0 : erofs_source_oci_hidden_note(&source->hidden, path, what);
}

static bool has_contents(const struct tar_member *member)
{
	return S_ISREG(member->mode) && member->size;
}

static int foresee_member(struct oci_source *source, const struct tar_member *member, bool *is_wanted)
{
	int err = 0;

	*is_wanted = has_contents(member) && !erofs_source_oci_is_hidden(&source->hidden, member->path);
	if (!member->mode)
		err = note(source, member->link, OCI_WANTS);
	if (!err)
		err = note(source, member->path, S_ISDIR(member->mode) ? OCI_HAS_DIRECTORY : OCI_HAS_OTHER);
	return err;
}

static int foresee_hidden_name(struct oci_source *source, const struct layer_path *path)
{
	erofs_auto_free char *target = NULL;

	if (path->component == path->path)
		return note(source, path->hidden, OCI_HAS_OTHER);
	if (asprintf(&target, "%s/%s", path->path, path->hidden) < 0) {
		target = NULL;
		return -ENOMEM;
	}
	return note(source, target, OCI_HAS_OTHER);
}

static int foresee(struct oci_source *source, const struct tar_member *member, bool *is_wanted)
{
	erofs_auto(release_path) struct layer_path path = { 0 };
	int err;

	*is_wanted = has_contents(member);
	if (source->as_it_is)
		return 0;
	err = take_apart(&path, member->path);
	if (err)
		return err;
	switch (path.hiding) {
	case EROFS_HIDES_NOTHING:
		return foresee_member(source, member, is_wanted);
	case EROFS_HIDES_ITSELF:
		*is_wanted = *is_wanted && is_pseudo_link(&path);
		return 0;
	case EROFS_HIDES_NAME:
		err = foresee_hidden_name(source, &path);
		break;
	case EROFS_HIDES_SIBLINGS:
		err = note(source, path.component == path.path ? "" : path.path, OCI_HAS_OPAQUE);
		break;
	case EROFS_HIDES_BADLY:
		break;
	}
	*is_wanted = false;
	return err;
}

int erofs_source_oci_foresee(struct oci_source *source, const struct tar_member *member, bool *is_wanted)
{
	int err = foresee(source, member, is_wanted);

	if (!err && *is_wanted) {
		int excluded = erofs_source_tar_excludes(&source->tar, member->path);

		*is_wanted = !excluded;
		err = excluded < 0 ? excluded : 0;
	}
	return err;
}

/* ---- from the bottom up ------------------------------------------------------------------------------------------------- */

int erofs_source_oci_apply(struct oci_source *source, const struct tar_member *member, struct erofs_tree_inode **out)
{
	erofs_auto(release_path) struct layer_path path = { 0 };
	int err;

	*out = NULL;
	if (source->as_it_is)
		return erofs_source_tar_add_member(&source->tar, member, out);
	err = take_apart(&path, member->path);
	if (err)
		return err;
	switch (path.hiding) {
	case EROFS_HIDES_NOTHING:
		return erofs_source_tar_add_member(&source->tar, member, out);
	case EROFS_HIDES_NAME:
		err = hide_name(source, &path);
		break;
	case EROFS_HIDES_SIBLINGS:
		err = hide_siblings(source, &path);
		break;
	case EROFS_HIDES_ITSELF:
		if (S_ISDIR(member->mode) || !is_pseudo_link(&path))
			return 0;
		source->has_pseudo_links = true;
		return erofs_source_tar_add_member(&source->tar, member, out);
	case EROFS_HIDES_BADLY:
		return erofs_archive_tar_report(&source->tar.members, -EINVAL, member->path,
						"is a whiteout that names no file");
	}
	return err && err != -ENOMEM ? erofs_archive_tar_report(&source->tar.members, err, member->path,
								"cannot hide anything: %s", strerror(-err))
				     : err;
}
