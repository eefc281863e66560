/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_BUILD_H
#define EROFS_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>
#include <erofs/compress.h>
#include <erofs/diag.h>
#include <erofs/fingerprint.h>
#include <erofs/superblock.h>
#include <erofs/tree.h>

/*
 * Building an image from a normalized tree. The same tree and options give the same bytes, whatever the number of workers;
 * only a random UUID and an unset time differ from build to build.
 */

enum erofs_inode_form {
	EROFS_INODE_FORM_AUTO,	   /* compact where nothing is lost */
	EROFS_INODE_FORM_COMPACT,  /* always; other mtimes than the image's become it, and are counted */
	EROFS_INODE_FORM_EXTENDED, /* always */
};

enum erofs_uuid_rule {
	EROFS_UUID_RANDOM,
	EROFS_UUID_CONTENT, /* derived from everything else in the image, contents included */
	EROFS_UUID_GIVEN,
};

enum erofs_build_stage {
	EROFS_STAGE_PACK,
	EROFS_STAGE_EMIT,
	EROFS_STAGE_REPEATS,   /* dedupe_runs: before files are packed, they are read for what they have in common */
	EROFS_STAGE_FRAGMENTS, /* behind files: what has been put aside is packed */
};

struct erofs_build_progress {
	enum erofs_build_stage stage;
	uint64_t files, files_total; /* regular files read; fragments: the one that they lie in */
	uint64_t bytes, bytes_total; /* of their contents */
};

/* Which fragments are stored only once. */
enum erofs_fragment_dedupe {
	EROFS_FRAGMENTS_FULL,  /* all that are equal */
	EROFS_FRAGMENTS_INODE, /* those of equal files, if these are (dedupe_files) */
	EROFS_FRAGMENTS_NONE,  /* the same: whether equal files are stored once is for dedupe_files to say */
};

/* How compressed files are laid out. */
enum erofs_compressed_form {
	/* Each physical cluster is a number of whole blocks, filled with as much input as it takes: any kernel. */
	EROFS_COMPRESSED_CLUSTERS,
	/* Extents of equal input, encoded one by one and laid down byte behind byte: Linux >= 6.15. */
	EROFS_COMPRESSED_EXTENTS,
};

#define EROFS_COMPRESSIONS_MAX 64

/* Files that are to be compressed in another way than the rest. */
struct erofs_compress_hint {
	uint32_t pcluster_size;	  /* bytes; 0: stored flat; UINT32_MAX: as without the hint */
	unsigned int compression; /* index into compression[] */
};

struct erofs_compress_hints;

/*
 * Whether the inodes, with their xattrs, indexes and all that lies behind them, and the files of less than a block, are encoded together: in
 * the data of one inode that nobody sees, the metabox. Linux >= 6.17.
 */
enum erofs_metabox_rule {
	EROFS_METABOX_DEFAULT, /* no, unless erofs_build_for_kernel() finds that it may be */
	EROFS_METABOX_NEVER,
	EROFS_METABOX_IF_SMALLER, /* if that makes the image smaller */
	EROFS_METABOX_ALWAYS,
};

/* Whether directories that have more than fits behind their inodes are compressed, each by itself. */
enum erofs_directory_rule {
	EROFS_DIRECTORIES_DEFAULT, /* if there is a metabox */
	EROFS_DIRECTORIES_STORED,
	EROFS_DIRECTORIES_COMPRESSED,
};

/*
 * CLUSTERS: whether runs of zeros inside of files take no data. Their extents name one cluster of zeros, of which an image has one for
 * each algorithm, and carry a mark by which Linux >= 7.2 does not even read that. Only full indexes have such extents, and no Linux
 * before 6.1 reads them. EXTENTS: no run of zeros of an extent's size takes any, whatever the rule.
 */
enum erofs_zero_extents_rule {
	EROFS_ZERO_EXTENTS_DEFAULT, /* in files with full indexes, if the other options want Linux >= 6.1 anyway */
	EROFS_ZERO_EXTENTS_NEVER,
	EROFS_ZERO_EXTENTS_ALWAYS, /* files that have such runs get full indexes */
};

/* Pieces of this size make small images, and trees that are read whole quicker than smaller ones do. */
#define EROFS_METABOX_PIECE_DEFAULT (128u * 1024)

