#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The files of a folder use each other in one direction only, and no function is longer than a page. What is measured, and how,
# stands in scripts/house.sh.
set -u
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
house=$top_srcdir/scripts/house.sh
lines_most=60
# Still to be taken apart.
exceptions=

house() {
	bash "$house" "$top_srcdir" "$top_builddir" "$1"
}

# too_long: "FILE:LINE: NAME: N lines" for each function in what house.sh functions prints
too_long() {
	awk -v most="$lines_most" '$1 > most { print $2 ": " $3 " has " $1 " lines" }'
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
	found=$(bash "$house" "$dir" "$dir" circles)
	[ "$found" = 'lib/util/a lib/util/b lib/util/c' ] || { echo "not ok - planted circle: found '$found'"; exit 1; }
	found=$(bash "$house" "$dir" "$dir" functions | too_long)
	[ "$found" = 'lib/util/f.c:1: shown has 62 lines' ] || { echo "not ok - planted function: found '$found'"; exit 1; }
}
self_test
found=$(house functions | too_long | grep -v "^$exceptions")
# Objects for optimization by the linker have no symbols that nm shows.
if [ "$(house arrows | wc -l)" -lt 100 ]; then
	echo 'skip - circles: the object files show no symbols'
else
	found+=$(house circles | grep -v "^$exceptions" | sed 's/^/circle: /')
fi
[ -z "$found" ] && { echo "ok - $(house functions | wc -l) functions, $(house objects | wc -l) object files"; exit 0; }
printf '%s\n' "$found"
exit 1
