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

# ---- data on a device of their own

blob=$work/blob
ids=()
is_root || ids=(--no-preserve-owner)
on_blob() { # WHAT SOURCE OPTIONS...
	local what=$1 from=$2
	shift 2
	rm -f "$image" "$blob"
	check "$what: build" "$MKFS" --quiet -T0 --mkfs-time "--blobdev=$blob" "$@" "$image" "$from" || return
	check "$what: fsck" "$FSCK" "--device=$blob" "$image"
	check "$what: extraction" "$FSCK" "${xattrs[@]}" "${ids[@]}" "--device=$blob" "--extract=$work/extracted" "$image"
	check "$what: extracted tree" "${compare[@]}" "$source" "$work/extracted"
	rm -rf "$work/extracted"
	[ -z "${PEER_DIR:-}" ] || [[ $* == *-b* ]] || check "$what: peer's fsck" "$PEER_DIR/bin/fsck.erofs" "--device=$blob" "$image"
	can_mount || { skip "$what: cannot mount here"; return; }
	device=$(losetup -f --show -r "$blob") && loops+=("$device")
	check "$what: mount" mount_image "$image" "$work/mnt" "device=$device" && check "$what: mounted tree" "${compare[@]}" "$source" "$work/mnt"
	unmount "$work/mnt"
	losetup -d "$device"
}
on_blob "--blobdev" "$source" --chunksize=4096
first=$(sha256sum <"$image" && sha256sum <"$blob")
check "--blobdev: again in place" "$MKFS" --quiet -T0 --mkfs-time --chunksize=4096 --workers=0 "--blobdev=$blob" "$image" "$source"
same "--blobdev: the same bytes" "$first" "$(sha256sum <"$image" && sha256sum <"$blob")"
on_blob "--blobdev of what arrives" "$work/s.tar.gz" --chunksize=65536 "$FP_OPT" --tar=f
check "--blobdev: fingerprints" "$FSCK" --ishare "--device=$blob" "$image"
check "--blobdev: the image has metadata alone" test "$(stat -c %s "$image")" -le 16384
"$MKFS" -T0 --mkfs-time --chunksize=1M "--blobdev=$blob" "$image" "$source" >"$work/said"
check "--blobdev: what it says" grep -q "device: .* in '$blob'" "$work/said"
check "--blobdev: an image as the source" "$MKFS" --quiet --clean=data --mkfs-time -T0 "--device=$blob" "$image-2" "$image"
extracted_equals "from an image with a device" "$source" "$image-2"
"$FSCK" "$image" >"$work/said" 2>&1
check "fsck without the device says so" grep -q "on a device that was not given" "$work/said"
truncate -s 60000 "$blob"
check_not "fsck of one that was cut off" "$FSCK" "--device=$blob" "$image"
cp "$work/.out" "$work/said"
check "... says so" grep -q "device 1 has 60000 bytes, and the image counts [0-9]* there: it was cut off" "$work/said"

# Neither is left: not when contents cannot be read, not when the image cannot be written, in place or new.
rm -f "$image" "$blob"
gzip -dc "$work/s.tar.gz" | head -c 1500000 >"$work/cut.tar"
refused "--blobdev: a source that ends early" "cut.tar|end|short" "$MKFS" --quiet --tar=f --chunksize=4096 "--blobdev=$blob" "$image" "$work/cut.tar"
same "... leaves neither" "" "$(find "$work" -maxdepth 1 -name 'image' -o -maxdepth 1 -name '*blob*')"
# The image is written when the device is complete: here it has no room.
if is_root && mkdir "$work/small" && mount -t tmpfs -o size=4k erofs-test "$work/small" 2>/dev/null; then
	mounts+=("$work/small")
	refused "--blobdev: no room for the image" "no space" "$MKFS" --quiet --chunksize=4096 "--blobdev=$blob" "$work/small/image" "$source"
	same "... leaves neither, new" "" "$(find "$work/small" "$blob" -type f 2>/dev/null)"
	"$MKFS" --quiet --chunksize=4096 "--blobdev=$blob" "$image" "$source"
	refused "--blobdev: no room for the image again" "no space" "$MKFS" --quiet --chunksize=4096 "--blobdev=$blob" "$work/small/image" "$source"
	same "... leaves an empty device in place" 0 "$(stat -c %s "$blob")"
else
	skip "--blobdev without room for the image: needs root"
fi

# ---- what is refused
out=$work/none
refuses() { refused "$1" "$2" "$MKFS" --quiet "${@:3}" "$out" "$source"; same "$1: nothing is left" "" "$(ls "$out" 2>/dev/null)"; }
for size in 0 100 5000 2048 32M 4G x; do refuses "--chunksize=$size" "chunksize.*power of two" --chunksize=$size; done
refuses "--chunksize of an old kernel" "no Linux before 5.15 reads chunk-based files" --chunksize=4096 --min-kernel=5.10
refuses "-Ededupe of an old kernel" "no Linux before 5.15 reads chunk-based files" -Ededupe --min-kernel=5.10
! built_with LZ4 || refuses "--chunksize and -z" "--chunksize and -z" --chunksize=4096 -zlz4
refuses "--blobdev without --chunksize" "--blobdev needs --chunksize" "--blobdev=$blob-2"
refuses "--blobdev and -Ededupe alone" "--blobdev needs --chunksize" "--blobdev=$blob-2" -Ededupe
refuses "--blobdev and --verity" "--blobdev and --verity" "--blobdev=$blob-2" --chunksize=4096 --verity
refuses "--blobdev of an old kernel" "no Linux before 5.16 reads an extra device" "--blobdev=$blob-2" --chunksize=4096 --min-kernel=5.15
refuses "--blobdev and the image in one" "both the image and its --blobdev" "--blobdev=$out" --chunksize=4096
refuses "--blobdev in the source" "data device .* would be inside the source" "--blobdev=$source/blob" --chunksize=4096
refuses "--blobdev over the source" "holds other data" "--blobdev=$work/s.tar" --chunksize=4096
echo text >"$work/text"
refuses "--blobdev over another file" "holds other data, no data of an EROFS image; --force" "--blobdev=$work/text" --chunksize=4096
same "... which stays" text "$(cat "$work/text")"
"$MKFS" --chunksize=4096 "--blobdev=$blob-2" - "$source" 2>"$work/.err" | cat >"$work/none"
check "--blobdev and a pipe" grep -q "blobdev has no place where standard output is the image" "$work/.err"
same "--blobdev: nothing is left" "" "$(ls "$blob-2" 2>/dev/null)"
rm -f "$work/none"
refused "--chunksize of an index" "--chunksize.*--tar=i" "$MKFS" --quiet --tar=i --chunksize=4096 "$out" "$work/s.tar"
finish
