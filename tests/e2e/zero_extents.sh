#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Runs of zeros that take no data in full indexes: the kernel (which reads what their heads name, if it does not know the mark), we and
# others find the source; who gets them, what they save, what is wrong with forged ones.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v python3 >/dev/null || skip_all "no python3"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
compare_without_holes
image=$work/image tree=$work/tree
marks() { python3 "$top_srcdir/tests/e2e/zero_extents.py" "$@"; }
marks tree "$tree"
find "$tree" -exec touch -h -d @1 {} +
nid() { "$DUMP" --path="/$2" "$1" | sed -n 's/^NID: \([0-9]*\).*/\1/p'; } # IMAGE FILE
shown() { marks show "$1" "$(nid "$1" "$2")" 2>&1; }
holes() { "$DUMP" --json -e --path="/$2" "$1" | grep -c '"kind": "hole"'; }
needs() { "$DUMP" -s "$1" | sed -n 's/^Required upstream Linux kernel version: *\([0-9.]*\).*/\1/p'; }
size() { stat -c %s "$1"; }

# ---- every algorithm; what they save

for options in "-zlz4hc -C65536 --max-extent-bytes=50000" "-zlz4 -b512 -C4096" "-zzstd -C65536 $FP_OPT" "-zdeflate -C16384" "-zlzma -C65536"; do
	# shellcheck disable=SC2086
	round_trip "$options" "$tree" new $options -Efull-index,zero-extents
	# shellcheck disable=SC2086
	check "$options: without" "$MKFS" --quiet $options -Efull-index,^zero-extents "$work/without" "$tree"
	# shellcheck disable=SC2086
	check "$options: with" "$MKFS" --quiet $options -Efull-index,zero-extents "$image" "$tree"
	check "$options: smaller, $(size "$image") of $(size "$work/without") bytes" test "$(size "$image")" -lt "$(size "$work/without")"
	same "$options: none without" 0 "$(holes "$work/without" begin)"
	same "$options: zeros alone" 1 "$(holes "$image" begin)"
done
round_trip "packed tails" "$tree" new -zlz4 -Efull-index,zero-extents,ztailpacking -C16384
round_trip "fragments" "$tree" new -zlz4 -Efull-index,zero-extents,fragments

# ---- their heads

"$MKFS" --quiet -zlz4 -Efull-index,zero-extents "$image" "$tree"
same "one block for all files of an image" 1 "$(for file in whole small begin end middle noise; do shown "$image" $file; done | awk '{ print $1 }' | sort -u | wc -l)"
same "heads begin with a block" 0 "$(for file in whole small begin end middle noise; do shown "$image" $file; done | awk '{ print $2 }' | sort -u)"
same "shorter ones are parts" "131072 0
4200 1" "$({ shown "$image" begin; shown "$image" small; } | awk '{ print $3, $4 }' | sort -u)"
check_not "few zeros have none" grep -q . <(shown "$image" none)

# ---- who gets them

yes_or_no() { if [ "$(holes "$1" begin)" = 0 ]; then echo no; else echo yes; fi; }
while read -r expected options; do
	# shellcheck disable=SC2086
	check "$options: built" "$MKFS" --quiet $options "$image" "$tree"
	same "$options: zeros without data, oldest kernel" "$expected" "$(yes_or_no "$image"):$(needs "$image")"
done <<-END
	no:5.4 -zlz4 -Efull-index
	no:5.4 -zlz4 -Elegacy-compress
	no:5.17 -zlz4 -Efull-index,ztailpacking
	no:6.10 -zzstd
	no:6.10 -zzstd -Efull-index,^zero-extents
	yes:6.10 -zzstd -Efull-index
	yes:6.1 -zlz4 -Efull-index --min-kernel=6.1
	yes:6.1 -zlz4 -Efull-index,zero-extents
	yes:6.1 -zlz4 -Ezero-extents
	yes:6.15 -zlz4 -E48bit
END
"$MKFS" --quiet -zlz4 -Ezero-extents "$image" "$tree"
same "other files keep compact indexes" compressed_compact "$("$DUMP" --path=/none "$image" | sed -n 's/.*Layout: [0-9]* (\(.*\))/\1/p')"
mkdir "$work/none" && cp "$tree/none" "$work/none/"
"$MKFS" --quiet -zlz4 -Efull-index,zero-extents "$image" "$work/none"
same "no zeros: nothing is asked of the kernel" 5.4 "$(needs "$image")"
refused "the old layout" "legacy-compress" "$MKFS" -zlz4 -Elegacy-compress,zero-extents "$image" "$tree"
refused "an old kernel" "6\.1 reads runs of zeros" "$MKFS" -zlz4 -Ezero-extents --min-kernel=5.16 "$image" "$tree"
refused "not in encoded extents" "\^zero-extents is for clusters" "$MKFS" -zlz4 -E48bit,^zero-extents "$image" "$tree"

