#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Damaged images through the whole programs: a finding or a correct result, never a crash, a hang or endless memory.
# COUNT seeds (default 60, 4000 with EROFS_TEST_LONG) from SEED on; a failing one is named and its image kept in KEEP.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$DUMP" "$FSCK"
count=${COUNT:-${LONG:+4000}}
count=${count:-60}
first=${SEED:-1}
asan=
nm -D "$FSCK" "${FSCK%/*}/.libs/${FSCK##*/}" 2>/dev/null | grep -q __asan_init && asan=yes

damaged_images_tree "$work/s"
images=()
for options in "-b4096 $FP_OPT" "-b512 $FP_OPT" "-b1024 -x1000" "-b4096 -Enoinline_data,force-inode-extended"; do
	# shellcheck disable=SC2086
	check "image $options" "$MKFS" --quiet -T1 $options "$work/image-${#images[@]}" "$work/s" && images+=("$work/image-${#images[@]}")
done
[ -z "${PEER_DIR:-}" ] || ! "$PEER_DIR/bin/mkfs.erofs" --quiet -T1 --chunksize=4096 "--xattr-inode-digest=$FP_NAME" "$work/peer" "$work/s" >/dev/null 2>&1 ||
	images+=("$work/peer")
# Its metabox: inodes in the data of another one.
[ -z "${PEER_DIR:-}" ] || ! "$PEER_DIR/bin/mkfs.erofs" --quiet -T1 -zlz4 -m4096 "--xattr-inode-digest=$FP_NAME" "$work/metabox" "$work/s" >/dev/null 2>&1 ||
	images+=("$work/metabox")
compressed_images "$work/s"
[ ${#images[@]} -gt 0 ] || finish

limited() { # ALLOWED-STATUSES COMMAND...: runs under limits of time, memory and file size
	local allowed=$1 status
	shift
	(
		[ "$asan" ] || ulimit -v 1048576
		trap '' XFSZ
		ulimit -f 2097152 -c 0
		exec timeout -s KILL 20 "$@" >"$work/.out" 2>"$work/.err" </dev/null
	)
	status=$?
	case " $allowed " in *" $status "*) ;; *)
		fail "seed $seed of ${image##*/}: exit $status: ${*//$work\//}"
		head -n 15 "$work/.err" | sed 's/^/    /'
		[ -z "${KEEP:-}" ] || { mkdir -p "$KEEP" && cp "$work/bad" "$KEEP/seed-$seed-${image##*/}"; }
		;;
	esac
}

for ((seed = first; seed < first + count; seed++)); do
	image=${images[seed % ${#images[@]}]}
	"$tools/corrupt" "$seed" "$image" "$work/bad" || fail "corrupt $seed"
	limited "0 4 8" "$FSCK" --ishare "$work/bad"
	limited "0 1" "$DUMP" --ls -R --path=/ "$work/bad"
	# What is made of a damaged image is sound, or nothing is made.
	rm -f "$work/made"
	devices=()
	case $((seed % 5)) in
	0) limited "0 1" "$MKFS" --quiet --workers=1 "$FP_OPT" --clean=data "$work/made" "$work/bad" ;;
	1) limited "0 1" "$MKFS" --quiet --workers=1 "$FP_OPT" --clean=data "$work/made" "$image" "$work/bad" ;;
	2) limited "0 1" "$MKFS" --quiet --workers=1 --restamp "$FP_OPT" "$work/made" "$work/bad" ;;
	*)
		devices=("--device=$image" "--device=$work/bad")
		limited "0 1" "$MKFS" --quiet --workers=1 "$FP_OPT" --index "$work/made" "$image" "$work/bad"
		;;
	esac
	[ ! -e "$work/made" ] || limited 0 "$FSCK" --ishare "${devices[@]}" "$work/made"
	# Nothing of the contents is read: the index is sound, its devices need not be.
	rm -f "$work/made"
	# What no longer looks like an image at all is a wrong source for --index.
	limited "0 1 16" "$MKFS" --quiet --workers=1 --ishare-fingerprint=none --index "$work/made" "$work/bad"
	[ ! -e "$work/made" ] || limited 0 "$FSCK" "--device=$work/bad" "$work/made"
	# Each seed takes one of the rest, so that all views see many of the images.
	case $((seed % 8)) in
	0) limited "0 1" "$DUMP" -S "$work/bad" ;;
	1)
		limited "0 1" "$DUMP" -e --path=/dir/ten-thousand "$work/bad"
		limited "0 1" "$DUMP" -e --path=/mixed "$work/bad"
		;;
	2) limited "0 1" "$DUMP" --json --fingerprints "$work/bad" ;;
	3) limited "0 1" "$DUMP" --cat --path=/hello "$work/bad" ;;
	4) limited "0 1" "$DUMP" -s "$work/bad" ;;
	5) limited "0 1" "$DUMP" --nid=40 "$work/bad" ;;
	*)
		mkdir -p "$work/jail/x"
		limited "0 4 8" "$FSCK" "--extract=$work/jail/x" "$work/bad"
		[ "$(ls -A "$work/jail")" = x ] || fail "seed $seed of ${image##*/}: extraction wrote outside its directory: $(ls -A "$work/jail")"
		rm -rf "$work/jail"
		;;
	esac
done
echo "$count damaged images"
finish
