#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# share.sh [COUNT...]: time and memory of --ishare-report over COUNT manifests (10, 100, 1000) of 20,000 files each. The
# largest takes 4.5 GiB in TMPDIR.
set -eu
build=${top_builddir:-.}
work=$(mktemp -d "${TMPDIR:-/tmp}/erofs-share.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
[ $# -gt 0 ] || set -- 10 100 1000
command -v /usr/bin/time >/dev/null || { echo "needs /usr/bin/time" >&2; exit 1; }
most=$(printf '%s\n' "$@" | sort -n | tail -n 1)
"$build/tests/tools/manifestgen" "$work" "$most" 20000
printf '%9s %12s %17s %8s %8s %9s\n' manifests files "distinct contents" seconds CPU MiB
for count in "$@"; do
	find "$work" -name '*.json' | sort | head -n "$count" | tr '\n' '\0' |
		xargs -0 -x -n "$count" /usr/bin/time -o "$work/time" -f '%e %U %S %M' \
			"$build/dump.erofs" --ishare-report --json >"$work/report"
	figure() { sed -n 's/.*"total": .*"'"$1"'": \([0-9]*\).*/\1/p' "$work/report"; }
	read -r seconds user system memory <"$work/time"
	printf '%9d %12d %17d %8s %8s %9d\n' "$count" "$(figure files)" "$(figure distinct_contents)" "$seconds" \
		"$(awk "BEGIN { print $user + $system }")" $((memory / 1024))
done
