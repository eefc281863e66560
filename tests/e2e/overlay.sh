#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Layers with whiteouts under a real overlayfs, from every input that keeps them: what programs see is the flattened image.
# shellcheck disable=SC2002 # a pipe is meant, which a redirected file is not
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP" "$tools/treecmp"
need_root
can_mount || skip_all "cannot mount EROFS here"
mkdir "$work/one" "$work/two" "$work/over"
mount -t overlay -o "ro,lowerdir=$work/one:$work/two" overlay "$work/over" 2>/dev/null || skip_all "no overlayfs here"
umount "$work/over"
maker=$top_srcdir/tests/e2e/oci_images.py
origin=trusted.overlay.origin

# ---- three layers, in the way of AUFS ----------------------------------------------------------------------------------

mkdir -p "$work"/aufs/{0,1,2}
cd "$work/aufs/0" || exit 99
mkdir -p etc opt/app opt/data gone/below deep/only/lower usr/lib lost
echo 0 | tee etc/a etc/b etc/c opt/app/x opt/app/y opt/data/z gone/below/f deep/only/lower/f usr/lib/x lost/f root-file again >/dev/null
ln etc/b etc/linked && ln -s usr/lib lib && setfattr -n user.lower -v 0 etc
cd "$work/aufs/1" || exit 99
mkdir -p etc var/lib/empty opt/app deep/own/further only/whiteouts
# Directories that no other layer has and that hold whiteouts; that have nothing else; in the root; opaque ones.
: | tee etc/.wh.a etc/.wh..wh..opq var/lib/.wh.none var/lib/empty/.wh.x var/lib/empty/.wh.y opt/app/.wh.x opt/app/.wh.never deep/.wh.only \
	deep/own/further/.wh.f only/whiteouts/.wh.w .wh.gone .wh.never .wh.again >/dev/null
echo 1 | tee etc/n var/lib/n opt/app/new deep/own/n >/dev/null
chmod 711 deep && setfattr -n user.middle -v 1 deep
cd "$work/aufs/2" || exit 99
mkdir -p opt/data var/lib/top usr/lib
: | tee opt/.wh.app opt/data/.wh.q var/lib/top/.wh.t usr/lib/.wh.x .wh.lost >/dev/null
echo 2 | tee again var/lib/top/f usr/lib/y >/dev/null
cd "$work" || exit 99
for n in 0 1 2; do
	find "aufs/$n" -exec touch -h -d "@160000000$n" {} +
	tar --format=posix --xattrs --numeric-owner --sort=name -C "aufs/$n" -cf "$n.tar" .
done
check "layout" python3 "$maker" layout "$work/layout" plain 0.tar 1.tar 2.tar || finish
check "flattened" "$MKFS" --quiet "--oci=$work/layout" flat.img || finish
mount_image flat.img flat || finish

# ---- what programs see -----------------------------------------------------------------------------------------------------

# Sizes and link counts of directories are each file system's own.
listed() { ls -lR --time-style=+%s 2>&1 || echo "exit $?"; }
listing() { (cd "$1" && listed | sed -E '/^total /d; /^d/s/^([^ ]+) +[0-9]+ +([^ ]+ +[^ ]+) +[0-9]+/\1 \2/; s/ +/ /g'); }
found() { (cd "$1" && { find . -printf '%p %y %m %U:%G %T@ %l\n' 2>&1 || echo "exit $?"; } | sort); }
archived() { (cd "$1" && { tar --format=gnu --sort=name -cf - . 2>&3 || echo "exit $?" >&3; } 3>"$work/.tar-err" | sha256sum; cat "$work/.tar-err"); }
copied() { # WHAT DIR
	rm -rf "$work/copy"
	check "$1: cp -a" cp -a "$2" "$work/copy" && check "$1: the copy" "$tools/treecmp" --ignore-nlink "$work/copy-of-flat" "$work/copy"
}
cp -a flat copy-of-flat
flat_listing=$(listing flat) flat_found=$(found flat) flat_archived=$(archived flat)
as_flat() { # WHAT DIR
	same "$1: ls -lR" "$flat_listing" "$(listing "$2")"
	same "$1: find" "$flat_found" "$(found "$2")"
	same "$1: tar" "$flat_archived" "$(archived "$2")"
	copied "$1" "$2"
}

