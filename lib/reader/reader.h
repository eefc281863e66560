/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_READER_READER_H
#define EROFS_READER_READER_H

#include <erofs/image.h>

#include "lib/format/format_zmap.h"
#include "lib/io/device.h"

/*
 * The reader's inside. An image does not change once it is open, whatever the number of threads, but for its list of idle
 * decoders, which has a lock. Every byte that is read goes through erofs_reader_read_meta() or erofs_reader_read_device(), which
 * check its place.
 */

struct erofs_decoders;

/* A slot of the device table and the file that stands for it. */
struct erofs_image_slot {
	struct erofs_device_slot info;
	struct erofs_device device; /* closed unless info.present and not flat */
	bool flat;		    /* its blocks lie in the primary device at their unified address */
};

struct erofs_image {
	struct erofs_superblock sb;
	struct erofs_device primary;
	bool checksum_ok;

	struct erofs_image_slot *slots; /* slot_count of them */
	unsigned int slot_count;
	unsigned int device_id_mask; /* what of a chunk's device_id counts */
	/* Slots with a place in the unified address space, by that place; they do not overlap. */
	unsigned int *unified;
	unsigned int unified_count;

	struct erofs_xattr_prefix *prefixes; /* prefix_count of them */
	unsigned int prefix_count;
	int prefix_err; /* why the table could not be read */

	struct erofs_compression_configs configs;
	int configs_err; /* why no compressed inode can be read ... */
	const char *configs_reason;
	struct erofs_inode packed;
	int packed_err; /* -ENODATA: there is none */
	struct erofs_inode metabox;
	int metabox_err; /* -ENODATA: there is none */
	/* erofs_image_read() of the metabox, below which what reads metadata stands. */
	int64_t (*read_metabox)(const struct erofs_image *image, const struct erofs_inode *metabox, void *buf,
				size_t length, uint64_t offset);
	struct erofs_decoders *decoders;
};

/* ---- metadata (meta.c), below all others here ---- */

/*
 * An address of metadata counts on the primary device, or, with this bit, in the data of the metabox inode. No device reaches so
 * far, and blocks begin at the same addresses with it and without.
 */
#define EROFS_METABOX_AREA (UINT64_C(1) << 63)

/* Reads metadata; -EUCLEAN if the bytes are not all inside the device, or the metabox. */
int erofs_reader_read_meta(const struct erofs_image *image, void *buf, size_t length, uint64_t offset);

/* Bytes from `offset` to the end of the device, or the metabox; 0 outside. */
uint64_t erofs_reader_meta_rest(const struct erofs_image *image, uint64_t offset);

/* Whether `length` bytes at `offset` lie inside. */
bool erofs_reader_meta_fits(const struct erofs_image *image, uint64_t offset, uint64_t length);

/*
 * Bytes of metadata that the metabox may hold besides those of the device: its size, or what compression can make of the image, if
 * that is less. A limit for work on hostile images.
 */
uint64_t erofs_reader_metabox_budget(const struct erofs_image *image);

/* Where the shared xattrs begin. */
uint64_t erofs_reader_shared_zone(const struct erofs_image *image);

/* Fills in device and physical of an extent that lies among the metadata. */
void erofs_reader_place_meta(struct erofs_extent *out, uint64_t offset);

/* First byte behind an inode's body and xattr area. */
uint64_t erofs_reader_inode_end(const struct erofs_image *image, const struct erofs_inode *inode);

/* The name of an algorithm that the image announces and this build cannot read, or NULL. */
const char *erofs_reader_left_out(const struct erofs_image *image);

/* ---- devices (image_device.c) -------------------------------------------------------------------------------------- */

/* Reads the device table and opens what the options name; reports what is wrong with `who` in front. */
int erofs_reader_open_devices(struct erofs_image *image, const struct erofs_image_options *options, const char *who,
			      const struct erofs_diag *diag);
void erofs_reader_close_devices(struct erofs_image *image);

/*
 * Fills in device, physical and plen of a plain extent: `length` bytes at byte `address` of a chunk's device_id, where 0 is
 * the unified address space. -EUCLEAN if they are not all inside one device.
 */
int erofs_reader_place(const struct erofs_image *image, struct erofs_extent *out, unsigned int device_id,
		       uint64_t address, uint64_t length);

