/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_begin.h"

#include <errno.h>

#include "lib/util/report.h"
#include "lib/util/sized.h"

static bool has_all(const char *const *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!items || !items[i])
			return false;
	return true;
}

int erofs_source_begin(struct erofs_tree *tree, struct erofs_scan_options *known,
		       const struct erofs_scan_options *given, const char *function, const struct erofs_diag *diag)
{
	int err;

	if (!tree)
		return erofs_report(diag, -EINVAL, "%s(): no tree (NULL)", function);
	if (tree->source_ops)
		return erofs_report(diag, -EINVAL, "%s(): the tree has a source already", function);
	*known = erofs_scan_options_init();
	err = erofs_sized_take(known, sizeof(*known), given, "erofs_scan_options", diag);
	if (err)
		return err;
	if (!has_all(known->exclude_paths, known->exclude_path_count))
		return erofs_report(diag, -EINVAL, "%s(): a path to exclude is missing (NULL)", function);
	if (!has_all(known->exclude_regexes, known->exclude_regex_count))
		return erofs_report(diag, -EINVAL, "%s(): an expression to exclude is missing (NULL)", function);
	return 0;
}

int erofs_source_end(struct erofs_tree *tree, int err)
{
	if (err)
		tree->is_unusable = true;
	return err;
}
