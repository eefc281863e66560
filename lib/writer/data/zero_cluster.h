/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_ZERO_CLUSTER_H
#define EROFS_WRITER_ZERO_CLUSTER_H

#include "lib/writer/data/data.h"

/* When all files are stored: stores the clusters that their extents of zeros share. -ENOMEM, or reported. */
int erofs_writer_zero_clusters_store(struct erofs_data *data, const struct erofs_plan *plan);

#endif
