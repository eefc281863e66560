#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# -Ededupe: equal runs of bytes inside of different files are stored once. What comes back from the kernel, from us and from others
# is the source, and no image is larger for it. With EROFS_TEST_LONG more algorithms, layouts and numbers of workers.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
compare_without_holes
image=$work/image

# Files that have runs of others at odd places: text that compresses, and noise between that does not repeat.
source=$work/runs
mkdir "$source" "$source/more"
awk 'BEGIN { srand(7); for (i = 0; i < 60000; i++) printf "%d line %x of some text, %d\n", i, rand() * 1e9, rand() * 100 }' >"$work/text"
own() { # NUMBER: text of a file's own
	awk -v seed="$1" 'BEGIN { srand(seed); for (i = 0; i < 900; i++) printf "%x own words %d\n", rand() * 1e9, rand() * 1e6 }'
}
run() { tail -c +"$1" "$work/text" | head -c "$2"; } # START LENGTH
{ own 1 && run 1 300000 && own 2; } >"$source/a-owner"
{ own 3 && run 5000 90001 && own 4; } >"$source/b-in-the-middle"
run 12345 70003 >"$source/c-only-that"
{ run 40000 40000 && own 5; } >"$source/d-at-the-start"
{ own 6 && run 200000 65537; } >"$source/more/at-the-end"
{ own 7 && run 10000 30000 && own 8 && run 150000 30001 && own 9 && run 60000 12288; } >"$source/more/several"
{ own 10 && run 1 1000000 && own 11 && run 300000 1200000 && own 12; } >"$source/more/z-long"
{ own 13 && run 700000 1300000 && own 14; } >"$source/more/z-long-too"
cp "$source/more/several" "$source/more/several-again"
head -c 100000 /dev/urandom >"$source/noise"
{ own 15 && head -c 60000 "$source/noise" && own 16; } >"$source/with-noise"
truncate -s 300000 "$source/zeros"
head -c 5000 "$work/text" >"$source/small"
find "$source" -exec touch -h -d @1700000000 {} +

trip() { # OPTIONS...: and it is smaller than without, by what SHRINKS says, in percent
	local without
	round_trip "$*" "$source" new "$@"
	"$MKFS" --quiet "$@" -E^dedupe "$image" "$source" || fail "$*: without"
	without=$(stat -c %s "$image")
	"$MKFS" --quiet "$@" "$image" "$source"
	check "$*: $(stat -c %s "$image") of $without bytes" test $(($(stat -c %s "$image") * 100)) -lt $((without * (100 - shrinks)))
}
shrinks=30
trip -zlz4 -E48bit,dedupe "$FP_OPT"
[ -z "$LONG" ] || trip -zlzma,1 -E48bit,dedupe --extent-size=65536
[ -z "$LONG" ] || trip -zdeflate,1 -E48bit,dedupe --extent-size=16384 -b1024
trip -zzstd,3 -Ededupe,48bit "$FP_OPT" -m65536
[ -z "$LONG" ] || trip -zzstd,3 -E48bit,dedupe,fragments
shrinks=20
trip -zlz4 -C65536 -Ededupe "$FP_OPT" -b4096
[ -z "$LONG" ] || trip -zlz4hc,1 -C16384 -Ededupe,ztailpacking,full-index
trip -zzstd,1 -C65536 -Ededupe,ztailpacking,fragments --min-kernel=6.10
trip -zlz4hc,1 -Ededupe,ztailpacking
trip -zlz4 -Ededupe -C8192
shrinks=5
[ -z "$LONG" ] || trip -zdeflate,1 -C8192 -Ededupe
trip -zlzma,1 -Ededupe -b1024 -C16384
trip -zzstd,3 -C32768 -Eall-fragments,dedupe
shrinks=2
[ -z "$LONG" ] || trip -zlz4 -Ededupe --dedupe-files=0 -b512

# ---- what is in the image

says() { "$DUMP" -s "$image" | grep "incompatible features" | grep -cw fragments,dedupe; }
"$MKFS" --quiet -zzstd,1 -E48bit,dedupe "$image" "$source"
extents=$("$DUMP" --json -e --path=/c-only-that "$image")
owner=$("$DUMP" --json -e --path=/a-owner "$image" | grep -oE '"physical": [0-9]+')
same "all of a file is another's" 0 "$(grep -oE '"physical": [0-9]+' <<<"$extents" | grep -vcxF "$owner")"
same "no more than the owner takes" 1 "$("$MKFS" -zzstd,1 -E48bit,dedupe "$image" "$source" | grep -c 'dedupe: .*runs of bytes')"
"$MKFS" --quiet -zzstd,1 -E48bit "$image" "$source"
"$DUMP" --json -e --path=/c-only-that "$image" | grep -oE '"physical": [0-9]+' >"$work/own"
check "without, it has its own" test -s "$work/own"

