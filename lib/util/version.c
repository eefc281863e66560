/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "config.h"

#include <erofs/api.h>

const char *erofs_version(void)
{
	return PACKAGE_VERSION;
}

const char *erofs_build_info(void)
{
	return EROFS_BUILD_INFO;
}
