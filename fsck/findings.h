/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FSCK_FINDINGS_H
#define FSCK_FINDINGS_H

#include <json-c/json.h>

#include <erofs/check.h>
#include <erofs/diag.h>

#include "common/json.h"

/* What is said about one image, kept for --json, and passed on as well. */
struct fsck_findings {
	struct json_object *list;
	const struct erofs_diag *next;
	struct erofs_diag diag; /* to be given to the library */
};

void fsck_findings_begin(struct fsck_findings *findings, const struct erofs_diag *next);

/* Writes the image as one object, and forgets all. `checked`: 0, or why not all could be checked; `status`: of this image. */
void fsck_findings_end(struct fsck_findings *findings, struct json_writer *json, const char *image,
		       const struct erofs_check_summary *summary, int checked, int status);

#endif
