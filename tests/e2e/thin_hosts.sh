#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# A host's own small image over images that stay as they are: with fingerprints of its own, mounted by mount.erofs, and what
# the other tools make of such images.
if [ "${1:-}" != inside ] && [ "$(id -u)" = 0 ]; then
	exec unshare -m --propagation private bash "$0" inside
fi
. "$(dirname "$0")/lib.sh"
MOUNT=${MOUNT:-$(find_tool mount.erofs)}
UMOUNT=${UMOUNT:-$(find_tool umount.erofs)}
need_tools "$MKFS" "$FSCK" "$DUMP" "$MOUNT" "$UMOUNT"

for n in 0 1; do
	d=$work/tree-$n
	mkdir -p "$d/common" "$d/own-$n"
	seq 1 20000 >"$d/common/text"
	head -c 70001 /dev/zero | tr '\0' c >"$d/common/even"
	head -c 100001 /dev/urandom >"$d/own-$n/noise"
	cat "$d/common/text" "$d/own-$n/noise" "$d/common/text" >"$d/own-$n/mixed"
	for i in 1 2 3; do echo "$i$n" >"$d/own-$n/tiny-$i"; done
	truncate -s 1M "$d/own-$n/sparse" && printf end >>"$d/own-$n/sparse"
	: >"$d/own-$n/empty"
	ln -s ../common "$d/own-$n/link"
done
disk=$work
if can_mount && command -v mkfs.ext4 >/dev/null; then
	truncate -s 256M "$work/disk.img"
	mkdir "$work/disk"
	mkfs.ext4 -q "$work/disk.img" && mount -o loop "$work/disk.img" "$work/disk" && disk=$work/disk && mounts+=("$disk")
fi
store=$disk/store
mkdir "$store" "$work/m"
m=$work/m
shown() { awk -v dir="$1" '$2 == dir { print $1 }' /proc/mounts; }
loops_of() { losetup -n -O NAME -j "$1" | tr -d ' '; }
no_loops() { local i; for i in 1 2 3 4 5 6 7 8 9 10; do [ "$(loops_of "$1")" ] || return 0; sleep 0.1; done; losetup -l; return 1; }

# ---- images from elsewhere ------------------------------------------------------------------------------------------------
sums() { (cd "$1" && find . -type f -size +0 -exec sha256sum {} + | sort -k 2); }
covered() { # WHAT IMAGE TREE: by an index with fingerprints of its own
	local what=$1 image=$2 before device=$store/layer algorithm
	before=$(sha256sum <"$image" | cut -d' ' -f1)
	device=$store/$before
	cp "$image" "$device"
	chmod 444 "$device"
	for algorithm in fsverity sha256; do
		check "$what: index, $algorithm" "$MKFS" --quiet "--ishare-fingerprint=$algorithm" "$disk/index" "$device" || return
		check "$what: fsck --ishare" "$FSCK" --ishare "--device=$device" "$disk/index"
	done
	same "$what: as sha256sum" "$(sums "$3")" "$("$DUMP" --fingerprints=sha256sum "$disk/index" | sort -k 2)"
	same "$what: the image is what it was" "$before" "$(sha256sum <"$device" | cut -d' ' -f1)"
	if can_mount; then
		check "$what: mount.erofs finds it" "$MOUNT" "$disk/index" "$m" -o "device-dir=$store" &&
			check "$what: tree" diff -r --no-dereference "$3" "$m" && "$UMOUNT" "$m"
	else
		skip "$what: cannot mount here"
	fi
	rm -f "$device"
}
while read -r mkfs name options; do
	[ -x "$mkfs" ] || { skip "$name: no $mkfs"; continue; }
	# shellcheck disable=SC2086
	"$mkfs" -d1 $options "$work/image" "$work/tree-0" >/dev/null 2>&1 || { skip "$name: it makes none"; continue; }
	covered "$name" "$work/image" "$work/tree-0"
