/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 40u

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Rows of the table of distances between beginnings: that of this letter, and of the two before it. */
static size_t count_mistakes(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][WORD_MAX + 1];

	for (size_t k = 0; k <= b_length; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t k = 1; k <= b_length; k++) {
			row[k] = least(above[k - 1] + (a[i - 1] != b[k - 1]), least(above[k], row[k - 1]) + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = least(row[k], before[k - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

struct tool_nearest tool_nearest_to(const char *word, size_t length)
{
	return (struct tool_nearest){ .word = word, .length = length };
}

void tool_nearest_offer(struct tool_nearest *nearest, const char *name)
{
	size_t length = strlen(name), mistakes;

	if (length > WORD_MAX || nearest->length > WORD_MAX)
		return;
	mistakes = count_mistakes(nearest->word, nearest->length, name, length);
	/* A third of the letters may be wrong; more is another word. */
	if (3 * mistakes > length + 1 || mistakes >= nearest->length ||
	    (nearest->name && mistakes >= nearest->mistakes))
		return;
	nearest->name = name;
	nearest->mistakes = mistakes;
}

const char *tool_nearest_hint(const struct tool_nearest *nearest, char out[TOOL_HINT_MAX], const char *prefix)
{
	out[0] = 0;
	if (nearest->name)
		snprintf(out, TOOL_HINT_MAX, " (did you mean '%s%s'?)", prefix, nearest->name);
	return out;
}

static char *describe(const char *format, const char *text, const char *hint)
{
	char *out;

	return asprintf(&out, format, text, hint) < 0 ? NULL : out;
}

char *tool_option_mistake(int found, char *const *argv, const struct option *names)
{
	const char *text = argv[optind - 1];
	bool is_long = strncmp(text, "--", 2) == 0;
	struct tool_nearest nearest;
	char letter[3] = { '-', (char)optopt, 0 }, hint[TOOL_HINT_MAX];

	if (found == ':')
		return describe("%s needs a value%s", is_long ? text : letter, "");
	if (is_long && optopt)
		return describe("%s takes no value%s", text, "");
	if (!is_long && optopt)
		return describe("unknown option '%s'%s", letter, "");
	nearest = tool_nearest_to(text + 2 * is_long, strcspn(text + 2 * is_long, "="));
	for (; names->name; names++)
		tool_nearest_offer(&nearest, names->name);
	return describe("unknown option '%s'%s", text, tool_nearest_hint(&nearest, hint, "--"));
}
