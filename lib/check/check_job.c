/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/check/check_data.h"
#include "lib/reader/reader.h"
#include "lib/util/cleanup.h"

int erofs_check_job_finding(struct erofs_check_job *job, const char *format, ...)
{
	erofs_auto_free char *text = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return erofs_buffer_append(&job->causes, text, (size_t)length + 1);
}

int erofs_check_place(const struct erofs_check *check, struct erofs_check_job *job, const struct erofs_extent *extent,
		      bool *bad)
{
	uint64_t start = extent->physical, end = start + extent->plen;
	const struct erofs_claim *claim;
	erofs_auto_free char *text = NULL;

	/* Inline tails are their inodes' own. */
	if (extent->device == EROFS_DEVICE_METABOX)
		return 0;
	if (extent->device) {
		job->absent |= !check->image->slots[extent->device - 1].info.present;
		return 0;
	}
	if (extent->inlined || (extent->kind != EROFS_EXTENT_PLAIN && extent->kind != EROFS_EXTENT_ENCODED))
		return 0;
	*bad = true;
	/* The blocks of joined devices are behind those of the primary one. */
	if (end > check->limit && !check->image->slot_count)
		return erofs_check_job_finding(job, "data beyond the end of the image");
	claim = erofs_check_claims_find(&check->claims, start, end);
	if (claim) {
		text = erofs_check_claim_text(check, claim);
		return erofs_check_job_finding(job, "its data overlap %s at byte %llu", text ? text : "",
					       (unsigned long long)(claim->start > start ? claim->start : start));
	}
	*bad = false;
	return 0;
}
