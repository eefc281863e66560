/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* Archives with wrong checksums end at once: whatever the fuzzer changes, those of headers are set right. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK	 512u
#define MAGIC	 257u
#define CHECKSUM 148u

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed);

static void set_checksum(uint8_t *block)
{
	unsigned int sum = 0;
	char text[9];

	memset(block + CHECKSUM, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += block[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(block + CHECKSUM, text, 7);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, room);
	for (size_t at = 0; seed % 16 && at + BLOCK <= size; at += BLOCK)
		if (!memcmp(data + at + MAGIC, "ustar", 5))
			set_checksum(data + at);
	return size;
}
