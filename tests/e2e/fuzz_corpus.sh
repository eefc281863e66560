#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The fuzz targets with a corpus that is made here: what is sound must be accepted, what is not must be refused. CORPUS=DIR keeps
# it, in decoder/, image/, thin/ and tar/, for `fuzz_lz4 DIR/decoder` and the like (--enable-fuzzers).
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$DUMP" "$tools/corrupt" "$top_builddir/tests/fuzz/replay_decoder" "$top_builddir/tests/fuzz/replay_image" \
	"$top_builddir/tests/fuzz/replay_tar" "$top_builddir/tests/fuzz/replay_thin"

mkdir -p "$work/decoder" "$work/image" "$work/s/d"
check "a corpus for the decoders" "$top_builddir/tests/fuzz/make_corpus" "$work/decoder"
replay() { (cd "$work/$1" && "$top_builddir/tests/fuzz/replay_$1" ./*); } # KIND
check "decoders: $(find "$work/decoder" -type f | wc -l) inputs" replay decoder

# Small ones, so that a fuzzer gets far with them.
seq 1 2000 >"$work/s/text"
head -c 5000 /dev/urandom | cat "$work/s/text" - >"$work/s/d/mixed"
# Of runs that others have.
{ echo begins otherwise && cat "$work/s/text" && seq 9000 10000 && cat "$work/s/text"; } >"$work/s/d/runs"
printf hello >"$work/s/small"
{ head -c 3000 "$work/s/text"; head -c 20000 /dev/zero; echo end; } >"$work/s/d/zeros"
ln -s text "$work/s/link"
made=()
while read -r name options; do
	# shellcheck disable=SC2086
	check "image $name" "$MKFS" --quiet -T1 $options "$work/image/good-$name" "$work/s" && made+=("$name")
done <<-END
	plain-512 -b512
	fingerprints $FP_OPT
	lz4 -zlz4 $FP_OPT
	lz4-512 -zlz4 -b512 -C4096
	lzma -zlzma -C16384
	deflate-1024 -zdeflate -b1024
	zstd -zzstd
	tails -zlz4hc -Eztailpacking $FP_OPT
	legacy -zlz4 -Elegacy-compress
	legacy-big -zlz4hc -C16384 -Elegacy-compress $FP_OPT
	zeros -zlz4 -b512 -C2048 -Efull-index,zero-extents --max-extent-bytes=4096
	dots-left-out -b512 -Edot-omitted
	dedupe -zlz4 -C16384 -Ededupe,full-index
	dedupe-extents -zzstd -E48bit,dedupe --extent-size=16384 $FP_OPT
	fragments -zzstd -C16384 -Efragments $FP_OPT
	fragments-all -zlz4hc -E48bit,all-fragments
	fragments-tails -zlz4 -Efragments,ztailpacking,full-index
	tails-full -zdeflate -C16384 -Eztailpacking,full-index
	extents-zstd -zzstd -E48bit $FP_OPT
	extents-deflate -zdeflate -E48bit --extent-size=4096
	extents-lz4-512 -zlz4 -E48bit -b512
	metabox -zlz4 -m4096 $FP_OPT
	metabox-zstd -zzstd -E48bit -m16K
	metabox-tails -zdeflate -C16384 -Eztailpacking -m4096
	metabox-plain-512 -b512 -m1024:lz4 -x0
END

# Images of other builders: what they do and we do not is what a fuzzer should start from, too.
peer=${PEER_DIR:+$PEER_DIR/bin/mkfs.erofs}
if [ -n "$peer" ] && [ -x "$peer" ]; then
	cp "$work/s/text" "$work/s/d/copy"
	truncate -s 30000 "$work/s/holes"
	while read -r name options; do
		# shellcheck disable=SC2086
		"$peer" --quiet -T1 $options "$work/image/good-peer-$name" "$work/s" >/dev/null 2>&1 ||
			{ rm -f "$work/image/good-peer-$name"; skip "the peer does not make $name"; }
	done <<-END
		lz4 -zlz4
		inline-tails -zlz4hc -Eztailpacking
		fragments -zlz4hc -Efragments -C16384
		all-fragments -zlz4hc -Eall-fragments
		dedupe -zlz4hc -Ededupe,fragments
		extents-lz4 -zlz4 -E48bit
		extents-zstd -zzstd -E48bit
		full-index -zlz4 -Elegacy-compress
		full-index-tails -zdeflate -Elegacy-compress,ztailpacking
		chunks --chunksize=4096
		chunks-512 -b512 --chunksize=512
		prefix --xattr-prefix=user.longer. -x1
		lzma -zlzma -C65536
		deflate -zdeflate -C16384 -Efragments,ztailpacking
		two-algorithms -zlz4:deflate
		metadata-compressed -m4096 -zlz4
		metadata-compressed-48 -m4096:zstd -zzstd -E48bit
		metadata-zone --MZ=id -zlz4
		metadata-zone-large -m16384 --MZ=id
		directories --zD -zlz4
		compact -Eforce-inode-compact
		extended -Eforce-inode-extended
		without-checksum -Enosbcrc
		name-filter -Exattr-name-filter
		not-inline -Enoinline_data
		dots-left-out -Edot-omitted
		fragments-full -zlz4 -Efragments,fragdedupe=full
		fragments-inode -zlz4 -Efragments,fragdedupe=inode
		aligned --dsunit=8
		fingerprints --xattr-inode-digest
		root-xattrs --root-xattr-isize=256
		48bit -E48bit
		extents-tails -zlz4 -E48bit,ztailpacking
		extents-dedupe -zzstd -E48bit,dedupe,fragments
		everything -zlz4hc,12 -Eall-fragments,dedupe,ztailpacking -C65536
		short-extents -zlz4 --max-extent-bytes=4096
	END
else
	skip "no peer's images"
fi
if command -v mkcomposefs >/dev/null; then
	check "an image by composefs" mkcomposefs "$work/s" "$work/image/good-composefs"
	check "one without xattrs" mkcomposefs --skip-xattrs --use-epoch "$work/s" "$work/image/good-composefs-bare"
else
	skip "no mkcomposefs"
fi

# Byte of the map header of /text
header_of() { # IMAGE
	"$DUMP" --json --path=/text "$1" | tr ',' '\n' | awk -F': ' '
		/"offset"/ { offset = $2 } /"inode_size"/ { size = $2 } /"xattr_size"/ { xattrs = $2 }
		END { print int((offset + size + xattrs + 7) / 8) * 8 }'
}

spoil() { # WHAT IMAGE OFFSET HEX
	check "spoiled: $2, $1" "$tools/corrupt" --at "$3" "$4" --fix "$work/image/good-$2" "$work/image/bad-$2-$1"
}
for name in "${made[@]}"; do
	head -c 2000 "$work/image/good-$name" >"$work/image/bad-$name-cut"
	spoil magic "$name" 1024 00
	case $name in
	plain*)
		# The root says that it has no entry for itself, and has one.
		root=$("$DUMP" --json --path=/ "$work/image/good-$name" | sed -n 's/.*"offset": \([0-9]*\).*/\1/p' | head -n 1)
		format=$(od -An -tu1 -j"$root" -N1 "$work/image/good-$name")
		spoil dot "$name" "$root" "$(printf %02x $((format | 16)))"
		continue
		;;
	dots*)
		# The other way round.
		root=$("$DUMP" --json --path=/ "$work/image/good-$name" | sed -n 's/.*"offset": \([0-9]*\).*/\1/p' | head -n 1)
		format=$(od -An -tu1 -j"$root" -N1 "$work/image/good-$name")
		spoil dot "$name" "$root" "$(printf %02x $((format & ~16)))"
		continue
		;;
	fingerprints*) continue ;;
	# Its inodes are encoded.
	metabox*) spoil nid "$name" 1152 ffffffffffffff7f && continue ;;
	esac
	header=$(header_of "$work/image/good-$name")
	spoil header "$name" "$header" ffffffffffff7f
	spoil fragment "$name" "$header" ffffffffffffffff
	# A file that is a fragment has none.
	[ "$name" = fragments-all ] || spoil index "$name" $((header + 8)) ffffffffffffffffffffffffffffffffffffffffffffffff
	spoil algorithm "$name" 1108 0000
