/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FUSE_LOWLEVEL_H
#define FUSE_LOWLEVEL_H

/* libfuse's low-level interface, in the version that this program is written for. */
#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>

#endif
