/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/curl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>

#include "lib/util/monitor.h"

static struct {
#define POINTER(name) typeof(curl_##name) *name;
	EROFS_OCI_CURL_CALLS(POINTER)
#undef POINTER
} calls;

/* The name of the first call that the library does not have, or NULL. */
static const char *find_calls(void *library)
{
#define FIND(call)                                                                                                     \
	*(void **)&calls.call = dlsym(library, "curl_" #call);                                                         \
	if (!calls.call)                                                                                               \
		return "curl_" #call;
	EROFS_OCI_CURL_CALLS(FIND)
#undef FIND
	return NULL;
}

/* The library stays loaded to the end of the process: it may have begun threads, and has handlers that run at exit. */
int erofs_oci_curl_load(const struct erofs_diag *diag)
{
	static struct erofs_monitor lock = EROFS_MONITOR_INITIALIZER;
	static void *library;
	const char *missing;
	void *found;

	erofs_monitor_hold(&lock);
	if (library)
		return 0;
	found = dlopen(EROFS_CURL_SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!found)
		return erofs_report(diag, -ELIBACC, "registries need libcurl: %s", dlerror());
	missing = find_calls(found);
	if (missing) {
		dlclose(found);
		return erofs_report(diag, -ELIBACC, "registries need libcurl >= 7.85: %s has no %s", EROFS_CURL_SONAME,
				    missing);
	}
	library = found;
	return 0;
}

/* ---- the calls ---------------------------------------------------------------------------------------------------------- */

#define FORWARD(type, name, parameters, arguments)                                                                     \
	type curl_##name parameters                                                                                    \
	{                                                                                                              \
		return calls.name arguments;                                                                           \
	}

FORWARD(void, easy_cleanup, (CURL * easy), (easy))
FORWARD(char *, easy_escape, (CURL * easy, const char *text, int size), (easy, text, size))
FORWARD(CURLHcode, easy_header,
	(CURL * easy, const char *name, size_t index, unsigned int origin, int request, struct curl_header **out),
	(easy, name, index, origin, request, out))
FORWARD(CURL *, easy_init, (void), ())
FORWARD(CURLcode, easy_pause, (CURL * easy, int bits), (easy, bits))
FORWARD(CURLcode, easy_perform, (CURL * easy), (easy))
FORWARD(void, easy_reset, (CURL * easy), (easy))
FORWARD(const char *, easy_strerror, (CURLcode code), (code))
FORWARD(void, free, (void *memory), (memory))
FORWARD(CURLMcode, multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy))
FORWARD(CURLMcode, multi_cleanup, (CURLM * multi), (multi))
FORWARD(CURLMsg *, multi_info_read, (CURLM * multi, int *left), (multi, left))
FORWARD(CURLM *, multi_init, (void), ())
FORWARD(CURLMcode, multi_perform, (CURLM * multi, int *running), (multi, running))
FORWARD(CURLMcode, multi_poll, (CURLM * multi, struct curl_waitfd extra[], unsigned int count, int timeout, int *ready),
	(multi, extra, count, timeout, ready))
FORWARD(CURLMcode, multi_remove_handle, (CURLM * multi, CURL *easy), (multi, easy))
FORWARD(const char *, multi_strerror, (CURLMcode code), (code))
FORWARD(struct curl_slist *, slist_append, (struct curl_slist * list, const char *text), (list, text))
FORWARD(void, slist_free_all, (struct curl_slist * list), (list))
FORWARD(CURLU *, url, (void), ())
FORWARD(void, url_cleanup, (CURLU * url), (url))
/* Newer headers have a const there. */
typedef typeof(_Generic(&curl_url_get, CURLUcode (*)(CURLU *, CURLUPart, char **, unsigned int)
			: (CURLU *)NULL, default
			: (const CURLU *)NULL)) read_url;
FORWARD(CURLUcode, url_get, (read_url url, CURLUPart part, char **out, unsigned int flags), (url, part, out, flags))
FORWARD(CURLUcode, url_set, (CURLU * url, CURLUPart part, const char *text, unsigned int flags),
	(url, part, text, flags))

/* An argument's type is a property of the option: https://curl.se/libcurl/c/curl_easy_setopt.html. */
CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
	CURLcode code;
	va_list arguments;

	va_start(arguments, option);
	if (option < CURLOPTTYPE_OBJECTPOINT)
		code = calls.easy_setopt(easy, option, va_arg(arguments, long));
	else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
		code = calls.easy_setopt(easy, option, va_arg(arguments, curl_off_t));
	else
		code = calls.easy_setopt(easy, option, va_arg(arguments, void *));
	va_end(arguments);
	return code;
}

/* Every one takes the address of its result. */
CURLcode(curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
	CURLcode code;
	va_list arguments;

	va_start(arguments, info);
	code = calls.easy_getinfo(easy, info, va_arg(arguments, void *));
	va_end(arguments);
	return code;
}
