/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_TREE_TREE_H
#define EROFS_TREE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/tree.h>

#include "lib/util/arena.h"
#include "lib/util/buffer.h"
#include "lib/util/index.h"

/* ---- extended attributes -------------------------------------------------------------------------------------------- */

/* One name and value, the same object for every inode that has them. */
struct erofs_tree_xattr {
	const char *name; /* NUL-terminated, whole */
	const uint8_t *value;
	uint32_t value_size;
	uint16_t name_len;
	uint32_t users; /* inodes that have it; counted by erofs_tree_freeze() */
	uint32_t id;	/* position in tree->xattrs; differs from run to run */
};

/* The attributes of an inode, sorted by name, the same object for every inode that has the same ones. */
struct erofs_xattr_set {
	uint32_t id; /* position in tree->xattr_sets; differs from run to run */
	uint32_t count;
	const struct erofs_tree_xattr *items[];
};

/* What a source found on one inode, before it is shared. */
struct erofs_xattr_found {
	const char *name;
	const void *value;
	uint32_t value_size;
};

/* ---- inodes --------------------------------------------------------------------------------------------------------------- */

/* Bytes of a sparse file that are not a hole, in order, not adjoining. */
struct erofs_data_range {
	uint64_t start;
	uint64_t end;
};

struct erofs_data_map {
	uint32_t count;
	struct erofs_data_range ranges[];
};

struct erofs_tree_inode;
struct erofs_device_slot;

struct erofs_tree_entry {
	struct erofs_tree_inode *inode;
	const char *name;
};

struct erofs_tree_inode {
	uint64_t size; /* regular files and symlinks; else 0 */
	int64_t mtime;
	uint32_t mtime_nsec;
	uint32_t uid, gid;
	uint32_t nlink; /* a source sets what it was told; erofs_tree_freeze() what was found */
	uint16_t mode;
	uint16_t dropped_xattrs;	      /* whose names are reserved */
	uint32_t number;		      /* position in the frozen order */
	const struct erofs_xattr_set *xattrs; /* NULL: none */
	union {
		struct {
			struct erofs_tree_entry *entries; /* without `.` and `..` */
			uint32_t count;
		} dir;
		const char *target;		   /* symlink */
		const struct erofs_data_map *data; /* regular file: NULL if it has no holes */
		struct {
			uint32_t major, minor;
		} rdev;
	};
	void *origin;			 /* the source's own record */
	struct erofs_tree_inode *parent; /* directory of its first name; NULL for the root */
	const char *name;		 /* that name; of the root: see erofs_tree_set_source_name() */
};

/* ---- contents --------------------------------------------------------------------------------------------------------------- */

/* An open regular file. Made by one thread, it may be read and closed by another. */
struct erofs_content {
	const struct erofs_tree_inode *inode;
	int fd;
	uint64_t
		encoded_end; /* up to here the source has it encoded in extents that can be taken over; 0: it has not */
};

/* A chunk of a file whose data stay where they are. */
struct erofs_thin_chunk {
	uint32_t block;	 /* of the device */
	uint16_t device; /* counted from 1; 0: a hole */
};

/* A file whose data stay where they are, with an index that a source makes; see erofs_source_ops.thin. */
struct erofs_thin_file {
	uint8_t layout; /* enum erofs_data_layout */
	uint32_t u;	/* of the inode, but for `base`; with chunks: log2 of their blocks */
	bool has_block; /* `u` is a block */
	const uint8_t *tail;
	uint32_t tail_size;		       /* bytes that lie inline behind the index */
	const struct erofs_thin_chunk *chunks; /* NULL: the source makes the index */
	uint64_t chunk_count;
};

/* What an image says of images that stand beside it. */
struct erofs_thin_images {
	uint32_t incompat; /* superblock bits that their data need */
	uint16_t algorithms_or_distance;
	size_t configs_size;
	uint8_t configs[64]; /* records behind the superblock */
	unsigned int count;  /* of the images */
};

/* An extent as a source has it. */
struct erofs_encoded_extent {
	uint64_t start, length; /* bytes of the file */
	uint32_t size;		/* bytes to read; 0: all zeros */
	bool is_stored;		/* they are those of the file */
	uint64_t place;		/* the source's own: where they are */
	unsigned int device;
};

/*
 * How the builder gets at the bytes of regular files. A reader belongs to one worker. Failures are reported to the diag
 * that the reader was made with, by path; so is a file that is not what it was when it was scanned.
 */
