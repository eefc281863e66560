/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_MANIFEST_H
#define EROFS_DUMP_MANIFEST_H

#include "dump/dump.h"

/*
 * The fingerprints of all non-empty regular files as JSON: what one needs to know of an image to compute what its files
 * could share with those of others. A member "fingerprints" of the open object, or a document of its own.
 */
int manifest_print(const struct dump *dump);

#endif
