/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a fuzz target is: each defines fuzz_one(), which aborts if a promise of the library's is broken. libFuzzer calls it
 * through LLVMFuzzerTestOneInput() (fuzz_entry.c), replay.c with files whose names tell the verdict.
 */

/* Whether the input is sound. */
bool fuzz_one(const uint8_t *data, size_t size);

#endif
