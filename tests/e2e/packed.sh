#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Archives packed with gzip, bzip2, xz, lzip, lzma, zstd, lz4: whatever a format has to check itself by is checked, from a file, from
# a pipe, with --tar=i, and as the layer of a container image.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v python3 >/dev/null || skip_all "no python3"

mkdir -p "$work/tree/dir"
seq 1 700 >"$work/tree/numbers"
head -c 3000 /dev/urandom >"$work/tree/dir/noise"
ln "$work/tree/numbers" "$work/tree/linked"
tar --format=ustar -b1 -C "$work/tree" -cf "$work/plain.tar" .
check "archives" python3 "$top_srcdir/tests/e2e/packed_archives.py" "$work/plain.tar" "$work/packed" "$([ "$LONG" ] && echo 1 || echo 8)"
grep '^skip' "$work/.out"

options=(--quiet -T0 --mkfs-time -U 01234567-89ab-cdef-0123-456789abcdef "$FP_OPT")
# WAY IN OUT: the status is that of mkfs.erofs
build() {
	case $1 in
	file) "$MKFS" "${options[@]}" --tar=f "$3" "$2" ;;
	pipe) "$MKFS" "${options[@]}" --tar=f "$3" < <(cat "$2") ;;
	slow) "$MKFS" "${options[@]}" --tar=f "$3" < <(dd if="$2" bs=13 status=none 2>/dev/null) ;;
	stdin) "$MKFS" "${options[@]}" --tar=f "$3" <"$2" ;;
	index) "$MKFS" "${options[@]}" --tar=i "$3" "$2" ;;
	index-pipe) "$MKFS" "${options[@]}" --tar=i "$3" < <(cat "$2") ;;
	esac
}
ways=(file pipe slow stdin index index-pipe)
# A stream is laid out as it comes, which an uncompressed file is not.
build pipe "$work/plain.tar" "$work/wanted"
build index-pipe "$work/plain.tar" "$work/wanted-index"
wanted_of() { case $1 in index*) echo "$work/wanted-index" ;; *) echo "$work/wanted" ;; esac; }

for archive in "$work"/packed/good/*; do
	failed=
	for way in "${ways[@]}"; do
		{ build "$way" "$archive" "$work/image" && cmp "$work/image" "$(wanted_of "$way")"; } >"$work/.out" 2>&1 ||
			failed+=" $way ($(head -n 1 "$work/.out"))"
	done
	same "${archive##*/}: the image of the plain archive, by each way" "" "$failed"
done

for archive in "$work"/packed/bad/*; do
	failed=
	for way in file pipe index-pipe; do
		build "$way" "$archive" "$work/none" >"$work/.out" 2>"$work/.err"
		status=$?
		[ $status = 1 ] && [ "$(wc -l <"$work/.err")" = 1 ] && [ ! -e "$work/none" ] ||
			failed+=" $way (exit $status, $(head -n 1 "$work/.err"))"
		rm -f "$work/none"
	done
	same "bad ${archive##*/}: refused, by each way" "" "$failed"
done
refused "CRC32: named" 'crc.*data check' "$MKFS" --quiet --tar=f "$work/none" "$work/packed/bad/gzip-crc"
refused "ISIZE: named" 'size.*length check' "$MKFS" --quiet --tar=f "$work/none" "$work/packed/bad/gzip-size"
refused "bytes behind: named" 'bytes behind' "$MKFS" --quiet --tar=f "$work/none" "$work/packed/bad/gzip-garbage"
refused "cut: named" 'cut off' "$MKFS" --quiet --tar=f "$work/none" "$work/packed/bad/gzip-without-crc"
for name in compress:compress lzop:lzop zip:zip cpio:cpio ar:Debian lrzip:lrzip; do
	refused "${name%%:*}: named" "no tar archive: .*${name#*:}" "$MKFS" --quiet --tar=f "$work/none" "$work/packed/bad/stranger-${name%%:*}"
done

# One bit anywhere: never another image.
for format in gzip bzip2 xz xz-crc32 xz-sha256 lzip zstd lz4; do
	ls "$work/packed/flip/$format".* >/dev/null 2>&1 || continue
	failed='' count=0
	for archive in "$work/packed/flip/$format".*; do
		count=$((count + 1))
		build file "$archive" "$work/none" >/dev/null 2>&1
		status=$?
		case $status in
		0) cmp -s "$work/none" "$work/wanted" || failed+=" ${archive##*.}" ;;
		1) [ ! -e "$work/none" ] || failed+=" ${archive##*.} (left an image)" ;;
		*) failed+=" ${archive##*.} (exit $status)" ;;
		esac
		rm -f "$work/none"
	done
	same "$format: of $count archives with a wrong bit none gives another image" "" "$failed"
done

# ---- as layers --------------------------------------------------------------------------------------------------------------

