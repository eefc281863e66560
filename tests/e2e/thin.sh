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
	check "$what: whole copy" "$MKFS" --quiet -T1 --mkfs-time "$FP_OPT" --clean=data "$work/full" "$@"
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

# An extent that takes more than it holds is none that Linux reads, so no index points to it.
if built_with LZ4; then
	mkdir -p "$work/tree-grown" && seq 20000 | head -c 60000 >"$work/tree-grown/a" && head -c 100000 /dev/urandom >"$work/tree-grown/z"
	"$MKFS" --quiet -zlz4 -E48bit,nosbcrc,force-inode-extended --extent-size=16384 "$work/grown" "$work/tree-grown"
	at=$("$DUMP" --path=/a "$work/grown" | sed -n 's/.*Offset: \([0-9]*\).*/\1/p')
	# Behind the inode, the header and the first address: 20000 bytes, LZ4.
	printf '\040\116\000\020' | dd of="$work/grown" bs=1 seek=$((at + 80)) conv=notrunc status=none
	check "an extent that grows: found" grep -q "takes 20000 when compressed" <("$FSCK" "$work/grown" 2>&1)
	rm -f "$work/none"
	refused "an extent that grows" "/a: .*cannot be found" "$MKFS" --quiet --index "$work/none" "$work/grown"
	check_not "an extent that grows: no image" test -e "$work/none"
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

# ---- what other programs call --------------------------------------------------------------------------------------------
slots() { "$DUMP" -s "$1" | grep -c '^Device '; }
for options in "--aufs --ovlfs-strip=1" "" "--vmdk-desc=$work/desc.vmdk" "--clean=0" "-b4096"; do
	# shellcheck disable=SC2086
	check "callers: $options" "$MKFS" --quiet $options "$work/thin" "$work/many-0" "$work/many-1" &&
		same "... two devices" 2 "$(slots "$work/thin")"
done
check "one image" "$MKFS" --quiet "$work/thin" "$work/many-0" && same "... one device" 1 "$(slots "$work/thin")"
for options in --clean --clean=data --min-kernel=5.16; do
	check "a copy: $options" "$MKFS" --quiet $options "$work/full" "$work/many-0" "$work/many-1" &&
		same "... no device" 0 "$(slots "$work/full")"
done
rm -f "$work/none"
refused "another block size" 'blocks of 4096 bytes.*--clean=data' "$MKFS" --quiet -b512 "$work/none" "$work/many-0"
refused "--clean=rvsp" "data or 0" "$MKFS" --quiet --clean=rvsp "$work/none" "$work/many-0"
refused "--clean=0 of a directory" "have to be EROFS images" "$MKFS" --quiet --clean=0 "$work/none" "$work/tree-0"
check_not "none is left" test -e "$work/none"
check "--clean=data of a directory" "$MKFS" --quiet --clean=data "$work/full" "$work/tree-0"
# A file that is called by a digest is not read for its tag.
name=$(printf '%064d' 7)
cp "$work/many-0" "$work/$name.erofs"
cp "$work/many-1" "$work/$name.img"
"$MKFS" --quiet "$work/thin" "$work/$name.erofs" "$work/$name.img"
same "tags by name, by content" "$name $(sha256sum "$work/many-1" | cut -d' ' -f1)" \
	"$("$DUMP" -s "$work/thin" | sed -n 's/^Device.*tag "\(.*\)"/\1/p' | tr '\n' ' ' | sed 's/ $//')"

