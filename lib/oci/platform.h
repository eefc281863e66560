/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_PLATFORM_H
#define EROFS_OCI_PLATFORM_H

#include <stdbool.h>

#define OCI_PLATFORM_PART 32u

/* What an image runs on, in the words of Go. Empty: not said. */
struct oci_platform {
	char os[OCI_PLATFORM_PART], architecture[OCI_PLATFORM_PART], variant[OCI_PLATFORM_PART];
};

/* "OS/ARCH[/VARIANT]", with the machine's own words for architectures allowed; -EINVAL. */
int erofs_oci_platform_parse(struct oci_platform *out, const char *text);

/* What this process runs on. */
void erofs_oci_platform_here(struct oci_platform *out);

/* Whether an image for `have` is what was asked for. */
bool erofs_oci_platform_fits(const struct oci_platform *wanted, const struct oci_platform *have);

#endif
