#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# mount.erofs and umount.erofs, called by themselves and by mount(8): what the kernel reads the image through, options, images
# with devices, what is verified and remembered, and what is left behind. Sharing itself is tested in tests/kernel.
if [ "${1:-}" != inside ] && [ "$(id -u)" = 0 ]; then
	# In mounts of its own: helpers are put into /usr/sbin, and records into /run.
	exec unshare -m --propagation private bash "$0" inside
fi
. "$(dirname "$0")/lib.sh"
MOUNT=${MOUNT:-$(find_tool mount.erofs)}
UMOUNT=${UMOUNT:-$(find_tool umount.erofs)}
need_tools "$MKFS" "$MOUNT" "$UMOUNT"

usage() { # WHAT PATTERN COMMAND...: exit status 1, and a line that says why before the one that names --help
	local what=$1 pattern=$2
	shift 2
	"$@" >"$work/.out" 2>"$work/.err"
	same "$what: exit status, lines" "1 2" "$? $(wc -l <"$work/.err")"
	check "... and why" grep -qE -e "$pattern" "$work/.err"
}
usage "an option, almost" "unknown option '--vresion' \\(did you mean '--version'\\?\\)" "$MOUNT" image dir --vresion
usage "a letter" "unknown option '-q'" "$MOUNT" -q image dir
usage "an option without its value" '-N needs a value' "$MOUNT" image dir -N
usage "umount.erofs: an option, almost" "did you mean '--help'" "$UMOUNT" --hepl
usage "no directory" 'an image and a directory are needed' "$MOUNT" image
usage "too much" 'no more than' "$MOUNT" image dir dir
usage "inode_share without a domain" 'domain_id' "$MOUNT" image dir -o inode_share
usage "require_share without inode_share" 'needs inode_share' "$MOUNT" image dir -o require_share
usage "another type" 'erofs only' "$MOUNT" image dir -t ext4
usage "offset= and a file" 'loop device' "$MOUNT" image dir -o backing=file,offset=4096
usage "backing=" 'file or loop' "$MOUNT" image dir -o backing=tape
usage "offset=" 'a size' "$MOUNT" image dir -o offset=x
usage "umount.erofs without a directory" 'needed' "$UMOUNT"
check "mount.erofs --help" "$MOUNT" --help
check "umount.erofs --version" "$UMOUNT" --version
for option in inode_share domain_id require_share verify device device-dir backing loop offset remount; do
	"$MOUNT" --help >"$work/help"
	check "--help knows $option" grep -q "^  .*\<$option\>" "$work/help"
done

can_mount || { skip "this machine mounts no EROFS"; finish; }
# On a real file system: the kernel takes no files on tmpfs.
disk=$work/disk
truncate -s 64M "$work/disk.img"
mkdir "$disk" "$work/m" "$work/n"
if mkfs.ext4 -q "$work/disk.img" && mount -o loop "$work/disk.img" "$disk"; then mounts+=("$disk"); else skip_all "no ext4 to put images on"; fi
small_tree "$work/s"
image=$disk/image m=$work/m
"$MKFS" --quiet "$FP_OPT" "$image" "$work/s" || exit 99
"$MKFS" --quiet -T1 "$disk/bare" "$work/s" || exit 99
shown() { awk -v dir="$1" '$2 == dir { print $1, $3, $4 }' /proc/mounts; }
loops_of() { losetup -n -O NAME -j "$1" | tr -d ' '; }
# Autoclear is done behind the last close.
no_loops() { local i; for i in 1 2 3 4 5 6 7 8 9 10; do [ "$(loops_of "$1")" ] || return 0; sleep 0.1; done; losetup -l; return 1; }
unmounted() { check "$1: unmounted" "$UMOUNT" "$m" && check "... no loop device is left" no_loops "${2:-$image}"; }

