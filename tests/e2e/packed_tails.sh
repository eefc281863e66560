#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# -Eztailpacking: the last cluster of a file behind its index. What comes back from the kernel, from us and from others is the
# source, wherever in its block a tail lies, for every algorithm, index and size of blocks.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
compare_without_holes
image=$work/image

# Small files of all sizes, so that some tail begins and ends at every place of a block; then those at which something ends.
mkdir "$work/places"
seq 1 3000 >"$work/text"
for ((i = 0; i < 400; i++)); do
	tail -c +$((i * 31 % 4000 + 1)) "$work/text" | head -c $((i * 23 + 7)) >"$work/places/$i"
done
cp "$work/places/300" "$work/places/equal-1"
cp "$work/places/300" "$work/places/equal-2"
"$tools/treegen" --size=65536 mixes "$work/edges"

trip() { round_trip "${source##*/} $*" "$source" new -Eztailpacking "$@"; } # OPTIONS...: of $source
source=$work/places
trip -zlz4 "$FP_OPT"
trip -zlz4hc,12 -b1024 "$FP_OPT"
trip -zdeflate -b512 -C4096 -Efull-index
trip -zzstd -C65536 -Efull-index,force-inode-extended
trip -zlzma -b2048 -Enoinline_data
source=$work/edges
trip -zlz4 -C16384 -Efull-index
trip -zlz4hc -C65536 --min-kernel=6.12 "$FP_OPT"
trip -zzstd -b1024 -C16384 "$FP_OPT"
trip -zdeflate -C65536
trip -zlzma -Efull-index -b512
trip -zlz4:zstd -C8192 --dedupe-files=0

# ---- what is in the image

tails() { "$DUMP" --json -e --path="/$1" "$image" | grep -c '"inline": true'; } # FILE
says() { "$DUMP" -s "$image" | grep "incompatible features" | grep -cw ztailpacking; }
"$MKFS" --quiet -zlz4 -Eztailpacking "$image" "$work/places"
same "a small file is a tail" 1 "$(tails 100)"
same "a larger one ends with one" 1 "$(tails 300)"
same "as its duplicates do" "1 1" "$(tails equal-1) $(tails equal-2)"
same "the superblock says so" 1 "$(says)"
packed=$(stat -c %s "$image")
"$MKFS" --quiet -zlz4 "$image" "$work/places"
same "without: the superblock does not" 0 "$(says)"
check "packed tails make an image smaller: $packed of $(stat -c %s "$image") bytes" test $((packed * 100)) -lt $(($(stat -c %s "$image") * 95))
"$MKFS" --quiet -zlz4 -Eztailpacking "$image" "$work/edges"
same "bytes that do not shrink are no compressed file" 0 "$(tails noise/4095)"
mkdir "$work/none" && head -c 3000 /dev/urandom >"$work/none/noise"
"$MKFS" --quiet -zlz4 -Eztailpacking "$image" "$work/none"
same "no tail: the superblock does not" 0 "$(says)"

# ---- the same for any number of workers, and from archives

cp -r "$work/places" "$work/edges/"
for options in "-zlz4hc -C65536" "-zzstd -Efull-index $FP_OPT"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet -T1 -Eztailpacking $options --workers=0 "$image" "$work/edges"
	for workers in 1 2 5; do
		# shellcheck disable=SC2086
		"$MKFS" --quiet -T1 -Eztailpacking $options --workers=$workers "$work/other" "$work/edges"
		check "$options, $workers workers: same bytes" cmp "$image" "$work/other"
	done
done
find "$work/edges" -exec touch -h -d @1700000000 {} +
tar -C "$work/edges" -cf "$work/edges.tar" .
check "from an archive" "$MKFS" --quiet --tar=f -zzstd -Eztailpacking "$FP_OPT" "$image" "$work/edges.tar"
check "from an archive: fsck" "$FSCK" --ishare "$image"
mounted_equals "from an archive" "$work/edges" "$image"
# A member takes the place of an earlier one, whose tail nobody wants any more.
tar -C "$work/edges" -rf "$work/edges.tar" ./places/300 ./places/5
"$MKFS" --quiet --tar=f -zlz4 -Eztailpacking "$image" < <(cat "$work/edges.tar") || fail "from a pipe: build"
check "from a pipe: fsck" "$FSCK" "$image"
mounted_equals "from a pipe" "$work/edges" "$image"

# ---- images with tails as sources

check "an image as the source" "$MKFS" --quiet --clean=data -zlz4hc -Eztailpacking "$work/other" "$image"
mounted_equals "an image as the source" "$work/edges" "$work/other"
check "restamp" "$MKFS" --quiet --restamp "$FP_OPT" "$work/other" "$image"
check "restamp: fsck" "$FSCK" --ishare "$work/other"
mounted_equals "restamp" "$work/edges" "$work/other"
finish
