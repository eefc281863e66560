#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# configure --enable-static-tools: the tools run where there is no file but themselves, and say what they cannot do.
# For such builds only: check.sh variants runs it, `make check` does not.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
for tool in "$MKFS" "$FSCK" "$DUMP" "$(find_tool mount.erofs)" "$(find_tool umount.erofs)"; do
	same "${tool##*/} needs no library and no loader" "" "$(readelf -lW "$tool" | grep INTERP)$(readelf -d "$tool" | grep NEEDED)"
done
need_root
root=$work/root
# Modes and xattrs of fifos and devices are set by way of /proc, which is not there.
mkdir -p "$root/in/sub" "$root/out" && seq 100000 >"$root/in/sub/numbers" && cp -r "$top_srcdir/man" "$root/in/"
ln -s numbers "$root/in/sub/link" && ln "$root/in/sub/numbers" "$root/in/again" && truncate -s 1M "$root/in/hole" && setfattr -n user.a -v b "$root/in/man"
cp "$MKFS" "$FSCK" "$DUMP" "$root/"
tar -C "$root/in" -czf "$root/archive" .
empty() { chroot "$root" "$@"; }
options=(--quiet -zzstd --min-kernel=7.0 --ishare-fingerprint=sha256)
check "an image of a directory" empty /mkfs.erofs "${options[@]}" /out/image /in
check "its check" empty /fsck.erofs --ishare /out/image
check "its unpacking" empty /fsck.erofs --quiet --extract=/out/tree /out/image
check "the tree" "$tools/treecmp" "$root/in" "$root/out/tree"
check "an image of an archive" empty /mkfs.erofs "${options[@]}" --tar=f /out/of-archive /archive
check "the list" empty /dump.erofs --ls -R /out/of-archive
check "the report" empty /dump.erofs --ishare-report --json /out/image /out/of-archive
if built_with libcurl; then
	skip "libcurl is linked statically"
else
	check_not "a registry" empty /mkfs.erofs --oci=docker://localhost:1/none /out/none
	same "says why" yes "$(grep -q 'built without libcurl' "$work/.out" && echo yes)"
fi
finish
