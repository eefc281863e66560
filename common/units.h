/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_COMMON_UNITS_H
#define EROFS_COMMON_UNITS_H

#include <stdint.h>

/* Figures for people, in the same form in all tools: sizes in powers of 1024 (B, KiB, MiB ...), and words that agree with numbers. */

#define TOOL_SIZE_MAX 24

/* Returns `out`. */
const char *tool_format_size(char out[TOOL_SIZE_MAX], uint64_t bytes);

/* For arguments of printf(): the text is the caller's until the end of the statement's block. */
#define TOOL_SIZE(bytes) tool_format_size((char[TOOL_SIZE_MAX]){ 0 }, bytes)

/* "", or "s" if there are more than one, or none. */
const char *tool_plural(uint64_t count);

#endif
