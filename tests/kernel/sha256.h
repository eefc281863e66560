/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_TESTS_KERNEL_SHA256_H
#define EROFS_TESTS_KERNEL_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

/* FIPS 180-4, straight: the guest has no library, and a second implementation checks the one that built the image. */
struct sha256 {
	uint32_t state[8];
	uint64_t length;
	uint8_t block[64];
};

void sha256_start(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *data, size_t size);
void sha256_finish(struct sha256 *sha, uint8_t digest[SHA256_SIZE]);

#endif
