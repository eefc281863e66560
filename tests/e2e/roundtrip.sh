#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Trees -> images -> kernel mount, our extraction, other implementations' checkers: everything must come back.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
privilege=()
is_root || privilege=(--no-privileged)

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

round_trip "odd -b512 without dots" "$work/odd" none -b512 "$FP_OPT" -Edot-omitted

# ---- directories without an entry for themselves: the kernel lists it, and so does dump.erofs

# names DIR: of all directories below, as readdir(3) has them
# shellcheck disable=SC2012
names() { (cd "$1" && find . -type d | sort | while IFS= read -r dir; do echo "$dir: $(ls -aU "$dir" | sort | xargs -d '\n' printf '%s|')"; done); }
listed() { # IMAGE: the same
	(cd "$work/dots" && find . -type d | sort) | while IFS= read -r dir; do
		echo "$dir: $("$DUMP" --ls --path="/$dir" "$1" | awk 'found { print $3 } $2 == "TYPE" { found = 1 }' | tr -d "'" | sort | xargs -d '\n' printf '%s|')"
	done
}
mkdir -p "$work/dots/deep/er" "$work/dots/empty" "$work/dots/full"
touch "$work/dots/!before" "$work/dots/-before" "$work/dots/..." "$work/dots/.hidden" "$work/dots/deep/file"
(cd "$work/dots/full" && seq -f 'name-%05.0f' 500 | xargs touch)
round_trip "without dots" "$work/dots" new -Edot-omitted
round_trip "without dots, in a metabox" "$work/dots" new -Edot-omitted -m4096:lz4
check "without dots: build" "$MKFS" --quiet -T0 -Edot-omitted "$work/image" "$work/dots"
same "without dots: the kernel that is needed" 6.15 "$("$DUMP" -s "$work/image" | sed -n 's/^Required upstream Linux kernel version: *//p')"
if can_mount && mount_image "$work/image" "$work/mnt"; then
	same "without dots: names as the kernel gives them" "$(names "$work/dots")" "$(names "$work/mnt")"
	same "without dots: links as the kernel counts them" "$(cd "$work/dots" && find . -type d -printf '%p %n\n' | sort)" \
		"$(cd "$work/mnt" && find . -type d -printf '%p %n\n' | sort)"
	unmount "$work/mnt"
else
	skip "without dots: cannot mount here"
fi
same "without dots: names as dump.erofs lists them" "$(names "$work/dots")" "$(listed "$work/image")"
check "without dots: a path through them" "$DUMP" --path=/deep/./er "$work/image"
check "with dots" "$MKFS" --quiet -T0 "$work/with" "$work/dots"
check "without dots: no difference" "$DUMP" --diff "$work/with" "$work/image"
check "without dots: restamped" "$MKFS" --quiet --restamp -U 3b9f9d5e-64a3-4f0e-9f0f-5f5ee1a1b2c3 "$work/again" "$work/image"
check "without dots: restamped, sound" "$FSCK" --ishare "$work/again"
same "without dots: restamped, as large" "$("$DUMP" --json --path=/full "$work/image" | grep -o '"size": [0-9]*')" \
	"$("$DUMP" --json --path=/full "$work/again" | grep -o '"size": [0-9]*')"
rm -rf "$work/dots" "$work/with" "$work/again" "$work/image"

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
