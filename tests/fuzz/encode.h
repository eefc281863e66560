/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_FUZZ_ENCODE_H
#define TESTS_FUZZ_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include <erofs/compress.h>

/* Bytes that compress, not too well, with matches near and far. */
void encode_fill(uint8_t *out, size_t size);

/* Compresses all of `in` with the algorithm's own library, at its usual level. Bytes written, 0 if they do not fit. */
size_t encode_whole(enum erofs_algorithm algorithm, const uint8_t *in, size_t in_size, uint8_t *out, size_t room);

#endif