/*
 * Reads a file of hints, one a line: "SIZE [INDEX] REGEX", where SIZE is the pcluster size in bytes, INDEX the position of the
 * algorithm in the list of them (0), and REGEX an extended regular expression that is searched for in the path from the root
 * without its leading slash; the first line that matches counts. '#' begins a comment. Reports what is wrong by file and
 * line. A size that is too large or no whole number of bytes is a warning, and one of no whole blocks is one when the image is
 * built: such files take the size of all others.
 */
EROFS_API int erofs_compress_hints_read(struct erofs_compress_hints **out, const char *path,
					const struct erofs_diag *diag);

/* Releases hints, which no build may be using any more. NULL is fine. */
EROFS_API void erofs_compress_hints_free(struct erofs_compress_hints *hints);

/* Extents of this size make small images that are still quick to read at random. */
#define EROFS_EXTENT_SIZE_DEFAULT (128u * 1024)

struct erofs_build_options {
	size_t size;		/* of this struct */
	unsigned int blkszbits; /* log2 of the block size, 9..12 */
	unsigned int workers;	/* threads that read and hash; 0: the caller's */

	enum erofs_digest fingerprint; /* EROFS_DIGEST_NONE: no fingerprints */
	const char *fingerprint_name;  /* NULL: trusted.erofs.fingerprint */

	bool dedupe_files;	/* regular files of equal content share their blocks */
	bool inline_data;	/* the last part of a regular file may lie behind its inode */
	bool xattr_name_filter; /* write the filter that speeds up lookups of absent xattrs */
	bool sb_checksum;
	/*
	 * Contents stay in the archive that the tree comes from, which becomes an extra device: for mounting with device=, or
	 * with the archive appended to the image. Wants a source that has them as they are, blocks of 512 bytes, and no
	 * compression; -EINVAL otherwise. Linux >= 5.16.
	 */
	bool data_outside;
	bool fill_holes; /* sparse files are stored with their zeros: chunks need Linux >= 5.15 */
	enum erofs_inode_form inode_form;
	int shared_xattr_users; /* an xattr is stored once if more than this many inodes have it; < 0: never */
	const char *const *xattr_prefixes; /* long prefixes to use, such as "trusted.overlay." */
	size_t xattr_prefix_count;

	/* The first one is for all files that no hint says otherwise about. The same algorithm may come with several settings. */
	struct erofs_compression compression[EROFS_COMPRESSIONS_MAX];
	unsigned int compression_count; /* 0: files are stored as they are */
	enum erofs_compressed_form compressed_form;
	uint32_t pcluster_size;	   /* bytes, a multiple of the block size up to EROFS_PCLUSTER_ENCODED_MAX; CLUSTERS */
	uint32_t extent_size;	   /* bytes, a power of two from the block size to 1 MiB; EXTENTS */
	uint32_t max_extent_bytes; /* what one extent may decode to at most; 0: EROFS_PCLUSTER_DECODED_MAX */
	bool full_index;	   /* CLUSTERS: 8-byte index entries instead of compact ones */
	bool interlaced;	   /* CLUSTERS: stored blocks may be rotated, which Linux reads from 6.1 on */
	const struct erofs_compress_hints *hints; /* may be NULL */

	char volume_name[EROFS_VOLUME_NAME_MAX + 1];
	enum erofs_uuid_rule uuid_rule;
	uint8_t uuid[16];   /* for EROFS_UUID_GIVEN */
	int64_t build_time; /* seconds since 1970 */

	uint64_t offset; /* bytes to leave alone in front of the image */
	bool force;	 /* overwrite what is neither empty, zeroed nor an EROFS image */
	bool no_sync;	 /* do not wait until the image is on the disk */

	const struct erofs_cancel *cancel; /* stops with -ECANCELED. May be NULL */
	/* Called now and then, by one thread at a time. May be NULL. */
	void (*progress)(void *ctx, const struct erofs_build_progress *progress);
	void *progress_ctx;

