#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The shared library exports what the public headers declare with EROFS_API, and nothing else.
set -u
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
library=$(ls "${top_builddir:-.}"/.libs/liberofs.so 2>/dev/null)
[ -n "$library" ] || { echo "skip - no shared library was built"; exit 77; }
status=0

# What the compiler sees behind each EROFS_API: the last name in front of the first parenthesis.
declared=$(sed '/^#define/d' "$top_srcdir"/include/erofs/*.h | tr '\n' ' ' | grep -oE 'EROFS_API [^;(]*\(' |
	sed -E 's/.*[ *](erofs_[a-z0-9_]+)\($/\1/' | sort -u)
exported=$(nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ { print $3 }' |
	grep -vE '^(__|_init$|_fini$|_edata$|_end$|__bss_start$)' | sort -u)

if extra=$(comm -13 <(echo "$declared") <(echo "$exported")) && [ -n "$extra" ]; then
	printf 'exported, but not declared with EROFS_API:\n%s\n' "$extra"
	status=1
fi
if missing=$(comm -23 <(echo "$declared") <(echo "$exported")) && [ -n "$missing" ]; then
	printf 'declared with EROFS_API, but not exported:\n%s\n' "$missing"
	status=1
fi

# Inside as well, so that a static library does not take names from its users.
archive=$(ls "${top_builddir:-.}"/.libs/liberofs.a 2>/dev/null)
if [ -n "$archive" ]; then
	foreign=$(nm -g --defined-only "$archive" 2>/dev/null | awk 'NF == 3 && $2 ~ /[A-Z]/ { print $3 }' |
		grep -vE '^(erofs_|__asan|__ubsan|__tsan|__odr_asan)' | sort -u)
	[ -z "$foreign" ] || { printf 'global names without erofs_:\n%s\n' "$foreign"; status=1; }
fi
echo "$(echo "$declared" | wc -l) functions declared, $(echo "$exported" | wc -l) names exported"
exit $status
