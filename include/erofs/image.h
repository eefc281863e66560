/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_IMAGE_H
#define EROFS_IMAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>
#include <erofs/diag.h>
#include <erofs/fingerprint.h>
#include <erofs/inode.h>
#include <erofs/superblock.h>

/*
 * Reading an image. Nothing in it is trusted: every offset and length is checked against the device before it is used,
 * loops are bounded by the image's size, nothing recurses. All functions may be called on the same image from several
 * threads at once; an erofs_dir or erofs_xattr_iter belongs to one thread.
 *
 * Errors everywhere: -EUCLEAN the image contradicts the format or points outside itself, -EOPNOTSUPP it uses a feature that
 * this library does not read, -EIO or others from the device, -ENOMEM.
 */

struct erofs_image;

struct erofs_image_options {
	size_t size;	 /* of this struct */
	uint64_t offset; /* bytes before the image in its file */
	/* Files or devices with the data of the device table's slots, in its order; borrowed during open only. */
	const char *const *devices;
	size_t device_count;
	/*
	 * Open an image whose superblock checksum is wrong; erofs_image_checksum_ok() tells. Otherwise it is refused
	 * with -EUCLEAN. An inspector wants to look at a broken image, a consumer does not.
	 */
	bool tolerate_bad_checksum;
};

/* Nothing is asked for; see <erofs/api.h>. */
static inline struct erofs_image_options erofs_image_options_init(void)
{
	EROFS_OPTIONS_INIT(struct erofs_image_options);
}

/* Opens an image in a file or block device and checks its superblock. Reports to `diag` (may be NULL) what is wrong. */
EROFS_API int erofs_image_open(struct erofs_image **out, const char *path, const struct erofs_image_options *options,
			       const struct erofs_diag *diag);

/* The same on memory, which must stay unchanged until the image is closed; for tests and fuzzers. */
EROFS_API int erofs_image_open_memory(struct erofs_image **out, const void *data, size_t size,
				      const struct erofs_image_options *options, const struct erofs_diag *diag);

/* Closes the image, its devices and all that it has lent. Directories and iterators of it must be closed before. NULL is fine. */
EROFS_API void erofs_image_close(struct erofs_image *image);

/* The decoded superblock; belongs to the image. */
EROFS_API const struct erofs_superblock *erofs_image_superblock(const struct erofs_image *image);

/* False if SB_CHKSUM is set and the checksum does not match. */
EROFS_API bool erofs_image_checksum_ok(const struct erofs_image *image);

/* Bytes of the primary device from the image's start on. */
EROFS_API uint64_t erofs_image_device_size(const struct erofs_image *image);

/* One slot of the device table. */
struct erofs_device_slot {
	char tag[65]; /* NUL-terminated here */
	uint64_t blocks;
	uint64_t uniaddr; /* first block in the unified address space */
	/*
	 * A file for it was given; or none was given for any slot, and the primary device reaches over its unified
	 * addresses.
	 */
	bool present;
};

/* Slot `index` (0-based; device_id is index + 1). -ERANGE past the end. */
EROFS_API int erofs_image_device_slot(const struct erofs_image *image, struct erofs_device_slot *out,
				      unsigned int index);

/*
 * The file that holds the bytes of a device as an extent names it (0: the primary one, else slot index + 1), for callers that have
 * the kernel move them, by splice(2) or the like. Byte 0 of the device is byte `*start` of the file. The descriptor belongs to the
 * image: nobody else closes it or moves its file position. -ERANGE past the last slot, -ENXIO if no file was given for it, or if
 * the image is in memory.
 */
EROFS_API int erofs_image_device_file(const struct erofs_image *image, unsigned int device, int *fd, uint64_t *start);

/* ---- inodes and names ------------------------------------------------------------------------------------------------ */

/*
 * Reads and checks the inode with this nid. Its type, layout and sizes make sense on success; where its data lie is checked
 * when they are mapped.
 */
EROFS_API int erofs_image_inode(const struct erofs_image *image, struct erofs_inode *out, uint64_t nid);

/*
 * Byte offset of an inode's body on the primary device. For one that lies in the metabox (bit 63 of its nid, in an image that has a
 * metabox) bit 63 is set, too, and the rest counts in the metabox' data.
 */
EROFS_API uint64_t erofs_image_inode_offset(const struct erofs_image *image, uint64_t nid);

/*
 * Finds a path from the root ("/a/b", "a/b" and "/" are fine; "." and ".." are taken literally as the directories'
 * entries). Symbolic links are not followed. -ENOENT, -ENOTDIR.
 */
EROFS_API int erofs_image_lookup(const struct erofs_image *image, struct erofs_inode *out, const char *path);

/* One name in one directory, the binary search a kernel would do. `name` need not be terminated. */
EROFS_API int erofs_image_lookup_at(const struct erofs_image *image, uint64_t *nid, const struct erofs_inode *dir,
				    const char *name, size_t name_len);

