/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* A whole image: all that the library can do with one. */
#include "tests/fuzz/exercise.h"
#include "tests/fuzz/fuzz.h"

bool fuzz_one(const uint8_t *data, size_t size)
{
	return !exercise_image(data, size);
}
