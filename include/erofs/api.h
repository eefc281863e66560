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
 *  - a misuse (NULL where an object is due, an unknown enumerator, objects in the wrong state) is -EINVAL, and said to the
 *    diag where the function takes one; functions without a result do nothing then, getters give 0, false or NULL;
 *  - the library never prints, never exits and keeps no global state: messages go to a struct erofs_diag. A diag may be NULL;
 *  - objects belong to one thread at a time, unless their header says more; different objects never get in each other's way.
 *
 * Structs of options begin with their own size. Make them with their init function, or, in C, with
 * { .size = sizeof(struct erofs_..._options), ... }. A library newer than the caller takes the defaults for what the caller's
 * struct does not have; an older one refuses with -E2BIG what it does not know, unless that is zero. They are copied; strings,
 * lists and other objects that they point to are lent as long as the function says.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
#define EROFS_EXTERN_C extern "C"
#else
#define EROFS_EXTERN_C extern
#endif

/* The only symbols that the shared library exports. */
#define EROFS_API EROFS_EXTERN_C __attribute__((visibility("default")))

/* The body of an init function: all zeros but for the size. */
#define EROFS_OPTIONS_INIT(type)                                                                                       \
	type options;                                                                                                  \
	memset(&options, 0, sizeof(options));                                                                          \
	options.size = sizeof(options);                                                                                \
	return options

/*
 * A wish to stop that long operations look at: they end with -ECANCELED. Zero-initialised: no wish. Touched with these functions
 * only, which any thread may call at any time, and a signal handler, too.
 */
struct erofs_cancel {
	int requested;
};

static inline void erofs_cancel_request(struct erofs_cancel *cancel)
{
	__atomic_store_n(&cancel->requested, 1, __ATOMIC_RELEASE);
}

/* NULL is fine: nobody can wish. */
static inline bool erofs_cancel_requested(const struct erofs_cancel *cancel)
{
	return cancel && __atomic_load_n(&cancel->requested, __ATOMIC_ACQUIRE);
}

/* Release of the library, such as "2.0.0". Static storage. */
EROFS_API const char *erofs_version(void);

/* One line saying what the library was built with, such as "OpenSSL 3.0.15, xxHash 0.8.1". Static storage. */
EROFS_API const char *erofs_build_info(void);

/*
 * A new empty file without a name, which is gone when its descriptor is closed: for what has to wait for its place, such as an image that
 * goes into a pipe. It lies in the directory that TMPDIR names, else in /var/tmp; `*directory` (which may be NULL) is that one, also on
 * failure, until the environment changes. On file systems that cannot make such files it has a name for a moment. Returns the
 * descriptor, for reading and writing, close-on-exec, the caller's to close; a negative errno. For any thread.
 */
EROFS_API int erofs_open_nameless(const char **directory);

#endif
