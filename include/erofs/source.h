/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_H
#define EROFS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include <erofs/api.h>
#include <erofs/diag.h>
#include <erofs/tree.h>

/*
 * Filling a tree. A source reserves the fingerprint's name before it reads a single attribute, so that nothing from outside
 * can put one into an image.
 */

struct erofs_scan_options {
	size_t size;	      /* of this struct */
	unsigned int workers; /* threads that read directories, and images for their tags; 0: the caller's */
	bool ignore_xattrs;
	bool overlay_xattrs; /* ... but for those of overlayfs, which erofs_tree_rules.strip_overlay looks at and drops */
	bool hard_dereference; /* every name of a hard-linked file becomes a file of its own */
	/* Paths to leave out, with all that is below them, relative to the source; "/a//./b/" is "a/b". */
	const char *const *exclude_paths;
	size_t exclude_path_count;
	/* POSIX extended regular expressions; a relative path in which one matches is left out likewise. */
	const char *const *exclude_regexes;
	size_t exclude_regex_count;
	/* For each of the paths, then of the expressions: becomes true when something is left out by it. May be NULL. */
	bool *exclusions_used;
	/*
	 * SELinux file_contexts file that replaces security.selinux of all inodes, looked up by mount_point (NULL: "/") and
	 * the path. NULL: none. -EOPNOTSUPP if the library was built without SELinux.
	 */
	const char *file_contexts;
	const char *mount_point;
	/*
	 * Images: the files or devices with the data of their device tables' slots, in the order of the images and of their
	 * slots; they stay open like the images.
	 */
	const char *const *devices;
	size_t device_count;
	const struct erofs_cancel *cancel; /* stops with -ECANCELED. May be NULL */
	/*
	 * Several images: what a mark of overlayfs hides is left out, but the mark stays, so that the new image hides the same
	 * in images that will lie below it.
	 */
	bool keep_overlay;
	bool carry_fingerprints; /* see erofs_scan_thin() */
	/*
	 * Directories: files and directories that the caller may not read are left out, and listed in a warning. Without this, the
	 * scan fails when it has found all of them, and its message lists them. Other sources have none.
	 */
	bool ignore_unreadable;
	/*
	 * Directories: one on which another file system is mounted stays empty; anything else on which one is mounted is left out.
	 * Other sources have none.
	 */
	bool one_file_system;
};

/* Nothing is asked for; see <erofs/api.h>. */
static inline struct erofs_scan_options erofs_scan_options_init(void)
{
	EROFS_OPTIONS_INIT(struct erofs_scan_options);
}

/*
 * Scans a directory into an empty tree. Only directories are opened now, and regular files that have holes; what is neither
 * directory nor regular file is never opened. The directory must stay as it is until the image is built: a file that
 * changes in between makes erofs_build() fail. Reports failures by path.
 */
EROFS_API int erofs_scan_directory(struct erofs_tree *tree, const char *path, const struct erofs_scan_options *options,
				   const struct erofs_diag *diag);

/*
 * Scans EROFS images into an empty tree, the lowest first: each is laid over those before it as overlayfs would lay its layers.
 * What a whiteout (a character device 0:0, or an empty file with trusted.overlay.whiteout) or an opaque directory (trusted.overlay.opaque is "y") hides is left out, and so
 * are the marks themselves; a directory of several images has the attributes of the uppermost. A single image is taken as it
 * is, marks included. Files whose data overlayfs would look up elsewhere (trusted.overlay.redirect, metacopy) are refused.
 *
 * The name that an image's own fingerprints have is reserved. The images stay open, and must stay as they are, until the tree
 * is freed. `options->workers` does not matter. Nothing in an image is trusted; what cannot be read is reported by its path
 * and fails the scan, or the build if it is data.
 */
EROFS_API int erofs_scan_images(struct erofs_tree *tree, const char *const *paths, size_t count,
				const struct erofs_scan_options *options, const struct erofs_diag *diag);

/* Whether a path relative to the source is left out, or is below what is: 1 or 0; negative, reported, if an option is bad. */
EROFS_API int erofs_scan_excludes(const struct erofs_scan_options *options, const char *path,
				  const struct erofs_diag *diag);

