/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/options_table.h"

#include <assert.h>
#include <string.h>

/* What getopt_long() returns for names without a letter. */
enum { NAME_FIRST = 256 };

const struct mkfs_option_group *const mkfs_option_groups[MKFS_OPTION_GROUPS] = {
	&mkfs_fingerprint_options, &mkfs_image_options, &mkfs_compress_options,
	&mkfs_source_options,	   &mkfs_other_options, &mkfs_unbuilt_options,
};

static void add_letter(struct mkfs_options_table *table, const struct mkfs_option *option)
{
	static const char *const marks[] = { [NO] = "", [MUST] = ":", [MAY] = "::" };
	char *end = table->letters + strlen(table->letters);

	*end++ = option->letter;
	strcpy(end, marks[option->argument]);
}

static void add_name(struct mkfs_options_table *table, const struct mkfs_option *option)
{
	size_t at = table->name_count++;
	int found = option->letter ? option->letter : NAME_FIRST + (int)at;

	assert(at < MKFS_OPTIONS_MAX);
	table->names[at] = (struct option){ option->name, option->argument, NULL, found };
	table->named[at] = option;
}

void mkfs_fill_options_table(struct mkfs_options_table *table)
{
	/* The colon tells a missing value from an unknown option. */
	*table = (struct mkfs_options_table){ .letters = ":" };
	for (size_t i = 0; i < MKFS_OPTION_GROUPS; i++) {
		const struct mkfs_option_group *group = mkfs_option_groups[i];

		for (size_t k = 0; k < group->count; k++) {
			if (group->options[k].letter)
				add_letter(table, &group->options[k]);
			if (group->options[k].name)
				add_name(table, &group->options[k]);
		}
	}
}

static const struct mkfs_option *find_letter(int letter)
{
	for (size_t i = 0; i < MKFS_OPTION_GROUPS; i++) {
		const struct mkfs_option_group *group = mkfs_option_groups[i];

		for (size_t k = 0; k < group->count; k++)
			if (group->options[k].letter == letter)
				return &group->options[k];
	}
	return NULL;
}

const struct mkfs_option *mkfs_find_option(const struct mkfs_options_table *table, int found, int name_index)
{
	return found < NAME_FIRST ? find_letter(found) : table->named[name_index];
}