over() { # WHAT LOWERDIRS: under overlayfs, for reading and with a directory to write to
	mkdir -p over up/{data,work}
	touch -r flat up/data
	mount -t overlay -o "ro,lowerdir=$2" overlay over || { fail "$1: overlayfs"; return; }
	mounts+=("$work/over")
	as_flat "$1" over
	unmount "$work/over"
	mount -t overlay -o "lowerdir=$2,upperdir=up/data,workdir=up/work" overlay over || { fail "$1: overlayfs, upper"; return; }
	mounts+=("$work/over")
	as_flat "$1, with an upper one" over
	# What has nothing but whiteouts is empty (to Linux, of devices only); a copy of what has them stays without them.
	[ -n "$as_attributes" ] || check "$1: rmdir" rmdir over/only/whiteouts over/only
	check "$1: touch beside a whiteout" touch over/var/lib/another
	same "$1: beside a whiteout" "another empty n top" "$(cd over/var/lib && echo *)"
	unmount "$work/over"
	rm -rf up
}

images_over() { # WHAT: layers 0.img to 2.img, the top one last. DEVICES: a loop device for each
	local n lower=
	for n in 0 1 2; do
		[ -n "$DEVICES" ] || check "$1: fsck, layer $n" "$FSCK" "$n.img"
		mount_image "$n.img" "layer-$n" "${DEVICES:+device=/dev/$(cut -d' ' -f$((n + 1)) <<<"$DEVICES")}" || { fail "$1: mount $n: $(cat .mount-err)"; return; }
		lower=layer-$n${lower:+:$lower}
	done
	same "$1: directories with whiteouts, and no others, have an origin" "$(holders)" "$(marked)"
	over "$1" "$lower"
	for n in 2 1 0; do unmount "layer-$n"; rm -f "$n.img"; done
}
DEVICES='' as_attributes=''
# Directories with whiteouts, and directories with the attribute, empty.
holders() { (cd "$work" && { find layer-? -type c -printf '%h\n'; getfattr -Rhm '^trusted.overlay.whiteout$' layer-? 2>/dev/null | sed -n 's,^# file: \(.*\)/[^/]*$,\1,p'; } | sort -u); }
marked() { (cd "$work" && getfattr -Rhd -m "^$origin\$" layer-? 2>/dev/null | tr '\n' ' ' | grep -oP "# file: \K\S+(?= $origin=\"\")" | sort); }

# ---- archives ----------------------------------------------------------------------------------------------------------------

layers() { # COMMAND WITH {} FOR THE LAYER'S NUMBER
	local n
	for n in 0 1 2; do bash -c "set -o pipefail; ${1//\{\}/$n}" || fail "layer $n: ${1//\{\}/$n}"; done
}
export MKFS
layers '"$MKFS" --quiet --tar=f --aufs {}.img {}.tar'
images_over "--tar=f --aufs"
layers 'cat {}.tar | "$MKFS" --quiet --tar=f --aufs {}.img'
images_over "--tar=f --aufs, pipe"
layers 'gzip -c {}.tar | "$MKFS" --quiet --tar=f --aufs -zlz4 {}.img'
images_over "--tar=f --aufs, compressed, from a compressed archive"
layers '"$MKFS" --quiet --aufs {}.img aufs/{}'
images_over "directory, --aufs"
layers '"$MKFS" --quiet --tar=i --aufs {}.img {}.tar'
for n in 0 1 2; do
	loop=$(losetup -f --show -r "$n.tar") || { skip "--tar=i: no loop device"; DEVICES=none; break; }
	loops+=("$loop")
	DEVICES="$DEVICES${DEVICES:+ }${loop#/dev/}"
