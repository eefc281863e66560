#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Peak memory of a build: how much each further file takes.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS"
command -v python3 >/dev/null || skip_all "no python3"
nm -D "$MKFS" "${MKFS%/*}/.libs/${MKFS##*/}" 2>/dev/null | grep -qE '__(asan|tsan|msan)_init' &&
	skip_all "a sanitizer has its own memory"

# What is promised is 400 bytes, and 160 MiB that no number of files changes: a file is 1 KiB of an archive, and with the fewer ones, too,
# what is read ahead of each layer (12 MiB) is full.
most=400
slope() { # WHAT KIND FEW MANY
	local bytes
	bytes=$(python3 "$top_srcdir/tests/e2e/memory_slope.py" "$2" "$3" "$4" "$work/$2" "$MKFS" --quiet "$FP_OPT") ||
		{ fail "$1: memory"; return; }
	if [ "$bytes" -le "$most" ]; then pass "$1: $bytes bytes a file"; else fail "$1: $bytes bytes a file, more than $most"; fi
	rm -rf "${work:?}/$2"
}
slope "one layer" 1 15000 65000
slope "layers" 5 65000 85000
slope "compressed archive" targz 15000 65000
finish
