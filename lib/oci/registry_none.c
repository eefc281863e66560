/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/oci/sink.h"
#include "lib/util/report.h"

int erofs_oci_store_open_registry(struct oci_store **out, const struct erofs_oci_options *options,
				  const struct erofs_cancel *cancel, const struct erofs_diag *diag)
{
	(void)out;
	(void)cancel;
	return erofs_report(diag, -EOPNOTSUPP, "'%s': built without libcurl, which registries need", options->location);
}

int erofs_oci_sink_open_registry(struct oci_sink **out, const char *name, const struct oci_sink_options *options)
{
	(void)out;
	return erofs_report(options->diag, -EOPNOTSUPP, "'%s': built without libcurl, which registries need", name);
}
