#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Compressed images of other builders: our fsck accepts them, our extraction equals the source. The builders are that of PEER_DIR
# and the distribution's; what one of them cannot make is left out, and said at the end.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$FSCK" "$DUMP" "$tools/treecmp"

# Text that compresses well, noise, both in one file, sizes around every limit, equal files and equal beginnings.
compressible_tree() { # DIR
	local size
	mkdir -p "$1/sizes" "$1/same" "$1/many"
	seq 1 "${LONG:+1}60000" >"$1/text"
	head -c 150000 /dev/urandom >"$1/noise"
	cat "$1/noise" "$1/text" <(head -c 5000 "$1/noise") "$1/text" <(head -c 123456 /dev/zero) "$1/noise" >"$1/mixed"
	head -c "${LONG:+1}4000000" /dev/zero >"$1/zeros"
	truncate -s "${LONG:+1}300000" "$1/hole" && printf end >>"$1/hole"
	for size in 0 1 100 4095 4096 4097 8191 8192 8193 65535 65536 65537 131073; do
		head -c "$size" "$1/text" >"$1/sizes/text-$size"
		head -c "$size" "$1/noise" >"$1/sizes/noise-$size"
	done
	cp "$1/text" "$1/same/text"
	{ head -c 200000 "$1/text"; echo something else; tail -c +200001 "$1/text"; } >"$1/same/changed"
	{ printf 'x'; cat "$1/noise"; } >"$1/same/shifted"
	for size in {1..60}; do seq "$size" $((size * 7)) >"$1/many/file-with-a-name-of-some-length-$size"; done
	ln -s ../text "$1/same/link"
}

compare=("$tools/treecmp" --no-xattrs --ignore-mtime)
is_root || compare+=(--ignore-owner)
left_out=()

reads_back() { # WHAT SOURCE MKFS OPTIONS...
	local what=$1 source=$2 mkfs=$3 options=(-d1)
	shift 3
	rm -rf "$work/image" "$work/extracted"
	# Those that do not know an option say so; other failures are theirs, too.
	if ! "$mkfs" "${options[@]}" "$@" "$work/image" "$source" >/dev/null 2>&1 </dev/null; then
		left_out+=("$what $*")
		rm -f "$work/image"
		return
	fi
	check "$what $*: statistics" "$DUMP" -S "$work/image"
	check "$what $*: fsck and extraction" "$FSCK" "--extract=$work/extracted" "$work/image" &&
		check "$what $*: extracted tree" "${compare[@]}" "$source" "$work/extracted"
}

# The short form makes one of seven; over the layouts and the sizes it comes around to all of them.
sizes=(4096 65536 1048576)
matrix() { # WHAT MKFS ALGORITHMS LAYOUTS
	local algorithm layout size number=0
	for algorithm in $3; do
		for layout in $4; do
			for size in "${sizes[@]}"; do
				number=$((number + 1))
				[ "$LONG" ] || [ $((number % 7)) = 0 ] || continue
				case $layout in
				plain) reads_back "$1" "$work/s" "$2" "-z$algorithm" "-C$size" ;;
				dirs) reads_back "$1" "$work/s" "$2" "-z$algorithm" "-C$size" --zD -Eall-fragments ;;
				*) reads_back "$1" "$work/s" "$2" "-z$algorithm" "-C$size" "-E$layout" ;;
				esac
			done
		done
	done
}

compressible_tree "$work/s"
peer=${PEER_DIR:-}/bin/mkfs.erofs
if [ -n "${PEER_DIR:-}" ] && [ -x "$peer" ]; then
	matrix peer "$peer" "lz4 lz4hc,12 lzma deflate zstd zstd:lz4" \
		"plain ztailpacking fragments all-fragments dedupe ztailpacking,dedupe fragments,dedupe 48bit 48bit,dedupe 48bit,all-fragments dirs"
	for size in "${sizes[@]}"; do
		reads_back peer "$work/s" "$peer" -zlz4 "-C$size" -Elegacy-compress
		reads_back peer "$work/s" "$peer" -zdeflate "-C$size" --max-extent-bytes=70000 -E48bit
	done
	for blksz in 512 1024 2048; do
		reads_back peer "$work/s" "$peer" -zlz4 "-b$blksz"
		reads_back peer "$work/s" "$peer" -zdeflate "-b$blksz" -C65536 -Eztailpacking
	done
	"$tools/treegen" --no-privileged odd "$work/odd" 2>/dev/null
	reads_back peer "$work/odd" "$peer" -zzstd -C65536 -Eall-fragments,dedupe
	# Inodes in a metabox, plain or compressed, with fingerprints and without.
	for options in -m4096 '-zlz4 -m4096' '-zzstd,3 -C65536 -m65536' '-zdeflate -C65536 -m16384 -Efragments' '-zlzma -C65536 -m65536 -Eztailpacking'; do
		# shellcheck disable=SC2086
		reads_back peer "$work/odd" "$peer" $options
		# shellcheck disable=SC2086
		reads_back peer "$work/s" "$peer" $options "--xattr-inode-digest=$FP_NAME"
		[ ! -e "$work/image" ] || check "peer $options: fingerprints" "$FSCK" --ishare "$work/image"
	done
else
	skip "no other builder to read from (PEER_DIR)"
fi
if [ -x /usr/bin/mkfs.erofs ]; then
	matrix distribution /usr/bin/mkfs.erofs "lz4 lz4hc,12 lzma" \
		"plain ztailpacking fragments all-fragments dedupe legacy-compress"
else
	skip "no mkfs.erofs in the distribution"
fi
[ ${#left_out[@]} = 0 ] || skip "${#left_out[@]} combinations that their builder refused, such as: ${left_out[-1]}"
finish
