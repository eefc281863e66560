/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SHARE_H
#define EROFS_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>
#include <erofs/diag.h>

/*
 * How much page cache a set of images takes when Linux shares it (mount options inode_share and domain_id, all images in one
 * domain), computed from their metadata. The rule: a non-empty regular file takes its size, rounded up to the page, once
 * for each inode; inodes whose fingerprint, size and kind are equal take it once together. Hard links are one inode. Files
 * that an image stores once are separate inodes and share by their fingerprints only. Sums that do not fit into 64 bits
 * stay at UINT64_MAX.
 */
struct erofs_share;

/* How far erofs_share_add() has come. */
struct erofs_share_progress {
	size_t inputs, inputs_total; /* of this call */
};

struct erofs_share_options {
	size_t size;	      /* of this struct */
	uint32_t page_size;   /* a power of two, 512..1 MiB; 0: 4096 */
	unsigned int workers; /* threads that read inputs; 0: the caller's */
	/* Called after each input, by one thread at a time, not always the caller's. May be NULL; lent as long as the set is there. */
	void (*progress)(void *ctx, const struct erofs_share_progress *progress);
	void *progress_ctx;
};

/* Nothing is asked for; see <erofs/api.h>. */
static inline struct erofs_share_options erofs_share_options_init(void)
{
	EROFS_OPTIONS_INIT(struct erofs_share_options);
}

/* An empty set. -EINVAL, -ENOMEM. */
EROFS_API int erofs_share_new(struct erofs_share **out, const struct erofs_share_options *options);

/* Releases the set and the names that it has lent; lists made of it are their own. NULL is fine. */
EROFS_API void erofs_share_free(struct erofs_share *share);

/*
 * Adds inputs: images, or the JSON manifests that `dump.erofs --fingerprints=json` makes of them. Reports failures by path; after
 * one, the set may only be freed: -EBADMSG a manifest that is none. Damage inside of an image is reported, and only
 * counted in struct erofs_share_image. The same inputs give the same figures, whatever the number of workers.
 */
EROFS_API int erofs_share_add(struct erofs_share *share, const char *const *paths, size_t count,
			      const struct erofs_diag *diag);

/*
 * The same for images that are mounted more than once, each for itself, so that without sharing each copy has a page cache of its own:
 * `copies[i]` (1 or more; NULL: 1 each) of input i, which is read once. As if it had been added that often, but it stays one
 * image of the set.
 */
EROFS_API int erofs_share_add_copies(struct erofs_share *share, const char *const *paths, const uint32_t *copies,
				     size_t count, const struct erofs_diag *diag);

/* ---- figures; ask when all inputs have been added ---------------------------------------------------------------------- */

struct erofs_share_figures {
	uint64_t files;		    /* inodes of non-empty regular files */
	uint64_t bytes;		    /* sum of their sizes */
	uint64_t page_bytes;	    /* page cache without sharing */
	uint64_t shared_page_bytes; /* page cache with it */
};

struct erofs_share_image {
	const char *name;   /* the path it was added by; borrowed */
	bool manifest;	    /* that was a manifest */
	bool fingerprinted; /* has the ISHARE_XATTRS bit; else nothing of it shares */
	char uuid[37];	    /* "" if a manifest does not say */
	uint32_t block_size;
	uint64_t damaged;		  /* places that could not be read, left out here */
	struct erofs_share_figures alone; /* of this image, mounted without the others */
	uint64_t unshareable_files;	  /* without a value that the kernel would take */
	uint64_t unshareable_page_bytes;  /* of them, and of their fragments in the packed inode */
	uint64_t marginal_page_bytes; /* page cache, with sharing, that the set would not need without all its copies */
	uint32_t copies;	      /* the other figures are those of one of them */
	uint32_t algorithms; /* of its fingerprints: 1 << enum erofs_digest each, EROFS_DIGEST_NONE: another value */
	/*
	 * Of the packed inode, whose pages the kernel keeps beside those of the files whose fragments lie there, each mount for itself: of all
	 * of it, and of what files are read from that no image before this one has. A manifest that does not say where fragments lie has all.
	 */
	uint64_t packed_page_bytes;
	uint64_t packed_shared_page_bytes;
};

