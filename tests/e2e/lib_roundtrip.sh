# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=bash disable=SC2154
# A tree goes into an image and must come back from it by all who can read it. Sourced after lib.sh.

# What of the source is not in the image by design.
# Large sparse files have large chunks: holes come back in units of at most 64 KiB.
compare=("$tools/treecmp" --holes=65536 "--ignore-xattr=$FP_NAME")
xattrs=(--xattrs)
if ! is_root; then
	compare+=(--ignore-owner --no-xattrs)
	xattrs=(--no-xattrs --preserve-perms)
	skip "owners and xattrs of what is unpacked: needs root"
fi

# For files that come back without holes, as compressed ones do.
compare_without_holes() {
	compare=("$tools/treecmp" "--ignore-xattr=$FP_NAME")
	is_root || compare+=(--ignore-owner)
}

mounted_equals() { # WHAT SOURCE IMAGE
	if ! can_mount; then skip "$1: cannot mount here"; return; fi
	if ! mount_image "$3" "$work/mnt"; then
		if grep -q . "$work/.mount-err" && ! kernel_mounts_blocks "$3"; then
			skip "$1: this kernel refuses the block size"
		else
			fail "$1: $(head -n 1 "$work/.mount-err")"
		fi
		return
	fi
	check "$1: mounted tree" "${compare[@]}" "$2" "$work/mnt"
	unmount "$work/mnt"
}

# Linux before 6.4 wants blocks of the page size, before 6.8 where data are compressed.
kernel_mounts_blocks() { # IMAGE
	local major minor needed
	[ "$(od -An -tu1 -j1036 -N1 "$1")" -lt 12 ] || return 0
	needed=4
	! "$DUMP" --json -s "$1" | grep -q '"compression_algorithms": \[ "' || needed=8
	IFS=. read -r major minor _ < <(uname -r)
	[ "$major" -gt 6 ] || { [ "$major" = 6 ] && [ "${minor%%[!0-9]*}" -ge $needed ]; }
}

extracted_equals() { # WHAT SOURCE IMAGE
	local -a ids=()
	is_root || ids=(--no-preserve-owner)
	check "$1: extraction" "$FSCK" "${xattrs[@]}" "${ids[@]}" "--extract=$work/extracted" "$3" &&
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
