/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_H
#define EROFS_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>
#include <erofs/build.h>
#include <erofs/diag.h>
#include <erofs/source.h>
#include <erofs/tree.h>

/*
 * Container images as sources: an OCI layout directory or what skopeo calls dir:, a tar of a layout, what `docker save` writes,
 * or a registry. Nothing of an image is trusted: every blob has to have the size and the digest that the document before it says,
 * every layer the diff_id of the configuration. Credentials for registries are looked for where Docker keeps them (mkfs.erofs(1)),
 * and its credential helpers are run.
 */
struct erofs_oci_image;

struct erofs_oci_options {
	size_t size; /* of this struct */
	/* A directory, a file, or "docker://HOST[:PORT]/NAME[:TAG|@DIGEST]" */
	const char *location;
	const char *reference; /* which image of several, by its name or tag. NULL: the only one */
	const char *platform;  /* OS/ARCH[/VARIANT]. NULL: this machine's, or whatever the only image is for */
	bool allow_http;       /* a registry may be asked without TLS; on this machine it always may */
};

/* Nothing is asked for; see <erofs/api.h>. */
static inline struct erofs_oci_options erofs_oci_options_init(void)
{
	EROFS_OPTIONS_INIT(struct erofs_oci_options);
}

/* Chooses the image and reads its documents. `options` is not needed later; `diag` and `cancel` are, until it is closed. */
EROFS_API int erofs_oci_open(struct erofs_oci_image **out, const struct erofs_oci_options *options,
			     const struct erofs_cancel *cancel, const struct erofs_diag *diag);

/* Closes the image, after all trees that were filled from it have been freed. NULL is fine. */
EROFS_API void erofs_oci_close(struct erofs_oci_image *image);

/* Layers, the lowest first. */
EROFS_API size_t erofs_oci_layer_count(const struct erofs_oci_image *image);
/* The digest that the manifest calls a layer by ("sha256:..."); of images by `docker save`, which have none, the diff_id. */
EROFS_API const char *erofs_oci_layer_digest(const struct erofs_oci_image *image, size_t layer);
/* The digest that the configuration gives the layer's tar as it is decompressed. NULL: it lists none. */
EROFS_API const char *erofs_oci_layer_diff_id(const struct erofs_oci_image *image, size_t layer);

/*
 * Makes all layers, one over the other as their whiteouts say, the source of an empty tree. They are read and verified by
 * erofs_build_arrivals(), the uppermost first, each of them once unless links of lower layers lead a path to somewhere else than it
 * seemed; a layer that is read again must be the same. The tree has to be freed before the image is closed. `options`: cancel and
 * ignore_xattrs count.
 */
EROFS_API int erofs_scan_oci(struct erofs_tree *tree, struct erofs_oci_image *image,
			     const struct erofs_scan_options *options, const struct erofs_diag *diag);

/* The same with one layer as it is, its whiteouts being files; see erofs_tree_rules.aufs_whiteouts. */
EROFS_API int erofs_scan_oci_layer(struct erofs_tree *tree, struct erofs_oci_image *image, size_t layer,
				   const struct erofs_scan_options *options, const struct erofs_diag *diag);

/* What the layers of a converted image are called in its manifest. */
enum erofs_oci_layer_type {
	EROFS_OCI_LAYER_CONTAINERD, /* application/vnd.erofs.layer.v1 */
	EROFS_OCI_LAYER_DRAFT,	    /* application/vnd.erofs, with the role overlay-lower */
	EROFS_OCI_LAYER_OCI, /* application/vnd.oci.image.layer.v1.erofs, which containerd 2.1 mounts as it is; without os.features */
};

struct erofs_oci_convert_options {
	size_t size; /* of this struct */
	enum erofs_oci_layer_type layer_type;
	/*
	 * All that has an influence on the bytes of a layer but the layer itself, as text. Layers in the target that were made from the
	 * same tar by the same recipe are used again. NULL: none are.
	 */
	const char *recipe;
	bool no_sync; /* do not wait until the target is on the disk */
	/*
	 * The layers' blobs are the images compressed with zstd. -EOPNOTSUPP if the library was built without libzstd; -EINVAL with
	 * EROFS_OCI_LAYER_OCI.
	 */
	bool pack_zstd;
	/*
	 * Where else to look for such layers: locations as in erofs_oci_options. Who writes there decides what is in the layers that are
	 * found. What is not there, or cannot be read, is passed over with a warning.
	 */
	const char *const *caches;
	size_t cache_count;
	/*
	 * Makes the EROFS image of a layer, at `path`, where nothing is: erofs_scan_oci_layer() and erofs_build_arrivals(), for
	 * example. A negative errno, reported, ends the conversion. Called by the caller's thread.
	 */
	int (*build)(void *ctx, struct erofs_oci_image *image, size_t layer, const char *path,
		     struct erofs_build_summary *summary);
	void *ctx;
};

/* Nothing is asked for; see <erofs/api.h>. */
static inline struct erofs_oci_convert_options erofs_oci_convert_options_init(void)
{
	EROFS_OPTIONS_INIT(struct erofs_oci_convert_options);
}

/* Bytes that a digest takes as text, with the NUL. */
#define EROFS_OCI_DIGEST_TEXT_SIZE 136

struct erofs_oci_convert_summary {
	size_t images;	  /* manifests of images that were converted: one for each platform */
	size_t converted; /* layers */
	size_t reused;	  /* layers that were there, or in a cache, or came twice */
	size_t copied;	  /* manifests taken over as they are: attestations and other artifacts */
	/* Of a registry: blobs and manifests that were sent, their bytes, and blobs that it took over from other repositories of its own. */
	size_t sent;
	uint64_t sent_bytes;
	size_t mounted;
	/* What the name leads to now, a manifest or an index ("sha256:..."). Empty: the target has several of this image. */
	char digest[EROFS_OCI_DIGEST_TEXT_SIZE];
};

/*
 * Makes a container image whose layers are EROFS images out of one whose layers are tars. `target` is
 * - an OCI layout directory, which may be there and hold other images;
 * - a name that ends in ".tar": an archive of a layout with this image, which replaces one that is there, and has the same bytes whenever it
 *   is made;
 * - "docker://HOST[:PORT]/NAME[:TAG]": a registry, asked without TLS if `source` allows that.
 * Without a platform in `source` all platforms of an index come over. Configuration, history, annotations and platforms are carried over,
 * attestations and other artifacts copied. The name comes last (index.json changes, the archive gets its name, the tag is
 * set): a failure, which is reported, leaves no new image. `summary` may be NULL.
 */
EROFS_API int erofs_oci_convert(const struct erofs_oci_options *source, const char *target,
				const struct erofs_oci_convert_options *options,
				struct erofs_oci_convert_summary *summary, const struct erofs_cancel *cancel,
				const struct erofs_diag *diag);

#endif
