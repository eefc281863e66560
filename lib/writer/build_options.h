/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_BUILD_OPTIONS_H
#define EROFS_WRITER_BUILD_OPTIONS_H

#include <erofs/build.h>

/* Copies the caller's options, with the defaults for what an older caller does not have. Reports failures. */
int erofs_writer_options_take(struct erofs_build_options *known, const struct erofs_build_options *given,
			      const struct erofs_diag *diag);

/* Whether they make sense: 0, or -EINVAL, reported by member. */
int erofs_writer_options_check(const struct erofs_build_options *options, const struct erofs_diag *diag);

/* The same of contents that stay outside in an archive, and not in images: 0, or -EINVAL, reported. */
int erofs_writer_options_check_archive(const struct erofs_build_options *options, const struct erofs_diag *diag);

/* The default rule for zeros becomes the one that it stands for: never, unless the image needs a kernel anyway that reads them. */
void erofs_writer_settle_zero_extents(struct erofs_build_options *options);

#endif
