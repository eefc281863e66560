/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/text.h>

#include <stdio.h>
#include <stdlib.h>

/* Length of the UTF-8 sequence at `at` (2..4), 0 if there is none: overlong forms and surrogates do not count. */
static size_t utf8_sequence(const uint8_t *at, size_t left)
{
	static const uint8_t lowest_second[] = { [0xE0 - 0xC0] = 0xA0, [0xF0 - 0xC0] = 0x90 };
	size_t length = at[0] >= 0xC2 && at[0] < 0xE0	? 2
			: (at[0] & 0xF0) == 0xE0	? 3
			: at[0] >= 0xF0 && at[0] < 0xF5 ? 4
							: 0;

	if (!length || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xC0) != 0x80)
			return 0;
	if ((size_t)(at[0] - 0xC0) < sizeof(lowest_second) && at[1] < lowest_second[at[0] - 0xC0])
		return 0;
	return (at[0] == 0xED && at[1] > 0x9F) || (at[0] == 0xF4 && at[1] > 0x8F) ? 0 : length;
}

/* How many bytes at `at` are one character that may stand in a line of text, 0 if they have to be escaped. */
static size_t harmless(const uint8_t *at, size_t left)
{
	if (at[0] < 0x80)
		return at[0] >= ' ' && at[0] != 0x7F && at[0] != '\\';
	/* U+0080..U+009F are control characters, too. */
	return at[0] == 0xC2 && left > 1 && at[1] < 0xA0 ? 0 : utf8_sequence(at, left);
}

char *erofs_escape(const char *bytes, size_t size)
{
	const uint8_t *from = (const uint8_t *)bytes;
	char *text = malloc(4 * size + 1);
	char *to = text;

	for (size_t i = 0; text && i < size;) {
		size_t length = harmless(from + i, size - i);

		if (!length) {
			to += sprintf(to, "\\%03o", from[i++]);
			continue;
		}
		while (length--)
			*to++ = (char)from[i++];
	}
	if (text)
		*to = 0;
	return text;
}

bool erofs_is_utf8(const char *bytes, size_t size)
{
	const uint8_t *at = (const uint8_t *)bytes;

	for (size_t i = 0; i < size;) {
		size_t length = at[i] < 0x80 ? 1 : utf8_sequence(at + i, size - i);

		if (!length)
			return false;
		i += length;
	}
	return true;
}