# Stored or compressed: by content and options alone, in whatever company.
kinds() { # IMAGE: fingerprint of each regular file, and whether it is compressed
	"$DUMP" --fingerprints "$1" | while read -r value _ path; do
		echo "$value $("$DUMP" --path="$path" "$1" | grep -oE 'compressed|flat')"
	done | sort -u
}
mkdir "$work/alone"
"$MKFS" --quiet "$FP_OPT" -zlz4 -C16384 -Ededupe "$image" "$source" && kinds "$image" >"$work/together"
for file in b-in-the-middle more/several noise with-noise; do
	rm -rf "$work/alone" && mkdir "$work/alone" && cp "$source/$file" "$work/alone/x"
	"$MKFS" --quiet "$FP_OPT" -zlz4 -C16384 -Ededupe "$work/one" "$work/alone" && kinds "$work/one" >"$work/apart"
	check "$file: the same kind as alone" grep -qxFf "$work/apart" "$work/together"
done

# Clusters: a run that begins in the first block of its owner.
mkdir "$work/early"
{ own 1 | head -c 892 && run 1 300000; } >"$work/early/a"
run 1 300000 >"$work/early/b"
shrinks=30
source=$work/early trip -zlz4 -C65536 -Eztailpacking,dedupe
source=$work/early trip -zzstd,1 -C65536 -Efragments,dedupe

# ---- the same bytes for any number of workers; never larger

for options in "-zlz4 -C65536" "-zzstd,1 -E48bit,fragments $FP_OPT" "-zlz4 -Eall-fragments -C16384"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet -T1700000000 $options -Ededupe --workers=0 "$image" "$source"
	for workers in ${LONG:+1 2} 5; do
		# shellcheck disable=SC2086
		"$MKFS" --quiet -T1700000000 $options -Ededupe --workers=$workers "$work/other" "$source"
		check "$options, $workers workers: same bytes" cmp "$image" "$work/other"
	done
done
# Runs that encode to so little that extents of their own cost more; each tree has other words, and more of them.
low() { # SEED WORDS: 60 files
	mkdir "$work/low-$1"
	awk -v seed="$1" -v words="$2" -v to="$work/low-$1/" '
	function text(count,   t) { for (t = ""; count > 0; count--) t = t word[int(rand() * words)]; return t }
	BEGIN {
		srand(seed)
		for (i = 0; i < words; i++) word[i] = sprintf("%08x%s\n", rand() * 4e9, i % 2 ? "aaaaaaa" : "bbbbbbb")
		for (i = 0; i < 12; i++) run[i] = text(1400)
		for (i = 0; i < 60; i++)
			printf "%s%s%s%s", text(rand() * 2000), run[int(rand() * 12)], text(rand() * 3000),
				substr(run[int(rand() * 12)], int(rand() * 9000) + 1) >(to i)
	}'
}
low 1 4
low 2 64
[ -z "$LONG" ] || { low 3 8 && low 4 2000; }
"$tools/treegen" --size=32768 mixes "$work/mixes"
for options in "-zlz4 -C65536" "-zlz4" "-zzstd,1 -E48bit" "-zzstd,1 -Eztailpacking" "-zzstd,1 -C16384 -Efragments" \
	"-zlz4 -C65536 -Eall-fragments" ${LONG:+"-zlz4hc,1 -b512 -C4096" "-zzstd,1 -E48bit,fragments -m65536" "-zdeflate,1 -C8192 -Efull-index"}; do
	for tree in "$work"/low-* "$work/mixes" "$top_srcdir/lib/writer"; do
		# shellcheck disable=SC2086
		"$MKFS" --quiet -T1 $options "$image" "$tree" && "$MKFS" --quiet -T1 $options -Ededupe "$work/other" "$tree"
		check "$options, ${tree##*/}: not larger" test "$(stat -c %s "$work/other")" -le "$(stat -c %s "$image")"
	done
done
for options in "-zlz4 -C65536 -Eall-fragments" "-zlz4"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet $options -Ededupe "$image" "$work/low-1" && mounted_equals "$options: made of little" "$work/low-1" "$image"
done

# ---- other sources

tar -C "$source" -cf "$work/runs.tar" .
check "from an archive" "$MKFS" --quiet --tar=f -zlz4 -C65536 -Ededupe "$image" "$work/runs.tar"
mounted_equals "from an archive" "$source" "$image"
check "of an image" "$MKFS" --quiet --clean=data -zlz4 -E48bit,dedupe "$work/other" "$image"
mounted_equals "of an image" "$source" "$work/other"
check "restamp" "$MKFS" --quiet --restamp "$FP_OPT" "$work/image-2" "$work/other"
check "restamp: fsck" "$FSCK" --ishare "$work/image-2"
mounted_equals "restamp" "$source" "$work/image-2"
"$MKFS" --quiet "$FP_OPT" -zlz4 -E48bit,dedupe "$work/layer" "$source"
check "an index over it" "$MKFS" --quiet "$FP_OPT" "$work/index" "$work/layer" "$work/layer"
check "an index over it: fsck" "$FSCK" --device="$work/layer" --device="$work/layer" "$work/index"
gzip -1 <"$work/runs.tar" >"$work/runs.tar.gz"
refused "contents that come once" "dedupe reads contents twice.*unpack" "$MKFS" --quiet --tar=f -zlz4 -Ededupe "$work/none" "$work/runs.tar.gz"
check_not "contents that come once: no image" test -e "$work/none"
check "unless all are fragments" "$MKFS" --quiet --tar=f -zlz4 -C65536 -Eall-fragments,dedupe "$image" "$work/runs.tar.gz"
mounted_equals "all fragments from a compressed archive" "$source" "$image"
finish
