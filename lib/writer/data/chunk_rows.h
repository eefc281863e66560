/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_CHUNK_ROWS_H
#define EROFS_WRITER_CHUNK_ROWS_H

#include "lib/writer/data/run.h"

/*
 * What commits write of files that are stored chunk by chunk: rows of bytes that follow each other on the device, several files of a
 * job at once. The bytes have to stay until the row is written.
 */

/* Adds bytes that begin at `start`, byte of the device. */
int erofs_writer_chunk_rows_add(struct erofs_run *run, const uint8_t *bytes, size_t size, uint64_t start);

/* Drops what would be written from byte `end` of the device on. What is written already stays. */
void erofs_writer_chunk_rows_cut(struct erofs_run *run, uint64_t end);

/* Whether the device has the same bytes from this block on: 1, 0, or what the output says. */
int erofs_writer_chunk_rows_same(struct erofs_run *run, const uint8_t *bytes, size_t size, uint32_t block);

#endif
