#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The options of compression: what is accepted, in which spellings, and what is refused, with which reason.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
small_tree "$work/s"
image=$work/o/image
mkdir "$work/o"

# rejects WHAT PATTERN ARGUMENTS...: one line that matches, and nothing left behind.
rejects() {
	local what=$1 pattern=$2
	shift 2
	refused "$what" "$pattern" "$MKFS" "$@" "$image" "$work/s"
	[ -z "$(ls -A "$work/o")" ] || { fail "$what: left $(ls -A "$work/o")"; rm -rf "$work/o"/*; }
}
# built WHAT ARGUMENTS...: builds and checks.
built() {
	local what=$1
	shift
	check "$what: build" "$MKFS" --quiet "$@" "$image" "$work/s" && check "$what: fsck" "$FSCK" "$image"
	rm -f "$image"
}
# says_same WHAT ARGUMENTS -- ARGUMENTS: two spellings of one thing make the same bytes.
says_same() {
	local what=$1 first=()
	shift
	while [ "$1" != -- ]; do first+=("$1"); shift; done
	shift
	"$MKFS" --quiet -T0 "${first[@]}" "$work/one" "$work/s" && "$MKFS" --quiet -T0 "$@" "$work/two" "$work/s" || fail "$what: build"
	check "$what" cmp "$work/one" "$work/two"
}

# ---- spellings
head -c 200000 /dev/zero | tr '\0' y >"$work/s/large"
for i in $(seq 5000); do echo "line $i, $((i * 7919 % 1009))"; done >"$work/s/text"
says_same "glued and separate" -zlz4hc,9 -C65536 -- -z lz4hc,9 -C 65536
says_same "level= and without" -z zstd,level=9 -- -zzstd,9
says_same "default levels" -zlz4hc:zstd -- -zlz4hc,9:zstd,3
says_same "-z adds to the list" -zlz4 -zzstd,5:lzma -- -zlz4:zstd,5:lzma
says_same "the first is for all" -zzstd,5 -zzstd,9 -- -zzstd,5
printf '65536 2 text\n65536 1 large\n' >"$work/hints"
says_same "hints choose from all -z" -C65536 -zlz4 -zlzma -zdeflate "--compress-hints=$work/hints" -- -zlz4:lzma:deflate -C65536 "--compress-hints=$work/hints"
refused "the fourth of three" ":1: algorithm 3 is not there, the list has 3, counted from 0$" "$MKFS" -zlz4 -zlzma:deflate "--compress-hints=/dev/fd/3" "$image" "$work/s" 3< <(echo 4096 3 text)
says_same "suffixes" -zlz4 -C64K -- -zlz4 -C65536
says_same "small suffixes" -zlz4 -C64k -- -zlz4 -C65536
says_same "one block is the default" -zlz4 -C4096 -- -zlz4
says_same "any order" --min-kernel=6.10 -zzstd -C65536 -- -C65536 -E^48bit -zzstd -E^full-index --min-kernel=6.10
says_same "libdeflate" -zlibdeflate,6 -- -zdeflate,6
says_same "-C without -z" -C65536 -- -b4096
says_same "-E48bit without -z" -E48bit -- -b4096
says_same "--max-extent-bytes beyond the format" -zlz4 --max-extent-bytes=4G -- -zlz4
says_same "--max-extent-bytes=0" -zlz4 --max-extent-bytes=0 -- -zlz4
says_same "-E^legacy-compress" -zlz4 -E^legacy-compress -- -zlz4
says_same "-E^dedupe" -zlz4 -Ededupe,^dedupe -- -zlz4
says_same "-Ededupe without compression and without repeats" -Ededupe --exclude-path=large --exclude-path=dir/ten-thousand -- \
	--exclude-path=large --exclude-path=dir/ten-thousand
says_same "-Elegacy-compress without -z" -Elegacy-compress --
says_same "-E^legacy-compress leaves full indexes" -zlz4 -Efull-index,legacy-compress,^legacy-compress -- -zlz4 -Efull-index
says_same "-Elegacy-compress for any kernel" -zlz4 -Elegacy-compress --min-kernel=7.0 -- -zlz4 -Elegacy-compress
says_same "-E^dot-omitted" -Edot-omitted,^dot-omitted --
says_same "-E^fragments" -zlz4 -Efragments,^fragments -- -zlz4
says_same "-E^all-fragments" -zlz4 -Eall-fragments,^all-fragments -- -zlz4
says_same "-E^fragments of all" -zlz4 -Eall-fragments,^fragments -- -zlz4
says_same "-Efragments=16K" -zlz4 -C65536 -Efragments=small -- -zlz4 -C65536 -Efragments=16K
says_same "-E^fragdedupe" -zlz4 -Efragments,^fragdedupe -- -zlz4 -Efragments,fragdedupe=off
says_same "-Efragments without compression" -Efragments,ztailpacking --
says_same "-E^ztailpacking" -zlz4 -Eztailpacking,^ztailpacking -- -zlz4
says_same "-Eztailpacking for Linux 6.15: clusters" -zlz4 -Eztailpacking --min-kernel=6.15 -- -zlz4 -E^48bit,ztailpacking --min-kernel=6.15
says_same "-E48bit and --min-kernel" -zzstd -E48bit -- -zzstd --min-kernel=6.15
says_same "--min-kernel as uname -r has it" -zzstd --min-kernel=6.15.3-amd64 -- -zzstd --min-kernel=6.15
says_same "--min-kernel leaves what was chosen" -zzstd -E^48bit --min-kernel=6.15 -- -zzstd -E^48bit --min-kernel=6.10
says_same "--min-kernel leaves full indexes" -zzstd -Efull-index --min-kernel=6.15 -- -zzstd -Efull-index --min-kernel=6.10
says_same "--workers" -zzstd -C65536 --workers=0 -- -zzstd -C65536 --workers=4
rm -f "$work/one" "$work/two"

# ---- command lines of callers
uuid=3b9f9d5e-64a3-4f0e-9f0f-5f5ee1a1b2c3
built "image converters" -Enoinline_data -b4096 -T0 --mkfs-time --sort=none -zlz4hc -C 65536
built "systemd-repart" -U "$uuid" -zzstd,level=3
built "osbuild" -z lz4hc,12 -E noinline_data -C 65536 --exclude-regex '^nothing$'
built "kiwi" -z zstd,level=21 --exclude-regex='^nothing$' -L LABEL
printf '4096 \\.so$\n0 \\.gz$\n' >"$work/hints"
built "buildroot" -zlz4hc,12 --compress-hints="$work/hints" -T 1000 -U "$uuid" -C65536
built "image builders" -zlz4hc -Enoinline_data --all-root -C1048576
built "lzma" -z lzma,level=6,dictsize=65536 -C65536
built "lzma, its own settings" -zlzma,109,lc=0,lp=2,pb=0 -C16384

# ---- refused
rejects "-z without a name" "-z ''.*missing" -z ''
rejects "-z with nothing behind the colon" "-z 'lz4:'.*missing" -zlz4:
rejects "-z with nothing before the colon" "-z ':lz4'" -z:lz4
rejects "more algorithms than there are numbers" "lz4.*up to 64" "-z$(yes lz4 | head -n 65 | paste -sd:)"
rejects "the same by several" "zstd.*up to 64" "-z$(yes lz4 | head -n 64 | paste -sd:)" -zzstd
rejects "an unknown algorithm" "brotli.*zstd" -zbrotli
rejects "an unknown second algorithm" "brotli.*zstd" -zlz4:brotli
for value in lz4,1 lz4hc,13 lzma,10 lzma,110 deflate,13 zstd,23 zstd,-1 zstd,x "zstd," zstd,level= zstd,dictsize=1 lz4,dictsize=4096 zstd,lc=1 lzma,lc=5 zstd,color=red; do
	rejects "-z$value" "-z '$value': ." "-z$value"
done
for value in 0 abc '' -1 2M 1048577; do rejects "-C '$value'" "-C '$value'.*1048576" -C "$value"; done
for value in 1 512 5000 65537; do rejects "-C $value" "-C $value.*block.*4096" -C "$value" -zlz4; done
rejects "-C with the last -b" "-C 512.*1024" -C512 -b512 -b1024 -zlz4
for value in abc '' -1; do rejects "--max-extent-bytes=$value" "max-extent-bytes '$value'" "--max-extent-bytes=$value"; done
rejects "--max-extent-bytes of less than a block" "max-extent-bytes 4095.*4096" --max-extent-bytes=4095 -zlz4
for value in abc '' 0 3000 2M; do rejects "--extent-size=$value" "extent-size '$value'.*power of two" -E48bit "--extent-size=$value"; done
rejects "--extent-size of less than a block" "extent-size 2048.*4096" -E48bit --extent-size=2K
rejects "--extent-size of clusters" "extent-size.*48bit.*min-kernel" -zlz4 --extent-size=64K
rejects "--extent-size of a kernel without extents" "extent-size.*48bit" -zlz4 --extent-size=64K --min-kernel=6.14
rejects "--extent-size above --max-extent-bytes" "extent-size 65536.*max-extent-bytes 8192" -E48bit --extent-size=64K --max-extent-bytes=8K
rejects "-E48bit,full-index" "full-index.*48bit" -zlz4 -E48bit,full-index
rejects "-E48bit,ztailpacking" "ztailpacking is for clusters.*48bit" -zlz4 -E48bit,ztailpacking
rejects "-Ededupe=1" "unknown feature 'dedupe=1'" -zlz4 -Ededupe=1
rejects "-Ededupe of an old kernel" "no Linux before 6.1.*share" -zlz4 -Ededupe --min-kernel=6.0
for options in -zzstd -zlz4:deflate "-zlz4 -E48bit" "-zlz4 -Eztailpacking" "-zlz4 -Efragments" "-zlz4 -m4096" "-zlz4 -Edot-omitted" "-zlz4 -Ededupe"; do
	# shellcheck disable=SC2086
	rejects "-Elegacy-compress $options" "legacy-compress.*before 5\.4.*LZ4" $options -Elegacy-compress
done
for value in 0 -1 x 4G; do rejects "-Efragments=$value" "fragments=$value.*bytes.*small" -zlz4 "-Efragments=$value"; done
rejects "-Efragdedupe=some" "fragdedupe=some.*full, inode or off" -zlz4 -Efragdedupe=some
rejects "-Efragments=(long)" "too long" -zlz4 -Efragments=000000000000000000000000000000000000001
rejects "-Eall-fragments=1" "unknown feature 'all-fragments=1'" -zlz4 -Eall-fragments=1
rejects "-Eztailpacking=1" "unknown feature" -zlz4 -Eztailpacking=1
rejects "no file of hints" "nowhere.*no such file" -zlz4 "--compress-hints=$work/nowhere"
rejects "a directory of hints" "directory" -zlz4 "--compress-hints=$work"
printf '# good\n4096 a\n4096 (\n' >"$work/hints"
rejects "a bad expression in hints" "hints:3:.*'\('" -zlz4 "--compress-hints=$work/hints"
printf -- '-4096 a\n' >"$work/hints"
rejects "a bad size in hints" "hints:1:.*-4096" -zlz4 "--compress-hints=$work/hints"

# ---- --min-kernel
for value in '' 6 6. .1 x 6.x 0.0 6.1x 6,1; do rejects "--min-kernel=$value" "min-kernel '$value'" "--min-kernel=$value"; done
rejects "--min-kernel=5.3" "5\.4.*5\.3.*min-kernel" --min-kernel=5.3
while read -r before since arguments; do
	# shellcheck disable=SC2086
	rejects "--min-kernel=$before $arguments" "no Linux before ${since/./\\.} .*$before.*min-kernel" "--min-kernel=$before" $arguments
	# shellcheck disable=SC2086
	built "--min-kernel=$since $arguments" "--min-kernel=$since" $arguments
done <<'CASES'
5.12 5.13 -zlz4 -C65536
5.15 5.16 -zlzma
5.15 5.16 -zlz4:lzma
5.16 5.17 -zlz4 -Eztailpacking
6.0 6.1 -zlz4 -Efragments
6.0 6.1 -zlz4 -Eall-fragments
6.3 6.4 --ishare-fingerprint=sha256
6.3 6.4 --xattr-prefix=trusted.overlay.
6.3 6.4 -b512
6.5 6.6 -zdeflate
6.7 6.8 -zlz4 -b1024
6.9 6.10 -zzstd
6.14 6.15 -zlz4 -E48bit
6.14 6.15 -Edot-omitted
CASES
built "--min-kernel=5.4" --min-kernel=5.4 -zlz4hc
# Rotated blocks would be misread by older kernels, which nothing else in the image keeps out.
check "--min-kernel=6.1: build" "$MKFS" --quiet --min-kernel=6.1 -zlz4 "$image" "$work/s"
same "--min-kernel=6.1: older ones are kept out" 6.1 "$("$DUMP" -s "$image" | sed -n 's/^Required upstream Linux kernel version: *//p')"
rm -f "$image"
built "--min-kernel=7.0" --min-kernel=7.0 -zzstd "$FP_OPT"
finish