	/* The image's size is a multiple of so many blocks, as its superblock says, too; 0 or 1: of one. */
	uint32_t align_blocks;
	/*
	 * Append a dm-verity superblock and hash tree (sha256, version 1, a salt of 32 zeros, blocks of the image's size), which
	 * depend on the image alone. A file that is the image as a whole gets a sidecar OUTPUT.dmverity with root hash and
	 * offset as JSON, which is in place before the image is; devices and regions behind an offset get none.
	 */
	bool verity;
	/*
	 * OUTPUT is an entry of a cache that others write and use at the same time: what is there stays as it is until the new
	 * file, of mode 0644, takes its name; if another writer was faster, its entry stays. -EINVAL with an offset.
	 */
	bool cache_entry;
	/*
	 * CLUSTERS: the last cluster of a file, if it has less than a block, stands behind the file's index, at the size it has;
	 * small files are compressed, too. Linux >= 5.17. -EINVAL with EXTENTS, of which each takes no more than it has anyway.
	 */
	bool pack_tails;

	enum erofs_metabox_rule metabox;
	/* Bytes of the metabox that are encoded at once: a power of two from the block size to 1 MiB; 0: what suits most. */
	uint32_t metabox_piece;
	/*
	 * By what; if it is not set, by the algorithm of compression[0], at level 9 or more (zstd: 6, LZMA: at its own). Without either, -EINVAL.
	 */
	bool metabox_compression_set;
	struct erofs_compression metabox_compression;

	/*
	 * Tails (what is behind the last whole cluster or extent) and small files lie together in the packed inode, which is
	 * compressed like a file. Linux >= 6.1 keeps what it has read of that in memory beside the files' own pages, and never
	 * shares it between images.
	 */
	bool fragments;
	bool all_fragments;    /* whole files do, of any size */
	uint64_t fragment_max; /* bytes of the largest; 0: no bound but the size of a cluster or extent */
	enum erofs_fragment_dedupe fragment_dedupe;

	/* Entries of chunk maps have 8 bytes, with the number of a device, where 4 would do. */
	bool chunk_indexes;
	/* The blocks of each file begin at a multiple of so many; 0 or 1: anywhere. -EINVAL with compression. */
	uint32_t data_align_blocks;
	/* Parts of the data that are in work at the same time, at most; one more than workers is the least. 0: as is best. */
	uint32_t jobs_most;

	/*
	 * Equal runs of bytes inside of files are stored once, if that is worth it. With compression contents are read twice, so
	 * that -EINVAL comes of those that arrive, unless all of them are fragments (all_fragments); Linux >= 6.1. Without,
	 * blocks that are there already, and those of zeros, are not stored again, and the files that have such become
	 * chunk-based; Linux >= 5.15.
	 */
	bool dedupe_runs;
	/*
	 * CLUSTERS of LZ4 as Linux before 5.4 reads them: encoded bytes in front of their blocks, and a full index, whatever
	 * full_index says. -EINVAL with what needs a newer kernel: other algorithms, packed tails, fragments, shared runs, a metabox.
	 */
	bool legacy_layout;
	/* Directories do without an entry `.`, which Linux >= 6.15 lists all the same. */
	bool dot_omitted;
	/*
	 * CLUSTERS: clusters of the packed inode, if that holds tails and not whole files (all_fragments); a multiple of the block size
	 * up to EROFS_PCLUSTER_ENCODED_MAX. 0: of pcluster_size, or if that is 0, too, of 64 KiB: they hold many tails each, and
	 * whoever needs one of them will often need its neighbours.
	 */
	uint32_t packed_pcluster_size;

	/*
	 * All regular files are chunk-based, with chunks of so many bytes: a power of two from the block size to
	 * EROFS_CHUNK_BYTES_MAX; 0: they are not. Equal chunks of the whole image are stored once, chunks of zeros not at all.
	 * Where the chunks of a file follow each other, its map says so with larger ones. -EINVAL with compression, fill_holes
	 * or data_outside. Linux >= 5.15.
	 */
	uint32_t chunk_bytes;

	/*
	 * A file or block device that contents go to, apart from their metadata: the image's only extra device, for mounting with
	 * device=. Made, overwritten and synced like the image, complete before the image is, and gone when that fails. NULL: there
	 * is none. -EINVAL without chunk_bytes, or with verity, cache_entry or a metabox. Linux >= 5.16.
	 */
	const char *data_device;

	/*
	 * Directories that become smaller by it are compressed, as the metabox is if there may be one, else as files are. -EINVAL
	 * if COMPRESSED, and nothing says how.
	 */
	enum erofs_directory_rule directories;

	/* -EINVAL for EROFS_ZERO_EXTENTS_ALWAYS with legacy_layout, and for EROFS_ZERO_EXTENTS_NEVER with EXTENTS. */
	enum erofs_zero_extents_rule zero_extents;
};

