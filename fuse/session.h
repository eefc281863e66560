/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FUSE_SESSION_H
#define FUSE_SESSION_H

#include "fuse/options.h"
#include "fuse/view.h"

/*
 * Mounts the view, goes to the background if that is wanted, and answers until it is unmounted or a signal ends it. 0 or a negative
 * errno, which it has said with its cause.
 */
int session_run(struct view *view, const struct options *options);

#endif
