#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Trees -> images -> kernel mount, our extraction, other implementations' checkers: everything must come back.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK"
privilege=()
is_root || privilege=(--no-privileged)

# What of the source is not in the image by design.
# Large sparse files have large chunks: holes come back in units of at most 64 KiB.
compare=("$tools/treecmp" --holes=65536 "--ignore-xattr=$FP_NAME")
is_root || compare+=(--ignore-owner)

mounted_equals() { # WHAT SOURCE IMAGE
	if ! can_mount; then skip "$1: cannot mount here"; return; fi
	if ! mount_image "$3" "$work/mnt"; then
		if grep -q . "$work/.mount-err" && [ "${1#*-b4096}" = "$1" ] && ! kernel_mounts_small_blocks; then
			skip "$1: this kernel refuses the block size"
		else
			fail "$1: $(head -n 1 "$work/.mount-err")"
		fi
		return
	fi
	check "$1: mounted tree" "${compare[@]}" "$2" "$work/mnt"
	unmount "$work/mnt"
}

# Linux before 6.4 wants blocks of the page size.
kernel_mounts_small_blocks() {
	local major minor
	IFS=. read -r major minor _ < <(uname -r)
	[ "$major" -gt 6 ] || { [ "$major" = 6 ] && [ "${minor%%[!0-9]*}" -ge 4 ]; }
}

extracted_equals() { # WHAT SOURCE IMAGE
	local -a ids=()
	is_root || ids=(--no-preserve-owner)
	check "$1: extraction" "$FSCK" --xattrs "${ids[@]}" "--extract=$work/extracted" "$3" &&
		check "$1: extracted tree" "${compare[@]}" "$2" "$work/extracted"
	rm -rf "$work/extracted"
}

# WHAT IMAGE READERS: "old" if a reader of erofs-utils 1.5 can know everything in it, "new" if only a recent one can, "none"
# if it has what other readers do not take, such as paths beyond PATH_MAX
others_accept() {
	case $3 in none | "") return ;; esac
	if [ -n "${PEER_DIR:-}" ]; then
		check "$1: peer's fsck" "$PEER_DIR/bin/fsck.erofs" "$2"
		check "$1: peer's extraction" "$PEER_DIR/bin/fsck.erofs" --extract="$work/by-peer" "$2"
		rm -rf "$work/by-peer"
	fi
	[ "$3" = old ] || return
	if [ -x /usr/bin/fsck.erofs ]; then
		check "$1: distribution's fsck" /usr/bin/fsck.erofs "$2"
	else
		skip "$1: no fsck.erofs in the distribution"
	fi
}

round_trip() { # WHAT SOURCE READERS OPTIONS...
	local what=$1 source=$2 readers=$3
	shift 3
	check "$what: build" "$MKFS" --quiet "$@" "$work/image" "$source" || return
	check "$what: fsck" "$FSCK" "$work/image"
	case " $* " in *" $FP_OPT "*) check "$what: fsck --ishare" "$FSCK" --ishare "$work/image" ;; esac
	mounted_equals "$what" "$source" "$work/image"
	extracted_equals "$what" "$source" "$work/image"
	others_accept "$what" "$work/image" "$readers"
	rm -f "$work/image"
}

"$tools/treegen" "${privilege[@]}" odd "$work/odd"
for bits in 512 1024 2048 4096; do
	round_trip "odd -b$bits" "$work/odd" none -b"$bits" "$FP_OPT"
done
rm -rf "$work/odd/forged" "$work/odd/depth"
touch -d @1700000000 "$work/odd"
for bits in 512 1024 2048 4096; do
	round_trip "shallow odd -b$bits" "$work/odd" new -b"$bits" "$FP_OPT"
done
round_trip "odd -b4096 without fingerprints" "$work/odd" old -b4096
round_trip "odd -b4096 no sharing" "$work/odd" old -b4096 -x 100000
round_trip "odd -b4096 no inline data" "$work/odd" old -b4096 -Enoinline_data
round_trip "odd -b4096 no name filter" "$work/odd" old -b4096 -E^xattr-name-filter
round_trip "odd -b4096 extended" "$work/odd" old -b4096 -Eforce-inode-extended
round_trip "odd -b1024 prefixes" "$work/odd" new -b1024 "$FP_OPT" --xattr-prefix=user.with --xattr-prefix=trusted.o

mkdir "$work/nothing"
round_trip "empty tree -b4096" "$work/nothing" old -b4096
round_trip "empty tree -b512" "$work/nothing" new -b512 "$FP_OPT"

"$tools/treegen" many "$work/many"
round_trip "many entries -b4096" "$work/many" "${LONG:+new}" -b4096 "$FP_OPT"
[ -z "$LONG" ] || round_trip "many entries -b512" "$work/many" new -b512 "$FP_OPT"
rm -rf "$work/many"

"$tools/treegen" links "$work/links"
round_trip "70000 links -b4096" "$work/links" none -b4096
rm -rf "$work/links"

"$tools/treegen" --count=3000 small "$work/small"
round_trip "small files -b4096" "$work/small" new "$FP_OPT"
rm -rf "$work/small"

for root in ${ROOTS:+"$ROOTS"/*}; do
	[ -d "$root" ] || continue
	round_trip "${root##*/} -b4096" "$root" new "$FP_OPT"
	[ -n "$LONG" ] || break
done
finish