# ---- through what ---------------------------------------------------------------------------------------------------------
check "mounted" "$MOUNT" "$image" "$m"
case $(shown "$m") in
"$image erofs "*) by_file=yes; pass "... from the file itself" ;;
/dev/loop*) by_file=; skip "this kernel reads no image files: a loop device" ;;
*) fail "... from $(shown "$m")" ;;
esac
check "... and right" "$tools/treecmp" --ignore-xattr="$FP_NAME" "$work/s" "$m"
unmounted "a file"
check "by a loop device" "$MOUNT" "$image" "$m" -o backing=loop
case $(shown "$m") in "/dev/loop"*) pass "... as asked for" ;; *) fail "... but from $(shown "$m")" ;; esac
same "... read-only, and gone with its last user" "1 1" "$(losetup -n -O RO,AUTOCLEAR -j "$image" | tr -s ' ' | sed 's/^ //')"
check "... unmounted by the name of the image" "$UMOUNT" "$image"
check "... no loop device is left" no_loops "$image"
# The kernel's table has such names in octal.
odd=$disk/$'a blank, a\ttab, a\\ and a\nline'
mkdir "$odd" && cp "$image" "$odd/image" && mkdir "$odd/m"
check "odd names: mounted" "$MOUNT" "$odd/image" "$odd/m"
check "odd names: unmounted by the directory" "$UMOUNT" "$odd/m"
check "odd names: mounted again" "$MOUNT" "$odd/image" "$odd/m"
check "odd names: unmounted by the image" "$UMOUNT" "$odd/image"
check_not "odd names: nothing is left" mountpoint -q "$odd/m"
rm -r "$odd"
# A file system from which the kernel reads no files.
cp "$image" "$work/image"
check "an image on tmpfs" "$MOUNT" "$work/image" "$m"
check "... is read right" "$tools/treecmp" --ignore-xattr="$FP_NAME" "$work/s" "$m"
unmounted "an image on tmpfs" "$work/image"
[ ! "$by_file" ] || refused "an image on tmpfs, backing=file" 'block device' "$MOUNT" "$work/image" "$m" -o backing=file
{ head -c 8192 /dev/zero; cat "$image"; } >"$disk/behind"
check "offset=" "$MOUNT" "$disk/behind" "$m" -o offset=8K
check "... is read right" "$tools/treecmp" --ignore-xattr="$FP_NAME" "$work/s" "$m"
unmounted "offset=" "$disk/behind"
loop=$(losetup -r -f --show "$image") && loops+=("$loop")
check "a device" "$MOUNT" "$loop" "$m"
same "... stays what it is" "$loop" "$(shown "$m" | cut -d' ' -f1)"
"$UMOUNT" -v "$m" >"$work/.said"
check "... and that it stays is said" grep -q "$loop stays" "$work/.said"
losetup -d "$loop"
check "-f: nothing is mounted" "$MOUNT" -f "$image" "$m"
same "... nothing" "" "$(shown "$m")"
sleep 30 & sleeper=$!
unshare -m --propagation private sleep 30 & other=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(readlink /proc/$other/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ] || break; sleep 0.1; done
check "-N PROCESS" "$MOUNT" "$image" "$m" -N $other
same "... is mounted there" "1 0" "$(grep -c " $m " /proc/$other/mounts) $(grep -c " $m " /proc/self/mounts)"
check "umount.erofs -N FILE" "$UMOUNT" "$m" -N /proc/$other/ns/mnt
same "... is gone there" 0 "$(grep -c " $m " /proc/$other/mounts)"
kill $other $sleeper
wait 2>/dev/null

# ---- options --------------------------------------------------------------------------------------------------------------
has() { # OPTION...: of what is mounted
	local option
	for option in "$@"; do case ",$(shown "$m" | cut -d' ' -f3)," in *",$option,"*) ;; *) shown "$m"; return 1 ;; esac; done
}
check "options of the mount and of the file system" "$MOUNT" "$image" "$m" -n \
	-o rw,nosuid,nodev,noexec,noatime,noacl,cache_strategy=disabled,nofail,_netdev,x-systemd.automount,comment=a
