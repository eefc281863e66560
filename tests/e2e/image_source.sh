#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Images as sources: what comes out of an image goes into another one unchanged; several are merged as overlayfs shows them.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
privilege=()
is_root || privilege=(--no-privileged)

# fingerprints IMAGE: path and value of each, of what the kernel or anybody else would see
fingerprints() { "$DUMP" --fingerprints "$1" 2>&1 | sort; }

# ---- one image: the same tree, and the same image where nothing else is asked for ----

"$tools/treegen" "${privilege[@]}" odd "$work/odd"
touch -d @1700000000 "$work/odd"
again() { # WHAT OPTIONS...: directory -> image -> image
	local what=$1
	shift
	check "$what: from the directory" "$MKFS" --quiet --clean=data -T1 --mkfs-time "$@" "$work/direct" "$work/odd" || return
	check "$what: from the image" "$MKFS" --quiet --clean=data -T1 --mkfs-time "$@" "$work/image" "$work/direct" || return
	check "$what: same bytes" cmp "$work/direct" "$work/image"
}
again "plain" "$FP_OPT"
mounted_equals "plain" "$work/odd" "$work/image"
extracted_equals "plain" "$work/odd" "$work/image"
same "plain: fingerprints" "$(fingerprints "$work/direct")" "$(fingerprints "$work/image")"
check "plain: fsck --ishare" "$FSCK" --ishare "$work/image"
again "without fingerprints"
again "blocks of 512" -b512 "$FP_OPT"
again "zstd" -zzstd,3 -C65536 "$FP_OPT"
for workers in 0 1 2 5; do
	check "zstd, $workers workers" "$MKFS" --quiet --clean=data -T1 --mkfs-time -zzstd,3 -C65536 "$FP_OPT" --workers=$workers \
		"$work/other" "$work/direct"
	check "zstd, $workers workers: same bytes" cmp "$work/direct" "$work/other"
done
again "encoded extents" -zlz4 -E48bit "$FP_OPT"
check "another layout" "$MKFS" --quiet --clean=data "$FP_OPT" -b1024 -zdeflate "$work/image" "$work/direct"
without_holes=("$tools/treecmp" "--ignore-xattr=$FP_NAME")
is_root || without_holes+=(--ignore-owner --no-xattrs)
extracted_as() { # WHAT SOURCE IMAGE OPTIONS...: of what treecmp looks at
	local what=$1 source=$2 image=$3
	shift 3
	check "$what: extraction" "$FSCK" "${xattrs[@]}" "--extract=$work/extracted" "$image" &&
		check "$what: extracted tree" "${without_holes[@]}" "$@" "$source" "$work/extracted"
	rm -rf "$work/extracted"
}
extracted_as "another layout" "$work/odd" "$work/image"
check "another layout: fsck --ishare" "$FSCK" --ishare "$work/image"

# ---- what options do to a directory they do to an image ----

small_tree "$work/small"
"$MKFS" --quiet --clean=data "$work/small.img" "$work/small"
for options in --exclude-path=dir/below --exclude-regex='lin.ed$' --all-root --force-uid=7 "-T 5" --hard-dereference "-x-1"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet --clean=data -Uclear -T1 --mkfs-time $options "$work/direct" "$work/small"
	# shellcheck disable=SC2086
	check "$options" "$MKFS" --quiet --clean=data -Uclear -T1 --mkfs-time $options "$work/image" "$work/small.img"
	check "$options: same bytes" cmp "$work/direct" "$work/image"
done
refused "onto itself" "both the source and the image" "$MKFS" --quiet --clean=data "$work/small.img" "$work/small.img"
refused "a directory among images" "has to be an EROFS image" "$MKFS" --quiet --clean=data "$work/image" "$work/small.img" "$work/small"
head -c 3000 "$work/small.img" >"$work/short"
refused "cut short" "short" "$MKFS" --quiet --clean=data "$work/none" "$work/short"
check "no image of it" test ! -e "$work/none"

# ---- images of others ----

images=()
printf '4096 0 text\n8192 1 .\n' >"$work/hints"
printf "4096 1 text\n8192 2 mixed\n" >"$work/hints-of-three"
compressed_images "$work/small"
for image in "${images[@]}"; do
	check "${image##*/}" "$MKFS" --quiet --clean=data "$FP_OPT" "$work/image" "$image" || continue
	extracted_as "${image##*/}" "$work/compressible" "$work/image" --ignore-mtime
	check "${image##*/}: fsck --ishare" "$FSCK" --ishare "$work/image"