done <<-END
	$MKFS ours-with-a-hash-tree --verity
	$MKFS ours-with-other-fingerprints --ishare-fingerprint=sha512
	/usr/bin/mkfs.erofs distribution-tails
	/usr/bin/mkfs.erofs distribution-clusters -zlz4hc -C65536 -Eztailpacking
	${PEER_DIR:-/nowhere}/bin/mkfs.erofs peer-plain -Enoinline_data
	${PEER_DIR:-/nowhere}/bin/mkfs.erofs peer-tails
	${PEER_DIR:-/nowhere}/bin/mkfs.erofs peer-chunks --chunksize=4096 -Ededupe
	${PEER_DIR:-/nowhere}/bin/mkfs.erofs peer-fingerprints --xattr-inode-digest=trusted.erofs.fingerprint
	${PEER_DIR:-/nowhere}/bin/mkfs.erofs peer-hidden-name --xattr-inode-digest
	${PEER_DIR:-/nowhere}/bin/mkfs.erofs peer-dedupe -zlz4 -C65536 -Ededupe,ztailpacking
	${PEER_DIR:-/nowhere}/bin/mkfs.erofs peer-two -zzstd:lz4 -C16384
	${PEER_DIR:-/nowhere}/bin/mkfs.erofs peer-extents -zdeflate -C65536 -E48bit
	${PEER_DIR:-/nowhere}/bin/mkfs.erofs peer-metabox -zlz4 -C65536 --MZ
END
if command -v mkcomposefs >/dev/null; then
	# Its files are holes whose data overlayfs finds by their digests.
	mkcomposefs "$work/tree-0" "$work/composefs"
	check "composefs: index" "$MKFS" --quiet "$FP_OPT" "$disk/index" "$work/composefs"
	check "composefs: fsck" "$FSCK" --ishare "--device=$work/composefs" "$disk/index"
else
	skip "composefs: no mkcomposefs"
fi
if command -v veritysetup >/dev/null && [ -e /dev/mapper/control ]; then
	"$MKFS" --quiet --verity "$disk/signed" "$work/tree-0"
	root=$(sed -n 's/.*"roothash": "\(.*\)",/\1/p' "$disk/signed.dmverity")
	at=$(sed -n 's/.*"hashoffset": \([0-9]*\).*/\1/p' "$disk/signed.dmverity")
	if veritysetup open "--hash-offset=$at" "$disk/signed" erofs-test-thin "$disk/signed" "$root" 2>/dev/null; then
		check "dm-verity: index of the device" "$MKFS" --quiet "$FP_OPT" "$disk/index" /dev/mapper/erofs-test-thin
		check "dm-verity: mounted, the index a file" "$MOUNT" "$disk/index" "$m" -o device=/dev/mapper/erofs-test-thin &&
			check "dm-verity: tree" diff -r --no-dereference "$work/tree-0" "$m" && "$UMOUNT" "$m"
		veritysetup close erofs-test-thin
	else
		skip "dm-verity: this kernel has no verity target"
	fi
else
	skip "dm-verity: this machine has no device mapper"
fi

# ---- mount.erofs ---------------------------------------------------------------------------------------------------------
# What two images share, as the report sees it in their indexes.
for n in 0 1; do
	"$MKFS" --quiet "$FP_OPT" "$disk/layer-$n" "$work/tree-$n"
	digest[n]=$(sha256sum <"$disk/layer-$n" | cut -d' ' -f1)
