#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# --index: images of metadata only, whose contents stay in the images that they come from, mounted with device= for each.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"

# Three layers with compressible, random, tiny, sparse and empty files, over and beside each other.
for n in 0 1 2; do
	d=$work/tree-$n
	mkdir -p "$d/all" "$d/only-$n"
	seq "$n" 20000 >"$d/all/text-$n"
	seq 1 10000 >"$d/all/replaced"
	echo "layer $n" >>"$d/all/replaced"
	head -c 100001 /dev/urandom >"$d/only-$n/noise"
	cat "$d/all/text-$n" "$d/only-$n/noise" "$d/all/text-$n" >"$d/only-$n/mixed"
	for i in 1 2 3 4 5 6; do echo "$i$n" >"$d/only-$n/tiny-$i"; done
	head -c 5000 "$d/all/text-$n" >"$d/only-$n/tail"
	: >"$d/only-$n/empty"
	truncate -s 3M "$d/only-$n/sparse"
	printf end >>"$d/only-$n/sparse"
	ln "$d/all/text-$n" "$d/only-$n/linked"
	ln -s ../all "$d/only-$n/link"
done
is_root && mknod "$work/tree-1/only-0" c 0 0 2>/dev/null
mkdir "$work/tree-2/only-1-too"

# Linux reads no image file on tmpfs (ENOTBLK), and takes no file as the device of a loop device nor the other way round (EINVAL).
disk=
if can_mount && command -v mkfs.ext4 >/dev/null; then
	truncate -s 256M "$work/disk.img"
	mkdir "$work/disk"
	mkfs.ext4 -q "$work/disk.img" && mount -o loop "$work/disk.img" "$work/disk" && disk=$work/disk && mounts+=("$disk")
fi
# mount(8) would make a loop device of the image.
mount_file() { # IMAGE DIR OPTIONS
	mkdir -p "$2" && python3 -c 'import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
image, where, options = map(os.fsencode, sys.argv[1:])
sys.exit(libc.mount(image, where, b"erofs", 1, options) and os.strerror(ctypes.get_errno()))' "$1" "$2" "$3" && mounts+=("$2")
}
by_file=
if [ "$disk" ]; then
	mkdir "$work/empty" && "$MKFS" --quiet "$disk/probe" "$work/empty"
	mount_file "$disk/probe" "$work/mnt" "" 2>"$work/.why" && by_file=yes && unmount "$work/mnt"
	[ "$by_file" ] || skip "file-backed mounts: $(cat "$work/.why")"
else
	skip "file-backed mounts: no ext4 to put images on"
fi