check "... are all set" has ro nosuid nodev noexec noatime noacl cache_strategy=disabled
check "remount" "$MOUNT" none "$m" -o remount,exec,relatime,acl,cache_strategy=disabled,inode_share
check "... changes what it says, and nothing else" has ro nosuid nodev relatime acl cache_strategy=disabled
check_not "... exec too" has noexec
unmounted "options"
check "the last one counts" "$MOUNT" "$image" "$m" -o nosuid,noexec -o suid,exec,nodev
check "... nodev" has nodev
check_not "... not nosuid" has nosuid
unmounted "the last one"
refused "an option that the kernel does not know" "Unknown parameter 'bogus'$" "$MOUNT" "$image" "$m" -o bogus=1
refused "one of ours, almost" "Unknown parameter 'verfy' \(did you mean 'verify'\?\)" "$MOUNT" "$image" "$m" -o verfy
refused "one of the kernel's, almost" "Unknown parameter 'user_xatr' \(did you mean 'user_xattr'\?\)" "$MOUNT" "$image" "$m" -o user_xatr
refused "a value that it does not know" "Bad value for 'cache_strategy'" "$MOUNT" "$image" "$m" -o cache_strategy=bogus
check "-s: left out" "$MOUNT" -s "$image" "$m" -o bogus,nodev
check "... and the others are set" has nodev
unmounted "-s"
refused "no image" 'EROFS' "$MOUNT" "$work/s/dir/ten-thousand" "$m"
refused "no file" 'No such file' "$MOUNT" "$work/none" "$m"
refused "no directory to mount on" 'none.*No such file' "$MOUNT" "$image" "$work/none"
check "... and nothing is left" no_loops "$image"
refused "a directory" 'neither a regular file' "$MOUNT" "$work/s" "$m"
refused "umount.erofs: not mounted" 'neither a mount point' "$UMOUNT" "$m"
refused "umount.erofs: not erofs" 'not erofs' "$UMOUNT" "$disk"

# ---- sharing --------------------------------------------------------------------------------------------------------------
"$MOUNT" "$image" "$m" -o inode_share,domain_id=test 2>"$work/.err"
same "inode_share: exit status" 0 $?
if has inode_share >"$work/.said"; then
	same "this kernel shares: nothing to say" "" "$(cat "$work/.err")"
	"$UMOUNT" "$m"
else
	same "without it, one warning" 1 "$(grep -c 'warning: .*mounted without sharing' "$work/.err")"
	same "... and nothing else" 1 "$(wc -l <"$work/.err")"
	check "... and it is mounted" "$tools/treecmp" --ignore-xattr="$FP_NAME" "$work/s" "$m"
	unmounted "inode_share"
	refused "require_share" 'not mounted: this kernel does not share' "$MOUNT" "$image" "$m" -o inode_share,domain_id=test,require_share
	same "... nothing is mounted" "" "$(shown "$m")"
fi
refused "require_share and an image without fingerprints" 'no fingerprints' "$MOUNT" "$disk/bare" "$m" -o inode_share,domain_id=test,require_share

