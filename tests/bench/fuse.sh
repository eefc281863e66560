#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# fuse.sh PEER-EROFSFUSE ROOT [ROUNDS [READS]]: random reads of 4 KiB from all files of ROOT, plain and zstd, by another erofsfuse and by
# ours, in turn, each time mounted anew. Prints the medians of seconds, and of the ratio ours / theirs.
set -eu
build=$(cd "${top_builddir:-.}" && pwd)
peer=$1 root=$2 rounds=${3:-9} reads=${4:-5000}
work=$(mktemp -d "${TMPDIR:-/tmp}/erofs-fuse.XXXXXX")
trap 'mountpoint -q "$work/m" && fusermount3 -u "$work/m"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
mkdir "$work/m"

seconds() { # PROGRAM IMAGE SEED
	"$1" "$2" "$work/m" >/dev/null 2>&1
	while ! mountpoint -q "$work/m"; do sleep 0.05; done
	"$build/tests/tools/treeread" --random="$reads" --seed="$3" "$work/m" | cut -d' ' -f1
	fusermount3 -u "$work/m"
}
median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

printf '%-10s %8s %8s %8s\n' image theirs ours ratio
for row in 'plain' 'zstd -zzstd,3 -C65536'; do
	read -ra options <<<"$row"
	"$build/mkfs.erofs" --quiet -T1 "${options[@]:1}" "$work/image" "$root"
	cat "$work/image" >/dev/null
	for ((round = 1; round <= rounds; round++)); do
		echo "$(seconds "$peer" "$work/image" "$round") $(seconds "$build/erofsfuse" "$work/image" "$round")"
	done >"$work/times"
	printf '%-10s %8.3f %8.3f %8.3f\n' "${options[0]}" "$(cut -d' ' -f1 "$work/times" | median)" \
		"$(cut -d' ' -f2 "$work/times" | median)" "$(awk '{ print $2 / $1 }' "$work/times" | median)"
	rm "$work/image"
done