done
[ "$DEVICES" = none ] || images_over "--tar=i --aufs"
DEVICES=

# ---- container images ----------------------------------------------------------------------------------------------------------

check "layers=each" "$MKFS" --quiet "--oci=$work/layout,layers=each" each
for n in 0 1 2; do cp "each/sha256-$(sha256sum <$n.tar | cut -d' ' -f1).erofs" $n.img; done
images_over "layers=each"

# ---- layers of overlayfs: as a directory, an archive, an image --------------------------------------------------------------------

mkdir native
layers '"$MKFS" --quiet --aufs {}.img aufs/{}'
for n in 0 1 2; do
	mount_image $n.img layer-$n
	cp -a layer-$n native/$n
	unmount layer-$n
done
# An upper directory of overlayfs has no such attribute where nothing was copied up.
find native -type d -exec setfattr -x $origin {} \; 2>/dev/null
find native -type d -exec touch -r flat {} +
for n in 0 1 2; do find aufs/$n -type d -printf '%P\0' | while IFS= read -rd '' d; do touch -r "aufs/$n/$d" "native/$n/$d"; done; done
layers '"$MKFS" --quiet {}.img native/{}'
images_over "directory with whiteouts"
layers 'tar --format=posix --xattrs --xattrs-include="*" -C native/{} -cf native-{}.tar . && "$MKFS" --quiet --tar=f {}.img native-{}.tar'
images_over "archive with whiteouts"
layers 'cat native-{}.tar | "$MKFS" --quiet --tar=f {}.img'
images_over "archive with whiteouts, pipe"
other=
for candidate in "${PEER_DIR:+$PEER_DIR/bin/mkfs.erofs}" /usr/bin/mkfs.erofs; do
	[ "$candidate" ] && [ -x "$candidate" ] && other=${other:-$candidate}
done
if [ "$other" ]; then
	export other
	layers '"$other" --quiet bare-{}.img native/{} >/dev/null 2>&1 && "$MKFS" --quiet --clean=data {}.img bare-{}.img'
	images_over "image with whiteouts, by another builder"
	check "restamp" "$MKFS" --quiet --restamp "$FP_OPT" restamped.img bare-1.img
	mount_image bare-1.img layer-0 && mount_image restamped.img layer-1
	check "restamp: attributes stay as they are" "$tools/treecmp" "--ignore-xattr=$FP_NAME" layer-0 layer-1
	unmount layer-1 && unmount layer-0
else skip "no other builder"; fi