# The thin image, over loop devices and file-backed.
mounted_equals() { # WHAT LAYERS...
	local what=$1 layer with='' files='' loop number=0
	shift
	can_mount || { skip "$what: cannot mount here"; return; }
	for layer; do
		loop=$(losetup -f --show -r "$layer") || { skip "$what: no loop device"; return; }
		loops+=("$loop")
		with+=,device=$loop
		[ "$by_file" ] && cp "$layer" "$disk/$number"
		files+=,device=$disk/$number
		number=$((number + 1))
	done
	mount_image "$work/full" "$work/mnt-full" || { skip "$what: this kernel does not mount it"; return; }
	check "$what: mounts over loop devices" mount_image "$work/thin" "$work/mnt" "${with#,}" &&
		check "$what: tree" "$tools/treecmp" "$work/mnt-full" "$work/mnt" && unmount "$work/mnt"
	if [ "$by_file" ]; then
		cp "$work/thin" "$disk/thin"
		check "$what: file-backed" mount_file "$disk/thin" "$work/mnt" "${files#,}" &&
			check "$what: tree, file-backed" "$tools/treecmp" "$work/mnt-full" "$work/mnt" && unmount "$work/mnt"
		rm -f "$disk"/thin "$disk"/[0-9]*
	fi
	unmount "$work/mnt-full"
	for layer in ${with//,device=/ }; do losetup -d "$layer"; done
}

thin_equals() { # WHAT LAYERS...
	local what=$1 layer
	local -a devices=()
	shift
	for layer; do devices+=("--device=$layer"); done
	# shellcheck disable=SC2086 # nothing, where it is not set
	check "$what: index" "$MKFS" --quiet -T1 --mkfs-time "$FP_OPT" ${fsalign:-} --index "$work/thin" "$@" || return
	check "$what: whole copy" "$MKFS" --quiet -T1 --mkfs-time "$FP_OPT" "$work/full" "$@"
	check "$what: fsck --ishare" "$FSCK" --ishare "${devices[@]}" "$work/thin"
	same "$what: fingerprints" "$("$DUMP" --fingerprints=sha256sum "$work/full" | sort -k 2)" \
		"$("$DUMP" --fingerprints=sha256sum "$work/thin" | sort -k 2)"
	# shellcheck disable=SC2086
	"$MKFS" --quiet -T1 --mkfs-time "$FP_OPT" --workers=1 ${fsalign:-} --index "$work/again" "$@"
	check "$what: same bytes from one worker" cmp "$work/thin" "$work/again"
	check "$what: metadata only" test "$(stat -c %s "$work/thin")" -lt $(($(stat -c %s "$work/full") / 4))
	mounted_equals "$what" "$@"
}

layers() { # OPTIONS...: into the array `made`
	made=()
	for n in 0 1 2; do
		"$MKFS" --quiet "$@" "$work/layer-$n" "$work/tree-$n" || return
		made+=("$work/layer-$n")
	done
}

while read -r codec what options; do
	[ "$codec" = - ] || built_with "$codec" || { skip "$what: built without $codec"; continue; }
	# shellcheck disable=SC2086
	layers $options && thin_equals "$what" "${made[@]}"
done <<-END
	- plain -Enoinline_data
	- tails $FP_OPT
	- blocks-of-512 -b512
	LZ4 lz4 -zlz4 $FP_OPT
	LZ4 big-clusters -zlz4 -C65536
	LZ4 full-index -zlz4 -C65536 -Efull-index
	Zstandard clusters -zzstd -C65536
	Zstandard extents -zzstd -E48bit
	LZ4 short-extents -zlz4 -E48bit --extent-size=16384
	libdeflate deflate -zdeflate -C16384
END

# Each in a way of its own.
if built_with LZ4 && built_with Zstandard; then
	"$MKFS" --quiet -zlz4 "$work/layer-0" "$work/tree-0"
	"$MKFS" --quiet -zzstd -E48bit "$work/layer-1" "$work/tree-1"
	"$MKFS" --quiet "$work/layer-2" "$work/tree-2"
	thin_equals "mixed" "$work/layer-0" "$work/layer-1" "$work/layer-2"
fi
# Padding counts as blocks of the image.
"$MKFS" --quiet -Enoinline_data "$work/layer-0" "$work/tree-0"
fsalign=--fsalignblks=16 thin_equals "aligned" "$work/layer-0"
same "aligned: a multiple of 16 blocks" 0 "$(($(stat -c %s "$work/thin") % (16 * 4096)))"
# A file without any block, as others write it.
"$MKFS" --quiet -Enoinline_data,nosbcrc,force-inode-compact -T1 "$work/layer-0" "$work/tree-0"
at=$("$DUMP" --path=/only-0/noise "$work/layer-0" | sed -n 's/.*Offset: \([0-9]*\).*/\1/p')
printf '\377\377\377\377' | dd of="$work/layer-0" bs=1 seek=$((at + 16)) conv=notrunc status=none
same "no block: all zeros" "$(head -c 100001 /dev/zero | sha256sum)" "$("$DUMP" --cat --path=/only-0/noise "$work/layer-0" | sha256sum)"
thin_equals "no block" "$work/layer-0"
# Other builders': inline tails of compressed files.
if [ -x "${PEER_DIR:=/nowhere}/bin/mkfs.erofs" ] && built_with LZ4; then
	for n in 0 1; do
		"$PEER_DIR/bin/mkfs.erofs" -d0 -zlz4 -C65536 -Eztailpacking "$work/peer-$n" "$work/tree-$n" >/dev/null 2>&1
	done
	thin_equals "inline tails of another builder" "$work/peer-0" "$work/peer-1"
	"$PEER_DIR/bin/mkfs.erofs" -d0 -zlz4 -Eall-fragments "$work/fragments" "$work/tree-0" >/dev/null 2>&1
	rm -f "$work/none"
	refused "fragments" "fragment" "$MKFS" --quiet --index "$work/none" "$work/fragments"
	check_not "fragments: no image" test -e "$work/none"
else
	skip "inline tails of another builder: there is none"
fi

# Twelve, as overlayfs shows them.
made=() lower=
for n in 0 1 2 3 4 5 6 7 8 9 10 11; do
	mkdir -p "$work/many/$n/dir"
	echo "$n" >"$work/many/$n/dir/last"
	seq "$n" 3000 >"$work/many/$n/dir/own-$n"
	"$MKFS" --quiet "$work/many-$n" "$work/many/$n"
	made+=("$work/many-$n")
	lower=$work/many/$n${lower:+:$lower}
done
thin_equals "twelve" "${made[@]}"
same "twelve: tags are the digests" "$(sha256sum "${made[@]}" | cut -d' ' -f1)" "$(grep -aoE '[0-9a-f]{64}' "$work/thin" | head -12)"

# What cannot be pointed to.
tar -C "$work/tree-0" -cf "$work/a.tar" all
"$MKFS" --quiet --tar=i "$work/indexed" "$work/a.tar"
rm -f "$work/none"
refused "devices of its own" "indexed.*devices of its own" "$MKFS" --quiet --index "$work/none" "$work/indexed"
"$MKFS" --quiet -b512 "$work/small-blocks" "$work/many/0"
refused "two block sizes" "blocks of one size" "$MKFS" --quiet --index "$work/none" "$work/many-0" "$work/small-blocks"
head -c 4096 "$work/many-0" >"$work/cut"
refused "cut off" "cut" "$MKFS" --quiet --index "$work/none" "$work/cut"
refused "no image" "have to be EROFS images" "$MKFS" --quiet --index "$work/none" "$work/a.tar"
built_with LZ4 && refused "compression" "leaves the contents" "$MKFS" --quiet -zlz4 --index "$work/none" "$work/many-0"
check_not "no image is left" test -e "$work/none"
finish
