#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# --hot-files: what a list names comes first, in its order; all else, and what is in the files, is as without. The recorder.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
compare_without_holes
source=$work/s
image=$work/image
list=$work/list
mkdir -p "$source"/{a,b/deep/er,usr/bin,usr/lib,z}
i=0
for name in a/one a/two b/deep/er/three b/four usr/bin/sh usr/lib/libc.so usr/lib/libm.so z/last z/large; do
	i=$((i + 1))
	seq $i $((i + 5000)) >"$source/$name"
done
seq 1 300000 >"$source/z/large"
printf 'star' >"$source/a/*"
ln -s usr/bin "$source/bin"
ln -s ../lib/libc.so "$source/usr/bin/libc"
ln -s loop "$source/loop"
ln "$source/z/last" "$source/z/link"
find "$source" -exec touch -h -d @0 {} +

# Where the data of each path begin, and its inode: numbers to compare.
first_byte() { "$DUMP" --json -e --path="$1" "$image" | tr ',' '\n' | sed -n 's/.*"physical": \([0-9]*\).*/\1/p' | head -n 1; }
inode_at() { "$DUMP" --json --path="$1" "$image" | tr ',' '\n' | sed -n 's/.*"offset": \([0-9]*\).*/\1/p' | head -n 1; }
# in_order WHAT FUNCTION PATH...: each stands behind the one before.
in_order() {
	local what=$1 function=$2 last=-1 at
	shift 2
	for path; do
		at=$("$function" "$path")
		if [ -z "$at" ] || [ "$at" -le "$last" ]; then fail "$what: $path is at ${at:-none}, behind $last"; return; fi
		last=$at
	done
	pass "$what"
}
built() { # WHAT ARGUMENTS...: builds with the list, and all comes back
	local what=$1
	shift
	check "$what: build" "$MKFS" --quiet -T0 --hot-files="$list" "$@" "$image" "$source" || return
	check "$what: fsck" "$FSCK" "$image"
}
printf '%s\n' /z/large '# a comment' '' usr/lib/libm.so /bin/sh b/deep/er/three >"$list"
hot=(/z/large /usr/lib/libm.so /usr/bin/sh /b/deep/er/three)
rest=(/a/one /a/two /b/four /usr/lib/libc.so /z/last)

# ---- order

for options in "-b4096" "-zlz4 -C16384" "-zlz4 -E48bit --dedupe-files=0" "-b1024 $FP_OPT"; do
	# shellcheck disable=SC2086
	built "$options" $options
	in_order "$options: data" first_byte "${hot[@]}" "${rest[@]}"
	# Those with tails step aside for better fits.
	case $options in -z*)
		in_order "$options: inodes" inode_at / /z /z/large /usr /usr/lib /usr/lib/libm.so /usr/bin /usr/bin/sh /b \
			/b/deep /b/deep/er /b/deep/er/three /a /a/one
		;;
	esac
	mounted_equals "$options" "$source" "$image"
	extracted_equals "$options" "$source" "$image"
	# shellcheck disable=SC2086
	"$MKFS" --quiet -T0 $options "$image" "$source"
	in_order "$options, no list: data" first_byte "${rest[@]:0:2}" /b/four /b/deep/er/three /usr/bin/sh /z/large
done
for options in "-zlz4 -m4096" "-zlz4 -E48bit,all-fragments" "-zlz4 -Efragments,ztailpacking -C65536" -Edot-omitted; do
	# shellcheck disable=SC2086
	built "$options" $options
	mounted_equals "$options" "$source" "$image"
done
built "any number of workers" -zlz4 --workers=0
mv "$image" "$work/one"
built "four workers" -zlz4 --workers=4
check "workers do not matter" cmp "$work/one" "$image"

# ---- sources

tar -C "$source" --sort=name --format=pax -cf "$work/s.tar" .
check "of an archive: build" "$MKFS" --quiet -T0 --tar=f --hot-files="$list" "$image" "$work/s.tar"
in_order "of an archive: data" first_byte "${hot[@]}" "${rest[@]}"
mounted_equals "of an archive" "$source" "$image"
check "an image" "$MKFS" --quiet -T0 "$work/plain" "$source"
check "of an image: build" "$MKFS" --quiet -T0 --hot-files="$list" "$image" "$work/plain"
in_order "of an image: data" first_byte "${hot[@]}" "${rest[@]}"
mounted_equals "of an image" "$source" "$image"
rm -f "$image"
gzip -k "$work/s.tar"
refused "a pipe" "hot-files.*order" sh -c 'cat "$1" | "$2" --quiet --tar=f --hot-files="$3" "$4"' sh "$work/s.tar" "$MKFS" "$list" "$image"
refused "a compressed archive" "hot-files.*order" "$MKFS" --quiet --tar=f --hot-files="$list" "$image" "$work/s.tar.gz"
refused "an index of an archive" "hot-files.*index" "$MKFS" --quiet --tar=i --hot-files="$list" "$image" "$work/s.tar"
refused "an index of an image" "hot-files.*index" "$MKFS" --quiet --index --hot-files="$list" "$image" "$work/plain"
refused "layers" "hot-files.*layers" "$MKFS" --quiet --hot-files="$list" --oci="$work/none" "$image"
refused "--restamp" "hot-files" "$MKFS" --quiet --restamp --hot-files="$list" "$image" "$work/plain"
refused "no list" "nowhere.*[Nn]o such file" "$MKFS" --quiet --hot-files="$work/nowhere" "$image" "$source"
refused "a directory as the list" "directory" "$MKFS" --quiet --hot-files="$work" "$image" "$source"
printf 'a\0b\n' >"$list"
refused "no list of paths" "list:1: a NUL" "$MKFS" --quiet --hot-files="$list" "$image" "$source"

