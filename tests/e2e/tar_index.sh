#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# --tar=i: images whose contents stay in the archive, mounted with device= and with the archive appended.
# shellcheck disable=SC2002 # a pipe is meant, which a redirected file is not
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v tar >/dev/null || skip_all "no tar"
privilege=()
is_root || privilege=(--no-privileged)
compare=("$tools/treecmp" --holes=65536 "--ignore-xattr=$FP_NAME")
is_root || compare+=(--ignore-owner)

"$tools/treegen" "${privilege[@]}" odd "$work/odd" >/dev/null
# What tar cannot walk or does not keep, and what our build of a directory drops.
rm -rf "$work/odd/forged" "$work/odd/depth" "$work"/odd/links/fifo*
find "$work/odd" -type s -delete
touch -d @1700000000 "$work/odd"

# WHAT TREE OPTIONS...: as the first device of a mount
mounted_equals() {
	local what=$1 tree=$2
	shift 2
	can_mount && mount_image "$@" || { skip "$what: cannot mount here"; return; }
	check "$what: mounted tree" "${compare[@]}" "$tree" "$work/mnt"
	unmount "$work/mnt"
}

index() { # WHAT ARCHIVE TREE
	local loop
	check "$1: fsck" "$FSCK" --device="$2" "$work/image"
	check "$1: fsck --ishare" "$FSCK" --ishare --device="$2" "$work/image"
	cat "$work/image" "$2" >"$work/both"
	check "$1, appended: fsck --ishare" "$FSCK" --ishare "$work/both"
	if can_mount && loop=$(losetup -f --show -r "$2"); then
		loops+=("$loop")
		mounted_equals "$1, device=" "$3" "$work/image" "$work/mnt" "device=$loop"
		losetup -d "$loop"
	else
		skip "$1: no loop device"
	fi
	mounted_equals "$1, appended" "$3" "$work/both" "$work/mnt"
}

for sparse in "" -S; do
	for format in posix gnu; do
		more=()
		[ $format != posix ] || more=(--xattrs --xattrs-include='*' --acls)
		tar --format=$format $sparse "${more[@]}" --numeric-owner -C "$work/odd" -cf "$work/odd.tar" . 2>/dev/null
		rm -rf "$work/tree" && mkdir "$work/tree"
		tar "${more[@]}" --numeric-owner --delay-directory-restore -p -C "$work/tree" -xf "$work/odd.tar" 2>/dev/null
		check "$format $sparse, file: build" "$MKFS" --quiet "$FP_OPT" --tar=i "$work/image" "$work/odd.tar"
		index "$format $sparse, file" "$work/odd.tar" "$work/tree"
		by_file=$("$DUMP" --fingerprints=sha256sum "$work/image" | sort -k 2)
		cat "$work/odd.tar" | "$MKFS" --quiet "$FP_OPT" --tar=i "$work/image"
		same "$format $sparse, pipe: exit status" 0 "${PIPESTATUS[1]}"
		index "$format $sparse, pipe" "$work/odd.tar" "$work/tree"
		same "$format $sparse: fingerprints" "$by_file" "$("$DUMP" --fingerprints=sha256sum "$work/image" | sort -k 2)"
		"$MKFS" --quiet "$FP_OPT" --tar=f "$work/full" "$work/odd.tar"
		same "$format $sparse: fingerprints of the whole image" "$by_file" "$("$DUMP" --fingerprints=sha256sum "$work/full" | sort -k 2)"
	done
done

