#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Stored extents of every size and place, rotated or not, as no writer makes them: our reader and the kernel find the same bytes.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$DUMP"
command -v python3 >/dev/null || skip_all "no python3"
can_mount || skip_all "cannot mount EROFS here"
COUNT=${COUNT:-40}

mkdir "$work/s"
for i in {1..40}; do head -c 4096 /dev/urandom; printf '%4096d' "$i"; done >"$work/s/f"

compare() { # IMAGE
	local theirs ours
	mount_image "$1" "$work/m" || { echo "$1 does not mount"; return 1; }
	theirs=$(sha256sum <"$work/m/f")
	unmount "$work/m"
	ours=$("$DUMP" --cat --path=/f "$1" | sha256sum)
	[ "$theirs" = "$ours" ] || { echo "${1##*/}: the kernel reads other bytes"; return 1; }
}

for block in 4096 512; do
	"$MKFS" --quiet -T1 -zlz4 -E48bit --extent-size=8192 "-b$block" "$work/image" "$work/s" 2>"$work/.err"
	case $? in 0) ;; *) skip "blocks of $block: $(cat "$work/.err")"; continue ;; esac
	"$DUMP" --json -e --path=/f "$work/image" >"$work/extents.json"
	python3 "$top_srcdir/tests/e2e/stored_extents.py" "$work/image" "$work/extents.json" "$block" "$COUNT" "$work/made" || exit 99
	if ! mount_image "$work/made-0" "$work/m"; then skip "this kernel does not mount encoded extents"; continue; fi
	unmount "$work/m"
	for ((i = 0; i < COUNT; i++)); do
		check "blocks of $block, image $i" compare "$work/made-$i"
	done
done
finish