layer_image() { # LAYER DIR [PLAIN]: a layout whose digests fit, whatever is in the layer
	python3 - "${3:-$work/plain.tar}" "$1" "$2" <<-'END'
		import hashlib, json, os, sys
		plain, layer, out = open(sys.argv[1], 'rb').read(), open(sys.argv[2], 'rb').read(), sys.argv[3]
		os.makedirs(out + '/blobs/sha256')
		def blob(data):
		    name = hashlib.sha256(data).hexdigest()
		    open(out + '/blobs/sha256/' + name, 'wb').write(data)
		    return {'digest': 'sha256:' + name, 'size': len(data)}
		config = {'os': 'linux', 'architecture': 'any', 'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(plain).hexdigest()]}}
		manifest = {'config': blob(json.dumps(config).encode()), 'layers': [blob(layer)]}
		open(out + '/index.json', 'w').write(json.dumps({'manifests': [blob(json.dumps(manifest).encode())]}))
		open(out + '/oci-layout', 'w').write('{"imageLayoutVersion":"1.0.0"}')
	END
}
layer_image "$work/plain.tar" "$work/layout" && "$MKFS" "${options[@]}" --oci="$work/layout" "$work/wanted-layer"
rm -rf "$work/layout"
for archive in "$work"/packed/good/*; do
	layer_image "$archive" "$work/layout"
	check "${archive##*/}, a layer" "$MKFS" "${options[@]}" --oci="$work/layout" "$work/image"
	check "${archive##*/}, a layer: the image of the plain one" cmp "$work/image" "$work/wanted-layer"
	rm -rf "$work/layout"
done
for archive in "$work"/packed/bad/*-{crc,size,garbage,damaged,behind,cut,index,padding}; do
	layer_image "$archive" "$work/layout"
	refused "bad ${archive##*/}, a layer" 'damaged|cut off|bytes behind|padding|no tar' "$MKFS" --quiet --oci="$work/layout" "$work/none"
	rm -rf "$work/layout"
done

# ---- archives that end without the mark ----------------------------------------------------------------------------------------

size=$(python3 -c 'import sys; print((len(open(sys.argv[1], "rb").read().rstrip(b"\0")) + 511) // 512 * 512)' "$work/plain.tar")
head -c "$size" "$work/plain.tar" >"$work/ends-no-mark"
head -c $((size + 512)) "$work/plain.tar" >"$work/ends-lone-block"
head -c $((size + 100)) "$work/plain.tar" >"$work/ends-part-of-block"
for name in no-mark lone-block part-of-block; do
	gzip -c "$work/ends-$name" >"$work/ends-$name-gzip"
	for form in "" -gzip; do
		failed=
		for way in pipe slow; do
			build "$way" "$work/ends-$name$form" "$work/image" >/dev/null 2>&1 && cmp -s "$work/image" "$work/wanted" || failed+=" $way"
		done
		# The device that it is an index of is smaller.
		build index-pipe "$work/ends-$name$form" "$work/image" >/dev/null 2>&1 &&
			[ "$("$DUMP" --fingerprints=sha256sum "$work/image")" = "$("$DUMP" --fingerprints=sha256sum "$work/wanted-index")" ] || failed+=" index-pipe"
		same "$name$form: the image of the whole archive" "" "$failed"
		layer_image "$work/ends-$name$form" "$work/layout" "$work/ends-$name"
		check "$name$form, a layer" "$MKFS" "${options[@]}" --oci="$work/layout" "$work/image"
		check "$name$form, a layer: the image of the whole one" cmp "$work/image" "$work/wanted-layer"
		rm -rf "$work/layout"
	done
	check "$name, file" "$MKFS" "${options[@]}" --tar=f "$work/image" "$work/ends-$name"
	check "$name, file: fsck" "$FSCK" --ishare "$work/image"
	check "$name, index of a file" "$MKFS" "${options[@]}" --tar=i "$work/image" "$work/ends-$name"
	check "$name, index: fsck" "$FSCK" --ishare --device="$work/ends-$name" "$work/image"
done
"$MKFS" -T0 --tar=f "$work/image" "$work/ends-no-mark" >"$work/.said" 2>&1
check "no mark: a word of warning" grep -q 'warning.*without the mark' "$work/.said"
"$MKFS" -T0 --tar=f "$work/image" "$work/ends-lone-block" >"$work/.said" 2>&1
check "a lone block is mark enough" bash -c '! grep warning "$1"' - "$work/.said"

: >"$work/empty"
gzip -c "$work/empty" >"$work/empty.gz"
head -c 1024 /dev/zero >"$work/mark-alone"
head -c 512 /dev/zero >"$work/half-mark"
for name in empty empty.gz mark-alone half-mark; do
	for way in "${ways[@]}"; do
		check "$name, $way" build "$way" "$work/$name" "$work/image"
		same "$name, $way: nothing but the root" 1 "$("$DUMP" -S "$work/image" | sed -nE 's/.*total file count: *//p')"
	done
	case $name in *.gz) layer_image "$work/$name" "$work/layout" "$work/empty" ;; *) layer_image "$work/$name" "$work/layout" "$work/$name" ;; esac
	check "$name, a layer" "$MKFS" "${options[@]}" --oci="$work/layout" "$work/image"
	rm -rf "$work/layout"
done
"$MKFS" --tar=f "$work/image" "$work/empty" >"$work/.said" 2>&1
check "an empty file: a word of warning" grep -q 'warning.*is empty' "$work/.said"
finish