done

# ---- the same image with other fingerprints ----

# Kind, place in the file and lengths of each extent of the compressed files.
extents() { # IMAGE
	local file list
	(cd "$work/compressible" && find . -type f -size +0 | sort) | while IFS= read -r file; do
		list=$("$DUMP" -e --path="${file#.}" "$1" | sed -nE 's/^ *[0-9]+: +([0-9]+\.\. *[0-9]+) \| +([0-9]+) : .* \| +([0-9]+) +(.*)$/\1 \2 \3 \4/p')
		case $list in *encoded*) printf '%s\n%s\n' "$file" "$list" ;; esac
	done
}
restamped() { # WHAT IMAGE: all that must hold of any image
	check "restamp $1" "$MKFS" --quiet --restamp "$FP_OPT" "$work/image" "$2" || return
	check "restamp $1: fsck --ishare" "$FSCK" --ishare "$work/image"
	extracted_as "restamp $1" "$work/compressible" "$work/image" --ignore-mtime
	if can_mount && mount_image "$2" "$work/mnt-1" && mount_image "$work/image" "$work/mnt-2"; then
		check "restamp $1: as the source is mounted" "${without_holes[@]}" "$work/mnt-1" "$work/mnt-2"
	else
		skip "restamp $1: cannot mount here"
	fi
	if mountpoint -q "$work/mnt-2"; then unmount "$work/mnt-2"; fi
	if mountpoint -q "$work/mnt-1"; then unmount "$work/mnt-1"; fi
}
for image in "${images[@]}"; do
	restamped "${image##*/}" "$image" </dev/null
done
while read -r name options; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet --clean=data -Uclear -T1 --mkfs-time -L label $options "$work/bare" "$work/compressible"
	# shellcheck disable=SC2086
	"$MKFS" --quiet --clean=data -Uclear -T1 --mkfs-time -L label $options "$FP_OPT" "$work/direct" "$work/compressible"
	check "restamp our $name" "$MKFS" --quiet --restamp -Uclear "$FP_OPT" "$work/image" "$work/bare"
	check "restamp our $name: as if built with fingerprints" cmp "$work/direct" "$work/image"
	same "restamp our $name: same extents" "$(extents "$work/bare")" "$(extents "$work/image")"
	for workers in 0 1 2 5; do
		check "restamp our $name again, $workers workers" "$MKFS" --quiet --restamp -Uclear "$FP_OPT" \
			--workers=$workers "$work/image" "$work/direct"
		check "restamp our $name again, $workers workers: same bytes" cmp "$work/direct" "$work/image"
	done
	check "restamp our $name with sha512" "$MKFS" --quiet --restamp --ishare-fingerprint=sha512 "$work/image" "$work/direct"
	check "restamp our $name with sha512: fsck --ishare" "$FSCK" --ishare "$work/image"
	same "restamp our $name with sha512: same extents" "$(extents "$work/bare")" "$(extents "$work/image")"
done <<-END
	plain
	plain-blocks-of-512 -b512 -Enoinline_data
	lz4 -zlz4
	lz4hc-full -zlz4hc,9 -C16384 -Efull-index
	zstd -zzstd,3 -C65536
	zstd-interlaced -zzstd,3 -C4096 --min-kernel=6.10
	lzma -zlzma -C16384
	deflate-512 -zdeflate -b512 -C4096
	zstd-extents -zzstd,3 -E48bit
	deflate-extents -zdeflate,1 -E48bit --extent-size=16384
	two-algorithms -zlz4:zstd --compress-hints=$work/hints -C8192
	three-algorithms -zlz4:zstd:lzma --compress-hints=$work/hints-of-three -C8192
END

