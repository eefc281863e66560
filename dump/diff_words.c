/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dump/diff.h"
#include "dump/text.h"

const char *diff_word(enum diff_what what)
{
	static const char *const words[DIFF_WHATS] = {
		[DIFF_TYPE] = "type",	  [DIFF_CONTENT] = "content", [DIFF_SIZE] = "size",   [DIFF_TARGET] = "target",
		[DIFF_DEVICE] = "device", [DIFF_MODE] = "mode",	      [DIFF_OWNER] = "owner", [DIFF_TIME] = "time",
		[DIFF_LINKS] = "links",	  [DIFF_XATTRS] = "xattrs",
	};

	return words[what];
}

static void describe_time(FILE *out, const struct diff_entry *entry)
{
	char when[64];

	text_time(when, entry->mtime, "%Y-%m-%d %H:%M:%S");
	fputs(when, out);
	if (entry->mtime_nsec)
		fprintf(out, ".%09" PRIu32, entry->mtime_nsec);
	text_time(when, entry->mtime, " %z");
	fputs(when, out);
}

static void describe_value(FILE *out, enum diff_what what, const struct diff_entry *entry)
{
	switch (what) {
	case DIFF_TYPE:
		fputs(text_type(entry->mode), out);
		break;
	case DIFF_SIZE:
		fprintf(out, "%" PRIu64, entry->size);
		break;
	case DIFF_DEVICE:
		fprintf(out, "%" PRIu32 ":%" PRIu32, erofs_rdev_major(entry->rdev), erofs_rdev_minor(entry->rdev));
		break;
	case DIFF_MODE:
		fprintf(out, "%04o", entry->mode & 07777u);
		break;
	case DIFF_OWNER:
		fprintf(out, "%" PRIu32 ":%" PRIu32, entry->uid, entry->gid);
		break;
	case DIFF_TIME:
		describe_time(out, entry);
		break;
	default:
		fprintf(out, "%" PRIu32, entry->nlink);
	}
}

static void describe_xattrs(FILE *out, const struct diff_change *change)
{
	for (size_t i = 0; i < change->xattr_count; i++) {
		char *name = text_quote(change->xattrs[i].name, change->xattrs[i].size);

		fprintf(out, " %c%s", change->xattrs[i].sign, name ? name : "?");
		free(name);
	}
}

char *diff_describe(const struct diff_change *change)
{
	const char *before = "";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (unsigned int i = 0; i < DIFF_WHATS; i++) {
		enum diff_what what = (enum diff_what)i;

		if (!(change->what >> i & 1))
			continue;
		fprintf(out, "%s%s", before, diff_word(what));
		before = ", ";
		if (what == DIFF_XATTRS) {
			describe_xattrs(out, change);
		} else if (what != DIFF_CONTENT && what != DIFF_TARGET) {
			fputc(' ', out);
			describe_value(out, what, change->a);
			fputs(" -> ", out);
			describe_value(out, what, change->b);
		}
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
