#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The shared library exports what the public headers declare with EROFS_API, and nothing else. Inside of it, names that leave a
# file begin with the prefix of their folder, by the table in tests/layering.sh.
set -u
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
library=$(ls "$top_builddir"/.libs/liberofs.so 2>/dev/null)
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
archive=$(ls "$top_builddir"/.libs/liberofs.a 2>/dev/null)
if [ -n "$archive" ]; then
	foreign=$(nm -g --defined-only "$archive" 2>/dev/null | awk 'NF == 3 && $2 ~ /[A-Z]/ { print $3 }' |
		grep -vE '^(erofs_|__asan|__ubsan|__tsan|__odr_asan)' | sort -u)
	[ -z "$foreign" ] || { printf 'global names without erofs_:\n%s\n' "$foreign"; status=1; }
fi

# ---- prefixes ----------------------------------------------------------------------------------------------------------------

# symbols SOURCES BUILD: "FILE NAME" for each name that leaves a file of the library, without those of sanitizers
symbols() {
	bash "$top_srcdir/scripts/house.sh" "$1" "$2" objects | grep ' lib/' | while read -r object file; do
		nm -g --defined-only "$2/$object" | awk -v file="$file" 'NF == 3 && $2 ~ /[A-Z]/ && $3 !~ /^__/ { print file, $3 }'
	done
}

# misnamed: of "FILE NAME", those whose folder is not that of the longest prefix that fits. A prefix ends where a word ends.
misnamed() {
	awk -v public="$declared" '
		BEGIN { split(public, names); for (i in names) is_public[names[i]] }
		NR == FNR {
			for (i = 2; i <= NF; i++) {
				if ($i in folder_of) print "two folders have the prefix erofs_" $i
				folder_of[$i] = $1
			}
			next
		}
		{
			if ($2 in is_public) next
			split($1, parts, "/")
			rest = $2
			if (!sub(/^erofs_/, "", rest)) rest = ""
			while (rest != "" && !(rest in folder_of))
				if (!sub(/_[^_]*$/, "", rest)) rest = ""
			if (rest == "" || folder_of[rest] != parts[1] "/" parts[2]) print $1 ": " $2
		}' <(bash "$top_srcdir/tests/layering.sh" prefixes) -
}

# A test that cannot fail is none.
self_test() {
	local found
	dir=$(mktemp -d "${TMPDIR:-/tmp}/symbols.XXXXXX")
	trap 'rm -rf "$dir"' EXIT
	mkdir -p "$dir"/lib/writer/data "$dir"/lib/format "$dir"/lib/none
	plant() { # FILE NAMES...
		local file=$dir/$1 name
		shift
		for name; do echo "void $name(void); void $name(void) {}"; done >"$file.c"
		${CC:-cc} -c -o "$file.o" "$file.c"
	}
	plant lib/writer/data/a erofs_writer_a erofs_writers_b erofs_reader_c erofs_d writer_e erofs_build
	plant lib/format/a erofs_device_slot_a erofs_device_b erofs_acl
	plant lib/none/a erofs_none_a
	found=$(symbols "$dir" "$dir" | misnamed | sed 's/.*: //' | sort | paste -sd' ')
	[ "$found" = 'erofs_d erofs_device_b erofs_none_a erofs_reader_c erofs_writers_b writer_e' ] && return
	echo "not ok - of what was planted: found '$found'"
	exit 1
}
self_test
names=$(symbols "$top_srcdir" "$top_builddir")
wrong=$(misnamed <<<"$names")
[ -z "$wrong" ] || { printf 'not named after their folders (tests/layering.sh has the table):\n%s\n' "$wrong"; status=1; }
# Objects for optimization by the linker have no symbols that nm shows.
[ "$(wc -l <<<"$names")" -ge 100 ] || echo 'skip - prefixes: the object files show no symbols'
echo "$(echo "$declared" | wc -l) functions declared, $(echo "$exported" | wc -l) names exported, $(wc -l <<<"$names") with a prefix"
exit $status
