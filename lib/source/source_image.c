/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/build.h>

#include "lib/source/source_begin.h"
#include "lib/io/device.h"
#include "lib/reader/reader.h"
#include "lib/util/array.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

/*
 * Each image becomes a tree of its own, through the reader's walk, which comes to an end on any image; then the trees are laid
 * over each other.
 */

/* A directory whose entries are being visited. */
struct level {
	struct erofs_tree_inode *dir;
	size_t path_len;
	struct erofs_buffer entries; /* struct erofs_tree_entry */
};

struct scan {
	struct image_source *source;
	struct image_layer *layer;
	struct erofs_tree_inode *root;
	struct level *levels; /* from the root to where the walk is */
	size_t depth, room;
	/* Inodes that may have further names. */
	struct erofs_index by_nid;
	struct erofs_buffer inodes; /* struct erofs_tree_inode *, by number in the index */
	struct image_scratch scratch;
	bool has_reported;
};

static void release_scan(struct scan *scan)
{
	for (size_t i = 0; i < scan->depth; i++)
		erofs_buffer_release(&scan->levels[i].entries);
	free(scan->levels);
	erofs_index_release(&scan->by_nid);
	erofs_buffer_release(&scan->inodes);
	erofs_source_image_scratch_release(&scan->scratch);
}

/* ---- directories ---------------------------------------------------------------------------------------------------------- */

static int leave(struct scan *scan)
{
	struct level *level = &scan->levels[--scan->depth];
	int err = erofs_source_image_keep_entries(scan->source->tree, level->dir, &level->entries);

	erofs_buffer_release(&level->entries);
	return err;
}

static int enter(struct scan *scan, struct erofs_tree_inode *dir, size_t path_len)
{
	if (erofs_array_reserve(&scan->levels, &scan->room, scan->depth + 1))
		return -ENOMEM;
	scan->levels[scan->depth++] = (struct level){ .dir = dir, .path_len = path_len };
	return 0;
}

/* ---- one entry ------------------------------------------------------------------------------------------------------------ */

static bool same_nid(const void *ctx, uint32_t number, const void *key)
{
	const struct scan *scan = ctx;
	const struct erofs_tree_inode *inode = ((struct erofs_tree_inode **)scan->inodes.data)[number];

	return ((const struct image_origin *)inode->origin)->nid == *(const uint64_t *)key;
}

static struct erofs_tree_inode *find_linked(struct scan *scan, uint64_t nid)
{
	uint32_t number = erofs_index_find(&scan->by_nid, nid, same_nid, scan, &nid);

	return number == EROFS_INDEX_NONE ? NULL : ((struct erofs_tree_inode **)scan->inodes.data)[number];
}

static int remember(struct scan *scan, struct erofs_tree_inode *inode, uint64_t nid)
{
	uint32_t number = (uint32_t)(scan->inodes.size / sizeof(inode));
	int err = erofs_buffer_append(&scan->inodes, &inode, sizeof(inode));

	return err ? err : erofs_index_add(&scan->by_nid, nid, number);
}

static int new_inode(struct scan *scan, struct erofs_tree_inode **out, const struct erofs_walk_entry *entry,
		     struct erofs_tree_inode *parent, const char *name)
{
	struct image_source *source = scan->source;
	bool may_have_links = !S_ISDIR(entry->inode->mode) && !source->options->hard_dereference;
	int err;

