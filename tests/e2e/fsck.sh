#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# fsck.erofs: what it says it has looked at, several images, parts of one; what unpacking compares, restores and counts.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$tools/corrupt"

mkdir -p "$work/s/d"
seq 1 5000 >"$work/s/text"
cp "$work/s/text" "$work/s/d/copy"
ln "$work/s/text" "$work/s/d/hard"
truncate -s 3M "$work/s/holes"
echo x | dd of="$work/s/holes" bs=1 seek=1500000 conv=notrunc status=none
head -c 300000 /dev/urandom >"$work/s/random"

said() { # PATTERN COMMAND...: exit status 0 and a line on stdout
	local pattern=$1
	shift
	"$@" >"$work/.said" 2>"$work/.err" || { cat "$work/.err"; return 1; }
	grep -qF -- "$pattern" "$work/.said" || { cat "$work/.said"; return 1; }
}
status() { # EXPECTED COMMAND...
	local expected=$1 is
	shift
	"$@" >"$work/.said" 2>"$work/.err"
	is=$?
	[ "$is" = "$expected" ] || { echo "exit status $is"; cat "$work/.err"; return 1; }
}

# A fingerprint that is wrong: the one of /holes.
forge() { # IMAGE OUT
	local value
	value=$(sha256sum <"$work/s/holes" | cut -c1-16)
	python3 - "$1" "$2" "$value" <<-'END'
		import sys
		image = bytearray(open(sys.argv[1], 'rb').read())
		image[image.index(bytes.fromhex(sys.argv[3]))] ^= 1
		open(sys.argv[2], 'wb').write(image)
	END
}

for z in plain lz4; do
	options=("$FP_OPT")
	[ $z = plain ] || options+=(-zlz4)
	image=$work/$z
	"$MKFS" --quiet -T1 "${options[@]}" "$image" "$work/s" || exit 99
	check "$z: says what it did not check" said "No errors found (structure clean, contents not verified)" "$FSCK" "$image"
	check "$z: --ishare says what it did" said "No errors found (structure and fingerprints)" "$FSCK" --ishare "$image"
	check "$z: --extract compares fingerprints" said "contents read); 6 inodes, 2 directories, 4 files" "$FSCK" --extract "$image"
	check "$z: ... all of them" grep -q ', 4 fingerprints compared' "$work/.said"
	check "$z: --path, a directory with a hard link to the outside" said "of one path only" "$FSCK" --path=/d "$image"
	check "$z: ... compares two files" grep -q ', 2 fingerprints compared' "$work/.said"
	nid=$("$DUMP" --path=/random "$image" | sed -nE 's/^NID: ([0-9]+).*/\1/p')
	check "$z: --nid" said ", 1 fingerprint compared" "$FSCK" "--nid=$nid" "$image"
	check "$z: --path that is not there" status 8 "$FSCK" --path=/none "$image"

	forge "$image" "$image-forged" || { skip "no python3"; continue; }
	check "$z, forged: the structure is clean" status 0 "$FSCK" "$image-forged"
	check "$z, forged: --ishare" status 4 "$FSCK" --ishare "$image-forged"
	check "$z, forged: --extract" status 4 "$FSCK" --extract "$image-forged"
	check "$z, forged: --path elsewhere" status 0 "$FSCK" --path=/d "$image-forged"
	check "$z, forged: --path" status 4 "$FSCK" --path=/holes "$image-forged"
	check "$z, forged: unpacked" status 4 "$FSCK" "--extract=$work/x" "$image-forged"
	same "$z, forged: one line" "fsck.erofs: /holes: the content does not match its fingerprint" "$(cat "$work/.err")"
	check "$z, forged: all is there" diff -r "$work/s" "$work/x"
	rm -rf "$work/x"
	check "$z: unpacked" status 0 "$FSCK" "--extract=$work/x" "$image"
	check "$z: unpacked, equal" diff -r "$work/s" "$work/x"
	rm -rf "$work/x"
done

# Callers' options, and several images.
check "-p" status 0 "$FSCK" -p "$work/plain"
"$tools/corrupt" --at 1028 ffffffff "$work/plain" "$work/sum"
check "a wrong checksum" status 4 "$FSCK" "$work/sum"
check "--no-sbcrc" status 0 "$FSCK" --no-sbcrc "$work/sum"
check "several images" status 0 "$FSCK" "$work/plain" "$work/lz4"
same "... a line each" 2 "$(grep -c 'No errors found' "$work/.said")"
check "several images: the worst status" status 4 "$FSCK" "$work/plain" "$work/sum" "$work/lz4"
same "... each line says which" "fsck.erofs: $work/sum: superblock: wrong checksum 0xffffffff" "$(cat "$work/.err")"
same "... all are checked" "$work/plain: $work/sum: $work/lz4:" "$(cut -d' ' -f1 "$work/.said" | tr '\n' ' ' | sed 's/ $//')"
check "several images, one that is none" status 8 "$FSCK" /dev/null "$work/sum"
refused "several images to unpack" 'unpacks one image' bash -c '"$@" 2>&1 >/dev/null | head -n 1 >&2; exit 16' - "$FSCK" "--extract=$work/x" "$work/plain" "$work/lz4"

