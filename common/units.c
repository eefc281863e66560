/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/units.h"

#include <stdio.h>

const char *tool_format_size(char out[TOOL_SIZE_MAX], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	unsigned int unit = 0;

	/* No "1024.0 KiB". */
	for (; value >= 1023.95 && unit < 6; unit++)
		value /= 1024;
	snprintf(out, TOOL_SIZE_MAX, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return out;
}

const char *tool_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}
