/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MANIFEST_H
#define EROFS_MANIFEST_H

/*
 * Names of the JSON manifests that `dump.erofs --fingerprints=json` writes and erofs_share_add() reads. Bytes of an image that are
 * no UTF-8 are hexadecimal digits, under their name with "_hex" behind it.
 */

#define EROFS_MANIFEST_VERSION 1

/* Of the document. */
#define EROFS_MANIFEST_KEY_VERSION "version"
#define EROFS_MANIFEST_KEY_IMAGE   "image"
#define EROFS_MANIFEST_KEY_FILES   "files"
#define EROFS_MANIFEST_KEY_LINKS   "hard_links" /* further names of files that were listed */

/* Of the image. */
#define EROFS_MANIFEST_KEY_UUID	      "uuid"
#define EROFS_MANIFEST_KEY_BLOCK_SIZE "block_size"
#define EROFS_MANIFEST_KEY_PACKED     "packed_size"	  /* bytes of the packed inode; missing: there is none */
#define EROFS_MANIFEST_KEY_XATTR      "fingerprint_xattr" /* null: the image has no ISHARE_XATTRS bit */

/* Of a file. */
#define EROFS_MANIFEST_KEY_PATH	       "path"
#define EROFS_MANIFEST_KEY_SIZE	       "size"
#define EROFS_MANIFEST_KEY_KIND	       "kind"
#define EROFS_MANIFEST_KEY_VALUE       "value" /* of the xattr, hexadecimal; null: the file has none */
/* [FROM, TO]: bytes of the packed inode that are decoded for the file's fragment; missing: it has none. */
#define EROFS_MANIFEST_KEY_FRAGMENT    "fragment"
#define EROFS_MANIFEST_KIND_PLAIN      "plain"
#define EROFS_MANIFEST_KIND_COMPRESSED "compressed"

#endif