# ---- lines

# The first paths in the image, by their inodes.
order() { # COUNT
	local path
	for path in $(cd "$source" && find . ! -name '\*' ! -type l -printf '/%P\n' | grep -v /link); do echo "$(inode_at "$path") $path"; done | sort -n | cut -d' ' -f2 | head -n "$1" | xargs
}
lines() { # WHAT EXPECTED LINE...
	local what=$1 expected=$2
	shift 2
	printf '%s\n' "$@" >"$list"
	built "$what" -Eforce-inode-extended,noinline_data && same "$what" "$expected" "$(order "$(wc -w <<<"$expected")")"
}
lines "a pattern" "/ /usr /usr/lib /usr/lib/libc.so /usr/lib/libm.so" 'usr/lib/*.so'
lines "a pattern stays in its directory" "/ /z /z/large" '*/l[a]rge'
lines "all below a directory" "/ /z /b /b/deep /b/four" z b/
lines "through links" "/ /usr /usr/bin /usr/lib /usr/lib/libc.so" /bin/../bin/./libc
lines "up and down" "/ /a /a/two" ../../a/../a//two
lines "another name of a file" "/ /z /z/last" z/link
lines "a name with a star" "/ /a" 'a/*'
printf '%s\n' a/one nothing '/*/nothing' loop/x a/one/below '[' >"$list"
"$MKFS" --hot-files="$list" "$image" "$source" 2>"$work/said" >/dev/null || fail "what matches nothing: build"
same "what matches nothing: one warning" 1 "$(wc -l <"$work/said")"
same "what matches nothing" 1 "$(grep -c "list: 5 of 6 .*'nothing' in line 2" "$work/said")"
same "what matches nothing, quietly" "" "$("$MKFS" --quiet --hot-files="$list" "$image" "$source" 2>&1)"

# As many links as Linux follows on the way along a path, and one more.
mkdir "$work/chain" && echo end >"$work/chain/0"
for i in $(seq 41); do ln -s $((i - 1)) "$work/chain/$i"; done
for i in 40 41; do cat "$work/chain/$i" 2>/dev/null; done >"$work/said"
same "Linux follows forty links" end "$(cat "$work/said")"
printf '%s\n' 40 41 >"$list"
"$MKFS" --hot-files="$list" "$image" "$work/chain" 2>"$work/said" >/dev/null || fail "forty links: build"
check "forty links are followed, no more" grep -q "list: 1 of 2 .*'41' in line 2" "$work/said"

# ---- the recorder

recorder=$top_srcdir/scripts/erofs-hot-files
if ! command -v python3 >/dev/null; then
	skip "the recorder: no python3"
	finish
fi
cat >"$work/log" <<'LOG'
12 execve("/r/bin/sh", ["sh"], 0x7 /* 3 vars */) = 0
12 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3
12 openat(AT_FDCWD, "/r/none", O_RDONLY) = -1 ENOENT (No such file or directory)
12 chdir("/r/usr") = 0
12 openat(AT_FDCWD, "lib/waits", O_RDONLY <unfinished ...>
[pid   13] openat(5, "unknown", O_RDONLY) = 3
13 openat(5</r/opt>, "x\303\244", O_RDONLY) = 3
12 <... openat resumed>) = 4
12 12:01:02.25 newfstatat(AT_FDCWD, "/r/bin/sh", {st_mode=S_IFREG|0755, ...}, 0) = 0
LOG
same "a log of strace" "/bin/sh /usr /opt/xä /usr/lib/waits" "$(python3 "$recorder" strace --root=/r "$work/log" | xargs)"
check_not "no log" python3 "$recorder" strace "$work/none"
# shellcheck disable=SC2016
if python3 "$recorder" record -o "$list" "$source" -- sh -c 'cat "$1/z/large" "$1/bin/sh"; ls "$1/b/deep"' sh "$source" >/dev/null 2>"$work/said"; then
	same "what a command opens" "/z/large /usr/bin/sh /b/deep" "$(xargs <"$list")"
	built "a recorded list" -b4096
	in_order "a recorded list" first_byte /z/large /usr/bin/sh /a/one
else
	skip "the recorder: $(tail -n 1 "$work/said")"
fi
finish
