/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_API_H
#define EROFS_API_H

/*
 * What every public header of liberofs shares.
 *
 * Conventions, unless a function says otherwise:
 *  - functions return 0 (or a count) on success and a negative errno on failure: -EUCLEAN for an image that contradicts
 *    the format, -EOPNOTSUPP for a feature this library does not know, -EINVAL for a misuse that leaves objects unchanged;
 *  - outputs come first; `new`/`open` allocate and `free`/`close` release (NULL is fine there), `get` lends;
 *  - sizes, offsets and lengths are in bytes unless a name says blocks;
 *  - the library never prints, never exits and keeps no global state: messages go to a struct erofs_diag.
 */

#ifdef __cplusplus
#define EROFS_EXTERN_C extern "C"
#else
#define EROFS_EXTERN_C extern
#endif

/* The only symbols that the shared library exports. */
#define EROFS_API EROFS_EXTERN_C __attribute__((visibility("default")))

/* Release of the library, such as "2.0.0-dev". Static storage. */
EROFS_API const char *erofs_version(void);

/* One line saying what the library was built with, such as "OpenSSL 3.0.15, xxHash 0.8.1". Static storage. */
EROFS_API const char *erofs_build_info(void);

#endif