done
"$MKFS" --quiet -Uclear "$disk/both" "$disk/layer-0" "$disk/layer-1"
"$MKFS" --quiet "$FP_OPT" --clean "$work/full" "$disk/layer-0" "$disk/layer-1"
if can_mount; then
	mount_image "$work/full" "$work/mnt-full"
	equal() { check "$1: equals the copy" "$tools/treecmp" --ignore-xattr="$FP_NAME" "$work/mnt-full" "$m"; }
	refused "a layer is missing" "no file for slot 1.*${digest[0]}" "$MOUNT" "$disk/both" "$m" -o "device-dir=$store"
	cp "$disk/layer-0" "$store/${digest[0]}.erofs"
	mkdir -p "$store/sha256/${digest[1]:0:2}"
	cp "$disk/layer-1" "$store/sha256/${digest[1]:0:2}/${digest[1]}.erofs"
	for backing in any loop; do
		with=device-dir=$store
		[ $backing = any ] || with+=,backing=$backing
		check "device-dir=, $backing" "$MOUNT" "$disk/both" "$m" -o "$with" && equal "device-dir=, $backing"
		"$UMOUNT" "$m"
		check "... no loop device is left" no_loops "$disk/both"
		check "... nor of a layer" no_loops "$store/${digest[0]}.erofs"
	done
	check "devices given" "$MOUNT" "$disk/both" "$m" -o "device=$disk/layer-0,device=$disk/layer-1" && equal "devices given"
	"$UMOUNT" "$m"
	loop=$(losetup -r -f --show "$disk/layer-1") && loops+=("$loop")
	check "a device beside files" "$MOUNT" "$disk/both" "$m" -o "device=$disk/layer-0,device=$loop" && equal "a device beside files"
	"$UMOUNT" "$m"
	refused "backing=file with a device" "backing=file, but $loop is a device" "$MOUNT" "$disk/both" "$m" -o "backing=file,device=$disk/layer-0,device=$loop"
	losetup -d "$loop"
	refused "one device of two" '2 extra devices' "$MOUNT" "$disk/both" "$m" -o "device=$disk/layer-0"
	refused "another layer" '.' "$MOUNT" "$disk/both" "$m" -o "verify,device=$disk/layer-1,device=$disk/layer-0"
	same "... is not mounted" "" "$(shown "$m")"
	check "verify" "$MOUNT" "$disk/both" "$m" -o "verify,device-dir=$store" && equal "verify"
	"$UMOUNT" "$m"
	unmount "$work/mnt-full"
else
	skip "mount.erofs: cannot mount here"
fi