/* A chunk is in memory as a whole, one for each worker and some more. */
#define EROFS_CHUNK_BYTES_MAX (16u * 1024 * 1024)

struct erofs_build_summary {
	uint64_t inodes, regular_files, directories;
	uint64_t source_bytes; /* sum of the sizes of regular files */
	uint64_t image_bytes;
	uint64_t data_bytes;	 /* blocks with contents of regular files */
	uint64_t metadata_bytes; /* everything else */
	uint64_t fingerprinted_files;
	uint64_t distinct_fingerprints;
	uint64_t shared_files;	   /* regular files whose blocks are another one's, too */
	uint64_t saved_bytes;	   /* by that */
	uint64_t abandoned_files;  /* of arrivals, replaced by later members ... */
	uint64_t abandoned_bytes;  /* ... whose data stay behind in the image as zeros */
	uint64_t lost_times;	   /* inodes whose mtime EROFS_INODE_FORM_COMPACT did not keep */
	uint64_t compressed_files; /* regular files that are not stored flat */
	uint64_t compressed_bytes; /* what their contents are as they are read */
	uint64_t encoded_bytes;	   /* ... and in the image, every content counted once */
	uint64_t encoder_runs;	   /* how often a compressor was run */
	uint64_t encoded_extents;  /* ... and for how many extents */
	uint64_t shared_xattrs;	   /* distinct xattrs in the shared zone */
	uint8_t uuid[16];
	bool has_verity;		/* the two below are set */
	uint8_t verity_root[32];	/* the root hash; image_bytes includes the tree */
	uint64_t verity_offset;		/* bytes from the image's start to dm-verity's superblock */
	uint64_t metabox_bytes;		/* metadata and small files in the metabox, 0: there is none; ... */
	uint64_t metabox_encoded_bytes; /* ... what they take in the image, ... */
	uint64_t metabox_pieces;	/* ... in so many pieces */
	uint64_t fragments;		/* distinct files that end with a fragment, or are one */
	uint64_t fragment_bytes;	/* of them, as they are read */
	uint64_t packed_bytes;		/* of the packed inode, which they lie in: equal ones once */
	uint64_t packed_encoded_bytes;	/* and what it takes in the image */
	uint64_t repeats;      /* runs of bytes that other files have, too, or earlier parts of the same, ... */
	uint64_t repeat_bytes; /* ... and their sum; they are not stored again */
	uint64_t device_bytes; /* of data_device; 0: there is none. data_bytes are there */
};

/*
 * Sensible defaults: 4 KiB blocks, files stored once, everything compact and inline that can be, a random UUID, a worker for
 * each processor. Sets `size` bytes, which are those of the caller's struct.
 */
EROFS_API void erofs_build_defaults_sized(struct erofs_build_options *options, size_t size);

static inline void erofs_build_defaults(struct erofs_build_options *options)
{
	erofs_build_defaults_sized(options, sizeof(*options));
}

/*
 * Makes an image that a kernel from `kernel` on can mount: switches on what all of those read and gains something, and
 * refuses with -EOPNOTSUPP, reported with the reason, what the options ask for and that kernel cannot read. `form_given`: the
 * caller has chosen compressed_form, which then stays. 0.0 asks for nothing. Called last, when all other options are set.
 */
EROFS_API int erofs_build_for_kernel(struct erofs_build_options *options, struct erofs_kernel kernel, bool form_given,
				     const struct erofs_diag *diag);

/*
 * Writes the image to `output`: a new file, which appears under its name only when complete, or an existing regular file or
 * block device, which is written in place with the superblock last; a failure leaves it without one. Returns when the image
 * is on the disk. Reports failures by path; a file that is not what it was when it was scanned is one.
 */
EROFS_API int erofs_build(const struct erofs_tree *tree, const char *output, const struct erofs_build_options *options,
			  struct erofs_build_summary *summary, const struct erofs_diag *diag);

/*
 * The same from a tree whose contents arrive: they are read now, and go into the image in the order of their coming,
 * then the tree is normalized by the rules.
 */
EROFS_API int erofs_build_arrivals(struct erofs_tree *tree, const struct erofs_tree_rules *rules, const char *output,
				   const struct erofs_build_options *options, struct erofs_build_summary *summary,
				   const struct erofs_diag *diag);

#endif
