/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_CURL_H
#define EROFS_OCI_CURL_H

#include "config.h"

#include <curl/curl.h>

#include "lib/util/report.h"

/*
 * libcurl, and the 27 libraries that it brings along, are loaded when the first registry is opened: that takes some 5 ms of every
 * program start, and a registry alone needs them. With --enable-linked-curl it is an ordinary library of the linker, for static
 * programs.
 */

/* Must have returned 0 before anything else of libcurl is called; by any thread, as often as wanted. -ELIBACC, reported. */
int erofs_oci_curl_load(const struct erofs_diag *diag);

#ifdef EROFS_CURL_SONAME

/* What is called of libcurl. */
#define EROFS_OCI_CURL_CALLS(X)                                                                                        \
	X(easy_cleanup)                                                                                                \
	X(easy_escape)                                                                                                 \
	X(easy_getinfo)                                                                                                \
	X(easy_header)                                                                                                 \
	X(easy_init)                                                                                                   \
	X(easy_pause)                                                                                                  \
	X(easy_perform)                                                                                                \
	X(easy_reset)                                                                                                  \
	X(easy_setopt)                                                                                                 \
	X(easy_strerror)                                                                                               \
	X(free)                                                                                                        \
	X(multi_add_handle)                                                                                            \
	X(multi_cleanup)                                                                                               \
	X(multi_info_read)                                                                                             \
	X(multi_init)                                                                                                  \
	X(multi_perform)                                                                                               \
	X(multi_poll)                                                                                                  \
	X(multi_remove_handle)                                                                                         \
	X(multi_strerror)                                                                                              \
	X(slist_append)                                                                                                \
	X(slist_free_all)                                                                                              \
	X(url)                                                                                                         \
	X(url_cleanup)                                                                                                 \
	X(url_get)                                                                                                     \
	X(url_set)

/*
 * The calls keep their names, types and libcurl's checks of them in the source. In the object files they have a prefix of ours, so
 * that a program with a libcurl of its own links with liberofs.a.
 */
#define EROFS_OCI_CURL_RENAME(name)                                                                                    \
	extern __attribute__((visibility("hidden"))) typeof(curl_##name) curl_##name __asm__("erofs_oci_curl_" #name);
EROFS_OCI_CURL_CALLS(EROFS_OCI_CURL_RENAME)
#undef EROFS_OCI_CURL_RENAME

#endif /* EROFS_CURL_SONAME */
#endif