# Empty files with an attribute are whiteouts, too, in directories that say so; an opaque one cannot, and needs none.
as_attributes=1
rm native/1/etc/a
find native -type c -printf '%p\0' | while IFS= read -rd '' file; do
	dir=${file%/*}
	rm "$file" && : >"$file" && setfattr -n trusted.overlay.whiteout -v y "$file"
	setfattr -n trusted.overlay.opaque -v x "$dir"
done
for n in 0 1 2; do find aufs/$n -type d -printf '%P\0' | while IFS= read -rd '' d; do touch -r "aufs/$n/$d" "native/$n/$d"; done; done
layers '"$MKFS" --quiet {}.img native/{}'
images_over "directory with whiteouts as attributes"

# ---- none where there is none, and one that is there stays --------------------------------------------------------------------

marks() { mount_image "$2" layer-0 && same "$1" "" "$(getfattr -Rhd -m '^trusted.overlay' layer-0 2>&1)$(find layer-0 -type c)" && unmount layer-0; }
layers '"$MKFS" --quiet --aufs {}.img aufs/{}'
"$MKFS" --quiet --clean=data merged.img 0.img 1.img 2.img
marks "merged: no marks" merged.img
mount_image merged.img layer-0 && as_flat "merged" layer-0 && unmount layer-0
marks "flattened: no marks" flat.img
for options in "--tar=f --aufs --ovlfs-strip|1.tar" "--aufs --ovlfs-strip=1|aufs/1" "--ovlfs-strip|native/1" "--ovlfs-strip|1.img"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet ${options%|*} stripped.img "${options#*|}" && marks "${options%|*} of ${options#*|}: no marks" stripped.img
done

# Whiteouts that are attributes, in a directory that says so and in one that does not, and one with a name in each.
mkdir -p marked/{x,plain} below/{x,plain} && : >marked/x/gone
ln marked/x/gone marked/plain/gone && : | tee marked/x/empty marked/plain/also >/dev/null && echo data >marked/x/file
setfattr -n trusted.overlay.opaque -v x marked/x && setfattr -n trusted.overlay.whiteout -v y marked/x/gone marked/x/file
setfattr -n trusted.overlay.whiteout marked/plain/also && echo low | tee below/{x,plain}/gone below/plain/also below/x/low >/dev/null
mount -t overlay -o ro,lowerdir=marked:below overlay over && mounts+=("$work/over")
same "as Linux has it" "x/empty x/file x/low" "$(cd over && for file in x/* plain/*; do [ -e "$file" ] && echo "$file"; done | xargs)"
unmount "$work/over"
tar --xattrs --xattrs-include='*' -C marked -cf marked.tar . && "$MKFS" --quiet below.img below && "$MKFS" --quiet marked.img marked
python3 "$maker" layout marked-oci gzip marked.tar
stripped_is() { # WHAT NAMES COMMAND...
	local what=$1 names=$2
	shift 2
	check "$what" "$@" && mount_image stripped.img layer-0 || return
	same "$what: names" "$names" "$(cd layer-0 && find . ! -type d | sed 's,^./,,' | sort | xargs)"
	same "$what: no marks" "" "$(getfattr -Rhd -m '^trusted.overlay' layer-0 2>&1)"
	unmount layer-0
}
for more in "" -x-1; do
	strip=("$MKFS" --quiet --ovlfs-strip ${more:+"$more"})
	stripped_is "strip $more: directory" "x/empty x/file" "${strip[@]}" stripped.img marked
	stripped_is "strip $more: archive" "x/empty x/file" "${strip[@]}" --tar=f stripped.img marked.tar
	stripped_is "strip $more: pipe" "x/empty x/file" bash -c 'cat marked.tar | "$@"' - "${strip[@]}" --tar=f stripped.img
	stripped_is "strip $more: layers" "x/empty x/file" "${strip[@]}" --oci=marked-oci stripped.img
	check "strip $more: each" "${strip[@]}" --oci=marked-oci,layers=each stripped-each && mv stripped-each/*.erofs to-take.img && rm -r stripped-each
	stripped_is "strip $more: each layer" "x/empty x/file" cp to-take.img stripped.img
	stripped_is "strip $more: image" "x/empty x/file" "${strip[@]}" stripped.img marked.img
	stripped_is "strip $more: images" "x/empty x/file x/low" "${strip[@]}" stripped.img below.img marked.img
	stripped_is "merge $more" "x/empty x/file x/low" "$MKFS" --quiet ${more:+"$more"} stripped.img below.img marked.img
done

mkdir -p kept/d kept/none && mknod kept/d/w c 0 0 && setfattr -n $origin -v 0xfb21 kept/d && mknod kept/none/zero c 1 5
"$MKFS" --quiet kept.img kept
mount_image kept.img layer-0
same "an origin stays" "0xfb21" "$(getfattr -n $origin -e hex layer-0/d 2>/dev/null | sed -n 's/.*=//p')"
same "no other directory has one" 1 "$(getfattr -R -m "^$origin\$" layer-0 2>/dev/null | grep -c '^trusted')"
unmount layer-0
finish