done
check "images: $(find "$work/image" -type f | wc -l) inputs" replay image

# The same as sources of indexes: ours can all be but those with fragments, and others' without them; of damaged ones some.
mkdir "$work/thin"
for image in "$work"/image/*; do
	name=${image##*/}
	case $name in good-peer-* | good-composefs* | good-fragments* | good-legacy* | bad-*-dot | bad-*-index | bad-*-fragment) name=${name#*-} ;; esac
	cp "$image" "$work/thin/$name"
done
check "indexes of images: $(find "$work/thin" -type f | wc -l) inputs" replay thin
for seed in $(seq 1 "${COUNT:-100}"); do
	set -- "$work"/image/good-*
	shift $((seed % $#))
	"$tools/corrupt" "$seed" "$1" "$work/thin/damaged" && mv "$work/thin/damaged" "$work/thin/damaged-$seed-${1##*/}"
done
check "indexes of damaged images: $(find "$work/thin" -name 'damaged-*' | wc -l) inputs" replay thin

# Archives made byte by byte; what is too large for the target is left out.
mkdir "$work/tar"
if command -v python3 >/dev/null && python3 "$top_srcdir/tests/e2e/tar_archives.py" make "$work/archives"; then
	for archive in "$work"/archives/*/*.tar; do
		verdict=${archive%/*}
		[ "$(stat -c %s "$archive")" -gt 1000000 ] || cp "$archive" "$work/tar/${verdict##*/}-${archive##*/}"
	done
	gzip -c "$work/tar/good-long.tar" >"$work/tar/good-long.tar.gz"
	head -c 100 "$work/tar/good-long.tar.gz" >"$work/tar/bad-cut.tar.gz"
	check "archives: $(find "$work/tar" -type f | wc -l) inputs" replay tar
else
	skip "no python3"
fi
[ -z "${CORPUS:-}" ] || { mkdir -p "$CORPUS" && cp -r "$work/decoder" "$work/image" "$work/thin" "$work/tar" "$CORPUS/"; }
finish