# Fingerprints are those of what is stored, though a hostile index may be read in one way here and in another one there.
peer=${PEER_DIR:+$PEER_DIR/bin/mkfs.erofs}
mkdir -p "$work/reordered" && seq 110000 | head -c 160000 >"$work/reordered/file"
if [ "$peer" ] && [ -x "$peer" ] && "$peer" --quiet -zlz4hc -E48bit -C16384 "$work/image" "$work/reordered" >/dev/null 2>&1; then
	"$DUMP" --json -e --path=/file "$work/image" >"$work/reordered.json"
	check "extents in any order: make images" python3 "$top_srcdir/tests/e2e/reorder_extents.py" "$work/image" "$work/reordered.json" 60 "$work/reordered-image"
	for image in "$work"/reordered-image-*; do
		"$MKFS" --quiet --restamp "$FP_OPT" "$work/image" "$image" 2>/dev/null || continue
		"$FSCK" --ishare "$work/image" >/dev/null 2>&1 || fail "restamp ${image##*/}: not what its fingerprint says"
	done
	rm -f "$work"/reordered-image-*
else
	skip "no peer that makes encoded extents"
fi

# Data on other devices.
mkdir -p "$work/devices/d" && cp "$work/reordered/file" "$work/devices/d/file" && echo hello >"$work/devices/small"
seq 1 30000 >"$work/devices/long"
same_contents() { # IMAGE
	rm -rf "$work/devices-tree" && "$FSCK" --quiet --extract="$work/devices-tree" "$1" && diff -r "$work/devices" "$work/devices-tree"
}
tar -C "$work/devices" -cf "$work/devices.tar" .
tar -C "$work/devices" -cf "$work/devices2.tar" ./long ./small
"$MKFS" --quiet --clean=data --tar=i "$work/index" "$work/devices.tar"
"$MKFS" --quiet --clean=data --tar=i "$work/index2" "$work/devices2.tar"
check "a tar index and its archive" "$MKFS" --quiet --clean=data "$FP_OPT" "--device=$work/devices.tar" "$work/image" "$work/index"
check "... contents" same_contents "$work/image"
check "two of them" "$MKFS" --quiet --clean=data "--device=$work/devices.tar" --device "$work/devices2.tar" "$work/image" "$work/index" "$work/index2"
check "... contents" same_contents "$work/image"
check "--restamp" "$MKFS" --quiet --restamp "$FP_OPT" "--device=$work/devices.tar" "$work/image" "$work/index"
check "... contents" same_contents "$work/image"
refused "without the archive" 'lies on a device that was not given' "$MKFS" --quiet --clean=data "$work/none" "$work/index"
refused "too many devices" "devices2.tar' belongs to no slot" "$MKFS" --quiet --clean=data "--device=$work/devices.tar" "--device=$work/devices2.tar" "$work/none" "$work/index"
refused "a device of a directory" 'only a source that is an EROFS image' "$MKFS" --quiet --clean=data "--device=$work/devices.tar" "$work/none" "$work/devices"
refused "the output is a device" 'both a device of the source and' "$MKFS" --quiet --clean=data "--device=$work/devices.tar" "$work/devices.tar" "$work/index"
if [ "$peer" ] && [ -x "$peer" ] && "$peer" --quiet --chunksize=4096 "--blobdev=$work/blob" "$work/image" "$work/devices" >/dev/null 2>&1; then
	check "the peer's --blobdev" "$MKFS" --quiet --clean=data "$FP_OPT" "--device=$work/blob" "$work/image2" "$work/image"
	check "... contents" same_contents "$work/image2"
else
	skip "no peer that makes blob devices"
fi

# Damage in what is left out does not matter: the directory's entries, and an inode.
"$MKFS" --quiet --clean=data -Enoinline_data -Uclear "$work/whole" "$work/devices"
inode=$("$DUMP" --path=/d/file "$work/whole" | sed -nE 's/.*Offset: ([0-9]+).*/\1/p')
check "damage" "$top_builddir/tests/tools/corrupt" --at "$inode" ffff --fix "$work/whole" "$work/hurt"
check_not "damage: fails" "$MKFS" --quiet --clean=data "$work/none" "$work/hurt"
check "damage below an excluded directory" "$MKFS" --quiet --clean=data --exclude-path=d "$work/image" "$work/hurt"
check "damage of an excluded file" "$MKFS" --quiet --clean=data --exclude-path=/d/file "$work/image" "$work/hurt"
check "... the rest is there" cmp "$work/devices/long" <("$DUMP" --cat --path=/long "$work/image")
directory=$("$DUMP" --json -e --path=/d "$work/whole" | sed -nE 's/.*"physical": ([0-9]+).*/\1/p' | head -n 1)
check "damaged entries" "$top_builddir/tests/tools/corrupt" --at "$((directory + 8))" ffff --fix "$work/whole" "$work/hurt"
check_not "damaged entries: fails" "$MKFS" --quiet --clean=data "$work/none" "$work/hurt"
check "damaged entries of an excluded directory" "$MKFS" --quiet --clean=data --exclude-path=d "$work/image" "$work/hurt"