# ---- devices --------------------------------------------------------------------------------------------------------------
tar --format=gnu -C "$work/s" -cf "$disk/tar" .
"$MKFS" --quiet -T1 "$FP_OPT" -Enosbcrc --tar=i "$disk/index" "$disk/tar" || exit 99
refused "a device is missing" '1 extra devices.*0 times' "$MOUNT" "$disk/index" "$m"
refused "one too many" '1 extra devices.*2 times' "$MOUNT" "$disk/index" "$m" -o "device=$disk/tar,device=$disk/tar"
check "device=" "$MOUNT" "$disk/index" "$m" -o "device=$disk/tar,verify"
check "... is read right" diff -r --no-dereference "$work/s" "$m"
unmounted "device=" "$disk/tar"
check "device=, by loop devices" "$MOUNT" "$disk/index" "$m" -o "backing=loop,device=\"$disk/tar\""
check "... is read right" diff -r --no-dereference "$work/s" "$m"
unmounted "device=, loop" "$disk/tar"
tag() { # TEXT: of the first slot
	python3 -c 'import sys
image = bytearray(open(sys.argv[1], "rb").read())
at = 128 * int.from_bytes(image[1024 + 0x58:1024 + 0x5a], "little")
image[at:at + 64] = sys.argv[2].encode().ljust(64, b"\0")
open(sys.argv[1], "wb").write(image)' "$disk/index" "$1"
}
digest=$(sha256sum <"$disk/tar" | cut -c1-64)
for place in "$digest" "$digest.erofs" "sha256/$digest" "sha256/${digest:0:2}/$digest.erofs"; do
	command -v python3 >/dev/null || { skip "no python3: device-dir="; break; }
	tag "$digest"
	mkdir -p "$(dirname "$disk/store/$place")" && cp "$disk/tar" "$disk/store/$place"
	check "device-dir=, $place" "$MOUNT" "$disk/index" "$m" -o "device-dir=$disk/store"
	check "... is read right" diff -r --no-dereference "$work/s" "$m"
	unmounted "device-dir=" "$disk/store/$place"
	rm -r "$disk/store"
done
mkdir "$disk/store"
refused "device-dir= without the file" "no file for slot 1.*$digest" "$MOUNT" "$disk/index" "$m" -o "device-dir=$disk/store"
for hostile in ../tar .. . /etc/passwd ''; do
	tag "$hostile"
	refused "a tag that leads elsewhere: '$hostile'" 'no tag that names a file' "$MOUNT" "$disk/index" "$m" -o "device-dir=$disk/store"
done

# ---- verify ---------------------------------------------------------------------------------------------------------------
mount -t tmpfs -o mode=755 run /run && mounts+=(/run)
"$MOUNT" "$image" "$m" -v -o verify >"$work/.said" 2>&1
same "verify: exit status" 0 $?
check "... says so" grep -q 'verified, [0-9]* fingerprints' "$work/.said"
check "... nothing is remembered without fs-verity" [ ! -e /run/erofs-verified ]
unmounted verify
refused "verify: no fingerprints" 'bare' "$MOUNT" "$disk/bare" "$m" -o verify
python3 - "$image" "$disk/forged" "$(sha256sum <"$work/s/hello" | cut -c1-64)" <<'END' || exit 99
import sys
image = bytearray(open(sys.argv[1], 'rb').read())
image[image.index(bytes.fromhex(sys.argv[3]))] ^= 1
open(sys.argv[2], 'wb').write(image)
END
refused "verify: a forged fingerprint" 'forged: .*fingerprint' "$MOUNT" "$disk/forged" "$m" -o verify
same "... is not mounted" "" "$(shown "$m")"
refused "... nor with -f" 'fingerprint' "$MOUNT" -f "$disk/forged" "$m" -o verify
cannot_change() { refused "verify: $1" 'not verified: others than root can change' "$MOUNT" "$2" "$m" -o verify; }
cp "$image" "$disk/loose" && chmod g+w "$disk/loose" && cannot_change "a group can write to the file" "$disk/loose"
chmod 644 "$disk/loose" && chown 65534 "$disk/loose" && cannot_change "the file is somebody's" "$disk/loose"
mkdir -m 777 "$disk/open" && cp "$image" "$disk/open/image" && cannot_change "the directory is open" "$disk/open/image"
chmod 1777 "$disk/open"
check "verify: a file of root's in a directory like /tmp" "$MOUNT" "$disk/open/image" "$m" -o verify
unmounted "a file in an open directory" "$disk/open/image"
ln -s open/image "$disk/link" && chmod 777 "$disk/open" && cannot_change "the same by a link" "$disk/link"

