#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# --progress of mkfs.erofs, fsck.erofs and dump.erofs: what stands on a terminal, what goes to a log, how often. Time passes by
# tools/fastclock.c, four seconds with each look at the clock, so that every third update of a log is due.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"

mkdir -p "$work/s/d"
for i in {1..40}; do seq "$i" 3000 >"$work/s/d/$i"; done
head -c 6000000 /dev/urandom >"$work/s/long"
image=$work/image
check "build" "$MKFS" --quiet -T1 "$FP_OPT" "$image" "$work/s"
inputs=()
for i in {1..12}; do ln "$image" "$work/copy.$i" && inputs+=("$work/copy.$i"); done

# Short runs say nothing to a log.
for form in auto plain none; do
	same "$form: mkfs.erofs, in no time" "" "$("$MKFS" --progress=$form "$work/again" "$work/s" 2>&1 >/dev/null)"
	same "$form: fsck.erofs, in no time" "" "$("$FSCK" --progress=$form --extract "$image" 2>&1 >/dev/null)"
	same "$form: dump.erofs, in no time" "" "$("$DUMP" --ishare-report --progress=$form "${inputs[@]}" 2>&1 >/dev/null)"
done
check "the same bytes" "$MKFS" --quiet -T1 --progress=plain "$FP_OPT" "$work/again" "$work/s"
check "the same bytes: compared" cmp "$image" "$work/again"

refused "no such form, mkfs.erofs" "takes auto, plain or none, not 'dots'" "$MKFS" --progress=dots "$work/no" "$work/s"
refused "no such form, fsck.erofs" "takes auto, plain or none, not 'dots'" "$FSCK" --progress=dots "$image"
refused "no such form, dump.erofs" "not auto, plain or none" "$DUMP" --ishare-report --progress=dots "$image"
refused "dump.erofs without a report" "progress.*--ishare-report" "$DUMP" --progress=plain "$image"

fast() { # COMMAND...: its stderr
	{ env LD_PRELOAD="$work/fastclock.so" ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" "$@" >/dev/null; } 2>&1
}
on_terminal() { # COLUMNS COMMAND...: what it writes there, a redrawn line as several; stdout is no part of it
	local columns=$1
	shift
	script -qec "stty cols $columns; LD_PRELOAD=$work/fastclock.so ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0 \
		$(printf '%q ' "$@") >/dev/null" /dev/null </dev/null | tr '\r' '\n' | sed 's/\x1b\[K//g' | grep -v '^$'
}
longest() { awk '{ if (length() > n) n = length() } END { print n + 0 }'; }
all_like() { # PATTERN TEXT: lines there are, and each is like this
	[ -n "$2" ] && ! grep -vqE -- "$1" <<<"$2" && return
	echo "$2"
	return 1
}

logs() {
	local size='[0-9.]+ [KMG]?i?B' said
	said=$(fast "$MKFS" --workers=0 "$work/again" "$work/s")
	check "log: mkfs.erofs" all_like "^mkfs\.erofs: (packing|writing metadata): [0-9]+/41 files, $size of $size(, $size/s)?, [0-9]+ s(, [0-9]+ s left)?$" "$said"
	said=$(fast "$MKFS" --workers=0 -zlz4 -Ededupe,all-fragments "$work/again" "$work/s")
	check "log: repeats" all_like "^mkfs\.erofs: looking for repeats: [01]/1 files, $size of $size(, $size/s)?, [0-9]+ s(, [0-9]+ s left)?$" "$(grep repeats <<<"$said")"
	check "log: fragments" all_like "^mkfs\.erofs: packing fragments, $size of $size(, $size/s)?, [0-9]+ s(, [0-9]+ s left)?$" "$(grep fragments <<<"$said")"
	said=$(fast "$FSCK" --extract "$image")
	check "log: fsck.erofs reads" all_like "^fsck\.erofs: checking (the tree: [0-9]+/43 inodes|contents: [0-9]+/41 files(, $size of $size)?)(, $size/s)?, [0-9]+ s(, [0-9]+ s left)?$" "$said"
	same "log: a line when ten seconds have passed" 12 "$(fast "$FSCK" --workers=0 --extract "$image" | sed -n 's/.*, \([0-9]*\) s\(,.*\)*$/\1/p' | awk 'NR > 1 { print $1 - last } { last = $1 }' | sort -u)"
	said=$(fast "$FSCK" --extract="$work/out" "$image" | grep unpacking)
	check "log: fsck.erofs unpacks" all_like "^fsck\.erofs: unpacking: [0-9]+/41 files, $size of $size(, $size/s)?, [0-9]+ s(, [0-9]+ s left)?$" "$said"
	said=$(fast "$FSCK" "$image" "$work/copy.1")
	check "log: whose, of several" all_like "^fsck\.erofs: $work/(image|copy\.1): checking " "$said"
	said=$(fast "$DUMP" --ishare-report "${inputs[@]}")
	check "log: dump.erofs" all_like '^dump\.erofs: reading: [0-9]+/12 inputs, [0-9]+ s$' "$said"
	same "--quiet: mkfs.erofs" "" "$(fast "$MKFS" --quiet --progress=plain "$work/again" "$work/s")"
	same "--quiet: fsck.erofs" "" "$(fast "$FSCK" --quiet --progress=plain "$image")"
	same "-d0: fsck.erofs" "" "$(fast "$FSCK" -d0 "$image")"
	same "none: mkfs.erofs" "" "$(fast "$MKFS" --progress=none "$work/again" "$work/s")"
	same "none: fsck.erofs" "" "$(fast "$FSCK" --progress=none --extract "$image")"
	same "none: dump.erofs" "" "$(fast "$DUMP" --ishare-report --progress=none "${inputs[@]}")"
}

terminals() {
	local columns said command
	for columns in 24 200; do
		for command in "$MKFS $work/again $work/s" "$FSCK --extract $image" "$DUMP --ishare-report ${inputs[*]}"; do
			# shellcheck disable=SC2086
			said=$(on_terminal $columns $command)
			check "terminal of $columns columns: ${command%% *}" all_like '(packing|writing metadata|checking|reading)' "$said"
			check "terminal of $columns columns: it fits ($(longest <<<"$said"))" test "$(longest <<<"$said")" -lt $columns
		done
	done
	same "terminal: more where there is room" 0 "$(on_terminal 200 "$FSCK" --extract "$image" | grep -q ', .* of '; echo $?)"
	said=$(on_terminal 200 "$FSCK" --progress=plain --extract "$image")
	check "plain: a log on a terminal" all_like '^fsck\.erofs: checking ' "$said"
	same "none on a terminal" "" "$(on_terminal 200 "$FSCK" --progress=none --extract "$image")"
	same "--quiet on a terminal" "" "$(on_terminal 200 "$MKFS" --quiet "$work/again" "$work/s")"
}

if ${CC:-cc} -shared -fPIC -D_GNU_SOURCE -O1 -o "$work/fastclock.so" "$top_srcdir/tests/tools/fastclock.c" 2>"$work/.err" &&
	[ -n "$(fast "$FSCK" --extract "$image")" ]; then
	logs
	if command -v script >/dev/null; then terminals; else skip "terminals: no script(1)"; fi
else
	skip "times: no library to preload: $(head -n 1 "$work/.err")"
fi
finish