# containerd's list of arguments; what it asks for beside is no hindrance.
cat "$work/odd.tar" | "$MKFS" --tar=i --aufs --quiet "$work/image" >"$work/.said" 2>&1
same "containerd: exit status" 0 "${PIPESTATUS[1]}"
same "containerd: says nothing" "" "$(cat "$work/.said")"
check "containerd: fsck" "$FSCK" --device="$work/odd.tar" "$work/image"
# The archive need not be at hand for a check of the structure.
"$FSCK" "$work/image" >"$work/.out" 2>"$work/.err"
same "fsck without the archive: exit status" 0 $?
same "... one warning" 1 "$(wc -l <"$work/.err")"
same "... that counts the files that have data" "$(find "$work/tree" -type f -printf '%i %b\n' | awk '$2' | sort -u | wc -l) such files" "$(grep -o '[0-9]* such files' "$work/.err")"
same "... and nothing with --quiet" "" "$("$FSCK" --quiet "$work/image" 2>&1)"
refused "fsck --extract without the archive" 'not checked: its data lie on a device that was not given' "$FSCK" --extract "$work/image"
check "-b4096 is accepted: blocks have 512 bytes all the same" "$MKFS" --quiet -b4096 --tar=i "$work/image" "$work/odd.tar"
same "... and have" 512 "$("$DUMP" -s "$work/image" | sed -nE 's/.*blocksize: +//p')"
for workers in 0 1 3; do
	"$MKFS" --quiet -T0 --mkfs-time "$FP_OPT" --workers=$workers --tar=i "$work/image-$workers" "$work/odd.tar"
	check "$workers workers: the same image" cmp "$work/image-0" "$work/image-$workers"
done
refused "-z" 'tar=i' "$MKFS" -zlz4 --tar=i "$work/none" "$work/odd.tar"
head -c 100000 "$work/odd.tar" >"$work/cut"
refused "an archive that is cut off" 'cut off' "$MKFS" --quiet --tar=i "$work/none" "$work/cut"
python3 "$top_srcdir/tests/e2e/tar_archives.py" make "$work/made"
refused "pieces that do not begin with blocks" 'do not begin' "$MKFS" --quiet --tar=i "$work/none" "$work/made/good/sparse-1.0.tar"

# A place in a sparse file is found without going through all ranges before it: four times as many take about four times as long.
seconds() { # RANGES OPTION: the best of three
	local TIMEFORMAT=%U
	python3 "$top_srcdir/tests/e2e/sparse_ranges.py" "$1" 65536 "$work/ranges.tar"
	for _ in 1 2 3; do
		{ time "$MKFS" --quiet --workers=0 "$2" "$work/ranges" "$work/ranges.tar" 2>/dev/null; } 2>&1
	done | sort -n | head -n 1
}
for mode in --tar=i --tar=f; do
	little=$(seconds 5000 $mode) much=$(seconds 20000 $mode)
	check "$mode: $little s for 5000 ranges, $much s for 20000" awk "BEGIN { exit !($much < 10 * ($little + 0.01)) }"
done
check "all ranges are where they belong" "$FSCK" --extract="$work/ranges-tree" "$work/ranges"
same "... as tar finds them" "$(tar -C "$work" -xf "$work/ranges.tar" && sha256sum <"$work/sparse")" "$(sha256sum <"$work/ranges-tree/sparse")"

if [ -n "${PEER_DIR:-}" ]; then
	tar --format=gnu -C "$work/odd" -cf "$work/odd.tar" . 2>/dev/null
	"$MKFS" --quiet --tar=i "$work/image" "$work/odd.tar"
	"$PEER_DIR/bin/mkfs.erofs" --quiet --tar=i "$work/peer" "$work/odd.tar" >/dev/null 2>&1
	for image in image peer; do
		rm -rf "$work/$image-tree"
		check "$image: extraction" "$FSCK" --device="$work/odd.tar" --extract="$work/$image-tree" "$work/$image"
	done
	check "the peer's index has the same contents" diff -r --no-dereference "$work/image-tree/sizes" "$work/peer-tree/sizes"
	check "peer's fsck takes ours" "$PEER_DIR/bin/fsck.erofs" --device="$work/odd.tar" "$work/image"
else
	skip "PEER_DIR is not set"
fi
finish