struct erofs_dirent {
	uint64_t nid;
	enum erofs_file_type type;
	uint8_t name_len;	       /* 1..255 */
	char name[EROFS_NAME_MAX + 1]; /* NUL-terminated here; the bytes are the image's own */
};

/* A walk through one directory in the order of its blocks, `.` (where the image leaves it out, as the first) and `..` included. */
struct erofs_dir;

/* Begins a walk through `dir`, to be closed with erofs_dir_close(). -ENOTDIR for anything else. */
EROFS_API int erofs_dir_open(struct erofs_dir **out, const struct erofs_image *image, const struct erofs_inode *dir);

/* Ends the walk. NULL is fine. */
EROFS_API void erofs_dir_close(struct erofs_dir *dir);

/*
 * 1: `*out` is the next entry; 0: the end; negative: the rest of the block cannot be read as directory entries. Another call
 * goes on with the next block; after an error of the device or the directory's extents, there is none.
 */
EROFS_API int erofs_dir_next(struct erofs_dir *dir, struct erofs_dirent *out);

/*
 * Where the next entry is, in bytes from the directory's start, as Linux numbers the entries (lseek(2) on its mount). It means the
 * same in every walk through this directory. A `.` that is made up comes first, and what follows it has position 1 then.
 */
EROFS_API uint64_t erofs_dir_position(const struct erofs_dir *dir);

/*
 * Goes on from a position that erofs_dir_position() has told; 0 is the start. -EINVAL for what cannot be one. Where no entry
 * has it although it could, erofs_dir_next() says -EUCLEAN.
 */
EROFS_API int erofs_dir_seek(struct erofs_dir *dir, uint64_t position);

/* ---- data -------------------------------------------------------------------------------------------------------------- */

enum erofs_extent_kind {
	EROFS_EXTENT_HOLE,
	EROFS_EXTENT_PLAIN,   /* plen bytes as they are */
	EROFS_EXTENT_INLINE,  /* the same, behind the inode in the metadata */
	EROFS_EXTENT_ENCODED, /* compressed */
	/* Stored together with pieces of other files: plen bytes from byte `physical` of the packed inode's data. */
	EROFS_EXTENT_FRAGMENT,
};

/* In place of a device: an inline tail of an inode in the metabox; `physical` counts in the metabox' data. */
#define EROFS_DEVICE_METABOX UINT_MAX

struct erofs_extent {
	enum erofs_extent_kind kind;
	uint64_t logical;    /* bytes from the start of the file */
	uint64_t length;     /* logical bytes, not 0 */
	uint64_t physical;   /* bytes from the start of the device; 0 for holes */
	uint64_t plen;	     /* bytes on the device */
	unsigned int device; /* 0: primary, EROFS_DEVICE_METABOX, else slot index + 1 */
	int algorithm;	     /* encoded extents: the format's algorithm number, else -1 */
	bool inlined;	     /* encoded extents: they lie behind the inode in the metadata */
	bool partial;	     /* encoded extents: they decode to more than `length`, whose beginning this is */
};

/*
 * The extent that covers logical offset `offset`, cut at nothing but its own ends; adjacent blocks and chunks of the same
 * kind come as one extent. A run of chunks begins at the one that holds `offset` and has at most 65536 of them, so that a
 * call takes bounded time. An extent of a compressed file is what was compressed at once; bytes in it that are stored as they
 * are may come in two, because some writers rotate them inside their block. 1: found; 0: `offset` is at or past the end of
 * the file. Checks that it lies inside its device, or inside the packed inode, and that its algorithm is announced.
 */
EROFS_API int erofs_image_map(const struct erofs_image *image, struct erofs_extent *out,
			      const struct erofs_inode *inode, uint64_t offset);

/*
 * The same for a caller that needs `want` bytes from `offset` on, at least 1: the extent may end behind them although it goes on, so
 * that a small read of a long row of chunks costs little.
 */
EROFS_API int erofs_image_map_some(const struct erofs_image *image, struct erofs_extent *out,
				   const struct erofs_inode *inode, uint64_t offset, uint64_t want);

/* The packed inode, which holds the fragments; -ENODATA if the image has none. */
EROFS_API int erofs_image_packed_inode(const struct erofs_image *image, struct erofs_inode *out);

/*
 * Which bytes of the packed inode are decoded when the fragment of `inode` is read: those of the extents that hold it, from `*from` up to
 * `*to`, as Linux decodes an extent as a whole. -ENODATA: the file does not end with a fragment; another error: the image is damaged there.
 */
EROFS_API int erofs_image_fragment(const struct erofs_image *image, uint64_t *from, uint64_t *to,
				   const struct erofs_inode *inode);

/* The metabox inode, whose data are inodes and what belongs to them; -ENODATA if the image has none. */
EROFS_API int erofs_image_metabox_inode(const struct erofs_image *image, struct erofs_inode *out);

/* How the data of compressed inodes were made, as the superblock and what follows it announce it. */
struct erofs_compression_info {
	uint16_t algorithms;	   /* bitmap by enum erofs_algorithm; 0: no compressed inode */
	uint32_t lz4_max_distance; /* bytes of history; 0 where the algorithm is not in use */
	uint32_t lz4_max_pcluster; /* bytes */
	uint32_t lzma_dict_size;
	uint32_t deflate_window_size;
	uint32_t zstd_window_size;
};

