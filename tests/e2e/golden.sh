#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# What dump.erofs shows of fixed trees, word for word as in tests/golden. A difference is a change of the format, of the
# layout or of the texts. If it is wanted, look through it and commit what this writes:
#	make check TESTS=tests/e2e/golden.sh GOLDEN_UPDATE=1; git diff tests/golden
# (as root: others cannot make the tree `owners`, and leave its files alone).
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$DUMP"
export TZ=UTC
unset SOURCE_DATE_EPOCH
golden=$top_srcdir/tests/golden
UUID=6b1d2c3e-0f4a-4b5c-8d6e-7f8091a2b3c4

filled() { head -c "$1" /dev/zero | tr '\0' "$2"; } # BYTES LETTER

# Of everything that any user can make on any file system; owners are not kept, and xattrs not read.
tree_plain() { # DIR
	local i size
	mkdir -p "$1/empty-dir" "$1/many" "$1/odd" "$1/sizes" "$1/very/deep/down"
	for size in 0 1 31 32 33 511 512 513 4000 4095 4096 4097 8192 10000; do filled $size s >"$1/sizes/$size"; done
	for ((i = 0; i < 50; i++)); do printf '%d' $((i % 10)) >"$1/many/$(filled 90 m)-$i"; done
	for name in '!x' '-x' '-' '...' '..a' '.a' ' ' $'new\nline' $'tab\tand"quote' 'back\slash' $'\303\244' $'\377' "$(filled 255 n)"; do
		printf '%s' "$name" >"$1/odd/$name"
	done
	cp "$1/sizes/10000" "$1/very/deep/down/equal"
	printf 'hello\n' >"$1/hello"
	ln "$1/hello" "$1/very/linked"
	ln -s ../hello "$1/very/symlink"
	ln -s "$(filled 3000 l)" "$1/very/long-symlink"
	mkfifo "$1/fifo"
	# Data at both ends and in the middle, in pieces of 64 KiB.
	truncate -s 8M "$1/sparse"
	for i in 0 65 127; do filled 65536 d | dd of="$1/sparse" bs=64K seek=$i conv=notrunc status=none; done
	truncate -s 300000 "$1/all-hole"
	chmod -R u=rwX,go=rX "$1"
	chmod 4755 "$1/hello"
	chmod 1777 "$1/empty-dir"
	find "$1" -exec touch -h -d @1600000000 {} +
	touch -d '1969-12-31 23:59:58.25 UTC' "$1/sizes/1"
	touch -d '2100-01-01 00:00:00.123456789 UTC' "$1/sizes/31"
}

# What only root can make: owners, devices, xattrs.
tree_owners() { # DIR
	local i
	mkdir -p "$1/dir/default-acl"
	for ((i = 0; i < 6; i++)); do
		filled $((i * 100)) o >"$1/dir/$i"
		setfattr -n trusted.overlay.same -v value "$1/dir/$i"
		setfattr -n trusted.of-its-own -v "$i" "$1/dir/$i"
	done
	setfattr -n trusted.erofs.fingerprint -v dropped "$1/dir/1"
	setfattr -n trusted.empty "$1/dir/2"
	setfattr -n trusted.large -v "$(filled 2000 v)" "$1/dir/3"
	setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 "$1/dir/4"
	setfacl -m u:1000:rw,g:70000:r "$1/dir/5" && setfacl -d -m u:1000:rwx "$1/dir/default-acl" || return
	mknod "$1/char" c 1 3
	mknod "$1/char-large" c 4095 1048575
	mknod "$1/block" b 259 70000
	mknod "$1/whiteout" c 0 0
	chown 1000:1000 "$1/dir/0"
	chown 65535:65535 "$1/dir/1"
	chown 65536:4294967294 "$1/dir/2"
	chmod 2750 "$1/dir"
	find "$1" -exec touch -h -d @1600000000 {} +
}

# view NAME FILE DUMP-ARGUMENTS...: appends to what has been shown of this image under FILE. The image stands here, so that
# no message has a path of this machine.
view() {
	local image=$1 file=$2
	shift 2
	{
		echo "\$ dump.erofs $*"
		"$DUMP" "$@" "$image" 2>&1 </dev/null
		echo "exit $?"
	} >>"$work/out/$image/$file"
}

compare() { # NAME PATH...: all views, the extents of these paths
	local image=$1 path file
	shift
	rm -rf "$work/out/$image" && mkdir -p "$work/out/$image"
	view "$image" superblock.txt -s
	view "$image" statistics.txt -S
	view "$image" list.txt --ls -R
	view "$image" fingerprints.txt --fingerprints
	view "$image" fingerprints.txt --fingerprints=json
	view "$image" json.txt --json -s -S --fingerprints
	view "$image" json.txt --json --ls -R
	for path in "$@"; do
		view "$image" extents.txt -e --no-follow "--path=$path"
		view "$image" json.txt --json -e --no-follow "--path=$path"
	done
	if [ "${GOLDEN_UPDATE:-}" ]; then
		mkdir -p "$golden/$image" && cp "$work/out/$image/"* "$golden/$image/" || exit 99
	fi
	for file in superblock statistics list fingerprints extents json; do
		check "$image: $file" diff -u "$golden/$image/$file.txt" "$work/out/$image/$file.txt"
	done
}

build() { # NAME TREE OPTIONS...
	local image=$1 tree=$2
	shift 2
	check "$image: build" "$MKFS" --quiet -T1700000000 --mkfs-time "-U$UUID" "$@" "$work/$image" "$work/$tree"
}

tree_plain "$work/tree"
paths=(/ /many /odd /all-hole /sparse /fifo /hello /sizes/0 /sizes/1 /sizes/31 /sizes/4000 /sizes/4096 /sizes/4097 /sizes/10000
	/very/deep/down/equal /very/symlink /very/long-symlink $'/odd/new\nline')
build plain tree --all-root -x-1 -Lgolden --ishare-fingerprint=sha256
compare plain "${paths[@]}"
build blocks-of-512 tree --all-root -x-1 -b512 --ishare-fingerprint=sha512,name=erofs.fingerprint.v1
compare blocks-of-512 "${paths[@]}"
build bare tree --all-root -x-1 -b1024 -Enoinline_data,force-inode-extended,nosbcrc,^xattr-name-filter --dedupe-files=0
compare bare "${paths[@]}"

if ! is_root; then
	skip "owners, devices and xattrs: needs root"
elif ! tree_owners "$work/owned" 2>"$work/.err"; then
	skip "owners, devices and xattrs: $(head -n 1 "$work/.err")"
else
	build owners owned --ishare-fingerprint=sha256 --xattr-prefix=trusted.overlay.
	compare owners / /dir /dir/{0,1,2,3,4,5} /dir/default-acl /char /char-large /block /whiteout
fi
finish