/*
 * When the source has been read to its end (of arrivals: when the image is built), warns of each exclusion that matched
 * nothing, by `exclusions_used`. A path below one that is left out counts as matched.
 */
EROFS_API int erofs_scan_warn_unused(const struct erofs_scan_options *options, const struct erofs_diag *diag);

struct erofs_build_options;

/*
 * Scans one image that is to be built anew as it is, but for its fingerprints, and sets in `build` all that says how: block
 * size, compression and its layout, label, time of the build. Compressed data are then taken over by erofs_build() as they
 * are; they are decoded for their digests only. What other files have to do with (fragments, parts of a deduplicated
 * cluster), what lies behind an inode, and LZ4 data of the oldest kind, are compressed anew in the same way: `*recoded` is the
 * number of such files. So are, where `build` asks for no fingerprints, LZ4 extents that Linux 5.10 would read wrongly: the image
 * could claim to be for it. With fingerprints it needs Linux 6.4. `build` must not be changed in these respects any more, and the tree gets no rules.
 */
EROFS_API int erofs_scan_restamp(struct erofs_tree *tree, const char *path, const struct erofs_scan_options *options,
				 struct erofs_build_options *build, uint64_t *recoded, const struct erofs_diag *diag);

/*
 * Scans images like erofs_scan_images(), for one of metadata only: erofs_build() then makes the images extra devices, in their
 * order, and points to the contents where they lie, compressed ones too; what lies inline is copied. The tag of a device's slot
 * is a SHA-256 in hex: that of the image's name if it has one ("<64 hex digits>", "<64 hex digits>.erofs", as blobs of OCI
 * layouts and entries of layer caches are called), else that of its bytes, which are all read for it. Linux >= 5.16, or as new as the images themselves want, mounts it with device= for each. The
 * images must have blocks of one size, no devices of their own and no fragments (-EOPNOTSUPP); addresses beyond an image are
 * damage. Sets the block size and data_outside in `build`, which must stay, without compression.
 *
 * Fingerprints that `build` asks for are computed from the contents, which are read for that, whatever the images say. If it asks
 * for none and options->carry_fingerprints is set, those of the images are carried over unread, if all images have some: `build`
 * then names their algorithm, and their name in the first image, valid until the tree is freed. They are believed as the kernel
 * would believe them in the images themselves. A file without one, two algorithms, or a value that is no fingerprint's, are
 * refused with -EUCLEAN; if only some of the images have any, none is carried over, with a warning.
 */
EROFS_API int erofs_scan_thin(struct erofs_tree *tree, const char *const *paths, size_t count,
			      const struct erofs_scan_options *options, struct erofs_build_options *build,
			      const struct erofs_diag *diag);

/* Whether a regular file or block device looks like an EROFS image: 1 or 0; negative if it cannot be read. */
EROFS_API int erofs_source_is_image(const char *path);

/*
 * Takes a tar archive for the source of an empty tree; `path` NULL or "-" is standard input. All formats that occur are read,
 * compressed with gzip, bzip2, xz, lzip, lzma, zstd or lz4, too; later members take the place of earlier ones. Names that lead
 * out of the archive, an archive that ends within a member, and a compressed stream that is damaged, cut off, or not the last
 * thing in the file, are errors.
 *
 * An uncompressed regular file is looked through now, and its contents are read when the image is built; it must stay as it
 * is until then. What else there is arrives: erofs_build_arrivals() reads it: nothing but its first bytes is looked at now,
 * what `options` points to must stay valid until then, and hard_dereference is refused with -EOPNOTSUPP when it turns out to matter.
 * Workers and names of owners do not count; entries of ACLs that name somebody without an id are left out and counted in a
 * warning, as are xattrs of namespaces that the format does not know. Reports failures by member.
 */
EROFS_API int erofs_scan_tar(struct erofs_tree *tree, const char *path, const struct erofs_scan_options *options,
			     const struct erofs_diag *diag);

#endif
