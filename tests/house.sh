#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The files of a folder use each other in one direction only, and no function is longer than a page. What is measured, and how,
# stands in scripts/house.sh.
set -u
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
house=$top_srcdir/scripts/house.sh
lines_most=60

# findings SOURCES BUILD: a line for each function that is too long, and for each circle
findings() {
	bash "$house" "$1" "$2" functions | awk -v most="$lines_most" '$1 > most { print $2 ": " $3 " has " $1 " lines" }'
	bash "$house" "$1" "$2" circles | sed 's/^/circle: /'
}

# A test that cannot fail is none: planted violations must be found, and nothing but these.
self_test() {
	local found
	dir=$(mktemp -d "${TMPDIR:-/tmp}/house.XXXXXX")
	trap 'rm -rf "$dir"' EXIT
	mkdir -p "$dir"/lib/util
	plant() {
		printf '%s\n' "$2" >"$dir/lib/util/$1.c"
		${CC:-cc} -c -o "$dir/lib/util/$1.o" "$dir/lib/util/$1.c"
	}
	plant a 'int b(void); int a(void); int a(void) { return b(); }'
	plant b 'extern int c; int b(void); int b(void) { return c; }'
	plant c 'int a(void); extern int c; int c; int d(void); int d(void) { return a(); }'
	plant e 'int d(void); int e(void); int e(void) { return d(); }'
	{ echo 'static int'; echo 'shown(int a,'; echo ' int b)'; echo '{'; seq 57 | sed 's/.*/	a++;/'; echo '}'; } >"$dir/lib/util/f.c"
	{ echo; echo '/* why */'; echo 'int page(void)'; echo '{'; seq 57 | sed 's/.*/	a++;/'; echo '}'; } >>"$dir/lib/util/f.c"
	found=$(findings "$dir" "$dir")
	[ "$found" = "lib/util/f.c:1: shown has 62 lines
circle: lib/util/a lib/util/b lib/util/c" ] || { echo "not ok - of what was planted: found '$found'"; exit 1; }
}
self_test
found=$(findings "$top_srcdir" "$top_builddir")
[ -z "$found" ] || { printf '%s\n' "$found"; exit 1; }
# Objects for optimization by the linker have no symbols that nm shows.
[ "$(bash "$house" "$top_srcdir" "$top_builddir" arrows | wc -l)" -ge 100 ] ||
	echo 'skip - circles: the object files show no symbols'
echo "ok - $(bash "$house" "$top_srcdir" "$top_builddir" functions | wc -l) functions"