loop=$(losetup -r -f --show "$disk/loose") && loops+=("$loop")
cannot_change "a loop device over somebody's file" "$loop"
losetup -d "$loop"
cp "$image" "$disk/gone" && loop=$(losetup -r -f --show "$disk/gone") && loops+=("$loop") && rm "$disk/gone"
refused "verify: a loop device over a file without a name" 'below it cannot be found' "$MOUNT" "$loop" "$m" -o verify
losetup -d "$loop"
loop=$(losetup -r -f --show "$image") && loops+=("$loop")
check "verify: a loop device over root's file" "$MOUNT" "$loop" "$m" -o verify
"$UMOUNT" "$m"
losetup -d "$loop"

if ${CC:-cc} -shared -fPIC -D_GNU_SOURCE -O1 -o "$work/fakeverity.so" "$top_srcdir/tests/tools/fakeverity.c" -ldl 2>"$work/.err"; then
	measured() { # LD_PRELOAD, with ASan behind it
		env LD_PRELOAD="$work/fakeverity.so" ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" FAKEVERITY_UNDER="$disk" "$MOUNT" -f -v "$@"
	}
	says() { # WHAT WORDS ARGUMENTS...
		local what=$1 words=$2
		shift 2
		if measured "$@" >"$work/.said" 2>&1; then pass "$what"; else fail "$what: $(cat "$work/.said")"; fi
		check "... $words" grep -q "$words" "$work/.said"
	}
	says "fs-verity: the first time" 'verified, ' "$image" "$m" -o verify
	same "... the record is root's alone" "700 600 1" "$(stat -c %a /run/erofs-verified /run/erofs-verified/* | tr '\n' ' ')$(find /run/erofs-verified -type f | wc -l)"
	says "fs-verity: the second time" 'verified before' "$image" "$m" -o verify
	mv "$image" "$disk/renamed"
	says "fs-verity: by another name" 'verified before' "$disk/renamed" "$m" -o verify
	cp "$disk/forged" "$image"
	refused "fs-verity: another file of that name" 'fingerprint' measured "$image" "$m" -o verify
	mv "$disk/renamed" "$image"
	says "fs-verity: a device's digest counts" 'verified, ' "$disk/index" "$m" -o "verify,device=$disk/tar"
	says "... and is remembered" 'verified before' "$disk/index" "$m" -o "verify,device=$disk/tar"
	cp "$disk/tar" "$disk/tar2" && chmod u+w "$disk/tar2"
	says "... another device is another one" 'verified, ' "$disk/index" "$m" -o "verify,device=$disk/tar2"
	cp "$disk/tar" "$work/tar"
	says "... a device without a digest" 'verified, ' "$disk/index" "$m" -o "verify,device=$work/tar"
	says "... is not remembered" 'verified, ' "$disk/index" "$m" -o "verify,device=$work/tar"
	for record in /run/erofs-verified/*; do echo more >>"$record"; done
	says "a record that is not as we wrote it" 'verified, ' "$image" "$m" -o verify
	says "... is written anew" 'verified before' "$image" "$m" -o verify
	for mode in 770 707 777; do
		chmod $mode /run/erofs-verified
		says "a directory that others can write to is not believed, $mode" 'verified, ' "$image" "$m" -o verify
		check "... and that is said" grep -q 'warning: .*others than root' "$work/.said"
	done
	rm -r /run/erofs-verified && ln -s "$work" /run/erofs-verified
	says "nor is a link" 'verified, ' "$image" "$m" -o verify
	rm /run/erofs-verified
else
	skip "no library to preload: $(head -n 1 "$work/.err")"
fi

# ---- fingerprints that overlayfs copies up ----------------------------------------------------------------------------------
# doc/security.md says so: a changed file has the old fingerprint in the upper directory, unless the name is hidden.
stale() { # NAME KEPT: in $work/over/up
	umount "$work/over" 2>/dev/null
	mkdir -p "$work/over" && mount -t tmpfs over "$work/over" && mkdir "$work/over"/{low,up,work,top} || return
	mounts+=("$work/over")
	"$MKFS" --quiet --ishare-fingerprint="sha256,name=$1" "$disk/stale" "$work/s" && "$MOUNT" "$disk/stale" "$work/over/low" || return
	mounts+=("$work/over/low")
	mount -t overlay -o "lowerdir=$work/over/low,upperdir=$work/over/up,workdir=$work/over/work" over "$work/over/top" || return
	echo changed >>"$work/over/top/hello"
	umount "$work/over/top"
	same "overlayfs copies up fingerprints called $1" "$2" "$(getfattr -d -m- "$work/over/up/hello" 2>/dev/null | grep -c 'fingerprint')"
	"$UMOUNT" "$work/over/low"
}
check_stale() { # NAME
	for source in "$work/over/up" "$work/over/up.tar"; do
		options=()
		[ "$source" = "$work/over/up" ] || options=(--tar=f)
		check "a changed file's fingerprint is made anew, ${source##*/}" "$MKFS" "${options[@]}" --ovlfs-strip=1 "$FP_OPT" "$disk/anew" "$source"
		check "... and right" "$FSCK" --ishare "$disk/anew"
	done
}
if stale trusted.erofs.fingerprint 1; then
	tar --xattrs --xattrs-include='trusted.erofs*' -C "$work/over/up" -cf "$work/over/up.tar" .
	same "... and tar takes it along" 1 "$(tar --xattrs --xattrs-include='*' -tvvf "$work/over/up.tar" | grep -c 'erofs.fingerprint')"
	check_stale
	stale erofs.fingerprint.v1 0
