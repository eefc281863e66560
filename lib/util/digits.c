/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/digits.h"

#include <errno.h>

int erofs_hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool erofs_hex_decode(uint8_t *out, const char *digits, size_t size)
{
	if (size % 2)
		return false;
	for (size_t i = 0; i < size; i += 2) {
		int high = erofs_hex_digit(digits[i]), low = erofs_hex_digit(digits[i + 1]);

		if (high < 0 || low < 0)
			return false;
		*out++ = (uint8_t)(high << 4 | low);
	}
	return true;
}

void erofs_hex_encode(char *out, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++) {
		*out++ = digits[at[i] >> 4];
		*out++ = digits[at[i] & 15];
	}
	*out = 0;
}

void erofs_uuid_encode(char out[37], const uint8_t uuid[16])
{
	for (unsigned int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		erofs_hex_encode(out, &uuid[i], 1);
		out += 2;
	}
}

static int base64_digit(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

ssize_t erofs_base64_decode(uint8_t *out, const char *text, size_t size)
{
	uint32_t bits = 0;
	unsigned int count = 0;
	size_t length = 0;

	for (size_t i = 0; i < size && text[i] != '='; i++) {
		int digit = base64_digit(text[i]);

		if (digit < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			out[length++] = (uint8_t)(bits >> count);
		}
	}
	return (ssize_t)length;
}
