/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fsck/findings.h"

#include <string.h>

#include "common/tool.h"
#include "fsck/options.h"

struct finding {
	struct json_object *list, *object;
};

static void append(void *ctx)
{
	struct finding *finding = ctx;

	json_object_array_add(finding->list, finding->object);
}

static void keep(void *ctx, enum erofs_severity severity, const char *text)
{
	static const char *const names[] = { [EROFS_SEV_ERROR] = "error",
					     [EROFS_SEV_WARNING] = "warning",
					     [EROFS_SEV_NOTE] = "note",
					     [EROFS_SEV_DEBUG] = "debug" };
	struct fsck_findings *findings = ctx;
	struct json_object *object = json_object_new_object();
	struct finding finding = { findings->list, object };

	json_add_text(object, "severity", names[severity]);
	json_add_bytes(object, "message", text, strlen(text));
	/* Workers report, too. */
	tool_alone(append, &finding);
	findings->next->message(findings->next->ctx, severity, text);
}

void fsck_findings_begin(struct fsck_findings *findings, const struct erofs_diag *next)
{
	findings->list = json_object_new_array();
	findings->next = next;
	findings->diag = (struct erofs_diag){ .message = keep, .ctx = findings, .verbosity = next->verbosity };
}

static void add_summary(struct json_object *object, const struct erofs_check_summary *summary)
{
	json_add_number(object, "errors", summary->findings);
	json_add_number(object, "inodes", summary->inodes);
	json_add_number(object, "directories", summary->directories);
	json_add_number(object, "regular_files", summary->regular_files);
	json_add_number(object, "data_bytes", summary->data_bytes);
	json_add_number(object, "hashed_files", summary->hashed_files);
	json_add_number(object, "hashed_bytes", summary->hashed_bytes);
	json_add_number(object, "absent_files", summary->absent_files);
}

void fsck_findings_end(struct fsck_findings *findings, struct json_writer *json, const char *image,
		       const struct erofs_check_summary *summary, int checked, int status)
{
	struct json_object *object = json_object_new_object();

	json_add_bytes(object, "image", image, strlen(image));
	json_add_text(object, "verdict",
		      status == FSCK_CLEAN    ? "clean"
		      : status == FSCK_ERRORS ? "errors"
					      : "not_checked");
	if (summary && !checked)
		add_summary(object, summary);
	json_object_object_add(object, "findings", findings->list);
	json_put(json, NULL, object);
}