struct erofs_share_total {
	size_t images;
	uint64_t mounts;		/* copies of all images */
	struct erofs_share_figures all; /* of the whole set, all copies */
	uint64_t distinct;		/* distinct (fingerprint, size, kind) */
	/*
	 * The kernel looks for the fingerprint alone, so that only the kind and size that it meets first is shared, the
	 * others not even among themselves: as many bytes more, at most, may be needed. 0 without clashes.
	 */
	uint64_t clash_page_bytes;
	uint32_t algorithms; /* of all images together: files of different ones never share */
};

/* Figures of the whole set. Zeros for no set (NULL). */
EROFS_API void erofs_share_get_total(const struct erofs_share *share, struct erofs_share_total *out);

/* Image `index`, in the order of adding; -ERANGE. */
EROFS_API int erofs_share_get_image(const struct erofs_share *share, struct erofs_share_image *out, size_t index);

/* ---- what spoils sharing ----------------------------------------------------------------------------------------------- */

enum erofs_share_spoiler {
	EROFS_SHARE_SIZE_CLASH,	     /* one fingerprint, several sizes: forged or broken */
	EROFS_SHARE_NO_FINGERPRINT,  /* files without one, in images that have them */
	EROFS_SHARE_KIND_CLASH,	     /* one content, compressed here, plain there */
	EROFS_SHARE_CONTENT_DIFFERS, /* one path, several contents */
	EROFS_SHARE_SPOILERS
};

/* A regular file that a clash is shown by. */
struct erofs_share_example {
	size_t image;
	char *path; /* path_size bytes and a NUL */
	size_t path_size;
	uint64_t size;
	bool compressed;
};

struct erofs_share_loss {
	char *path; /* path_size bytes, from the root on, and a NUL; clashes: that of examples[0] */
	size_t path_size;
	uint64_t page_bytes; /* that sharing could save here, at most */
	uint64_t files;	     /* inodes, at this path or of this value; CONTENT_DIFFERS: copies of an image count once */
	uint64_t contents; /* NO_FINGERPRINT: 0; CONTENT_DIFFERS: distinct contents; clashes: distinct sizes or kinds */
	char value[2 * 64 + 16];		/* clashes: "sha256:..." of the value; else "" */
	struct erofs_share_example examples[2]; /* clashes only */
};

struct erofs_share_losses {
	struct erofs_share_loss *items; /* the worst first */
	size_t count;
	uint64_t all;	     /* how many there are in the set */
	uint64_t page_bytes; /* of all of them */
};

/* The `limit` worst losses of one kind. -ENOMEM, -EINVAL. */
EROFS_API int erofs_share_list_losses(const struct erofs_share *share, struct erofs_share_losses *out,
				      enum erofs_share_spoiler spoiler, size_t limit);

/* Releases what the list holds, not the struct itself. NULL is fine. */
EROFS_API void erofs_share_losses_release(struct erofs_share_losses *losses);

/* ---- directories ------------------------------------------------------------------------------------------------------- */

struct erofs_share_directory {
	char *path; /* path_size bytes and a NUL; "/" is the root */
	size_t path_size;
	bool whole; /* with everything below it; else without those of its directories that stand in the list themselves */
	uint64_t page_bytes;
	uint64_t shared_page_bytes;    /* what is shared counts where it is met first */
	uint64_t differing_page_bytes; /* EROFS_SHARE_CONTENT_DIFFERS of these paths */
};

struct erofs_share_directories {
	struct erofs_share_directory *items; /* the largest first */
	size_t count;
};

enum erofs_share_order {
	EROFS_SHARE_BY_SIZE,	   /* page_bytes */
	EROFS_SHARE_BY_DIFFERENCE, /* differing_page_bytes */
};

/*
 * Cuts the tree of all paths into at most `limit` parts that do not overlap, finest where most is: directories that
 * hold less than a quarter of an even share stay parts of their parents. Nothing is left out. -ENOMEM.
 */
EROFS_API int erofs_share_list_directories(const struct erofs_share *share, struct erofs_share_directories *out,
					   enum erofs_share_order order, size_t limit);

/* Releases what the list holds, not the struct itself. NULL is fine. */
EROFS_API void erofs_share_directories_release(struct erofs_share_directories *directories);

#endif