# ---- the same bytes, wherever they come from

options=(-T1 -Uclear -zlz4hc "-Efull-index,zero-extents")
"$MKFS" --quiet "${options[@]}" --workers=0 "$image" "$tree"
check "three workers" cmp "$image" <("$MKFS" --quiet "${options[@]}" --workers=3 - "$tree")
cp -a --sparse=always "$tree" "$work/sparse"
check "holes of the source" cmp "$image" <("$MKFS" --quiet "${options[@]}" - "$work/sparse")
tar -C "$tree" -cf "$work/tar" .
"$MKFS" --quiet --tar=f "${options[@]}" "$work/piped" - <"$work/tar"
mounted_equals "a pipe" "$tree" "$work/piped"
for workers in 0 3; do "$MKFS" --quiet -T1 -Uclear -zlz4 -Ededupe "--workers=$workers" "$work/dedupe-$workers" "$tree"; done
check "dedupe: three workers" cmp "$work/dedupe-0" "$work/dedupe-3"
same "dedupe: a file with repeats has zeros without data" 1 "$(holes "$work/dedupe-0" noise)"
same "dedupe: one without has not" 0 "$(holes "$work/dedupe-0" begin)"
mounted_equals "dedupe" "$tree" "$work/dedupe-0"
extracted_equals "dedupe" "$tree" "$work/dedupe-0"

# ---- images as sources

check "taken over" "$MKFS" --quiet --restamp "$FP_OPT" "$work/restamped" "$image"
check "taken over: fingerprints" "$FSCK" --ishare "$work/restamped"
same "taken over: zeros" "$(shown "$image" middle | awk '{ print $3, $4 }')" "$(shown "$work/restamped" middle | awk '{ print $3, $4 }')"
mounted_equals "taken over" "$tree" "$work/restamped"
check "an index of it" "$MKFS" --quiet "$work/index" "$image"
check "an index of it: fsck" "$FSCK" --extract "--device=$image" "$work/index"
same "an index of it: zeros" "$(shown "$image" middle | awk '{ print $3, $4 }')" "$(shown "$work/index" middle | awk '{ print $3, $4 }')"

# ---- forged ones

forge() { marks "$1" "$image" "$(nid "$image" "$2")" "$work/forged" "${@:3}"; } # HOW FILE [BLOCK]
rm -r "$tree/whole" && "$MKFS" --quiet -zlz4 -Efull-index,zero-extents "$image" "$tree"
forge garbage middle
check_not "a cluster of something else" "$FSCK" --extract "$work/forged"
same "a cluster of something else: each file once" 6 "$(grep -c ": a hole at byte [0-9]* whose data, for kernels before 7.2, cannot be decoded" "$work/.out")"
check "we read zeros all the same" cmp "$tree/middle" <("$DUMP" --cat --path=/middle "$work/forged")
forge elsewhere small "$(($("$DUMP" --json -e --path=/middle "$image" | sed -n 's/.*"physical": \([0-9]*\).*/\1/p' | head -n 1) / 4096))"
refused "a cluster of a file's data" "small: a hole at byte 0 where kernels before 7.2 read other bytes than zeros" "$FSCK" --extract "$work/forged"
refused "no index of it" "small" "$MKFS" --quiet "$FP_OPT" "$work/index" "$work/forged"
check "that is not read is right" "$FSCK" "$work/forged"
forge inside end
refused "behind data in one cluster" "end: a hole at byte [0-9]* that makes Linux 7.3 take what is in front of it for zeros" "$FSCK" "$work/forged"
"$MKFS" --quiet -zlz4 -C8192 -Efull-index,zero-extents "$work/big" "$tree"
check "big clusters: behind a single one of data is no mark" test "$(shown "$work/big" noise | awk '{ sum += $3 } END { print sum }')" -lt 2000000
python3 "$top_srcdir/tests/e2e/zero_extents.py" mark "$work/big" "$(nid "$work/big" noise)" "$work/forged"
refused "big clusters: one that is there all the same" "noise: a hole at byte 4096 that makes Linux 7.3" "$FSCK" "$work/forged"
forge unmark middle
check "without marks they are extents of zeros" "$FSCK" --extract "$work/forged"
check "without marks: the content" cmp "$tree/middle" <("$DUMP" --cat --path=/middle "$work/forged")
finish
