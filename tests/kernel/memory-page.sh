#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# memory-page.sh RESULTS DIR: writes DIR/memory.md and DIR/memory.svg from the figures of check-kernel.sh. Pairs that were
# not measured are said to be missing.
set -euo pipefail
export LC_ALL=C
[ $# = 2 ] || { sed -n '3,4s/^# //p' "$0" >&2 && exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
results=$1 dir=$2
[ -s "$results" ] || { echo "memory-page.sh: no figures in $results" >&2; exit 1; }

bash "$here/memory-plot.sh" "$results" >"$dir/memory.svg.new" && mv "$dir/memory.svg.new" "$dir/memory.svg"

measured() { awk -F'\t' '$1 == "pair" { print $2 }' "$results"; }
missing() {
	local pair
	for pair in redis nginx postgres mariadb tomcat node tensorflow; do measured | grep -qx "$pair" || echo "$pair"; done
}

reading_rows() { # METHOD
	awk -F'\t' -v method="$1" '
		$1 == "pair" { files[$2] = $3 + $4 }
		$1 == "saving" && $3 == "one domain" && $4 == method {
			saved = $5 - $6
			printf "| %s | %d | %.1f | %.1f | %.1f | %.1f | %+.2f %% | %.1f %% |\n", $2, files[$2], $5 / 1e6, $6 / 1e6, $7 / 1e6,
				saved / 1e6, 100 * (saved - $7) / $7, 100 * saved / $5
		}' "$results"
}

other_rows() {
	awk -F'\t' '$1 == "saving" && $3 != "one domain" && $4 == "read" {
		printf "| %s | %s | %.1f | %.1f |\n", $2, $3, $7 / 1e6, ($5 - $6) / 1e6
	}' "$results"
}

workload_rows() {
	awk -F'\t' '$1 == "workload" {
		printf "| %s | %.1f | %.1f | %.1f %% | %.1f | %.1f | %.1f %% |\n", $3, $4 * 1.024e-3, $9 * 1.024e-3, 100 * ($4 - $9) / $4,
			$7 * 1.024e-3, $12 * 1.024e-3, 100 * ($7 - $12) / $7
	}' "$results"
}

differing_rows() {
	awk -F'\t' '$1 == "differs" { printf "| %s | `%s` | %.1f |\n", $2, $3, $4 / 1e6 }' "$results"
}

# range WHAT: the smallest and the largest reduction
range() {
	awk -F'\t' -v what="$1" '
		what == "reading" && $1 == "saving" && $3 == "one domain" && $4 == "read" { add(100 * ($5 - $6) / $5) }
		what == "running" && $1 == "workload" && $3 == $2 { add(100 * ($4 - $9) / $4) }
		function add(x) { if (!n++ || x < low) low = x; if (n == 1 || x > high) high = x }
		END { printf "%.0f-%.0f %%", low, high }' "$results"
}

{
	sed -e "s|@kernel@|$(awk -F'\t' '$1 == "pair" { print $6 }' "$results" | sort -u | paste -sd, | sed 's/,/, /g')|" \
		-e "s|@pairs@|$(measured | wc -l)|" -e "s|@reading@|$(range reading)|" -e "s|@running@|$(range running)|" \
		"$here/memory-page.txt" | while IFS= read -r line; do
		case $line in
		@rows-read@) reading_rows read ;;
		@rows-mmap@) reading_rows mmap ;;
		@rows-other@) other_rows ;;
		@rows-differing@) differing_rows ;;
		@rows-running@) workload_rows ;;
		@missing@)
			if [ "$(missing)" ]; then echo "Not measured: $(missing | paste -sd, | sed 's/,/, /g')."; else echo "Measured: all seven pairs."; fi
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done
} >"$dir/memory.md.new"
mv "$dir/memory.md.new" "$dir/memory.md"
