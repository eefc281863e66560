/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tree/tree_paths.h"
#include "lib/util/cleanup.h"

/*
 * Layers mark what they delete in AUFS' way: a file `.wh.NAME` hides NAME, `.wh..wh..opq` hides all that lower layers have
 * in its directory. For overlayfs the first is a character device 0:0 called NAME, the second an xattr of the directory.
 * Other names that start with `.wh..wh.` are AUFS' own book-keeping.
 */
#define OPAQUE_XATTR "trusted.overlay.opaque"

static int add_opaque(struct erofs_tree *tree, struct erofs_tree_inode *dir)
{
	return erofs_tree_add_xattr(tree, dir, OPAQUE_XATTR, "y", 1);
}

/* What the directory has under a name, or NULL. Entries are sorted. */
static struct erofs_tree_inode *find_name(const struct erofs_tree_inode *dir, const char *name)
{
	const struct erofs_tree_entry key = { .name = name };
	const struct erofs_tree_entry *entry =
		bsearch(&key, dir->dir.entries, dir->dir.count, sizeof(key), erofs_tree_compare_entries);

	return entry ? entry->inode : NULL;
}

/* A whiteout with the owner and time of the file that asked for it; never that file itself, which may have other names. */
static struct erofs_tree_inode *new_whiteout(struct erofs_tree *tree, const struct erofs_tree_inode *like,
					     const char *name)
{
	struct erofs_tree_inode *whiteout = erofs_arena_alloc(&tree->arena, sizeof(*whiteout));

	if (whiteout)
		*whiteout = (struct erofs_tree_inode){
			.mode = S_IFCHR,
			.uid = like->uid,
			.gid = like->gid,
			.mtime = like->mtime,
			.mtime_nsec = like->mtime_nsec,
			.parent = like->parent,
			.name = name,
		};
	return whiteout;
}

/* What becomes of one entry: 1 if `*entry`, perhaps changed, stays; 0 if it goes. */
static int convert_entry(struct erofs_tree *tree, struct erofs_tree_inode *dir, struct erofs_tree_entry *entry,
			 const struct erofs_diag *diag)
{
	struct erofs_tree_inode *own;
	const char *hidden;

	switch (erofs_tree_hiding_by_name(entry->name, &hidden)) {
	case EROFS_HIDES_NOTHING:
		return 1;
	case EROFS_HIDES_SIBLINGS:
		return add_opaque(tree, dir);
	case EROFS_HIDES_ITSELF:
		return 0;
	case EROFS_HIDES_BADLY:
		return erofs_tree_report(diag, -EINVAL, entry->inode, "AUFS whiteout that names no file");
	case EROFS_HIDES_NAME:
		break;
	}
	/* The layer has the name itself: what is below is hidden anyway, unless both are directories. */
	own = find_name(dir, hidden);
	if (own)
		return S_ISDIR(own->mode) ? add_opaque(tree, own) : 0;
	*entry = (struct erofs_tree_entry){ new_whiteout(tree, entry->inode, hidden), hidden };
	return entry->inode ? 1 : -ENOMEM;
}

static int convert_directory(struct erofs_tree *tree, struct erofs_tree_inode *dir, const struct erofs_diag *diag)
{
	struct erofs_tree_entry *kept = erofs_arena_alloc(&tree->arena, (dir->dir.count + 1) * sizeof(*kept));
	uint32_t count = 0;

	if (!kept)
		return -ENOMEM;
	if (dir->dir.count)
		qsort(dir->dir.entries, dir->dir.count, sizeof(*kept), erofs_tree_compare_entries);
	for (uint32_t i = 0; i < dir->dir.count; i++) {
		int stays;

		kept[count] = dir->dir.entries[i];
		stays = convert_entry(tree, dir, &kept[count], diag);
		if (stays < 0)
			return stays;
		count += (uint32_t)stays;
	}
	dir->dir.entries = kept;
	dir->dir.count = count;
	return 0;
}

int erofs_tree_convert_aufs(struct erofs_tree *tree, const struct erofs_diag *diag)
{
	erofs_auto(erofs_tree_walk_release) struct erofs_tree_walk walk;
	struct erofs_tree_inode *dir = NULL;
	int err = erofs_tree_walk_begin(&walk, tree);

	while (!err && (err = erofs_tree_walk_next(&walk, &dir)) > 0)
		err = convert_directory(tree, dir, diag);
	return err;
}