# What an image brings along is replaced, whatever it says.
"$MKFS" --quiet --clean=data -zzstd -Uclear "$FP_OPT" "$work/direct" "$work/compressible"
cp "$work/direct" "$work/lies"
offset=$(grep -obUaP 'sha256:' "$work/lies" | head -n 1 | cut -d: -f1)
printf 'another' | dd of="$work/lies" bs=1 seek=$((offset + 8)) conv=notrunc status=none
check_not "forged fingerprint: fsck" "$FSCK" --ishare "$work/lies"
check "forged fingerprint: restamp" "$MKFS" --quiet --restamp -Uclear "$work/image" "$work/lies"
check "forged fingerprint: replaced" cmp "$work/direct" "$work/image"

for option in -b1024 -zlz4 -C4096 "-T 1" --all-root --exclude-path=x -Efull-index --tar=f --min-kernel=6.1; do
	# shellcheck disable=SC2086
	refused "restamp $option" "no place beside it|not built" "$MKFS" --quiet --restamp $option "$work/none" "$work/direct"
done
refused "restamp of two" "takes one image" "$MKFS" --quiet --restamp "$work/none" "$work/direct" "$work/lies"
refused "restamp of a directory" "." "$MKFS" --quiet --restamp "$work/none" "$work/compressible"
check "no image of these" test ! -e "$work/none"

# ---- fingerprints that a source brings along ----

if is_root; then
	cp -a "$work/small" "$work/forged"
	setfattr -n user.mine -v 'sha256:not what is in it' "$work/forged/hello"
	setfattr -n user.kept -v 'kept' "$work/forged/hello"
	# An image whose fingerprints have another name: its own attributes of that name are the builder's.
	"$MKFS" --quiet --clean=data --ishare-fingerprint=sha256,name=user.mine "$work/named.img" "$work/forged" >/dev/null
	"$MKFS" "$FP_OPT" --clean=data "$work/image" "$work/named.img" >"$work/said"
	check "fingerprints of another name are dropped" grep -q 'dropped: *3 xattrs' "$work/said"
	same "only our own are left" "$(fingerprints "$work/image" | wc -l)" \
		"$("$MKFS" --quiet --clean=data "$FP_OPT" "$work/direct" "$work/small"; fingerprints "$work/direct" | wc -l)"
	check "other xattrs stay" grep -q kept "$work/image"
	check "fsck --ishare" "$FSCK" --ishare "$work/image"
	check "none without the option" "$MKFS" --quiet --clean=data "$work/image" "$work/named.img"
	check_not "none without the option: fsck" "$FSCK" --ishare "$work/image"
fi

# ---- sparse files ----

mkdir "$work/s"
truncate -s 100M "$work/s/sparse" && printf 'x' | dd of="$work/s/sparse" bs=1 seek=50000000 conv=notrunc status=none
"$MKFS" --quiet --clean=data -Uclear -T1 "$work/direct" "$work/s"
check "sparse" "$MKFS" --quiet --clean=data -Uclear -T1 "$work/image" "$work/direct"
check "sparse: same bytes" cmp "$work/direct" "$work/image"

# ---- several images ----

is_root || { skip "merging: needs root"; finish; }
layer() { # NAME: its directory is to be filled
	mkdir -p "$work/layers/$1"
	cd "$work/layers/$1" || exit 99
}
whiteout() { local name; for name; do mknod "$name" c 0 0; done; }
opaque() { local name; for name; do setfattr -n trusted.overlay.opaque -v y "$name"; done; }

