/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_OCI_CACHE_H
#define EROFS_MKFS_OCI_CACHE_H

#include "mkfs/job.h"

/*
 * layers=cache: an entry for each layer in containerd's layer cache `output`, ALGORITHM/XX/HEX.erofs by the layer's diffID. Entries
 * that are there stay. Others may do the same at the same time.
 */
int mkfs_build_cache(struct mkfs_job *job, const struct erofs_diag *diag);

#endif
