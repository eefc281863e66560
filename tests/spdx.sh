#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Every source file says its licence in its first lines.
set -u
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 99
missing=$(find autogen.sh check.sh quickstart.sh configure.ac Makefile.am .ci include lib mkfs dump fsck mount fuse common completions man tests \
	-type f ! -name '*.in' ! -name '*.md' ! -name '*.log' ! -name '*.trs' ! -name '.dirstamp' ! -name '*.o' ! -name '*.lo' \
	! -path '*/.deps/*' ! -path '*/.libs/*' ! -path 'tests/golden/*' ! -path 'completions/*/*' ! -name stamp 2>/dev/null | while read -r file; do
	[ -x "$file" ] && ! head -c 2 "$file" | grep -q '#!' && ! grep -Iq . "$file" && continue # built in the source tree
	grep -Iq . "$file" || continue
	head -n 4 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later OR MIT' || echo "$file"
done)
[ -z "$missing" ] && exit 0
printf 'no SPDX line in:\n%s\n' "$missing"
exit 1
