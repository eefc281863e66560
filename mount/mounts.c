/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/mounts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mount/loop.h"

/* One word of a line, with blanks and the like in it as octal numbers. */
static bool copy_word(char *out, size_t size, const char *word)
{
	size_t length = 0;

	if (!word)
		return false;
	for (; *word; length++) {
		char c = *word++;

		if (c == '\\' && isdigit((unsigned char)word[0]) && isdigit((unsigned char)word[1]) &&
		    isdigit((unsigned char)word[2])) {
			c = (char)((word[0] - '0') << 6 | (word[1] - '0') << 3 | (word[2] - '0'));
			word += 3;
		}
		if (length + 1 >= size)
			return false;
		out[length] = c;
	}
	out[length] = 0;
	return true;
}

/* "ID PARENT MAJ:MIN ROOT TARGET ATTRIBUTES [TAGS...] - TYPE SOURCE OPTIONS" */
static bool parse(struct mounted *out, uint64_t *id, char *line)
{
	char *rest = strstr(line, " - "), *save = NULL, *word;

	if (!rest)
		return false;
	*rest = 0;
	rest += 3;
	word = strtok_r(line, " ", &save);
	*id = word ? strtoull(word, NULL, 10) : 0;
	for (int i = 0; word && i < 4; i++)
		word = strtok_r(NULL, " ", &save);
	if (!copy_word(out->target, sizeof(out->target), word))
		return false;
	word = strtok_r(rest, " \n", &save);
	if (!copy_word(out->type, sizeof(out->type), word))
		return false;
	word = strtok_r(NULL, " \n", &save);
	if (!copy_word(out->source, sizeof(out->source), word))
		return false;
	word = strtok_r(NULL, " \n", &save);
	return copy_word(out->options, sizeof(out->options), word);
}

/* From the source itself, or from a loop device over it. */
static bool is_of(const struct mounted *mounted, const char *source)
{
	char below[PATH_MAX];

	if (strcmp(mounted->type, "erofs"))
		return false;
	return !strcmp(mounted->source, source) ||
	       (!loop_backing_file(mounted->source, below, sizeof(below)) && !strcmp(below, source));
}

/* The last mount with this number, or if `source` is given, of EROFS from there. */
static int find(struct mounted *out, uint64_t id, const char *source)
{
	FILE *table = fopen("/proc/self/mountinfo", "re");
	struct mounted *candidate = malloc(sizeof(*candidate));
	char *line = NULL;
	size_t size = 0;
	uint64_t number;
	int err = !table ? -errno : !candidate ? -ENOMEM : -ENOENT;

	while (table && candidate && getline(&line, &size, table) > 0) {
		if (!parse(candidate, &number, line))
			continue;
		if (source ? !is_of(candidate, source) : number != id)
			continue;
		*out = *candidate;
		err = 0;
	}
	free(line);
	free(candidate);
	if (table)
		fclose(table);
	return err;
}

int mounts_at(struct mounted *out, const char *directory)
{
	struct statx st;

	if (statx(AT_FDCWD, directory, AT_NO_AUTOMOUNT, STATX_MNT_ID, &st))
		return -errno;
	if (!(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) || !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return -EINVAL;
	return find(out, st.stx_mnt_id, NULL);
}

int mounts_of(struct mounted *out, const char *source)
{
	char real[PATH_MAX];

	return find(out, 0, realpath(source, real) ? real : source);
}

bool mounts_has_option(const struct mounted *mounted, const char *option)
{
	const char *at = mounted->options;
	size_t length = strlen(option);

	while ((at = strstr(at, option))) {
		if ((at == mounted->options || at[-1] == ',') && (!at[length] || at[length] == ','))
			return true;
		at += length;
	}
	return false;
}