# ---- one disk of all -----------------------------------------------------------------------------------------------------
joined_equals() { # WHAT DESCRIPTOR: the disk that it describes is mounted as it is
	(cd "$(dirname "$2")" && sed -n 's/^RW \([0-9]*\) FLAT "\(.*\)" \([0-9]*\)$/\1 \3 \2/p' "$2" |
		while read -r sectors at name; do dd if="$name" bs=512 count="$sectors" skip="$at" status=none; done) >"$work/joined"
	check "$1: fsck of the disk" "$FSCK" --ishare "$work/joined"
	if command -v qemu-img >/dev/null; then
		check "$1: qemu-img" qemu-img convert -f vmdk -O raw "$2" "$work/converted"
		truncate -s "$(stat -c %s "$work/joined")" "$work/converted"
		check "$1: ... has the same disk" cmp "$work/joined" "$work/converted"
	else
		skip "$1: no qemu-img"
	fi
	can_mount || { skip "$1: cannot mount here"; return; }
	mount_image "$work/joined" "$work/mnt" && mount_image "$work/full" "$work/mnt-full" &&
		check "$1: mounted without devices" "$tools/treecmp" "$work/mnt-full" "$work/mnt"
	unmount "$work/mnt"
	unmount "$work/mnt-full"
}
mkdir "$work/other place" "$work/disks"
cp "$work/many-0" "$work/other place/zero.erofs"
"$MKFS" --quiet "$FP_OPT" --clean "$work/full" "$work/many-0" "$work/many-1"
check "--vmdk-desc" "$MKFS" --quiet "$FP_OPT" "--vmdk-desc=$work/desc.vmdk" "$work/thin" "$work/other place/zero.erofs" "$work/many-1"
joined_equals "--vmdk-desc" "$work/desc.vmdk"
same "... names" "$(printf '%s\n' thin "$work/other place/zero.erofs" many-1)" "$(sed -n 's/^RW .* "\(.*\)" 0$/\1/p' "$work/desc.vmdk")"
check "--vmdk-desc, --offset" "$MKFS" --quiet "$FP_OPT" --offset=8192 --fsalignblks=4 "--vmdk-desc=$work/disks/d" "$work/disks/thin" "$work/many-0" "$work/many-1"
joined_equals "--vmdk-desc, --offset" "$work/disks/d"
check "--vmdk-desc of a copy" "$MKFS" --quiet "$FP_OPT" --verity --clean "--vmdk-desc=$work/disks/d" "$work/disks/full" "$work/many-0" "$work/many-1"
joined_equals "--vmdk-desc of a copy" "$work/disks/d"
cp "$work/many-0" "$work/disks/a\"b"
rm -f "$work/none" "$work/no.vmdk"
refused "a quote in a name" "quote" "$MKFS" --quiet "--vmdk-desc=$work/no.vmdk" "$work/none" "$work/disks/a\"b"
check_not "... no image" test -e "$work/none"
refused "no folder for it" "cannot write" "$MKFS" --quiet "--vmdk-desc=$work/no/no.vmdk" "$work/none" "$work/many-0"
check_not "no descriptor is left" test -e "$work/no.vmdk"
same "... nor a part of one" "" "$(find "$work" -maxdepth 2 -name '*.vmdk.*')"

# ---- fingerprints --------------------------------------------------------------------------------------------------------
fingerprints() { "$DUMP" --fingerprints "$1" | sed 1d | sort; }
shown_name() { "$DUMP" -s "$1" | sed -n 's/.*fingerprint xattr: *//p'; }
for algorithm in sha256 sha512 fsverity; do
	made=()
	for n in 0 1; do
		"$MKFS" --quiet "--ishare-fingerprint=$algorithm,name=user.sum" "$work/layer-$n" "$work/tree-$n"
		made+=("$work/layer-$n")
	done
	"$MKFS" --quiet "--ishare-fingerprint=$algorithm,name=user.sum" --clean "$work/full" "${made[@]}"
	check "carried over, $algorithm" "$MKFS" --quiet "$work/thin" "${made[@]}"
	same "... the same as in a copy" "$(fingerprints "$work/full" | sed 's/^ *[0-9]* *//')" "$(fingerprints "$work/thin" | sed 's/^ *[0-9]* *//')"
	same "... and of the same name" "$(shown_name "$work/layer-0")" "$(shown_name "$work/thin")"
	check "... right, by fsck" "$FSCK" --ishare "--device=${made[0]}" "--device=${made[1]}" "$work/thin"
	check "--ishare-fingerprint=none" "$MKFS" --quiet --ishare-fingerprint=none "$work/thin" "${made[@]}"
	same "... leaves them out" none "$(shown_name "$work/thin")"
done
# Carried over, they are not computed: damage in the data shows.
"$MKFS" --quiet -Enoinline_data "$FP_OPT" "$work/layer-0" "$work/tree-0"
"$MKFS" --quiet -Enoinline_data "$FP_OPT" "$work/layer-1" "$work/tree-1"
python3 - "$work/layer-1" "$work/tree-1/only-1/noise" "$work/hurt" <<-'END'
	import sys
	image, noise = (open(name, 'rb').read() for name in sys.argv[1:3])
	assert noise[:5000] in image
	open(sys.argv[3], 'wb').write(image.replace(noise[:5000], bytes(5000)))
END
"$MKFS" --quiet "$work/thin" "$work/layer-0" "$work/hurt"
check_not "what is carried over is not recomputed" "$FSCK" --ishare "--device=$work/layer-0" "--device=$work/hurt" "$work/thin"
"$MKFS" --quiet "$FP_OPT" "$work/thin" "$work/layer-0" "$work/hurt"
check "what is asked for is computed" "$FSCK" --ishare "--device=$work/layer-0" "--device=$work/hurt" "$work/thin"
"$MKFS" --quiet "$work/bare" "$work/tree-1"
"$MKFS" "$work/thin" "$work/layer-0" "$work/bare" >/dev/null 2>"$work/said"
check "some have none: a warning" grep -q "no fingerprints are carried over: '.*layer-0' has some, '.*bare' has none" "$work/said"
same "... and none" none "$(shown_name "$work/thin")"
"$MKFS" --quiet --ishare-fingerprint=sha512 "$work/other" "$work/tree-1"
rm -f "$work/none"
refused "two algorithms" "another algorithm" "$MKFS" --quiet "$work/none" "$work/layer-0" "$work/other"
check "two algorithms, computed" "$MKFS" --quiet "$FP_OPT" "$work/thin" "$work/layer-0" "$work/other"