/* Reads from a device as an extent names it: 0 primary, the metabox, else slot index + 1. -ENXIO if its file was not given. */
int erofs_reader_read_device(const struct erofs_image *image, unsigned int device, void *buf, size_t length,
			     uint64_t offset);

/* ---- data (image_map.c, image_chunk.c) -------------------------------------------------------------------------------- */

/* Whether an inode of its type has any. */
bool erofs_reader_inode_has_data(const struct erofs_inode *inode);

/*
 * erofs_image_map() for a caller that needs only `want` bytes from `offset` on: the extent may end behind them although it
 * goes on, so that a small read of a long file costs little.
 */
int erofs_reader_map_some(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
			  uint64_t offset, uint64_t want);

/* The same for the chunk-based layout and an offset inside the file. */
int erofs_reader_map_chunks(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
			    uint64_t offset, uint64_t want);

/* Log2 of the chunk size of a chunk-based inode. */
unsigned int erofs_reader_chunkbits(const struct erofs_image *image, const struct erofs_inode *inode);

/* ---- compressed data (image_zmap*.c, image_decode.c) ----------------------------------------------------------------------- */

/*
 * Reads the configurations behind the superblock, the packed and the metabox inode; what is wrong with them strikes those that need
 * them.
 */
void erofs_reader_read_compression(struct erofs_image *image);

#define EROFS_ZMAP_FULL_BATCH 32u

/* The entries around the one that was read last, so that going on from there costs nothing. */
struct erofs_zmap_window {
	uint64_t first;
	unsigned int count; /* 0: none */
	uint8_t full[EROFS_ZMAP_FULL_BATCH * EROFS_LCLUSTER_FULL_SIZE];
	struct erofs_pack_entry pack[EROFS_PACK_2B_ENTRIES];
	uint32_t base;
	uint64_t address; /* records of 4 bytes: of the extent `first` */
};

/* The index of a compressed inode; for one thread. */
struct erofs_zmap {
	const struct erofs_image *image;
	const struct erofs_inode *inode;
	struct erofs_zmap_header header;
	bool compact;		  /* packs of lclusters ... */
	unsigned int extent_size; /* ... or encoded extents with records of so many bytes, 0: a full index */
	uint64_t header_at;	  /* byte of the header */
	uint64_t start;		  /* first byte of the index */
	uint64_t total;		  /* its entries; 0: the whole file is a fragment */
	uint64_t end;		  /* first byte behind it */
	uint64_t inline_size;	  /* bytes of the last pcluster, which lie there */
	struct erofs_compact_shape shape;
	struct erofs_zmap_window window;
};

/* The index lies on the device on success; `reason` (static storage, may be NULL) says what is wrong with it. */
int erofs_reader_zmap_open(struct erofs_zmap *out, const struct erofs_image *image, const struct erofs_inode *inode,
			   const char **reason);

/* What the index says about an extent. */
struct erofs_zmap_found {
	uint64_t start, end;	  /* of the file, end > start, at most its size */
	uint64_t address;	  /* bytes */
	uint64_t length;	  /* encoded bytes, 0: the index does not say */
	int algorithm;		  /* -1: stored */
	bool hole, partial, last; /* last: it reaches the end of the file */
	uint64_t fragment_offset; /* of the last one, if it is a fragment */
};

/* Looks an offset inside the file up in whichever index there is: the lclusters, or the encoded extents. */
int erofs_reader_zmap_find(struct erofs_zmap *map, struct erofs_zmap_found *out, uint64_t offset);
int erofs_reader_zmap_find_lcluster(struct erofs_zmap *map, struct erofs_zmap_found *out, uint64_t offset);
int erofs_reader_zmap_find_extent(struct erofs_zmap *map, struct erofs_zmap_found *out, uint64_t offset);

/* Entry `number` of a full or compact index, as a full index would have it, but for distances that a compact one has not. */
int erofs_reader_zmap_lcluster(struct erofs_zmap *map, struct erofs_lcluster *out, uint64_t number);

/*
 * Looks at each entry of a full or compact index once. -EUCLEAN and a reason if following its distances, back or forward, does
 * not lead to the heads that stand there.
 */
int erofs_reader_zmap_verify(struct erofs_zmap *map, const char **reason);