# ---- a pod's image of twelve layers, as the overlay of them ---------------------------------------------------------------
make_layer() { # DIRECTORY NUMBER
	local d=$1 n=$2
	mkdir -p "$d/bin" "$d/etc/part" "$d/var/$((n / 3))" "$d/only-$n/a/b"
	printf '#!/bin/sh\n%s\n' "$n" >"$d/bin/tool-$((n % 5))"
	chmod 4755 "$d/bin/tool-$((n % 5))"
	seq "$n" 3000 >"$d/var/$((n / 3))/data-$n"
	seq 1 "$((n + 1))" >"$d/etc/part/changed"
	echo "$n" >"$d/only-$n/a/b/c"
	ln "$d/only-$n/a/b/c" "$d/only-$n/hard"
	ln -s ../etc/part "$d/only-$n/soft"
	mkfifo "$d/only-$n/fifo"
	chown $((n + 1)):$((n * 1000)) "$d/only-$n" "$d/etc/part/changed"
	setfattr -n user.layer -v "$n" "$d/etc/part/changed"
	touch -d "@$((1600000000 + n))" "$d/etc" "$d/var" "$d/bin"
	[ "$n" -gt 1 ] || return 0
	# (Of a file that loses one of its names overlayfs tells the layer's link count; an index counts.)
	# What the layer before the last has made is gone, all or in part; a directory begins anew; a file becomes a directory.
	mknod "$d/only-$((n - 2))" c 0 0
	mkdir "$d/only-$((n - 1))" && mknod "$d/only-$((n - 1))/soft" c 0 0
	if [ $((n % 4)) = 3 ]; then setfattr -n trusted.overlay.opaque -v y "$d/var/$((n / 3))"; fi
	if [ "$n" = 9 ]; then rm "$d/bin/tool-4" && mkdir "$d/bin/tool-4" && echo in >"$d/bin/tool-4/in"; fi
}
# Link counts and sizes of directories are not overlayfs' to know.
listed() {
	(
		cd "$1" || exit
		# shellcheck disable=SC2012 # what ls shows is the point
		ls -lnR --time-style=full-iso | awk '/^total/ { next } /^d/ { $2 = $5 = "" } { print }'
		find . -printf '%p %y %m %U:%G %T@ %l\n' | sort
		find . -type f -links +1 -printf '%p %n\n' | sort
		find . -type f -exec md5sum {} + | sort -k 2
		getfattr -R -m '^user' -d . 2>/dev/null
		tar --sort=name --format=gnu -cf - . | md5sum
	)
}
if can_mount && mknod "$work/null" c 0 0 2>/dev/null; then
	layers=() lower='' with=''
	for n in 0 1 2 3 4 5 6 7 8 9 10 11; do
		make_layer "$work/pod/$n" "$n"
		"$MKFS" --quiet "$FP_OPT" "$disk/pod-$n" "$work/pod/$n"
		mount_image "$disk/pod-$n" "$work/lower/$n"
		layers+=("$disk/pod-$n")
		lower=$work/lower/$n${lower:+:$lower}
		with+=,device=$disk/pod-$n
	done
	mkdir "$work/over"
	mount -t overlay over -o "ro,lowerdir=$lower" "$work/over" && mounts+=("$work/over")
	check "twelve layers: the callers' line" "$MKFS" --aufs --ovlfs-strip=1 --quiet "$disk/pod" "${layers[@]}"
	check "twelve layers: one mount" "$MOUNT" "$disk/pod" "$m" -o "${with#,}"
	listed "$work/over" >"$work/seen-over"
	listed "$m" >"$work/seen"
	check "twelve layers: as the overlay of twelve" diff "$work/seen-over" "$work/seen"
	same "... which shows something" 1 "$(($(wc -l <"$work/seen") > 100))"
	"$UMOUNT" "$m"
	unmount "$work/over"
	for n in 0 1 2 3 4 5 6 7 8 9 10 11; do unmount "$work/lower/$n"; done
else
	skip "twelve layers: cannot mount here"
fi

# ---- the other tools -----------------------------------------------------------------------------------------------------
devices=("--device=$disk/layer-0" "--device=$disk/layer-1")
check "fsck --extract" "$FSCK" --no-preserve "--extract=$work/out" "${devices[@]}" "$disk/both"
cp -a "$work/tree-0" "$work/expected" && cp -a "$work/tree-1/." "$work/expected"
check "... is what the layers are" diff -r --no-dereference "$work/expected" "$work/out"
same "dump --cat" "$(sha256sum <"$work/tree-1/own-1/mixed")" "$("$DUMP" --cat --path=/own-1/mixed "${devices[@]}" "$disk/both" | sha256sum)"
check "dump shows the devices" grep -q "tag \"${digest[1]}\"" <("$DUMP" -s "$disk/both")
check_not "fsck without devices tells" "$FSCK" --ishare "$disk/both"
check_not "fsck with devices in another order" "$FSCK" --ishare "${devices[1]}" "${devices[0]}" "$disk/both"
figures() { "$DUMP" --ishare-report "$@" | grep -iE 'shar|sav|cop' | sed 's/[^ ]*\(both\|full\|index\|layer\)[^ ]*//g'; }
"$MKFS" --quiet "$disk/index" "$disk/layer-1"
same "the report: as of the images themselves" "$(figures "$work/full" "$disk/layer-1")" "$(figures "$disk/both" "$disk/index")"
check "restamp" "$MKFS" --quiet --restamp --ishare-fingerprint=sha512 "${devices[@]}" "$work/stamped" "$disk/both"
check "... is a whole image" "$FSCK" --ishare "$work/stamped"
same "... with other fingerprints" "$(cd "$work/expected" && find . -type f -size +0 -exec sha512sum {} + | sort -k 2)" \
	"$("$DUMP" --fingerprints=sha512sum "$work/stamped" | sort -k 2)"
finish
