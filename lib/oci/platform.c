/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/platform.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>

struct machine {
	const char *name, *architecture, *variant;
};

/* What uname() and users say. */
static const struct machine machines[] = {
	{ "x86_64", "amd64", "" },
	{ "aarch64", "arm64", "" },
	{ "armv8l", "arm", "v8" },
	{ "armv7l", "arm", "v7" },
	{ "armv6l", "arm", "v6" },
	{ "armhf", "arm", "v7" },
	{ "i386", "386", "" },
	{ "i486", "386", "" },
	{ "i586", "386", "" },
	{ "i686", "386", "" },
	{ "ppc64", "ppc64", "" },
	{ "ppc64el", "ppc64le", "" },
	{ "loongarch64", "loong64", "" },
};

static void normalize(struct oci_platform *platform)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (strcmp(platform->architecture, machines[i].name) != 0)
			continue;
		strcpy(platform->architecture, machines[i].architecture);
		if (!platform->variant[0])
			strcpy(platform->variant, machines[i].variant);
		break;
	}
	/* There is no other. */
	if (strcmp(platform->architecture, "arm64") == 0 && strcmp(platform->variant, "v8") == 0)
		platform->variant[0] = 0;
}

/* The part up to the next slash; moves on behind it. */
static bool take_part(char part[OCI_PLATFORM_PART], const char **text)
{
	size_t length = strcspn(*text, "/");

	if (!length || length >= OCI_PLATFORM_PART)
		return false;
	memcpy(part, *text, length);
	part[length] = 0;
	*text += length;
	if (**text == '/' && (*text)[1])
		++*text;
	return true;
}

int erofs_oci_platform_parse(struct oci_platform *out, const char *text)
{
	struct oci_platform platform = { 0 };

	if (!take_part(platform.os, &text) || !take_part(platform.architecture, &text) ||
	    (*text && !take_part(platform.variant, &text)) || *text)
		return -EINVAL;
	normalize(&platform);
	*out = platform;
	return 0;
}

void erofs_oci_platform_here(struct oci_platform *out)
{
	struct utsname name;

	*out = (struct oci_platform){ .os = "linux" };
	if (!uname(&name) && strlen(name.machine) < OCI_PLATFORM_PART)
		strcpy(out->architecture, name.machine);
	normalize(out);
}

bool erofs_oci_platform_fits(const struct oci_platform *wanted, const struct oci_platform *have)
{
	struct oci_platform normal = *have;

	normalize(&normal);
	return strcmp(wanted->os, normal.os) == 0 && strcmp(wanted->architecture, normal.architecture) == 0 &&
	       (!wanted->variant[0] || strcmp(wanted->variant, normal.variant) == 0);
}