# ---- what is restored ------------------------------------------------------------------------------------------------------

is_root || { skip "owners and trusted xattrs: needs root"; finish; }
chown 5:6 "$work/s/d/copy" "$work/s/random"
chmod 6755 "$work/s/random"
setfattr -n trusted.one -v 1 "$work/s/random" 2>/dev/null || { skip "no trusted xattrs here"; finish; }
setfattr -n trusted.two -v 2 "$work/s/d/copy"
"$MKFS" --quiet -T1 "$FP_OPT" "$work/image" "$work/s"
names() { getfattr -d -m - --absolute-names "$1" 2>/dev/null | sed -n 's/=.*//p' | sort | tr '\n' ' '; }
"$FSCK" --quiet "--extract=$work/x" "$work/image"
same "fingerprints are not restored" "trusted.one " "$(names "$work/x/random")"
rm -rf "$work/x"
"$FSCK" --quiet "--extract=$work/x" --restore-fingerprints "$work/image"
same "... but with --restore-fingerprints" "trusted.erofs.fingerprint trusted.one " "$(names "$work/x/random")"
rm -rf "$work/x"

# An owner that no file can have.
head -c 40 "$work/s/text" >"$work/s/small"
"$MKFS" --quiet -T1 --force-uid=70000 "$work/image" "$work/s" # needs 64 bytes an inode
at=$("$DUMP" --path=/random "$work/image" | sed -nE 's/.*Offset: ([0-9]+).*/\1/p')
"$tools/corrupt" --at $((at + 24)) ffffffff --fix "$work/image" "$work/noone"
check "owner 4294967295: unpacked" status 0 "$FSCK" "--extract=$work/x" "$work/noone"
same "... one warning" 1 "$(wc -l <"$work/.err")"
same "... that names it" 1 "$(grep -c 'warning: /random: cannot set owner 4294967295:6: no file can have.*(owners not set: 1)' "$work/.err")"
same "... no set-id bits for somebody else" "755 6" "$(stat -c '%a %g' "$work/x/random")"
rm -rf "$work/x"
check "owner 4294967295, --preserve" status 8 "$FSCK" --preserve "--extract=$work/x" "$work/noone"
rm -rf "$work/x"

# Root in a user namespace.
if unshare -r true 2>/dev/null; then
	"$MKFS" --quiet -T1 "$FP_OPT" "$work/image" "$work/s"
	check "in a user namespace" status 0 unshare -r "$FSCK" "--extract=$work/x" "$work/image"
	same "... a warning each for owners and xattrs" 2 "$(wc -l <"$work/.err")"
	same "... counted" "owners not set: 2 xattrs not set: 2 " "$(grep -o '[a-z]* not set: [0-9]*' "$work/.err" | tr '\n' ' ')"
	check "... contents" diff -r "$work/s" "$work/x"
	for strict in --xattrs --preserve --preserve-owner; do
		rm -rf "$work/x"
		check "in a user namespace, $strict" status 8 unshare -r "$FSCK" $strict "--extract=$work/x" "$work/image"
	done
else
	skip "no user namespaces"
fi
# A path goes through links, as in dump.erofs.
mkdir -p "$work/links/usr/bin" "$work/links/etc" && echo tool >"$work/links/usr/bin/tool"
ln -s usr/bin "$work/links/bin" && ln -s /bin/tool "$work/links/etc/tool" && ln -s loop "$work/links/loop" && ln -s ../../bin/.. "$work/links/etc/up"
"$MKFS" --quiet -T1 "$FP_OPT" "$work/linked" "$work/links"
for path in /bin/tool /etc/tool etc/up/bin/tool /bin/../bin/tool; do
	check "--path=$path" said ", 1 fingerprint compared" "$FSCK" "--path=$path" "$work/linked"
	check "--extract --path=$path" "$FSCK" --quiet "--extract=$work/there" --path="$path" "$work/linked"
	same "--extract --path=$path: the file" tool "$(cat "$work/there")"
	rm -f "$work/there"
done
check "--path=/bin: the directory" "$FSCK" --quiet "--extract=$work/there" --path=/bin "$work/linked"
same "--path=/bin: what is in it" tool "$(ls "$work/there")"
rm -rf "$work/there"
check "--no-follow" "$FSCK" --quiet --no-follow "--extract=$work/there" --path=/etc/tool "$work/linked"
same "--no-follow: the link" /bin/tool "$(readlink "$work/there")"
check "--no-follow, a link on the way" status 8 "$FSCK" --no-follow --path=/bin/tool "$work/linked"
refused "links in a circle" "/loop: .*levels of symbolic links" "$FSCK" --path=/loop "$work/linked"
check "--no-follow alone" status 16 "$FSCK" --no-follow "$work/linked"
finish
