#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Images that are not compressed, whose files are stored chunk by chunk: --chunksize, and -Ededupe without -z. What comes back is the
# source; equal chunks are there once; no image is larger for -Ededupe; any number of workers.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
compare_without_holes
image=$work/image

# ---- a tree of blocks that files have in common

source=$work/s
mkdir "$source" "$source/more"
head -c 2000000 /dev/urandom >"$work/noise"
blocks() { tail -c +$(($1 * 4096 + 1)) "$work/noise" | head -c "$2"; } # FIRST BYTES
blocks 0 300000 >"$source/a-owner"
{ blocks 200 4096 && blocks 10 40960 && blocks 201 5000; } >"$source/b-in-the-middle"
{ blocks 0 4096 && printf x; } >"$source/c-short-tail"
{ blocks 300 12288 && blocks 300 4096; } >"$source/d-of-its-own"
{ blocks 2 65536 && head -c 65536 /dev/zero && blocks 40 20001; } >"$source/e-with-zeros"
blocks 70 3000 >"$source/f-small"
{ blocks 73 1184 && printf x; } >"$source/g-end-of-a"
cp "$source/b-in-the-middle" "$source/more/equal"
{ blocks 210 1000000 && blocks 3 200000; } >"$source/more/long"
{ blocks 230 600000 && blocks 205 7 && blocks 0 530000; } >"$source/more/long-too"
cp "$source/more/long" "$source/more/y-long-equal"
head -c 20000 /dev/zero >"$source/more/zeros"
: >"$source/more/empty"
truncate -s 900000 "$source/more/sparse" && blocks 5 30000 >>"$source/more/sparse"
find "$source" -exec touch -h -d @1700000000 {} +

trip() { round_trip "$*" "$source" "$readers" "$@"; }
readers=new
trip -Ededupe "$FP_OPT"
readers=old
trip --chunksize=4096
trip --chunksize=64K -Eforce-chunk-indexes
readers=none
trip -Ededupe,noinline_data -b1024
trip --chunksize=1024 -b512 "$FP_OPT" --dsunit=8
[ -z "$LONG" ] || trip --chunksize=16M -m4096:lz4

# ---- what is in the image

extents() { "$DUMP" --json -e --path="$1" "$image" | grep -oE '"physical": [0-9]+' | grep -oE '[0-9]+'; }
layout() { "$DUMP" --path="$1" "$image" | grep -oE 'flat|chunk' | head -n 1; }

"$MKFS" --quiet -T0 --mkfs-time "$image" "$source"
plain=$(stat -c %s "$image")
"$MKFS" -T0 --mkfs-time -Ededupe "$image" "$source" >"$work/said"
dedupe=$(stat -c %s "$image")
check "-Ededupe: $dedupe of $plain bytes" test $((dedupe * 4)) -lt $((plain * 3))
check "what it says" grep -q 'dedupe: .*runs of bytes' "$work/said"
same "a file without repeats stays flat" "flat flat" "$(layout /a-owner) $(layout /f-small)"
same "one with repeats does not" "chunk chunk" "$(layout /b-in-the-middle) $(layout /e-with-zeros)"
same "one block saved pays for no lost tail" flat "$(layout /c-short-tail)"
same "a repeat lies where it is" "$(($(extents /a-owner | head -n 1) + 40960))" "$(extents /b-in-the-middle | sed -n 2p)"
same "equal files are one" "$(extents /b-in-the-middle)" "$(extents /more/equal)"
"$MKFS" --quiet -T0 --mkfs-time --chunksize=4096 "$image" "$source"
same "--chunksize: all files are in chunks, but for those without content" "chunk chunk flat" \
	"$(layout /a-owner) $(layout /f-small) $(layout /more/empty)"
check "--chunksize: blocks that lie one behind the other are one large chunk" test "$(extents /a-owner | wc -l)" = 1
"$DUMP" --json -s "$image" | grep -q chunk
same "the image says that it has chunks" 0 $?

# Never larger: what does not pay for a map stays flat. One block of many that is there already, tails that would become blocks.
mkdir "$work/poor"
for i in $(seq 40); do { blocks 0 4096 && blocks $((100 + i)) 700; } >"$work/poor/small-$i"; done
{ blocks 100 1500000 && blocks 0 4096; } >"$work/poor/long"
for i in 1 2 3 4; do tail -c +$((i * 100)) "$work/noise"; done >"$work/poor/z-longer" && blocks 0 4096 >>"$work/poor/z-longer"
truncate -s 20G "$work/poor/hole" && printf x >>"$work/poor/hole"
"$MKFS" --quiet -T0 --mkfs-time "$image" "$work/poor"
plain=$(stat -c %s "$image")
"$MKFS" --quiet -T0 --mkfs-time -Ededupe "$image" "$work/poor"
check "-Ededupe is never larger" test "$(stat -c %s "$image")" -le "$plain"
same "a long file that saves less than its map stays flat" flat "$(layout /z-longer)"

