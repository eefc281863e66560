#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Each public header compiles alone, as C and as C++, and needs nothing but include/.
set -u
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
cc=${CC:-cc}
status=0
warnings=(-Wall -Wextra -Wshadow -Werror)
try() { # WHAT COMMAND...
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then echo "ok - $what"; else
		printf 'not ok - %s\n%s\n' "$what" "$output"
		status=1
	fi
}
read -r -a cc_words <<<"$cc"
for header in "$top_srcdir"/include/erofs/*.h; do
	name=erofs/${header##*/}
	for standard in c11 gnu17; do
		try "$name as $standard" "${cc_words[@]}" -std=$standard "${warnings[@]}" -I"$top_srcdir/include" -fsyntax-only -x c \
			- < <(printf '#include <%s>\n#include <%s>\n' "$name" "$name")
	done
	if command -v "${CXX:-c++}" >/dev/null; then
		try "$name as C++" "${CXX:-c++}" -std=c++17 "${warnings[@]}" -I"$top_srcdir/include" -fsyntax-only -x c++ \
			- < <(printf '#include <%s>\n#include <%s>\n' "$name" "$name")
	else
		echo "skip - no C++ compiler"
	fi
done
# Each function has a comment right in front of it.
undocumented=$(awk '/^EROFS_API/ && previous !~ /\*\/$/ { print FILENAME ": " $0 } { previous = $0 }' "$top_srcdir"/include/erofs/*.h)
if [ -z "$undocumented" ]; then echo "ok - every function has a comment"; else
	printf 'not ok - functions without a comment\n%s\n' "$undocumented"
	status=1
fi
exit $status