/*
 * -EUCLEAN, -EOPNOTSUPP and a text (static storage; `reason` may be NULL) if the announcement is broken: then no compressed
 * inode can be read, and Linux would not mount the image.
 */
EROFS_API int erofs_image_compression(const struct erofs_image *image, struct erofs_compression_info *out,
				      const char **reason);

/*
 * Reads the file's bytes at `offset`: as many as there are up to `length`; the count is returned, 0 at the end. Works for
 * regular files, directories and symlinks. -ENXIO if an extent's device was not given. What was decoded last is remembered,
 * so reading a file in order and in small pieces decodes nothing twice.
 */
EROFS_API int64_t erofs_image_read(const struct erofs_image *image, const struct erofs_inode *inode, void *buf,
				   size_t length, uint64_t offset);

/*
 * Reads the first `length` bytes of an extent that erofs_image_map() or erofs_image_map_some() has told of this image; -EINVAL for
 * more than it has. For callers that know where a file's bytes lie, and remember by themselves what was decoded: nothing is
 * remembered here. Decoding the beginning of an extent takes less time than all of it, if its algorithm is LZ4 or LZMA.
 */
EROFS_API int erofs_image_read_extent(const struct erofs_image *image, const struct erofs_extent *extent, void *buf,
				      size_t length);

/* ---- extended attributes ------------------------------------------------------------------------------------------------ */

struct erofs_xattr {
	char name[4 + 2 * EROFS_NAME_MAX + 32]; /* whole name, NUL-terminated (base prefix + infix + suffix) */
	size_t name_len;			/* without the NUL; the name may contain NUL bytes on a hostile image */
	uint8_t base_index;			/* index of the base prefix; 0: none, invisible to getxattr(2) */
	bool shared;				/* stored in the shared zone */
	bool long_prefix;			/* its name uses the long-prefix table ... */
	uint8_t prefix_id;			/* ... this record */
	bool suffix_empty;			/* nothing is stored behind the prefix */
	uint32_t value_size;
	uint64_t value_offset; /* bytes from the start of the device: for erofs_xattr_value() */
	uint64_t entry_offset; /* the entry itself */
};

struct erofs_xattr_iter;

/* Begins a walk through the attributes of an inode, which may have none; to be closed with erofs_xattr_close(). */
EROFS_API int erofs_xattr_open(struct erofs_xattr_iter **out, const struct erofs_image *image,
			       const struct erofs_inode *inode);

/* Ends the walk. NULL is fine. */
EROFS_API void erofs_xattr_close(struct erofs_xattr_iter *iter);

/*
 * 1: `*out` is the next attribute (shared ones first, then inline ones); 0: the end; negative: this one is damaged, and
 * another call goes on behind it if it can be told where that is.
 */
EROFS_API int erofs_xattr_next(struct erofs_xattr_iter *iter, struct erofs_xattr *out);

/* The h_name_filter field of the inode's xattr header; 0 if it has no xattrs. */
EROFS_API uint32_t erofs_xattr_name_filter(const struct erofs_xattr_iter *iter);

/* Reads an attribute's value into `buf` (xattr->value_size bytes). */
EROFS_API int erofs_xattr_value(const struct erofs_image *image, const struct erofs_xattr *xattr, void *buf);

/* A record of the long-prefix table: base prefix and infix. */
struct erofs_xattr_prefix {
	uint8_t base_index;
	uint8_t infix_len;
	char infix[256]; /* NUL-terminated here */
};

/* Record `id` of the table; -ERANGE past the end. */
EROFS_API int erofs_image_xattr_prefix(const struct erofs_image *image, struct erofs_xattr_prefix *out,
				       unsigned int id);

/* The base prefix of an index ("user.", "trusted.", ...), "" for 0, NULL for an index that no base prefix has. */
EROFS_API const char *erofs_xattr_base_prefix(uint8_t base_index);

/* ---- fingerprints ----------------------------------------------------------------------------------------------------------- */

/*
 * The name that the image's fingerprint attributes carry, by its long prefix. 0 and a NUL-terminated name (size bytes at
 * most; 300 are enough), -ENODATA if the image has no ISHARE_XATTRS bit, -EUCLEAN if the prefix id is out of range.
 */
EROFS_API int erofs_image_fingerprint_name(const struct erofs_image *image, char *name, size_t size);

struct erofs_fingerprint {
	unsigned int count;  /* attributes of the fingerprint's name on the inode; more than 1 is a defect */
	uint32_t value_size; /* of the first; at most the block size */
	uint8_t value[4096]; /* the first value, as stored */
};

/* The fingerprint value of an inode: count 0 if there is none. -ENODATA if the image has no ISHARE_XATTRS bit. */
EROFS_API int erofs_image_fingerprint(const struct erofs_image *image, struct erofs_fingerprint *out,
				      const struct erofs_inode *inode);

#endif
