#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# What a build leaves out (configure --without-...) is refused by its name, for writing and for reading; the rest works. In a build
# that has everything, everything is accepted.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
mkdir -p tree && small_tree tree
seq 1 60000 >tree/text
cd "$work" || exit 99

# Unit tests that need all compressors are not even built without one.
for codec in "${all_codecs[@]}"; do
	built_with "$codec" || skip "unit tests of compression: built without $codec"
done

# writes NAME COMPRESSOR SAID: with the library, or refused by the name of what is missing
writes() {
	if built_with "$1"; then check "-z$2" "$MKFS" --quiet "-z$2" "$work/image" tree && check "-z$2: fsck" "$FSCK" "$work/image"
	else
		rm -f image
		refused "-z$2, left out" "built without $3" "$MKFS" --quiet "-z$2" "$work/image" tree
		check_not "-z$2: leaves no image" test -e image
	fi
}
writes LZ4 lz4 LZ4
writes LZ4 lz4hc LZ4
writes liblzma lzma LZMA
writes libdeflate deflate DEFLATE
writes Zstandard zstd Zstandard

other_image() { # ALGORITHM
	local mkfs
	for mkfs in "${PEER_DIR:-}/bin/mkfs.erofs" /usr/bin/mkfs.erofs; do
		[ -x "$mkfs" ] && "$mkfs" -d0 "-z$1" "$work/other" tree >/dev/null 2>&1 && return
	done
	return 1
}

# left_out_of ALGORITHM WHAT COMMAND...: fails, and says why
left_out_of() {
	local algorithm=$1 what=$2
	shift 2
	rm -rf again extracted
	check_not "$what of $algorithm, left out" "$@"
	cp .out said
	check "$what names $algorithm" grep -q "compressed with $algorithm.*: built without it" "$work/said"
}

# reads NAME ALGORITHM: an image of another builder
reads() {
	other_image "$2" || { skip "images compressed with $2: no other builder makes them"; return; }
	if built_with "$1"; then
		check "reads $2" "$FSCK" "$work/other"
		check "rebuilds $2" "$MKFS" --quiet --clean=data "$work/again" "$work/other"
		return
	fi
	left_out_of "$2" "fsck" "$FSCK" --extract="$work/extracted" "$work/other"
	left_out_of "$2" "mkfs" "$MKFS" --quiet --clean=data "$work/again" "$work/other"
	check_not "mkfs from $2: leaves no image" test -e again
	left_out_of "$2" "dump --cat" "$DUMP" --cat --path=/text "$work/other"
	check "$2, left out: names and attributes are read all the same" "$DUMP" --ls -R --path=/ "$work/other"
}
reads LZ4 lz4
reads liblzma lzma
reads libdeflate deflate
reads Zstandard zstd

tar -C tree -cf plain.tar .
check "a plain archive" "$MKFS" --quiet --tar=f "$work/from-tar" "$work/plain.tar"
gzip -nk plain.tar
# archive LIBRARY FORMAT FILE: read, or refused by the name of the format
archive() {
	if built_with "$1"; then check "an archive in $2" "$MKFS" --quiet --tar=f "$work/from-tar" "$work/$3"
	else
		rm -f from-tar
		refused "an archive in $2, left out" "$2 data cannot be read: built without" "$MKFS" --quiet --tar=f "$work/from-tar" "$work/$3"
		check_not "an archive in $2: leaves no image" test -e from-tar
	fi
}
archive libdeflate gzip plain.tar.gz
packed() { # LIBRARY FORMAT TOOL SUFFIX
	if command -v "$3" >/dev/null; then "$3" -c <plain.tar >"plain.tar.$4" && archive "$1" "$2" "plain.tar.$4"; else skip "no $3"; fi
}
packed libbz2 bzip2 bzip2 bz2
packed liblzma xz xz xz
packed LZ4 lz4 lz4 lz4
packed Zstandard zstd zstd zst

# A container image of one layer, as `docker save` writes it.
saved() { # LAYER-FILE
	local config
	rm -rf saved && mkdir saved && cp "$1" saved/layer.tar
	config="{\"architecture\":\"$2\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$(sha256sum <plain.tar | cut -d' ' -f1)\"]}}"
	printf '%s' "$config" >saved/config.json
	printf '[{"Config":"config.json","RepoTags":["a:b"],"Layers":["layer.tar"]}]' >saved/manifest.json
	tar -C saved -cf saved.tar manifest.json config.json layer.tar
}
architecture=$(uname -m)
case $architecture in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; esac
layer() { # NAME FORMAT FILE
	saved "$3" "$architecture"
	if built_with "$1"; then check "a layer in $2" "$MKFS" --quiet --oci="$work/saved.tar" "$work/from-oci"
	else
		rm -f from-oci
		refused "a layer in $2, left out" "$2 data cannot be read: built without" "$MKFS" --quiet --oci="$work/saved.tar" "$work/from-oci"
		check_not "a layer in $2: leaves no image" test -e from-oci
	fi
}
layer xxHash nothing plain.tar
layer libdeflate gzip plain.tar.gz
if command -v zstd >/dev/null; then layer Zstandard zstd plain.tar.zst; else skip "no zstd"; fi

printf '/.*\tsystem_u:object_r:default_t:s0\n' >contexts
if built_with SELinux; then check "--file-contexts" "$MKFS" --quiet --file-contexts="$work/contexts" "$work/image" tree
else
	for mode in '' --tar=f; do
		refused "--file-contexts $mode, left out" "built without SELinux" \
			"$MKFS" --quiet $mode --file-contexts="$work/contexts" "$work/none" "$([ "$mode" ] && echo plain.tar || echo tree)"
	done
fi
if built_with libcurl; then refused "no such registry" "127.0.0.1" "$MKFS" --quiet --oci=docker://127.0.0.1:1/a:b "$work/none"
else refused "a registry, left out" "built without libcurl" "$MKFS" --quiet --oci=docker://127.0.0.1:1/a:b "$work/none"
fi
check_not "a refusal leaves no image" test -e none
finish
