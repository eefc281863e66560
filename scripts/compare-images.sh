#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# compare-images.sh OLD NEW ROOT...: whether two mkfs.erofs make the same bytes of real root file systems: every layout and
# algorithm, several numbers of workers; of the directory, and of an image of it as the source. Prints a line for each that
# differs. Environment: TMPDIR, QUICK=1 (fewer algorithms).
set -u
[ $# -ge 3 ] || { sed -n '3,5s/^# //p' "$0" >&2; exit 2; }
old=$1 new=$2
shift 2
work=$(mktemp -d "${TMPDIR:-/tmp}/compare-images.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
same=0 different=0

# compare WHAT OPTIONS... -- SOURCE
compare() {
	local what=$1 options=()
	shift
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	rm -f "$work/old" "$work/new"
	"$old" --quiet "${time[@]}" "${fingerprint[@]}" --workers=2 "${options[@]}" "$work/old" "$2" >/dev/null || echo "old failed: $what"
	"$new" --quiet "${time[@]}" "${fingerprint[@]}" "${workers[@]}" "${options[@]}" "$work/new" "$2" >/dev/null || echo "new failed: $what"
	if cmp -s "$work/old" "$work/new"; then
		same=$((same + 1))
	else
		different=$((different + 1))
		echo "different: $what ${workers[*]}"
	fi
}

workers=(--workers=2) fingerprint=(--ishare-fingerprint=sha256) time=(-T1700000000)
for root; do
	name=${root%/} name=${name##*/}
	for count in 0 1 2 5; do
		workers=("--workers=$count")
		compare "$name plain" -- "$root"
		compare "$name lz4" -zlz4 -- "$root"
	done
	workers=(--workers=2)
	compare "$name zstd extents" -zzstd,3 -E48bit -- "$root"
	fingerprint=()
	compare "$name -T0 without fingerprints" -T0 -- "$root"
	compare "$name zstd extents without fingerprints" -zzstd,3 -E48bit -- "$root"
	fingerprint=(--ishare-fingerprint=sha256)
	compare "$name 512-byte blocks" -b512 -- "$root"
	compare "$name no inline data" -Enoinline_data -- "$root"
	"$old" --quiet -T1700000000 -zlz4 "$work/image" "$root"
	compare "$name image" -- "$work/image"
	# An image that is taken over keeps its times; a UUID of one's own makes it the same every time.
	time=(-U 00000000-0000-4000-8000-000000000001)
	compare "$name image restamped" --restamp -- "$work/image"
	time=(-T1700000000)
	[ "${QUICK-}" ] && continue
	compare "$name zstd 4 KiB" -zzstd,3 -- "$root"
	compare "$name zstd 64 KiB" -zzstd,3 -C65536 -- "$root"
	compare "$name lz4hc" -zlz4hc -- "$root"
	compare "$name deflate extents" -zdeflate,6 -E48bit -- "$root"
	compare "$name lzma" -zlzma,3 -C65536 -- "$root"
	compare "$name lz4 full index" -zlz4 -C16384 -Efull-index -- "$root"
done
echo "$same the same, $different different"
[ "$different" = 0 ]