struct erofs_source_ops {
	int (*reader_new)(void **reader, void *source, const struct erofs_diag *diag);
	void (*reader_free)(void *reader);
	int (*open)(void *reader, struct erofs_content *out, const struct erofs_tree_inode *inode);
	/* Reads exactly `length` bytes; a file too short for that has changed. */
	int (*read)(void *reader, struct erofs_content *content, void *buf, size_t length, uint64_t offset);
	/* Fails if the file changed since it was scanned. Closes it in any case. */
	int (*close)(void *reader, struct erofs_content *content);
	/* Closes without looking, on the way out of an error. */
	void (*abandon)(struct erofs_content *content);
	void (*release)(void *source);
	/*
	 * NULL unless all contents lie, as they are, in one file that can stand beside an image. Where the range of a regular
	 * file is that begins at `offset`: `*length` bytes at `*at` of that file, or, if that is EROFS_NOT_STORED, zeros.
	 */
	void (*locate)(void *source, const struct erofs_tree_inode *inode, uint64_t offset, uint64_t *at,
		       uint64_t *length);
	/* Size of that file; known when all of the tree is. */
	uint64_t (*extent)(void *source);
	/*
	 * NULL unless the data lie in images that can stand beside this one as extra devices. Their blocks follow each other
	 * from block `base` of the unified address space on. `thin` says how a regular file that is not empty is stored;
	 * `thin_size` how many bytes, padding in front included, its index takes behind `head` bytes of inode and xattrs;
	 * `thin_index` writes them. `thin_slot` describes the slot of one of the images.
	 */
	void (*thin)(const struct erofs_tree_inode *inode, struct erofs_thin_file *out);
	uint64_t (*thin_size)(const struct erofs_tree_inode *inode, uint64_t head);
	int (*thin_index)(const struct erofs_tree_inode *inode, uint64_t head, uint64_t base, uint8_t *out);
	void (*thin_images)(void *source, struct erofs_thin_images *out);
	void (*thin_slot)(void *source, unsigned int number, uint64_t base, struct erofs_device_slot *slot);
	/* If tree->has_digests: the raw digest of a regular file that is not empty, which then need not be read. */
	const uint8_t *(*digest)(const struct erofs_tree_inode *inode);
	/*
	 * Of a source whose files are encoded already, and which are to be taken over as they are; else NULL. `encoding` is the
	 * position of a file's compressor in the build's list, or -1 if it is to be stored flat, and whether its clusters have
	 * one block each; it matters for files whose content cannot be taken over, too. `encoded` finds the first extent that
	 * begins at or behind `offset`, which is below content->encoded_end: 1; or 0, there is none. `read_encoded` reads its
	 * bytes.
	 */
	int (*encoding)(void *source, const struct erofs_tree_inode *inode, bool *small);
	int (*encoded)(void *reader, struct erofs_content *content, struct erofs_encoded_extent *out, uint64_t offset);
	int (*read_encoded)(void *reader, struct erofs_content *content, const struct erofs_encoded_extent *extent,
			    void *buf);
};

#define EROFS_NOT_STORED UINT64_MAX

/*
 * A source whose contents can be had once only, in its own order: an archive that comes through a pipe. The tree grows while
 * they are read, and is complete at the end. One thread at a time. Failures are reported to the diag that the source was made
 * with.
 */
struct erofs_arrival_ops {
	/*
	 * Goes on to the next regular file that has data, over whatever is left of the last one: 1 and its inode, with size,
	 * attributes and xattrs as they are now known; 0 at the end of the input, as often as it is asked. The inode has a name and a parent for
	 * messages; whether it stays in the tree is known at the end only, since a later member may take its place.
	 */
	int (*next)(void *source, struct erofs_tree_inode **inode);
	/* Reads exactly the next `length` bytes of that file. */
	int (*read)(void *source, void *buf, size_t length);
};

/* ---- the tree ----------------------------------------------------------------------------------------------------------------- */

struct erofs_tree {
	struct erofs_arena arena;
	struct erofs_tree_inode *root;
	const struct erofs_source_ops *source_ops;   /* NULL until there is a source */
	const struct erofs_arrival_ops *arrival_ops; /* NULL: contents can be read in any order, with source_ops */
	void *source;

	struct erofs_arena xattr_arena;
	uint64_t xattr_seed; /* of their hashes */
	struct erofs_tree_xattr **xattrs;
	uint32_t xattr_count;
	size_t xattr_room;
	struct erofs_index xattr_index;
	struct erofs_xattr_set **xattr_sets;
	uint32_t xattr_set_count;
	size_t xattr_set_room;
	struct erofs_index xattr_set_index;

