/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/check/check_state.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* A hostile image has room for more defects than anybody reads. All are counted. */
#define FINDINGS_LISTED 10000u

/* Whether one more is to be listed. */
static bool count_finding(struct erofs_check *check)
{
	uint64_t count = ++check->summary->findings;

	if (count == FINDINGS_LISTED + 1)
		erofs_report(check->diag, 0, "more than %u findings: the rest are counted, not listed",
			     FINDINGS_LISTED);
	return count <= FINDINGS_LISTED;
}

static void list_finding(struct erofs_check *check, const char *where, const char *format, va_list args)
{
	erofs_auto_free char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	erofs_report(check->diag, 0, "%s: %s", where ? where : "(out of memory)", text ? text : format);
}

void erofs_check_finding_at(struct erofs_check *check, uint32_t node, const char *name, size_t name_len,
			    const char *format, ...)
{
	erofs_auto_free char *path = NULL;
	va_list args;

	if (!count_finding(check))
		return;
	path = erofs_reader_nodes_path(&check->nodes, node, name, name_len);
	va_start(args, format);
	list_finding(check, path, format, args);
	va_end(args);
}

void erofs_check_finding(struct erofs_check *check, uint32_t node, const char *format, ...)
{
	erofs_auto_free char *path = NULL;
	va_list args;

	if (!count_finding(check))
		return;
	path = erofs_reader_nodes_path(&check->nodes, node, NULL, 0);
	va_start(args, format);
	list_finding(check, path, format, args);
	va_end(args);
}

void erofs_check_finding_of(struct erofs_check *check, const char *what, const char *format, ...)
{
	va_list args;

	if (!count_finding(check))
		return;
	va_start(args, format);
	list_finding(check, what, format, args);
	va_end(args);
}

int erofs_check_failed(struct erofs_check *check, uint32_t node, int err, const char *what)
{
	erofs_auto_free char *path = NULL;

	if (err == -EUCLEAN) {
		erofs_check_finding(check, node, "%s", what);
		return 0;
	}
	if (err == -EOPNOTSUPP) {
		if (!check->unreadable++)
			check->first_unreadable = node;
		return 0;
	}
	path = erofs_reader_nodes_path(&check->nodes, node, NULL, 0);
	return erofs_report(check->diag, err, "%s: cannot check it: %s", path ? path : "(out of memory)",
			    err == -ENXIO ? "its data lie on a device that was not given" : strerror(-err));
}

char *erofs_check_claim_text(const struct erofs_check *check, const struct erofs_claim *claim)
{
	static const char *const kinds[] = {
		[EROFS_CLAIM_SUPERBLOCK] = "the superblock",
		[EROFS_CLAIM_DEVICE_TABLE] = "the device table",
		[EROFS_CLAIM_PREFIX_TABLE] = "the xattr prefix table",
		[EROFS_CLAIM_INODE] = "the inode of ",
		[EROFS_CLAIM_DIRECTORY] = "the directory data of ",
		[EROFS_CLAIM_SHARED_XATTR] = "a shared xattr of ",
	};
	erofs_auto_free char *path = NULL;
	char *text = NULL;

	if (claim->node != EROFS_NODE_NONE)
		path = erofs_reader_nodes_path(&check->nodes, claim->node, NULL, 0);
	return asprintf(&text, "%s%s", kinds[claim->kind], path ? path : "") < 0 ? NULL : text;
}
