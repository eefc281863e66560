#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# A file of a terabyte that is nearly all hole costs what its data cost.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK"
mkdir "$work/s"
truncate -s 1T "$work/s/huge" || skip_all "no file system for a file of 1 TiB"
head -c 524288 /dev/urandom >"$work/data"
for at in 0 300 1048575; do # in MiB: the beginning, the middle, the last one
	dd if="$work/data" of="$work/s/huge" bs=1M seek=$at conv=notrunc status=none
done
truncate -s 1T "$work/s/huge"
printf 'x' >"$work/s/neighbour"

start=$SECONDS
check "build" timeout 30 "$MKFS" --quiet -b4096 "$work/image" "$work/s"
check "build takes a moment ($((SECONDS - start)) s)" test $((SECONDS - start)) -le 10
size=$(stat -c %s "$work/image")
# 1.5 MiB of data, and with chunks of 1 MiB or less four bytes for each of a million and more of them.
check "image is small ($size bytes)" test "$size" -le $((24 * 1024 * 1024))
check "fsck" timeout 60 "$FSCK" "$work/image"
if can_mount && mount_image "$work/image" "$work/mnt"; then
	check "mounted tree" timeout 120 "$tools/treecmp" --holes=16777216 "$work/s" "$work/mnt"
	unmount "$work/mnt"
else
	skip "cannot mount here"
fi
check "extraction" timeout 120 "$FSCK" "--extract=$work/x" "$work/image"
check "extracted tree" timeout 120 "$tools/treecmp" --holes=16777216 "$work/s" "$work/x"

# Nor does a neighbour of the same size whose data are elsewhere make it read its holes.
truncate -s 1T "$work/s/of-that-size"
dd if="$work/data" of="$work/s/of-that-size" bs=1M seek=7 conv=notrunc status=none
check "build with two of a size" timeout 30 "$MKFS" --quiet -b4096 "$work/image" "$work/s"

# Two files of one content whose zeros are holes in different places, and stored in others: their blocks are not the same.
mkdir "$work/t"
mega=1048576
put() { dd if="$1" of="$2" bs=$mega seek="$3" conv=notrunc iflag=count_bytes count=$mega status=none; } # DATA FILE MEBIBYTE
for n in 0 1 2; do head -c $mega /dev/urandom >"$work/part-$n"; done
for name in a b; do
	truncate -s 7M "$work/t/$name"
	put "$work/part-0" "$work/t/$name" 0
	put "$work/part-1" "$work/t/$name" 2
	put "$work/part-2" "$work/t/$name" 6
done
put /dev/zero "$work/t/a" 1
put /dev/zero "$work/t/b" 4
check "files of one content" cmp "$work/t/a" "$work/t/b"
for workers in 0 2; do
	check "holes in other places: build, $workers workers" "$MKFS" --quiet "--workers=$workers" "$FP_OPT" "$work/image" "$work/t"
	check "holes in other places: fingerprints, $workers workers" "$FSCK" --ishare "$work/image"
	if can_mount && mount_image "$work/image" "$work/mnt"; then
		check "holes in other places: mounted, $workers workers" "$tools/treecmp" --no-xattrs "$work/t" "$work/mnt"
		unmount "$work/mnt"
	fi
	tar -S -C "$work/t" -cf "$work/tar" .
	check "holes in other places: archive, $workers workers" "$MKFS" --quiet --tar=f "--workers=$workers" "$FP_OPT" "$work/image" "$work/tar"
	check "holes in other places: of the archive, $workers workers" "$FSCK" --ishare "$work/image"
done

# ---- many parts, and none ------------------------------------------------------------------------------------------------------------

# Ranges of a block each, each with the least hole behind it: more of them in what is read at once than are written at once.
python3 "$top_srcdir/tests/e2e/sparse_ranges.py" 3000 4608 "$work/ranges.tar"
check "many ranges" "$MKFS" --quiet -b512 --tar=f "$work/image" "$work/ranges.tar"
check "many ranges: chunks" grep -q chunk_based <("$DUMP" --path=/sparse "$work/image")
same "many ranges: the content" "$(tar -xOf "$work/ranges.tar" sparse | sha256sum)" "$("$DUMP" --cat --path=/sparse "$work/image" | sha256sum)"
# A hole alone has no block that a file of zeros could take over, and does not keep the next one from those of the first.
rm -rf "$work/t" && mkdir "$work/t"
head -c 65536 /dev/zero >"$work/t/a"
truncate -s 64K "$work/t/b"
head -c 65536 /dev/zero >"$work/t/c"
check "zeros, a hole, zeros" "$MKFS" --quiet "$FP_OPT" "$work/image" "$work/t"
block_of() { "$DUMP" --json -e --path="/$1" "$work/image" | grep -o '"physical": [0-9]*' | head -1; }
same "zeros, a hole, zeros: the zeros are there once" "$(block_of a)" "$(block_of c)"
finish
