#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Builds that are interrupted, and sources that change under the reader.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS"
mkdir "$work/o" "$work/long"
out=$work/o/image
# Hashing this takes minutes, holes or not.
truncate -s 1T "$work/long/file"

nothing_left() {
	same "$1: nothing left" "" "$(ls -A "$work/o")"
	rm -rf "${work:?}"/o/* "$work"/o/.[!.]*
}

interrupt() { # SIGNAL WORKERS OPTIONS...
	local signal=$1 workers=$2
	shift 2
	timeout --preserve-status -k 20 -s "$signal" 1 "$MKFS" "$FP_OPT" --workers="$workers" "$@" "$out" "$work/long" >/dev/null 2>"$work/.err" </dev/null
	local status=$? what="SIG$signal, $workers workers${1:+, $*}"
	if [ $status = 0 ] || [ $status = 137 ]; then fail "$what: exit $status"; else pass "$what: exit $status"; fi
	check "$what: says little" test "$(wc -l <"$work/.err")" -le 1
	nothing_left "$what"
}
interrupt INT 2
interrupt TERM 2
interrupt INT 0
interrupt INT 2 -zlz4
interrupt TERM 0 -zzstd -E48bit
# A caller that ignores SIGHUP (nohup) has its builds ignore it, too.
if [ $((0x$(sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status) & 1)) = 0 ]; then interrupt HUP 1; else skip "SIGHUP is ignored here"; fi

# The second signal of a caller who sends two finds us cleaning up.
"$MKFS" "$FP_OPT" --workers=2 "$out" "$work/long" >/dev/null 2>&1 </dev/null &
builder=$!
sleep 0.5
for _ in 1 2 3 4 5 6 7 8; do kill -TERM $builder 2>/dev/null; done
wait $builder
same "eight signals: exit" 143 $?
nothing_left "eight signals"

# What exists is written in place: an interrupted build leaves the file, and neither the old image nor half a new one in it.
small_tree "$work/s"
check "an image" "$MKFS" --quiet -T0 "$out" "$work/s"
cp "$out" "$work/kept"
inode=$(stat -c %i "$out")
timeout -k 20 -s TERM 1 "$MKFS" "$FP_OPT" "$out" "$work/long" >/dev/null 2>&1 </dev/null
same "interrupted in place: the same file, empty" "$inode 0" "$(stat -c '%i %s' "$out")"
same "nothing beside it" image "$(ls -A "$work/o")"
# Killed, it has no time for that, but neither is there an image, and it may be built again.
timeout -s KILL 1 "$MKFS" "$FP_OPT" "$out" "$work/long" >/dev/null 2>&1 </dev/null
check_not "killed in place: no image" "$FSCK" "$out"
check "killed in place: built again" "$MKFS" --quiet -T0 "$out" "$work/s"
check "killed in place: the image" cmp "$out" "$work/kept"
rm -f "$out"

options=()
# during WHAT PATTERN SOURCE COMMAND: runs the shell command while the build reads SOURCE/a-big.
during() {
	local what=$1 pattern=$2 source=$3 command=$4 pid status
	timeout -k 5 60 "$MKFS" "$FP_OPT" --workers="${5:-0}" "${options[@]}" "$out" "$source" >"$work/.out" 2>"$work/.err" </dev/null &
	pid=$!
	sleep 0.5
	kill -0 $pid 2>/dev/null || echo "    (the build was over too early)"
	(cd "$source" && eval "$command")
	wait $pid
	status=$?
	judge_refusal "$what" "$pattern" $status "$command"
	nothing_left "$what"
}
fresh() { # a file that takes seconds to hash, and one behind it
	rm -rf "$work/c"
	mkdir "$work/c"
	truncate -s 3G "$work/c/a-big"
	printf 'behind\n' >"$work/c/z-behind"
}
for workers in 0 2; do
	fresh
	during "file grows, $workers workers" "a-big.*chang|a-big.*gr[eo]w" "$work/c" "printf x >>a-big" $workers
	fresh
	during "file shrinks, $workers workers" "a-big.*chang|a-big.*(shr|short)" "$work/c" "truncate -s 2G a-big" $workers
	fresh
	during "file changes, $workers workers" "a-big.*chang" "$work/c" "printf x | dd of=a-big conv=notrunc status=none" $workers
done
fresh
during "next file grows" "z-behind.*chang|z-behind.*gr[eo]w" "$work/c" "printf x >>z-behind"
fresh
during "next file shrinks" "z-behind.*chang|z-behind.*(shr|short)" "$work/c" "printf x >z-behind"
fresh
during "next file goes away" "z-behind.*(no such file|chang|gone|disappear)" "$work/c" "rm z-behind"
fresh
during "next file is replaced by a FIFO" "z-behind" "$work/c" "rm z-behind; mkfifo z-behind"
fresh
during "next file is replaced by a symlink" "z-behind" "$work/c" "rm z-behind; ln -s /etc/passwd z-behind"
fresh
during "next file is replaced by a directory" "z-behind" "$work/c" "rm z-behind; mkdir z-behind"
fresh
during "next file is replaced by another" "z-behind" "$work/c" "printf 'BEHIND\n' >new; mv new z-behind"

# Compressed, the file goes to the workers in segments; a copy of it is read once more at the end.
for form in -E^48bit -E48bit; do
	options=("-zzstd,1" "$form")
	fresh
	during "file changes, $form" "a-big.*chang" "$work/c" "printf x | dd of=a-big conv=notrunc status=none" 2
	for workers in ${LONG:+0 2}; do
		fresh
		during "file grows, $form, $workers workers" "a-big.*chang|a-big.*gr[eo]w" "$work/c" "printf x >>a-big" "$workers"
		fresh
		during "file shrinks, $form, $workers workers" "a-big.*chang|a-big.*(shr|short)" "$work/c" "truncate -s 2G a-big" "$workers"
		fresh
		during "next file grows, $form, $workers workers" "z-behind.*chang|z-behind.*gr[eo]w" "$work/c" "printf x >>z-behind" "$workers"
	done
	fresh
	head -c 5000000 /dev/urandom >"$work/c/a-first"
	cp "$work/c/a-first" "$work/c/b-copy"
	during "copy changes, $form" "b-copy.*chang" "$work/c" "printf x | dd of=b-copy bs=1 seek=4500000 conv=notrunc status=none" 1
done
finish
