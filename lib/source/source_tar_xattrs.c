/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/source/source_label.h"
#include "lib/source/source_tar.h"
#include "lib/source/source_xattrs.h"
#include "lib/util/cleanup.h"

/* What may be there several times: bsdtar writes each attribute twice; of equal names the last one counts. */
struct candidate {
	struct erofs_xattr_found found;
	size_t order;
};

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *one = a, *other = b;
	int order = strcmp(one->found.name, other->found.name);

	return order ? order : one->order < other->order ? -1 : one->order > other->order;
}

static uint32_t take_last_of_each(struct erofs_xattr_found *out, const struct candidate *candidates, size_t count)
{
	uint32_t taken = 0;

	for (size_t i = 0; i < count; i++)
		if (i + 1 == count || strcmp(candidates[i].found.name, candidates[i + 1].found.name) != 0)
			out[taken++] = candidates[i].found;
	return taken;
}

void erofs_source_tar_note_losses(struct tar_source *source, const struct tar_extended *extended, const char *path)
{
	const struct tar_left_out *left_out = &extended->left_out;
	struct erofs_losses *losses = &source->losses;

	losses->file_flags += left_out->file_flags;
	if (source->options->ignore_xattrs)
		return;
	losses->nfs4_acls += left_out->nfs4_acl;
	erofs_source_loss_add(&losses->xattrs, left_out->xattrs, left_out->xattr, path);
	erofs_source_loss_add(&losses->acl_entries, left_out->acl_entries, left_out->acl_entry, path);
}

/* All that may count, the label last: `candidates` has room for it. Returns how many. */
static size_t collect(const struct tar_source *source, struct candidate *candidates,
		      const struct tar_extended *extended, const char *label)
{
	const struct tar_xattr *xattrs = extended ? (const void *)extended->xattrs.data : NULL;
	size_t count = extended ? extended->xattrs.size / sizeof(*xattrs) : 0, kept = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = (const char *)extended->texts.data + xattrs[i].name;
		const uint8_t *value = extended->texts.data + xattrs[i].value;

		if (erofs_source_ignores(source->options, name) || erofs_source_label_replaces(source->labels, name))
			continue;
		candidates[kept] = (struct candidate){ { name, value, xattrs[i].value_size }, kept };
		kept++;
	}
	if (label) {
		candidates[kept] =
			(struct candidate){ { EROFS_SELINUX_NAME, label, (uint32_t)strlen(label) + 1 }, kept };
		kept++;
	}
	return kept;
}

int erofs_source_tar_set_xattrs(struct tar_source *source, struct erofs_tree_inode *inode,
				const struct tar_extended *extended, const char *path)
{
	size_t most = extended ? extended->xattrs.size / sizeof(struct tar_xattr) + 1 : 1;
	erofs_auto_free struct candidate *candidates = NULL;
	erofs_auto_free struct erofs_xattr_found *found = NULL;
	erofs_auto_free char *label = NULL;
	size_t count;
	uint32_t distinct;
	int err = erofs_source_label_of(source->labels, &label, inode, source->diag);

	if (extended)
		erofs_source_tar_note_losses(source, extended, path);
	if (err || (most == 1 && !label))
		return err;
	candidates = calloc(most, sizeof(*candidates));
	found = calloc(most, sizeof(*found));
	if (!candidates || !found)
		return -ENOMEM;
	count = collect(source, candidates, extended, label);
	qsort(candidates, count, sizeof(*candidates), compare_candidates);
	distinct = take_last_of_each(found, candidates, count);
	if (distinct > UINT16_MAX)
		return erofs_archive_tar_report(&source->members, -E2BIG, path, "has absurdly many xattrs");
	return erofs_tree_set_xattrs(source->tree, inode, found, distinct);
}
