/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DIAG_H
#define EROFS_DIAG_H

#include <erofs/api.h>

/*
 * Where the library's messages go. The layer that knows the path reports an error once; the layers above it only pass
 * the errno on.
 */

enum erofs_severity {
	EROFS_SEV_ERROR,   /* the operation fails */
	EROFS_SEV_WARNING, /* the operation goes on, the user should know */
	EROFS_SEV_NOTE,	   /* what is being done; wanted on request only */
	EROFS_SEV_DEBUG,   /* one line per object; wanted on request only */
};

struct erofs_diag {
	/*
	 * Called with one complete message without a trailing newline; `text` is valid during the call only. May be
	 * called from several threads at once, so it must do its own locking. NULL: messages are dropped.
	 */
	void (*message)(void *ctx, enum erofs_severity severity, const char *text);
	void *ctx;
	/* Messages less important than this are not even formatted. Zero-initialised: errors only. */
	enum erofs_severity verbosity;
};

#endif
