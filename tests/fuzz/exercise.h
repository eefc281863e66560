/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_FUZZ_EXERCISE_H
#define TESTS_FUZZ_EXERCISE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Calls every reading and checking function of the library on an image in memory, and aborts with a message if a result
 * breaks what the headers promise: positive where only 0 or a negative errno may be, extents outside the device or that do
 * not cover what was asked for, directories with more entries than the image could hold. Returns the sum of all findings.
 */
uint64_t exercise_image(const void *data, size_t size);

#endif
