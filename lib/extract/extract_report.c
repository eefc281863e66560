/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/extract/extract.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#define REPORTS_LISTED 10000u

/* The path of the innermost level, or of an entry in its directory. */
static char *path_of(const struct erofs_extract *extract, const struct erofs_extract_place *place)
{
	size_t levels = extract->levels.size / sizeof(struct erofs_extract_level);
	uint32_t here = EROFS_NODE_NONE;

	if (place)
		return erofs_reader_nodes_path(&extract->nodes, place->parent, place->name, place->name_len);
	if (levels)
		here = ((const struct erofs_extract_level *)extract->levels.data)[levels - 1].node;
	return erofs_reader_nodes_path(&extract->nodes, here, NULL, 0);
}

int erofs_extract_failed(struct erofs_extract *extract, const struct erofs_extract_place *place, int err,
			 const char *format, ...)
{
	erofs_auto_free char *path = NULL, *text = NULL;
	va_list args;

	if (!extract->err)
		extract->err = err;
	if (++extract->reported > REPORTS_LISTED) {
		if (extract->reported == REPORTS_LISTED + 1)
			erofs_report(extract->diag, err, "more than %u failures: the rest are not listed",
				     REPORTS_LISTED);
		return err;
	}
	path = path_of(extract, place);
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return erofs_report(extract->diag, err, "%s: %s", path ? path : "(out of memory)", text ? text : format);
}

static bool is_lenient(const struct erofs_extract_options *options, enum erofs_extract_kind kind)
{
	switch (kind) {
	case EROFS_EXTRACT_OWNER:
		return options->lenient_owner;
	case EROFS_EXTRACT_MODE:
		return options->lenient_perms;
	default:
		return options->lenient_xattrs;
	}
}

/* A user namespace has no words for owners from outside of it; some file systems have no place for attributes. */
static bool lacks_privilege(enum erofs_extract_kind kind, int err)
{
	if (err == -EPERM || err == -EACCES)
		return true;
	return kind == EROFS_EXTRACT_OWNER ? err == -EINVAL : kind == EROFS_EXTRACT_XATTR && err == -EOPNOTSUPP;
}

int erofs_extract_not_set(struct erofs_extract *extract, const struct erofs_extract_place *place,
			  enum erofs_extract_kind kind, int err, const char *format, ...)
{
	struct erofs_extract_missing *missing = &extract->missing[kind];
	erofs_auto_free char *path = NULL, *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!is_lenient(extract->options, kind) || !lacks_privilege(kind, err))
		return erofs_extract_failed(extract, place, err, "%s", text ? text : format);
	if (missing->count++)
		return 0;
	path = path_of(extract, place);
	if (asprintf(&missing->first, "%s: %s", path ? path : "(out of memory)", text ? text : format) < 0)
		missing->first = NULL;
	return 0;
}

void erofs_extract_report_missing(const struct erofs_extract *extract)
{
	static const char *const kinds[EROFS_EXTRACT_KINDS] = { "owners", "modes", "xattrs" };

	for (unsigned int i = 0; i < EROFS_EXTRACT_KINDS; i++)
		if (extract->missing[i].count)
			erofs_message(extract->diag, EROFS_SEV_WARNING, "%s (%s not set: %llu)",
				      extract->missing[i].first ? extract->missing[i].first : "(out of memory)",
				      kinds[i], (unsigned long long)extract->missing[i].count);
}

bool erofs_extract_is_fatal(int err)
{
	return err == -ENOMEM || err == -ENOSPC || err == -EDQUOT || err == -EROFS || err == -ESTALE ||
	       err == -EMFILE || err == -ENFILE;
}
