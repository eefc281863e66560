#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# After exit 0 the image survives a power cut; when a call fails that would have brought it to the disk, there is no image.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK"
small_tree "$work/s"
mkdir "$work/o"
out=$work/o/image

# What is in a target that must not hold a superblock.
superblock() { od -An -tx1 -j$((${2:-0} + 1024)) -N4 "$1" 2>/dev/null | tr -d ' \n'; }
no_image() { # WHAT FILE [OFFSET]
	if [ "$(superblock "$2" "${3:-0}")" = e2e1f5e0 ]; then fail "$1: there is a superblock"; else pass "$1: no superblock"; fi
}

# ---- calls that fail ---------------------------------------------------------------------------------------------------------

# with RULE COMMAND...: runs it with calls on files in $work/o that fail and are logged in $work/log.
with() {
	local rule=$1
	shift
	rm -f "$work/log"
	env LD_PRELOAD="$work/failio.so" ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" FAILIO_UNDER="${under:-$work/o}" FAILIO="$rule" \
		FAILIO_LOG="$work/log" "$@"
}
failing_calls() {
	local rule how
	for rule in fsync:5:1 fsync:5:2 fsync:28:1 close:5:1 close:122:1 rename:28:1 rename:5:1 ftruncate:5:1 pwritev:28:1 pwritev:28:2 pwritev:5:3; do
		for how in "" "-zlz4" "--workers=0"; do
			# shellcheck disable=SC2086
			refused "new file $how: $rule" "image'?: .*(input/output|no space|quota)" with "$rule" "$MKFS" $how "$out" "$work/s"
			same "new file $how: $rule: nothing left" "" "$(ls -A "$work/o")"
		done
	done
	for rule in fdatasync:5:1 fdatasync:5:2 fsync:5:1 fsync:28:1 close:5:1 ftruncate:5:1 ftruncate:5:2 pwritev:28:1 pwritev:28:2 pwritev:5:3+; do
		"$MKFS" --quiet "$out" "$work/s" || fail "an old image"
		refused "old file: $rule" "image'?: .*(input/output|no space)" with "$rule" "$MKFS" "$out" "$work/s"
		no_image_but_old "old file: $rule" "$rule"
		rm -f "$out"
	done
	for rule in fdatasync:5:1 fdatasync:5:2 fsync:5:1 close:5:1 pwritev:28:1 pwritev:28:2; do
		truncate -s 1M "$out"
		refused "at an offset: $rule" "image'?: .*(input/output|no space)" with "$rule" "$MKFS" --offset=65536 "$out" "$work/s"
		no_image "at an offset: $rule" "$out" 65536
		rm -f "$out"
	done
	rm -f "$out"
	is_root && truncate -s 8M "$work/disk" && loop=$(losetup -f --show "$work/disk" 2>/dev/null) || { skip "devices"; return; }
	loops+=("$loop")
	under=$loop
	for rule in fdatasync:5:1 fdatasync:5:2 fsync:5:1 close:5:1 pwritev:28:1 pwritev:5:2; do
		"$MKFS" --quiet "$loop" "$work/s" || fail "an old image"
		refused "device: $rule" "${loop##*/}'?: .*(input/output|no space)" with "$rule" "$MKFS" "$loop" "$work/s"
		no_image_but_old "device: $rule" "$rule" "$loop"
	done
	under=
	losetup -d "$loop"
}
# A file that another program puts there between two looks at the name is no link that leads nowhere.
appearing_files() {
	local number
	for number in 1 2 3; do
		"$MKFS" --quiet "$out" "$work/s/dir" || fail "another's image"
		check "a file that appears: look $number" with "stat:2:$number" "$MKFS" --quiet "$out" "$work/s"
		check "a file that appears: look $number: fsck" "$FSCK" "$out"
		same "a file that appears: look $number: nothing else" image "$(ls -A "$work/o")"
		rm -f "$out"
	done
}
# The very first call of all may fail with the old image in place, untouched.
no_image_but_old() { # WHAT RULE [FILE]
	case $2 in
	ftruncate:5:1) check "$1: the old image is as it was" "$FSCK" "${3:-$out}" ;;
	*) no_image "$1" "${3:-$out}" ;;
	esac
}
# What is done to which file, one call a line.
order() { sed -E "s,$work/o/?,,; s/\.image\.[0-9a-f]+/TEMPORARY/" "$work/log"; }
orders() {
	check "order: new file" with none "$MKFS" --quiet "$out" "$work/s"
	same "a new file: fsync, close, rename, fsync of the folder" "fsync TEMPORARY|close TEMPORARY|rename image|fsync |close |" \
		"$(order | grep -A 9 fsync | tr '\n' '|')"
	check "order: old file" with none "$MKFS" --quiet "$out" "$work/s"
	same "in place: data, fdatasync, superblock, fsync" "fdatasync image|pwritev image 1024|pwritev image 0|ftruncate image|fsync image|close image|" \
		"$(order | sed -n '/ftruncate/,$p' | sed '1,/fdatasync/d' | grep -A 9 fdatasync | tr '\n' '|')"
	check "order: --no-fsync" with none "$MKFS" --quiet --no-fsync "$out" "$work/s"
	same "--no-fsync: nothing is waited for" "" "$(grep sync "$work/log")"
	rm -f "$out"
}
if ${CC:-cc} -shared -fPIC -D_GNU_SOURCE -O1 -o "$work/failio.so" "$top_srcdir/tests/tools/failio.c" -ldl -lpthread 2>"$work/.err" &&
	with none "$MKFS" --quiet "$out" "$work/s" && [ -s "$work/log" ]; then
	rm -f "$out"
	failing_calls
	appearing_files
	orders