/* The same for a row of encoded extents: each begins behind the one before it. */
int erofs_reader_zmap_verify_extents(const struct erofs_zmap *map, const char **reason);

/*
 * Maps an offset inside a compressed file whose index is open; `reason` (static storage, may be NULL) says why that is not
 * possible. What it points to does not change on other errors than -EUCLEAN and -EOPNOTSUPP.
 */
int erofs_reader_zmap_map(struct erofs_zmap *map, struct erofs_extent *out, uint64_t offset, const char **reason);

/*
 * Of a hole in a full index: the extent that it is for kernels that do not know the mark: 1, or errors as above. 0: any other extent.
 */
int erofs_reader_zmap_map_marked(struct erofs_zmap *map, struct erofs_extent *out, uint64_t offset,
				 const char **reason);

/*
 * Whether such a hole at `offset` makes Linux misread what is in front of it. Measured on 7.3.4: where it looks up the head of a hole to find
 * what is in front of it, that is a hole, too. It does so if both meet inside a logical cluster (`follows_data`: and that is none), and, with
 * big clusters, if the extent in front has but one, where the next would say how many blocks it has.
 */
int erofs_reader_zmap_spoils(struct erofs_zmap *map, uint64_t offset, bool follows_data, bool *spoils);

/*
 * Whether an extent takes no less than it holds, which is no compression: Linux takes it for damage, but where a file ends. Clusters of
 * whole blocks are rounded up: old writers cut the file first and lay a small rest in a block of its own.
 */
bool erofs_reader_zmap_grows(const struct erofs_zmap *map, const struct erofs_extent *extent);

/* The idle decoders with their memory; NULL: out of memory. */
struct erofs_decoders *erofs_reader_decoders_new(void);
void erofs_reader_decoders_free(struct erofs_decoders *decoders);

/* Reads `length` bytes from byte `skip` of an encoded extent. */
int erofs_reader_read_encoded(const struct erofs_image *image, const struct erofs_extent *extent, uint8_t *buf,
			      size_t length, uint64_t skip);

/* The first `length` bytes of an encoded extent, at least 1. Nothing is remembered of what they decode to. */
int erofs_reader_read_start(const struct erofs_image *image, const struct erofs_extent *extent, uint8_t *buf, size_t length);

/* ---- directories (image_dir.c) ------------------------------------------------------------------------------------------ */

#define EROFS_IMAGE_BLOCK_MAX 4096u

/* One block of a directory's data. */
struct erofs_dirblock {
	uint32_t size;	/* bytes in use: the last block of a directory ends with its last name */
	uint32_t count; /* entries, at least 1 */
	uint8_t data[EROFS_IMAGE_BLOCK_MAX];
};

struct erofs_dirblock_entry {
	uint64_t nid;
	uint8_t type;
	uint8_t name_len;
	const char *name; /* in the block, not terminated */
};

/*
 * Bytes of the device that a directory's data take at the least. Without compression its own size; with it, one that is larger
 * than the device can hold by this measure would only be there to keep readers busy.
 */
uint64_t erofs_reader_dir_cost(const struct erofs_inode *dir);

/* Bytes that directories which do not overlap cost in all, at most: that of all devices, and what the metabox holds of them. */
uint64_t erofs_reader_dirs_budget(const struct erofs_image *image);

/* -ENOTDIR, or -EUCLEAN for a directory whose data cannot be directory blocks at all. */
int erofs_reader_dirblock_check_inode(const struct erofs_image *image, const struct erofs_inode *dir);

/* Reads the bytes of block `index`; not what they mean. */
int erofs_reader_dirblock_read(struct erofs_dirblock *out, const struct erofs_image *image,
			       const struct erofs_inode *dir, uint64_t index);

/* Finds out how many entries the block has: -EUCLEAN if its first entry makes no sense. */
int erofs_reader_dirblock_begin(struct erofs_dirblock *block);

/* Decodes entry `number` and checks its name. */
int erofs_reader_dirblock_get(const struct erofs_dirblock *block, struct erofs_dirblock_entry *out, uint32_t number);

/* ---- extended attributes (image_prefix.c) ------------------------------------------------------------------------------- */

/* Reads the long-prefix table; a failure is kept in prefix_err and strikes the first that asks for a record. -ENOMEM only. */
int erofs_reader_read_prefixes(struct erofs_image *image);

#endif