# Link counts and sizes of directories depend on how many layers have them.
# shellcheck disable=SC2012 # what ls shows of ghosts is the point
seen() { (cd "$1" && find . -type f -exec grep -H . {} + | sort; ls -lR | awk '/^[dc]/ { $2 = $5 = "" } { print }'); }
# ---- whiteouts -----------------------------------------------------------------------------------------------------------
if is_root && mkdir -p "$work/w/0/d/e" "$work/w/0/o" "$work/w/0/f" "$work/w/1/d" "$work/w/1/o" "$work/w/1/x" "$work/w/2/f" "$work/w/2/x" "$work/w/2/o" &&
	mknod "$work/w/1/d/a" c 0 0 && setfattr -n trusted.overlay.opaque -v y "$work/w/1/o" 2>/dev/null; then
	for name in d/a d/b o/low f/low; do echo "$name" >"$work/w/0/$name"; done
	mkdir "$work/w/0/x" && echo low >"$work/w/0/x/low"
	rmdir "$work/w/1/x" && mknod "$work/w/1/x" c 0 0
	mknod "$work/w/1/gone" c 0 0
	echo file >"$work/w/1/f"
	for name in f/up x/up o/top; do echo "$name" >"$work/w/2/$name"; done
	echo up >"$work/w/1/o/up"
	for n in 0 1 2; do "$MKFS" --quiet -T1 "$work/white-$n" "$work/w/$n"; done
	check "whiteouts applied" "$MKFS" --quiet --aufs --ovlfs-strip=1 -T1 "$work/thin" "$work"/white-[012]
	same "... gone" "/d /d/b /d/e /f /f/up /o /o/top /o/up /x /x/up" "$("$DUMP" --ls -R "$work/thin" | awk 'NR > 1 { print $3 }' | tr '\n' ' ' | sed 's/ $//')"
	for way in --index --clean; do
		check "whiteouts kept, $way" "$MKFS" --quiet --ovlfs-strip=0 -T1 $way "$work/thin" "$work/white-1" "$work/white-2"
		same "... there" "/d /d/a /f /f/up /gone /o /o/top /o/up /x /x/up" "$("$DUMP" --ls -R "$work/thin" | awk 'NR > 1 { print $3 }' | tr '\n' ' ' | sed 's/ $//')"
		if can_mount && mkdir -p "$work/l0" "$work/l1" "$work/l2" "$work/top" "$work/two" "$work/three" &&
			mount_image "$work/white-0" "$work/l0" && mount_image "$work/white-1" "$work/l1" && mount_image "$work/white-2" "$work/l2"; then
			with=
			[ $way = --clean ] || for n in 1 2; do
				loops+=("$(losetup -f --show -r "$work/white-$n")")
				with+=,device=${loops[-1]}
			done
			mount_image "$work/thin" "$work/top" "${with#,}"
			mount -t overlay over -o "ro,lowerdir=$work/top:$work/l0" "$work/two" && mounts+=("$work/two")
			mount -t overlay over -o "ro,lowerdir=$work/l2:$work/l1:$work/l0" "$work/three" && mounts+=("$work/three")
			same "... over a third one as all three are" "$(seen "$work/three")" "$(seen "$work/two")"
			for name in two three top l0 l1 l2; do unmount "$work/$name"; done
		else
			skip "whiteouts kept: cannot mount here"
		fi
	done
else
	skip "whiteouts: none can be made here"
fi

# What cannot be pointed to.
tar -C "$work/tree-0" -cf "$work/a.tar" all
"$MKFS" --quiet --tar=i "$work/indexed" "$work/a.tar"
rm -f "$work/none"
refused "devices of its own" "indexed.*devices of its own" "$MKFS" --quiet --index "$work/none" "$work/indexed"
"$MKFS" --quiet -b512 "$work/small-blocks" "$work/many/0"
refused "two block sizes" "blocks of one size" "$MKFS" --quiet --index "$work/none" "$work/many-0" "$work/small-blocks"
# All of its metadata are there, and only the last block of data is not.
head -c -4096 "$work/many-0" >"$work/cut"
refused "cut off" "cut. is shorter than its [0-9]* blocks" "$MKFS" --quiet --index "$work/none" "$work/cut"
refused "no image" "have to be EROFS images" "$MKFS" --quiet --index "$work/none" "$work/a.tar"
built_with LZ4 && refused "compression" "leaves the contents" "$MKFS" --quiet -zlz4 --index "$work/none" "$work/many-0"
check_not "no image is left" test -e "$work/none"
finish
