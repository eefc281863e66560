/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_UNIT_CODEC_INPUTS_H
#define TESTS_UNIT_CODEC_INPUTS_H

#include <stddef.h>
#include <stdint.h>

#include <erofs/compress.h>

/* Inputs for compressors, always the same, and decoding by nothing but the libraries. */

enum input_kind {
	INPUT_ZEROS,
	INPUT_RANDOM,
	INPUT_TEXT,    /* words, the commoner the more often */
	INPUT_RECORDS, /* binary: counters, small numbers, some noise */
	INPUT_MIXTURE, /* of all of them, in pieces of 1 byte to 20000 */
};
#define INPUT_KINDS 5

uint32_t input_random(uint32_t *seed);

/* `size` bytes to be freed. */
uint8_t *input_make(enum input_kind kind, size_t size, uint32_t seed);

/* Asserts that `in` is one whole stream that decodes to these bytes. */
void assert_decodes_to(enum erofs_algorithm algorithm, const uint8_t *in, size_t in_size, const uint8_t *wanted,
		       size_t size);

#endif
