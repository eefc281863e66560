#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# What the format cannot hold, or the system that builds cannot know: left out and counted, in every kind of source.
# shellcheck disable=SC2002 # a pipe is meant, which a redirected file is not
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v python3 >/dev/null || skip_all "no python3"
maker=$top_srcdir/tests/e2e/oci_images.py

cat >archive.py <<'END'
import io, sys, tarfile
# archive.py FILE {NAME TYPE [KEY=VALUE...]} --...: members with records
out, arguments = sys.argv[1], sys.argv[2:]
with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as tar:
    while arguments:
        end = arguments.index("--")
        name, kind, *records = arguments[:end]
        arguments = arguments[end + 1:]
        info = tarfile.TarInfo(name)
        info.type = {"d": tarfile.DIRTYPE, "h": tarfile.LNKTYPE}.get(kind[0], tarfile.REGTYPE)
        info.linkname, info.mode = kind[1:], 0o755 if kind == "d" else 0o640
        info.pax_headers = dict(record.split("=", 1) for record in records)
        info.size = 0 if info.type != tarfile.REGTYPE else 5
        tar.addfile(info, io.BytesIO(b"data\n"))
END

# ways ARCHIVE MORE...: an image of it in every way, into image-WAY, what was said into said-WAY
ways() {
	local archive=$1
	shift
	rm -rf layout each-* image-* said-*
	python3 "$maker" layout layout gzip "$archive" || fail "layout of $archive"
	"$MKFS" -T1 "$@" --tar=f image-file "$archive" >said-file 2>&1
	cat "$archive" | "$MKFS" -T1 "$@" --tar=f image-pipe >said-pipe 2>&1
	"$MKFS" -T1 "$@" --tar=i image-index "$archive" >said-index 2>&1
	"$MKFS" -T1 "$@" --oci=layout image-oci >said-oci 2>&1
	"$MKFS" -T1 "$@" --oci=layout,layers=each each-layer >said-each 2>&1 && mv each-layer/*.erofs image-each
}
all_ways="file pipe index oci each"
xattrs_of() { # IMAGE PATH: names and values, as dump.erofs shows them
	"$DUMP" --no-follow --path="$2" "$1" 2>&1 | sed -n 's/^Xattr: //p' | grep -v "^$FP_NAME" | sort | xargs
}
warned() { # WHAT FILE LINE
	same "$1: warnings" "$3" "$(sed -n 's/.*left out/left out/p' "$2")"
}

# ---- xattrs of other namespaces ----------------------------------------------------------------------------------------------

kept="user.kept=0x31"
python3 archive.py xattrs.tar a f SCHILY.xattr.btrfs.compression=zstd SCHILY.xattr.user.kept=1 SCHILY.xattr.system.nfs4_acl=x -- \
	b f SCHILY.xattr.lustre.lov=x SCHILY.xattr.security.capability=x SCHILY.xattr.trusted.t=2 -- out f SCHILY.xattr.btrfs.x=1 --
unknown="left out 3 xattrs of namespaces that the format does not know, the first: 'btrfs.compression' of"
ways xattrs.tar --exclude-path=out
for way in $all_ways; do
	warned "xattrs, $way" "said-$way" "$unknown 'a'"
	same "xattrs, $way: of a" "$kept" "$(xattrs_of "image-$way" /a)"
	same "xattrs, $way: of b" "security.capability=0x78 trusted.t=0x32" "$(xattrs_of "image-$way" /b)"
done
ways xattrs.tar --exclude-path=out -x-1
for way in $all_ways; do
	warned "xattrs, $way, -x-1" "said-$way" ""
	same "xattrs, $way, -x-1: of b" "" "$(xattrs_of "image-$way" /b)"
done

# An image by another builder may have such, too: the entry's namespace is changed into that of Lustre.
"$MKFS" --quiet -Enosbcrc -T1 --tar=f image xattrs.tar 2>/dev/null || "$MKFS" --quiet -T1 --tar=f image xattrs.tar
python3 - <<'END'
data = open("image", "rb").read()
old = b"\4\1\1\0kept1"
assert data.count(old) == 1
open("foreign", "wb").write(data.replace(old, b"\4\5\1\0kept1"))
END
"$MKFS" -T1 again foreign >said 2>&1
warned "xattrs of an image" said "left out 1 xattrs of namespaces that the format does not know, the first: 'lustre.kept' of '/a'"
same "xattrs of an image: a" "" "$(xattrs_of again /a)"
same "xattrs of an image: b" "security.capability=0x78 trusted.t=0x32" "$(xattrs_of again /b)"
refused "--restamp leaves nothing out" "lustre.kept.*namespace" "$MKFS" --quiet --restamp "$FP_OPT" again foreign

# A directory on btrfs, whose own xattrs any program sees.
if is_root && command -v mkfs.btrfs btrfs >/dev/null && truncate -s 200M btrfs && mkfs.btrfs -q btrfs >/dev/null 2>&1 && mkdir there &&
	mount -o loop btrfs there 2>/dev/null; then
	mounts+=("$work/there")
	mkdir -p there/src/dir
	for name in z b dir/a dir/c; do seq 2000 >there/src/$name && btrfs property set there/src/$name compression zstd; done
	setfattr -n user.kept -v 1 there/src/b && setfattr -n security.other -v 3 there/src/b && setfattr -n trusted.t -v 2 there/src/dir
	setfacl -m u:1000:r there/src/b
	for workers in 0 3; do
		"$MKFS" "$FP_OPT" --workers=$workers image there/src >said 2>&1
		warned "directory on btrfs, $workers workers" said \
			"left out 4 xattrs of namespaces that the format does not know, the first: 'btrfs.compression' of '/b'"
	done
	same "directory on btrfs: the others stay" "security.other $(cd there/src && getfattr -m 'user|system' b | grep '^[a-z]' | xargs)" \
		"$(xattrs_of image /b | sed 's/=[^ ]*//g')"
	same "directory on btrfs: of a directory" "trusted.t=0x32" "$(xattrs_of image /dir)"
	check "directory on btrfs: fsck" "$FSCK" --ishare image
	"$MKFS" -x-1 image there/src >said 2>&1
	warned "directory on btrfs, -x-1" said ""
	tar --xattrs --xattrs-include='*' -C there/src -cf btrfs.tar . && "$MKFS" --tar=f image btrfs.tar >said 2>&1
	check "archive of it" grep -q "left out 4 xattrs .*'btrfs.compression' of" said
	unmount "$work/there"
else skip "no btrfs here"; fi

# ---- ACLs that name somebody ------------------------------------------------------------------------------------------------

python3 archive.py acls.tar dir d "SCHILY.acl.default=user::rwx
group::r-x
group:adm:rwx
mask::rwx
other::r-x
" -- dir/file f "SCHILY.acl.access=user::rw-,user:root:rwx,user:somebody:r--:1000,group::r--,group:no such group:rw-,mask::rw-,other::---" -- \
	mask f "SCHILY.acl.access=user::rw-,group::rw-,group:adm:rw-,mask::r--,other::r--" -- \
	no-mask f "SCHILY.acl.access=user::rw-,user:root:rw-,group::r--,other::---" -- \
	numbers f "SCHILY.acl.access=user::rw-,user:7:r--,group::r--,group:8:r--:9,mask::r--,other::---" -- \
	alone f "SCHILY.acl.access=user:root:rwx,group:adm:r--" -- hard hnumbers "SCHILY.acl.access=user:root:rwx" -- \
	out f "SCHILY.acl.access=user::rwx,user:root:rwx,mask::rwx,group::rwx,other::r--" --
tag() { printf '%02x00%02x00%s' "$1" "$2" "${3:-ffffffff}"; }
access=system.posix_acl_access=0x02000000 default=system.posix_acl_default=0x02000000
acl_is() { # WAY PATH MODE XATTRS
	same "ACLs, $1: of $2" "$3 $4" "$("$DUMP" --path="/$2" "image-$1" | sed -n 's,.*Access: \([0-7]*\)/.*,\1,p') $(xattrs_of "image-$1" "/$2")"
}
ways acls.tar --exclude-path=out
for way in $all_ways; do
	warned "ACLs, $way" "said-$way" "left out 7 ACL entries for names without a number, the first: 'group:adm:rwx' of 'dir/'"
	acl_is "$way" dir 0755 "$default$(tag 1 7)$(tag 4 5)$(tag 16 7)$(tag 32 5)"
	acl_is "$way" dir/file 0660 "$access$(tag 1 6)$(tag 2 4 e8030000)$(tag 4 4)$(tag 16 6)$(tag 32 0)"
	acl_is "$way" mask 0644 "$access$(tag 1 6)$(tag 4 6)$(tag 16 4)$(tag 32 4)"
	acl_is "$way" no-mask 0640 ""
	acl_is "$way" numbers 0640 "$access$(tag 1 6)$(tag 2 4 07000000)$(tag 4 4)$(tag 8 4 09000000)$(tag 16 4)$(tag 32 0)"
	acl_is "$way" alone 0640 ""
	[ "$way" = index ] || check "ACLs, $way: fsck" "$FSCK" "image-$way"
done
acls() { (cd "$1" && find . | sort | xargs getfacl -n 2>&1); }
# What remains of them the kernel takes.
if can_mount && mount_image image-file mnt; then
	check "ACLs: cp -a" cp -a mnt/. copied
	same "ACLs: as they were" "$(acls mnt)" "$(acls copied)"
	unmount mnt
else skip "cannot mount here"; fi

# The same image on a system with other names.
if is_root && mkdir -p empty && unshare -m true 2>/dev/null; then
	printf 'root:x:5:5::/:/bin/sh\nsomebody:x:6:6::/:/bin/sh\n' >passwd
	printf 'adm:x:904:\nno such group:x:905:\n' >group
	mkdir here && mv image-* here
	export -f ways fail
	export MKFS maker failures=$failures
	check "another system" unshare -m bash -c 'mount --bind passwd /etc/passwd && mount --bind group /etc/group && ways acls.tar --exclude-path=out'
	for way in file pipe index oci each; do check "ACLs, $way: the same image there" cmp here/"image-$way" "image-$way"; done
else skip "no mount namespaces here"; fi
finish