	*out = may_have_links && !entry->first ? find_linked(scan, entry->nid) : NULL;
	if (*out)
		return 0;
	*out = erofs_arena_alloc(&source->tree->arena, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->parent = parent;
	(*out)->name = name;
	err = erofs_source_image_fill_inode(source, scan->layer, *out, entry->inode, &scan->scratch);
	return !err && may_have_links ? remember(scan, *out, entry->nid) : err;
}

static int visit_root(struct scan *scan, const struct erofs_walk_entry *entry)
{
	int err;

	if (!S_ISDIR(entry->inode->mode))
		return erofs_report(scan->source->diag, -EUCLEAN, "the root of the image '%s' is no directory",
				    scan->layer->path);
	err = new_inode(scan, &scan->root, entry, NULL, "");
	return err ? err : enter(scan, scan->root, 0);
}

/* What is left out is not looked at, so that damage there does not matter. */
static bool leaves_out(void *ctx, const char *path)
{
	const struct scan *scan = ctx;

	return erofs_source_filter_excludes(scan->source->filter, path + 1);
}

static int visit(void *ctx, const struct erofs_walk_entry *entry)
{
	struct scan *scan = ctx;
	struct erofs_tree_entry made;
	struct level *level;
	int err = 0;

	if (erofs_cancel_requested(scan->source->options->cancel))
		return -ECANCELED;
	/* Which has been told. */
	if (!entry->inode)
		return -EUCLEAN;
	if (!entry->name_len)
		return visit_root(scan, entry);
	while (!err && scan->levels[scan->depth - 1].path_len >= entry->path_len - entry->name_len)
		err = leave(scan);
	if (err)
		return err;
	level = &scan->levels[scan->depth - 1];
	made.name = erofs_arena_copy(&scan->source->tree->arena, entry->path + entry->path_len - entry->name_len,
				     entry->name_len);
	if (!made.name)
		return -ENOMEM;
	err = new_inode(scan, &made.inode, entry, level->dir, made.name);
	if (!err)
		err = erofs_buffer_append(&level->entries, &made, sizeof(made));
	return !err && S_ISDIR(entry->inode->mode) ? enter(scan, made.inode, entry->path_len) : err;
}

static void tell_damage(void *ctx, int err, const char *path, const char *what)
{
	struct scan *scan = ctx;

	/* One is enough to give up. */
	if (!scan->has_reported)
		erofs_report(scan->source->diag, err, "%s: %s in '%s': %s", path, what, scan->layer->path,
			     erofs_source_image_why(err));
	scan->has_reported = true;
}

static int scan_layer(struct image_source *source, struct image_layer *layer, struct erofs_tree_inode **root)
{
	static const struct erofs_walk_ops ops = { .visit = visit, .leaves_out = leaves_out, .damage = tell_damage };
	erofs_auto(release_scan) struct scan scan = { .source = source, .layer = layer };
	struct erofs_inode top;
	int err = erofs_image_inode(layer->image, &top, erofs_image_superblock(layer->image)->root_nid);

	if (err)
		return erofs_report(source->diag, err, "the root of '%s' cannot be read: %s", layer->path,
				    erofs_source_image_why(err));
	err = erofs_walk(layer->image, &top, "/", &ops, &scan);
	while (!err && scan.depth)
		err = leave(&scan);
	*root = scan.root;
	return err;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------------ */

/* An attribute that the image's own fingerprints are called by is nobody else's in the new one. */
static int reserve_fingerprint(struct image_source *source, const struct image_layer *layer)
{
	char name[300];
	int err = erofs_image_fingerprint_name(layer->image, name, sizeof(name));

	if (err == -ENODATA)
		return 0;
	if (err)
		return erofs_report(source->diag, err, "the name of the fingerprints in '%s' cannot be read: %s",
				    layer->path, erofs_source_image_why(err));
	return erofs_tree_reserve_xattr(source->tree, name);
}

/*
 * Devices are handed out to the images in their order, to each as many as its table has slots. How many those are is known when
 * the image is open, so one that has some is opened again.
 */
static int open_layer(struct image_source *source, struct image_layer *layer, size_t *devices)
{
	const struct erofs_scan_options *options = source->options;
	struct erofs_image_options with = { .size = sizeof(with) };
	struct erofs_device_slot slot;
	int err = erofs_image_open(&layer->image, layer->path, NULL, source->diag);

	if (options->device_count)
		with.devices = options->devices + *devices;
	while (!err && with.device_count < options->device_count - *devices &&
	       !erofs_image_device_slot(layer->image, &slot, (unsigned int)with.device_count))
		with.device_count++;
	if (err || !with.device_count)
		return err;
	erofs_image_close(layer->image);
	layer->image = NULL;
	*devices += with.device_count;
	return erofs_image_open(&layer->image, layer->path, &with, source->diag);
}

static int open_layers(struct image_source *source, const char *const *paths, size_t count)
{
	size_t devices = 0;
	int err = 0;

	source->layers = calloc(count, sizeof(*source->layers));
	if (!source->layers)
		return -ENOMEM;
	for (; !err && source->layer_count < count; source->layer_count++) {
		struct image_layer *layer = &source->layers[source->layer_count];
		const char *path = paths[source->layer_count];

		layer->is_upper = source->layer_count;
		layer->number = (unsigned int)source->layer_count;
		layer->path = erofs_arena_copy(&source->tree->arena, path, strlen(path));
		if (!layer->path)
			return -ENOMEM;
		err = open_layer(source, layer, &devices);
		if (!err)
			err = reserve_fingerprint(source, layer);
	}
	if (!err && devices < source->options->device_count)
		err = erofs_report(source->diag, -EINVAL,
				   "the device '%s' belongs to no slot of an image's device table",
				   source->options->devices[devices]);
	return err;
}

static int scan_layers(struct image_source *source)
{
	struct erofs_tree_inode *below = NULL;
	int err = 0;

	for (size_t i = 0; !err && i < source->layer_count; i++) {
		struct erofs_tree_inode *root = NULL;

		err = scan_layer(source, &source->layers[i], &root);
		if (!err)
			erofs_source_losses_report(&source->layers[i].losses, source->layers[i].path, source->diag);
		if (!err && source->layer_count > 1)
			err = erofs_source_image_merge(source, below, root);
		below = root;
	}
	if (!err)
		source->tree->root = below;
	/* Of several, messages name those that they are about. */
	if (!err && source->layer_count == 1)
		err = erofs_tree_set_source_name(source->tree, source->layers[0].path, false);
	return err;
}

/* `build` is how the image will be built; NULL if it depends on nothing of the sources. */
static int scan_images(struct erofs_tree *tree, const char *const *paths, size_t count,
		       const struct erofs_scan_options *options, const struct erofs_source_ops *ops,
		       const struct erofs_build_options *build, const struct erofs_diag *diag)
{
	struct image_source *source = calloc(1, sizeof(*source));
	int err;

	if (!source)
		return -ENOMEM;
	*source = (struct image_source){ .tree = tree, .own_options = *options, .diag = diag };
	source->takes_over = ops == &erofs_source_image_restamp_ops;
	source->is_thin = ops == &erofs_source_image_thin_ops;
	source->carries = source->is_thin && options->carry_fingerprints && build->fingerprint == EROFS_DIGEST_NONE;
	/* Fingerprints need Linux 6.4 anyway. */
	source->storage.for_old_kernels = source->takes_over && build->fingerprint == EROFS_DIGEST_NONE;
	options = source->options = &source->own_options;
	/* From here on the tree owns the source. */
	tree->source = source;
	tree->is_restamped = source->takes_over;
	tree->source_ops = ops;
	err = open_layers(source, paths, count);
	if (!err && source->is_thin)
		err = erofs_source_image_thin_begin(source);
	if (!err)
		err = erofs_source_filter_new(&source->filter, options, diag);
	if (!err && options->file_contexts)
		err = erofs_source_labels_open(&source->labels, options->file_contexts, options->mount_point, diag);
	if (!err)
		err = scan_layers(source);
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	return erofs_source_end(tree, err);
}

static int check_paths(const char *const *paths, size_t count, const char *function, const struct erofs_diag *diag)
{
	for (size_t i = 0; i < count || !i; i++)
		if (!paths || !count || !paths[i])
			return erofs_report(diag, -EINVAL, "%s(): image %zu has no path (NULL)", function, i);
	return 0;
}

int erofs_scan_images(struct erofs_tree *tree, const char *const *paths, size_t count,
		      const struct erofs_scan_options *options, const struct erofs_diag *diag)
{
	struct erofs_scan_options known;
	int err = erofs_source_begin(tree, &known, options, "erofs_scan_images", diag);

	if (!err)
		err = check_paths(paths, count, "erofs_scan_images", diag);
	return err ? err : scan_images(tree, paths, count, &known, &erofs_source_image_source_ops, NULL, diag);
}

int erofs_scan_thin(struct erofs_tree *tree, const char *const *paths, size_t count,
		    const struct erofs_scan_options *options, struct erofs_build_options *build,
		    const struct erofs_diag *diag)
{
	struct erofs_build_options known_build;
	struct erofs_scan_options known;
	int err = erofs_source_begin(tree, &known, options, "erofs_scan_thin", diag);

	if (!err)
		err = check_paths(paths, count, "erofs_scan_thin", diag);
	if (err)
		return err;
	memset(&known_build, 0, sizeof(known_build));
	err = erofs_sized_take(&known_build, sizeof(known_build), build, "erofs_build_options", diag);
	if (!err)
		err = scan_images(tree, paths, count, &known, &erofs_source_image_thin_ops, &known_build, diag);
	if (err)
		return err;
	err = erofs_source_image_carry_end(tree->source, &known_build);
	if (err)
		return erofs_source_end(tree, err);
	known_build.blkszbits = ((struct image_source *)tree->source)->layers[0].image->sb.blkszbits;
	known_build.data_outside = true;
	erofs_sized_give(build, &known_build, sizeof(known_build));
	return 0;
}

int erofs_scan_restamp(struct erofs_tree *tree, const char *path, const struct erofs_scan_options *options,
		       struct erofs_build_options *build, uint64_t *recoded, const struct erofs_diag *diag)
{
	struct erofs_build_options known_build;
	struct erofs_scan_options known;
	int err = erofs_source_begin(tree, &known, options, "erofs_scan_restamp", diag);

	if (err)
		return err;
	if (!path || !recoded)
		return erofs_report(diag, -EINVAL, "erofs_scan_restamp(): no %s (NULL)", path ? "count" : "path");
	memset(&known_build, 0, sizeof(known_build));
	err = erofs_sized_take(&known_build, sizeof(known_build), build, "erofs_build_options", diag);
	if (!err)
		err = scan_images(tree, &path, 1, &known, &erofs_source_image_restamp_ops, &known_build, diag);
	if (!err)
		err = erofs_source_image_describe(tree->source, &known_build);
	if (err)
		return err;
	erofs_sized_give(build, &known_build, sizeof(known_build));
	*recoded = ((struct image_source *)tree->source)->storage.recoded_files;
	return 0;
}

int erofs_source_is_image(const char *path)
{
	struct erofs_device device;
	uint8_t magic[4];
	int err = path ? erofs_device_open(&device, path, 0) : -EINVAL;

	if (err)
		return err == -ENODEV ? 0 : err;
	err = erofs_device_read(&device, magic, sizeof(magic), EROFS_SUPERBLOCK_OFFSET);
	erofs_device_close(&device);
	if (err)
		return err == -ERANGE ? 0 : err;
	return erofs_is_magic(magic);
}