	bool has_digests; /* the source knows all that the build asks for */
	bool is_restamped; /* is to become the image that it was: no rule changes it */

	const char **reserved_xattrs;
	uint32_t reserved_xattr_count;

	/* Set by erofs_tree_freeze(). */
	struct erofs_tree_inode **inodes; /* by number */
	uint32_t inode_count;
	uint64_t dropped_xattrs; /* sum over the inodes */

	bool has_hot_files; /* numbered in an order of their own */
	bool is_normalized; /* erofs_tree_apply() has come to its end */
	bool is_unusable;   /* a scan has failed, or its arrivals were read and will not come again */
};

/*
 * Gives the inode these attributes, less those whose names are reserved. Sorts `found`. -ENOMEM.
 */
int erofs_tree_set_xattrs(struct erofs_tree *tree, struct erofs_tree_inode *inode, struct erofs_xattr_found *found,
			  uint32_t count);

/* The attribute of this name, or NULL. */
const struct erofs_tree_xattr *erofs_tree_find_xattr(const struct erofs_tree_inode *inode, const char *name);

/* Gives the inode this attribute, in place of one of the same name. Safe from several threads. -ENOMEM. */
int erofs_tree_add_xattr(struct erofs_tree *tree, struct erofs_tree_inode *inode, const char *name, const void *value,
			 uint32_t value_size);

/* Puts the inode's path from the root ("/a/b", "/" for the root) into `path`, NUL-terminated. Returns its text. */
const char *erofs_tree_path(struct erofs_buffer *path, const struct erofs_tree_inode *inode);

/*
 * What messages put before the tree's paths, so that they name the source, too: of a directory its own path, of anything else its name
 * and a colon. Without it they begin with the slash. `name` is copied. -ENOMEM.
 */
int erofs_tree_set_source_name(struct erofs_tree *tree, const char *name, bool is_directory);

/* The path that messages show, with odd bytes made visible. To be freed; NULL when out of memory. */
char *erofs_tree_shown_path(const struct erofs_tree_inode *inode);

/* Reports "PATH: text" for an inode, by the path that messages show; returns `err`. */
int erofs_tree_report(const struct erofs_diag *diag, int err, const struct erofs_tree_inode *inode, const char *format,
		      ...) __attribute__((format(printf, 4, 5)));

/* Order of two struct erofs_tree_entry by name, for qsort() and bsearch(). */
int erofs_tree_compare_entries(const void *a, const void *b);

/* Sorts names, counts links and xattr users, numbers the inodes in path order. */
int erofs_tree_freeze(struct erofs_tree *tree, const struct erofs_diag *diag);

/* erofs_tree_normalize() for the builder, when everything has arrived. `rules` is complete. */
int erofs_tree_apply(struct erofs_tree *tree, const struct erofs_tree_rules *rules, const struct erofs_diag *diag);

/* Copies the caller's rules, and looks at them. Reports what is wrong: -EINVAL, -E2BIG. */
int erofs_tree_take_rules(struct erofs_tree_rules *known, const struct erofs_tree_rules *given,
			  const struct erofs_diag *diag);

/* The AUFS rule of erofs_tree_normalize(). */
int erofs_tree_convert_aufs(struct erofs_tree *tree, const struct erofs_diag *diag);

/* What overlayfs has left in the tree, for --ovlfs-strip. -ENOMEM. */
int erofs_tree_strip_overlay(struct erofs_tree *tree);

/* Makes overlayfs hide the whiteouts of the tree in any of its directories. -ENOMEM. */
int erofs_tree_mark_whiteouts(struct erofs_tree *tree);

/*
 * A walk over all directories, parents first, siblings in the order of their entries; no recursion, so that no depth is too
 * much. Entries may be changed in the directory that next() has just returned.
 */
struct erofs_tree_walk {
	struct erofs_tree_inode **stack;
	size_t count, room;
};

int erofs_tree_walk_begin(struct erofs_tree_walk *walk, const struct erofs_tree *tree);
/* The next directory in `*dir`: 1; 0 at the end; -ENOMEM. */
int erofs_tree_walk_next(struct erofs_tree_walk *walk, struct erofs_tree_inode **dir);
void erofs_tree_walk_release(struct erofs_tree_walk *walk);

#endif