# ---- sources, workers

tar -C "$source" --sort=name -cf "$work/s.tar" .
gzip -1 -k "$work/s.tar"
for options in -Ededupe "-Ededupe $FP_OPT" --chunksize=4096 "--chunksize=65536 $FP_OPT"; do
	for workers in 0 1 2 5; do
		# shellcheck disable=SC2086
		"$MKFS" --quiet -T0 --mkfs-time $options --workers=$workers "$image-$workers" "$source" && sha256sum <"$image-$workers"
	done | sort -u >"$work/sums"
	same "$options: any number of workers" 1 "$(wc -l <"$work/sums")"
	for workers in 0 2 5; do
		# shellcheck disable=SC2086
		"$MKFS" --quiet -T0 --mkfs-time $options --workers=$workers --tar=f "$image-$workers" <"$work/s.tar.gz" && sha256sum <"$image-$workers"
	done | sort -u >"$work/sums"
	same "$options: of what arrives, too" 1 "$(wc -l <"$work/sums")"
	check "$options: fsck of what arrived" "$FSCK" "$image-2"
	extracted_equals "$options, from a compressed archive" "$source" "$image-2"
done
"$MKFS" --quiet -T0 --mkfs-time -Ededupe --tar=f "$image-tar" "$work/s.tar" && extracted_equals "from an archive" "$source" "$image-tar"
check "an image as the source" "$MKFS" --quiet --clean=data -Ededupe "$image" "$image-tar"
extracted_equals "from an image" "$source" "$image"
check "an image that is taken over" "$MKFS" --quiet --restamp "$image" "$image-tar"
check "its chunks stay in common" test $(($(stat -c %s "$image") * 10)) -lt $(($(stat -c %s "$image-tar") * 11))
extracted_equals "taken over" "$source" "$image"

# A member that a later one replaces: only what nobody else has of it goes.
mkdir "$work/r" && { blocks 0 20000 && blocks 200 20000; } >"$work/r/x" && cp "$source/a-owner" "$work/r/y"
tar -C "$work/r" -cf "$work/r.tar" x y && blocks 10 50000 >"$work/r/x" && blocks 300 9000 >"$work/r/y" && tar -C "$work/r" -rf "$work/r.tar" x y
for options in -Ededupe --chunksize=4096; do
	# shellcheck disable=SC2002
	cat "$work/r.tar" | "$MKFS" -T0 --mkfs-time $options "$FP_OPT" --tar=f "$image" - >"$work/said"
	check "$options: a replaced member is wiped" grep -q 'replaced: .*2 files' "$work/said"
	check "$options: others keep what they have of it" "$FSCK" --ishare "$image"
	same "$options: nothing of it is left" 0 "$(grep -cF "$(blocks 201 4096 | tr -d '\n\0' | head -c 8)" "$image")"
done

# ---- the same I/O kind, whatever company a file is in
"$MKFS" --quiet -Ededupe "$FP_OPT" "$image" "$source" && "$MKFS" --quiet "$FP_OPT" "$image-plain" "$source"
same "a plain image and one in chunks share all" '      "count": 0,' "$("$DUMP" --ishare-report --json "$image" "$image-plain" | grep -A1 '"kind_clashes"' | tail -n 1)"

# ---- what is refused
out=$work/none
refuses() { refused "$1" "$2" "$MKFS" --quiet "${@:3}" "$out" "$source"; same "$1: nothing is left" "" "$(ls "$out" 2>/dev/null)"; }
for size in 0 100 5000 2048 32M 4G x; do refuses "--chunksize=$size" "chunksize.*power of two" --chunksize=$size; done
refuses "--chunksize of an old kernel" "no Linux before 5.15 reads chunk-based files" --chunksize=4096 --min-kernel=5.10
refuses "-Ededupe of an old kernel" "no Linux before 5.15 reads chunk-based files" -Ededupe --min-kernel=5.10
! built_with LZ4 || refuses "--chunksize and -z" "--chunksize and -z" --chunksize=4096 -zlz4
refused "--chunksize of an index" "--chunksize.*--tar=i" "$MKFS" --quiet --tar=i --chunksize=4096 "$out" "$work/s.tar"
finish
