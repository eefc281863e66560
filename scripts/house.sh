#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Measures the sources: sizes of files and functions, circles between the files of a folder, files that touch threads,
# comments. Usage: house.sh [SOURCES [BUILD]]; circles are looked for where BUILD has object files.
set -u
export LC_ALL=C
sources=$(cd "${1:-$(dirname "$0")/..}" && pwd) || exit 2
build=$(cd "${2:-$sources}" && pwd) || exit 2

# product: the files of library and commands, without tests and examples
product() {
	(cd "$sources" && find include lib common mkfs dump fsck mount fuse -name '*.[ch]' 2>/dev/null | sort)
}

# functions: "LINES FILE:LINE NAME" for each function. Its first line is the one behind the last blank line, comment, macro or
# end of another one; its braces stand in the first column, as clang-format has them.
functions() {
	(cd "$sources" && product | xargs awk '
		FNR == 1 { open = first = 0 }
		/^\{/ { open = 1; next }
		/^\}/ { if (open) print FNR - first + 1, FILENAME ":" first, name; open = first = 0; next }
		open { next }
		/^([[:space:]]*$|[#\/]|.*;$|.*\*\/$)/ { first = 0; next }
		/^[^[:space:]]/ && !first { first = FNR; name = "" }
		first && !name && /\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	')
}

# median_and_most, percentile P: of numbers that stand first in each line
median_and_most() {
	sort -n | awk '{ v[NR] = $1; line[NR] = $0 } END { if (NR) print v[int((NR + 1) / 2)], line[NR] }'
}
percentile() {
	sort -n | awk -v p="$1" '{ v[NR] = $1 } END { at = int(NR * p / 100 + 0.999999); print NR ? v[at] : 0 }'
}

# objects: "OBJECT FILE" for each object file, where FILE is the source without its suffix. Libtool makes one or two of each; one
# is enough, since symbols that are hidden in the library are in both.
objects() {
	{
		product | sed -n 's/\.c$/& source/p'
		cd "$build" && find lib common mkfs dump fsck mount fuse -name '*.o' 2>/dev/null | sort
	} | awk '
		NF == 2 { source[$1]; next }
		{
			file = $1
			sub(/\.libs\//, "", file)
			sub(/\/[^\/]*-/, "/", file)
			sub(/\.o$/, "", file)
			if ((file ".c") in source && !seen[file]++) print $1, file
		}'
}

# arrows: "FROM TO SYMBOL" for files of one folder: FROM uses what TO defines
arrows() {
	{
		objects
		cd "$build" && objects | cut -d' ' -f1 | xargs nm -A -P 2>/dev/null
	} | awk '
		NF == 2 && !/: / { file_of[$1 ":"] = $2; next }
		{ $1 = file_of[$1]; folder = $1; sub(/\/[^\/]*$/, "", folder) }
		$3 ~ /^[TDBRVWC]$/ { of[folder, $2] = $1 }
		$3 == "U" { from[++n] = $1; in_folder[n] = folder; symbol[n] = $2 }
		END {
			for (i = 1; i <= n; i++) {
				to = of[in_folder[i], symbol[i]]
				if (to != "" && to != from[i]) print from[i], to, symbol[i]
			}
		}' | sort -u
}

# circles: a line for each set of files that all lead to each other
circles() {
	arrows | awk '
		{ to[$1] = to[$1] " " $2; node[$1]; node[$2] }
		function visit(start,    queue, head, tail, next_ones, count, i) {
			queue[tail++] = start
			while (head < tail) {
				count = split(to[queue[head++]], next_ones, " ")
				for (i = 1; i <= count; i++)
					if (!((start, next_ones[i]) in reaches)) {
						reaches[start, next_ones[i]]
						queue[tail++] = next_ones[i]
					}
			}
		}
		END {
			for (a in node) visit(a)
			for (a in node) {
				if (!((a, a) in reaches) || a in told) continue
				line = ""
				for (b in node)
					if ((a, b) in reaches && (b, a) in reaches) { told[b]; line = line " " b }
				print substr(line, 2)
			}
		}' | while read -r line; do tr ' ' '\n' <<<"$line" | sort | paste -sd' '; done | sort
}

thread_files() {
	(cd "$sources" && product | xargs grep -lE '\bpthread_|<pthread\.h>|<stdatomic\.h>|<threads\.h>|\b__atomic_|\b__sync_|\batomic_[a-z]+\b')
}

# comment_share: lines with nothing but a comment, among those that are not blank, in percent
comment_share() {
	(cd "$sources" && product | xargs awk '
		/^[[:space:]]*$/ { next }
		{ lines++ }
		inside { comments++; if (/\*\//) inside = 0; next }
		/^[[:space:]]*\/\*/ { comments++; if (!/\*\//) inside = 1; next }
		/^[[:space:]]*\/\// { comments++ }
		END { printf "%.1f", lines ? 100 * comments / lines : 0 }')
}

report() {
	local lines found
	lines=$(cd "$sources" && product | while read -r file; do echo "$(wc -l <"$file") $file"; done)
	found=$(functions)
	echo "files: $(wc -l <<<"$lines"), lines: median and largest $(median_and_most <<<"$lines")"
	echo "functions: $(wc -l <<<"$found"), lines: p99 $(percentile 99 <<<"$found"), median and largest $(median_and_most <<<"$found")"
	echo "functions above 60 lines: $(awk '$1 > 60' <<<"$found" | wc -l), above 40: $(awk '$1 > 40' <<<"$found" | wc -l)"
	echo "comments: $(comment_share)%"
	echo "files that touch threads: $(thread_files | wc -l)"
	thread_files | sed 's/^/  /'
	found=$(circles)
	echo "circles: $(grep -c . <<<"$found"), files in them: $(wc -w <<<"$found") of $(objects | wc -l)"
	[ -z "$found" ] || while read -r line; do echo "  $line"; done <<<"$found"
}

case ${3:-report} in
report | functions | arrows | circles | objects) "${3:-report}" ;;
*) echo "house.sh: unknown: $3" >&2; exit 2 ;;
esac
