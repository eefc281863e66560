/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_FLEET_H
#define EROFS_DUMP_FLEET_H

#include <erofs/diag.h>

#include "dump/options.h"

/* --fingerprints=csv|ndjson: a row for each file of all inputs, images or manifests, for databases. The exit status. */
int fleet_run(const struct dump_options *options, const struct erofs_diag *diag);

#endif