layer 1
mkdir -p both/deep opaque/inner gone replaced-by-file kept/deep empty
echo low >both/low; echo low >both/same; echo low >both/deep/low; echo low >opaque/low; echo low >opaque/inner/low
echo low >gone/low; echo low >replaced-by-file/low; echo low >replaced-by-directory; echo low >kept/deep/low
echo linked >one; ln one two; ln one both/three; ln -s both/low link; mkfifo fifo; mknod zero c 1 5
setfattr -n user.low -v low both; setfattr -n user.low -v low kept
chmod 700 both; chown 5:6 kept
layer 2
mkdir -p both/deep opaque/inner replaced-by-directory new/below only/opaque
echo mid >both/same; echo mid >both/mid; echo mid >opaque/mid; echo mid >replaced-by-file; echo mid >replaced-by-directory/mid
echo mid >new/below/mid; echo mid >only/opaque/mid; echo mid >two
whiteout gone both/low only/opaque/hides-nothing both/deep/low opaque/low
opaque opaque only/opaque replaced-by-directory
setfattr -n trusted.overlay.origin -v x both/mid
setfattr -n user.mid -v mid both
chmod 711 both
layer 3
mkdir -p both gone new opaque
echo top >gone/top; echo top >both/low; echo top >fifo2
whiteout one new/below link fifo nothing
setfattr -n user.top -v top opaque
chmod 2755 new
cd "$work" || exit 99
find layers -exec touch -h -d @1600000000.123456789 {} +
find layers/3 -exec touch -h -d @1650000000 {} +

# Overlayfs lists whiteouts of directories that it need not merge, although they cannot be found.
as_overlay() {
	local name
	"${compare[@]}" --ignore-nlink "$work/overlay" "$work/mnt" >"$work/.differences" && return
	sed 's/: name: only in the first tree$//; t; s/^/not a name: /' "$work/.differences" | while IFS= read -r name; do
		case $name in "not a name: "*) echo "$name" ;; *) [ ! -L "$work/overlay/$name" ] && [ ! -e "$work/overlay/$name" ] || echo "missing: $name" ;; esac
	done >"$work/.left"
	cat "$work/.left"
	[ ! -s "$work/.left" ]
}

merged_equals() { # WHAT LAYERS...
	local what=$1 lower='' upper n
	local -a sources=()
	shift
	for n; do
		"$MKFS" --quiet --clean=data "$FP_OPT" "$work/layer-$n.img" "$work/layers/$n"
		sources+=("$work/layer-$n.img")
		upper=$work/mnt-$n
		can_mount && mount_image "$work/layer-$n.img" "$upper"
		lower=$upper${lower:+:$lower}
	done
	check "$what: merge" "$MKFS" --quiet --clean=data "$FP_OPT" "$work/image" "${sources[@]}" || return
	check "$what: fsck --ishare" "$FSCK" --ishare "$work/image"
	mkdir -p "$work/overlay"
	if mount -t overlay -o "ro,lowerdir=$lower" overlay "$work/overlay" 2>/dev/null; then
		mounts+=("$work/overlay")
		mount_image "$work/image" "$work/mnt" &&
			check "$what: as overlayfs shows it" as_overlay &&
			unmount "$work/mnt"
		unmount "$work/overlay"
	else
		skip "$what: cannot mount overlayfs here"
	fi
	for n; do can_mount && unmount "$work/mnt-$n"; done
	check "$what: no marks are left" test -z "$("$FSCK" --xattrs --extract="$work/out" "$work/image" >/dev/null;
		find "$work/out" -type c ! -name zero; getfattr -R -h -d -m trusted.overlay "$work/out" 2>/dev/null)"
	rm -rf "$work/out"
}
merged_equals "two layers" 1 2
merged_equals "three layers" 1 2 3
merged_equals "one over another" 3 2
check "one layer alone keeps its marks" "$MKFS" --quiet --clean=data "$work/image" "$work/layer-2.img"
extracted_as "one layer alone" "$work/layers/2" "$work/image" --ignore-xattr=trusted.overlay.origin
mkdir -p "$work/layers/redirected/moved"
setfattr -n trusted.overlay.redirect -v /both "$work/layers/redirected/moved"
"$MKFS" --quiet --clean=data "$work/layer-r.img" "$work/layers/redirected"
refused "redirected directory" "redirect.*does not follow" "$MKFS" --quiet --clean=data "$work/image" "$work/layer-1.img" "$work/layer-r.img"
finish
