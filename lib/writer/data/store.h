/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_STORE_H
#define EROFS_WRITER_STORE_H

#include "lib/writer/data/run.h"

/* The method "stored" for segments of long files: blocks as they are, of a sparse file only those of chunks with data. */

/* Whether the file's data are stored as they are, whatever they look like. */
bool erofs_writer_is_stored(const struct erofs_run *run, const struct erofs_long_file *file);

/* Bytes of the device that the segment takes, inline tail excluded. */
size_t erofs_writer_store_size(const struct erofs_run *run, const struct erofs_job *job);

/* Writes them, to job->start. */
int erofs_writer_store(struct erofs_run *run, const struct erofs_job *job);

#endif
