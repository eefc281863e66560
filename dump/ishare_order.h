/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_ISHARE_ORDER_H
#define EROFS_DUMP_ISHARE_ORDER_H

#include "dump/ishare.h"

/*
 * The page sorts and filters its images without a script: each has its place in every order, and a radio button chooses which of them the
 * style sheet goes by.
 */
enum ishare_order { ISHARE_BY_PAGES, ISHARE_BY_SAVING, ISHARE_BY_MARGINAL, ISHARE_ORDERS };

/* Pages of one copy of the image that no other has, nor that it has twice. */
uint64_t ishare_only(const struct erofs_share_image *image);

/* What it has in common with others, and with itself, in hundredths of a percent of its pages, rounded down. */
unsigned int ishare_common(const struct erofs_share_image *image);

/* Places of the images, from 1 on, the largest first; to be freed. NULL when out of memory. */
size_t *ishare_rank(const struct ishare_report *report, enum ishare_order order);

#endif
