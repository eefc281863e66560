/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_losses.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/text.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

static void set_first(struct erofs_loss *loss, const char *what, const char *where)
{
	free(loss->what);
	free(loss->where);
	loss->what = strdup(what);
	loss->where = strdup(where);
}

void erofs_source_loss_add(struct erofs_loss *loss, uint64_t count, const char *what, const char *where)
{
	if (!loss->count && count)
		set_first(loss, what, where);
	loss->count += count;
}

void erofs_source_loss_add_unordered(struct erofs_loss *loss, const char *what, const char *where)
{
	if (!loss->count++ || (loss->where && strcmp(where, loss->where) < 0))
		set_first(loss, what, where);
}

void erofs_source_loss_merge(struct erofs_loss *loss, struct erofs_loss *from)
{
	bool is_first =
		from->count && (!loss->count || (loss->where && from->where && strcmp(from->where, loss->where) < 0));

	if (is_first)
		set_first(loss, from->what ? from->what : "?", from->where ? from->where : "?");
	loss->count += from->count;
	free(from->what);
	free(from->where);
	*from = (struct erofs_loss){ 0 };
}

static void report_loss(const struct erofs_loss *loss, const char *source, const char *kind,
			const struct erofs_diag *diag)
{
	erofs_auto_free char *what = loss->what ? erofs_escape(loss->what, strlen(loss->what)) : NULL;
	erofs_auto_free char *where = loss->where ? erofs_escape(loss->where, strlen(loss->where)) : NULL;

	if (loss->count)
		erofs_message(diag, EROFS_SEV_WARNING, "%s: left out %" PRIu64 " %s, the first: '%s' of '%s'", source,
			      loss->count, kind, what ? what : "?", where ? where : "?");
}

void erofs_source_losses_report(const struct erofs_losses *losses, const char *source, const struct erofs_diag *diag)
{
	report_loss(&losses->xattrs, source, "xattrs of namespaces that the format does not know", diag);
	report_loss(&losses->acl_entries, source, "ACL entries for names without a number", diag);
	if (losses->nfs4_acls)
		erofs_message(diag, EROFS_SEV_WARNING, "%s: left out %" PRIu64 " NFSv4 ACLs", source,
			      losses->nfs4_acls);
	if (losses->file_flags)
		erofs_message(diag, EROFS_SEV_WARNING, "%s: left out the file flags of %" PRIu64 " members", source,
			      losses->file_flags);
}

void erofs_source_losses_release(struct erofs_losses *losses)
{
	free(losses->xattrs.what);
	free(losses->xattrs.where);
	free(losses->acl_entries.what);
	free(losses->acl_entries.where);
	*losses = (struct erofs_losses){ 0 };
}