else
	skip "no overlayfs over EROFS"
fi

# ---- mount(8) -------------------------------------------------------------------------------------------------------------
mkdir "$work/upper" "$work/workdir"
if [ /sbin -ef /usr/sbin ] && mount -t overlay -o "lowerdir=/usr/sbin,upperdir=$work/upper,workdir=$work/workdir" helpers /usr/sbin 2>"$work/.err"; then
	mounts+=(/usr/sbin)
	cp "$MOUNT" /usr/sbin/mount.erofs && cp "$UMOUNT" /usr/sbin/umount.erofs
	check "mount -t erofs" mount -t erofs -o nosuid,verify,inode_share,domain_id=test "$image" "$m"
	check "... nosuid" has nosuid
	[ ! "$by_file" ] || same "... from the file, not the loop device that mount(8) makes" "$image" "$(shown "$m" | cut -d' ' -f1)"
	check "... is read right" "$tools/treecmp" --ignore-xattr="$FP_NAME" "$work/s" "$m"
	check "mount -o remount" mount -o remount,noexec "$m"
	check "... noexec" has nosuid noexec
	check "umount" umount "$m"
	check "... no loop device is left" no_loops "$image"
	check "mount -o backing=loop" mount -t erofs -o backing=loop "$image" "$m"
	check "... is read right" "$tools/treecmp" --ignore-xattr="$FP_NAME" "$work/s" "$m"
	check "umount" umount "$image"
	check "... no loop device is left" no_loops "$image"
	check "mount -o offset" mount -t erofs -o offset=8192,verify "$disk/behind" "$m"
	check "... is read right" "$tools/treecmp" --ignore-xattr="$FP_NAME" "$work/s" "$m"
	check "umount -l" umount -l "$m"
	check "... no loop device is left" no_loops "$disk/behind"
	check_not "mount(8) of somebody's image with verify" mount -t erofs -o verify "$disk/loose" "$m"
	check_not "... by a loop device" mount -t erofs -o verify,backing=loop "$disk/loose" "$m"
	check "... no loop device is left" no_loops "$disk/loose"
	check_not "mount(8) of a forged image with verify" mount -t erofs -o verify "$disk/forged" "$m"
	check "... no loop device is left" no_loops "$disk/forged"
	echo "$image $m erofs noauto,nodev,inode_share,domain_id=test 0 0" >"$work/fstab"
	check "by fstab(5)" mount -T "$work/fstab" "$m"
	check "... nodev" has nodev
	check "umount" umount "$m"
else
	skip "no overlay on /usr/sbin for mount(8): $(cat "$work/.err")"
fi
finish