else
	skip "failing calls: no library to preload: $(head -n 1 "$work/.err")"
fi

# ---- power cuts ----------------------------------------------------------------------------------------------------------------

# What a loop device's file holds when mkfs.erofs has ended is what a disk holds when the power is cut then.
cut() { # FILE-SYSTEM WHAT ARGUMENTS-IN-FRONT...: leaves the image, if there is one, in $work/survivor
	local fs=$1
	shift
	rm -rf "$work/survivor" "$work/cut"
	mkdir -p "$work/fs" "$work/after"
	truncate -s 128M "$work/$fs"
	"mkfs.$fs" -q "$work/$fs" && mount -o loop "$work/$fs" "$work/fs" || return 1
	mounts+=("$work/fs")
	"$@"
	cp --sparse=always "$work/$fs" "$work/cut"
	unmount "$work/fs"
	mount -o loop "$work/cut" "$work/after" || return 1
	mounts+=("$work/after")
	cp "$work/after/image" "$work/survivor" 2>/dev/null
	unmount "$work/after"
	rm -f "$work/cut" "${work:?}/$fs"
}
make_new() { "$MKFS" --quiet "$@" "$work/fs/image" "$work/s"; }
make_over() { "$MKFS" --quiet "$work/fs/image" "$work/s/dir"; sync -f "$work/fs"; "$MKFS" --quiet "$@" "$work/fs/image" "$work/s"; }
make_at() { truncate -s 1M "$work/fs/image"; sync -f "$work/fs"; "$MKFS" --quiet --offset=4096 "$@" "$work/fs/image" "$work/s"; }
survives() { # FILE-SYSTEM
	"$MKFS" --quiet -T0 "$work/wanted" "$work/s"
	check "$1: a power cut behind a new image" cut "$1" make_new -T0
	check "$1: a new image survives" cmp "$work/wanted" "$work/survivor"
	check "$1: a power cut behind one in place" cut "$1" make_over -T0
	check "$1: an image in place survives" cmp "$work/wanted" "$work/survivor"
	check "$1: a power cut behind one at an offset" cut "$1" make_at -T0
	check "$1: an image at an offset survives" "$FSCK" --offset=4096 "$work/survivor"
	# The control: without fsync it is lost, so the cut is one.
	check "$1: a power cut, --no-fsync" cut "$1" make_new -T0 --no-fsync
	check_not "$1: the image is lost without fsync" cmp "$work/wanted" "$work/survivor"
}
if ! is_root || ! losetup -f >/dev/null 2>&1; then
	skip "power cuts: need root and loop devices"
elif ! command -v mkfs.ext4 >/dev/null; then
	skip "power cuts: no mkfs.ext4"
else
	survives ext4
fi
finish
