#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Container images -> images: against layers that tar and whiteouts are applied with here, against umoci; and what must be refused.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP" "$tools/treecmp" "$top_builddir/tests/fuzz/replay_oci"
command -v python3 >/dev/null || skip_all "no python3"
need_root
maker=$top_srcdir/tests/e2e/oci_images.py
compare=("$tools/treecmp" "--ignore-xattr=$FP_NAME")
fingerprints() { "$DUMP" --fingerprints=sha256sum "$1" | sort -k 2; }
blobs_of() { tar -C "$1" -cf "$2" oci-layout index.json blobs; } # LAYOUT ARCHIVE

# What layers say, done with tar: lower files go before the layer's own come.
apply_layer() { # LAYER DIR
	local name base parent
	tar -tf "$1" | while IFS= read -r name; do
		name=${name%/} base=${name##*/} parent=$2
		[ "$base" = "$name" ] || parent=$2/${name%/*}
		case $base in
		.wh..wh..opq) [ -d "$parent" ] && find "$parent" -mindepth 1 -delete ;;
		.wh..wh.*) ;;
		.wh.*) rm -rf "${parent:?}/${base#.wh.}" ;;
		esac
	done
	tar --xattrs --xattrs-include='*' --numeric-owner -p --recursive-unlink --exclude='.wh.*' -C "$2" -xf "$1"
}

# WHAT IMAGE TREE
holds() {
	check "$1: fsck" "$FSCK" --ishare "$2"
	if ! can_mount || ! mount_image "$2" "$work/mnt"; then skip "$1: cannot mount here"; return; fi
	check "$1: mounted tree" "${compare[@]}" "$3" "$work/mnt"
	unmount "$work/mnt"
}

check "layers" python3 "$maker" layers "$work/layers" || finish
layers=("$work"/layers/*.tar)
reference() { # DIR LAYER...
	local dir=$1 layer
	shift
	mkdir "$dir"
	for layer in "$@"; do apply_layer "$layer" "$dir"; done
	# What the layers say of directories, and tar changed again; parents that no layer describes have no time.
	chmod 750 "$dir"
	touch -d @0 "$dir/missing" "$dir/missing/parents"
	touch -d @1600000000 "$dir" "$dir"/{late,again,opaque,opaque/sub,keep,becomes-dir,replaced}
}
reference "$work/tree" "${layers[@]}"
check "reference directory" "$MKFS" --quiet "$FP_OPT" "$work/reference" "$work/tree"
wanted=$(fingerprints "$work/reference")

# ---- one image ----------------------------------------------------------------------------------------------------------

forms=(plain gzip members sha512)
command -v zstd >/dev/null && forms+=(zstd) || skip "no zstd"
for form in "${forms[@]}"; do
	check "$form: layout" python3 "$maker" layout "$work/$form" "$form" "${layers[@]}" || continue
	check "$form: build" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/$form" "$work/$form.img" || continue
	same "$form: fingerprints" "$wanted" "$(fingerprints "$work/$form.img")"
	check "$form: same bytes as plain" cmp "$work/plain.img" "$work/$form.img"
done
holds "layout" "$work/plain.img" "$work/tree"
"$MKFS" "$FP_OPT" "--oci=$work/gzip" "$work/image" >"$work/summary" 2>&1
check "the forged fingerprint is dropped, and counted" grep -qE 'dropped: +1 ' "$work/summary"
for workers in 0 1 2 5; do
	for options in "" -zlz4; do
		# shellcheck disable=SC2086
		check "$workers workers $options" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time $options "--workers=$workers" "--oci=$work/gzip" "$work/image"
		[ "$workers" = 0 ] && cp "$work/image" "$work/first$options"
		check "$workers workers $options: same bytes" cmp "$work/first$options" "$work/image"
	done
done
holds "compressed" "$work/image" "$work/tree"

# ---- archives --------------------------------------------------------------------------------------------------------------

blobs_of "$work/gzip" "$work/archive.tar"
check "archive" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/archive.tar" "$work/image"
check "archive: same bytes" cmp "$work/plain.img" "$work/image"
check "docker save" python3 "$maker" save "$work/save.tar" "${layers[@]}" "${layers[0]}"
check "docker save: build" "$MKFS" --quiet "$FP_OPT" "--oci=$work/save.tar,ref=some/image:tag" "$work/image"
check "docker save: fsck" "$FSCK" "$work/image"
refused "docker save: another name" 'no image other.*some/image:tag' "$MKFS" "--oci=$work/save.tar,ref=other" "$work/no"
mkfifo "$work/fifo"
cat "$work/archive.tar" >"$work/fifo" 2>/dev/null &
refused "a pipe" 'regular file' "$MKFS" "--oci=$work/fifo" "$work/no"

# What skopeo calls dir:, made here and by itself.
check "dir:" python3 "$maker" flat "$work/gzip" "$work/flat"
check "dir:: build" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/flat" "$work/image"
check "dir:: same bytes" cmp "$work/plain.img" "$work/image"
python3 "$maker" platforms "$work/list" "${layers[@]:0:2}"
check "dir: of a list" python3 "$maker" flat "$work/list" "$work/flat-list"
for platform in linux/arm/v6 linux/arm/v7; do
	check "dir: of a list, $platform" "$MKFS" --quiet -T1 --mkfs-time "--oci=$work/flat-list,platform=$platform" "$work/image"
	"$MKFS" --quiet -T1 --mkfs-time "--oci=$work/list,ref=several,platform=$platform" "$work/image2"
	check "dir: of a list, $platform: same bytes" cmp "$work/image2" "$work/image"
done
if command -v skopeo >/dev/null; then
	check "skopeo dir:" skopeo copy -q --insecure-policy "oci:$work/gzip" "dir:$work/skopeo"
	check "skopeo dir:: build" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/skopeo" "$work/image"
	check "skopeo dir:: same bytes" cmp "$work/plain.img" "$work/image"
	check "skopeo dir: of a list" skopeo copy -q --insecure-policy --all "oci:$work/list:several" "dir:$work/skopeo-list"
	check "skopeo dir: of a list: the same files" diff -r "$work/flat-list" "$work/skopeo-list"
fi
python3 "$maker" layout "$work/unlinked" gzip "${layers[0]}" "${layers[1]}" "${layers[3]}"
python3 "$maker" flat "$work/unlinked" "$work/flat-unlinked"
check "dir:: layers=each" "$MKFS" --quiet -T1 --mkfs-time "--oci=$work/flat-unlinked,layers=each" "$work/flat-each"
check "dir:: layers=each of the layout" "$MKFS" --quiet -T1 --mkfs-time "--oci=$work/unlinked,layers=each" "$work/unlinked-each"
check "dir:: layers=each: the same" diff -r "$work/unlinked-each" "$work/flat-each"
check "dir:: layers=image" "$MKFS" --quiet "--oci=$work/flat-unlinked,layers=image" "$work/flat-image"
refused "dir: and a name" 'has one image, and that has no name' "$MKFS" "--oci=$work/flat,ref=tag" "$work/no"
spoil() { # WHAT PATTERN FILE
	cp -r "$work/flat" "$work/spoiled"
	printf x | dd of="$work/spoiled/$3" bs=1 seek=25 conv=notrunc status=none
	refused "dir:: $1" "$2" "$MKFS" --quiet "--oci=$work/spoiled" "$work/no"
	rm -rf "$work/spoiled"
}
spoil "another version" 'version names none that is known' version
spoil "a layer that changed" 'does not have this digest|damaged|cut off' "$(cd "$work/flat" && stat -c '%s %n' -- [0-9a-f]* | sort -n | tail -n 1 | cut -d' ' -f2)"
spoil "a configuration that changed" 'does not have this digest' "$(cd "$work/flat" && grep -l diff_ids -- *)"
[ ! -e "$work/no" ] && pass "dir:: nothing was left" || fail "dir:: an image was left"
refused "a directory that is none" 'oci-layout' "$MKFS" "--oci=$work/tree" "$work/no"
head -c 20000 "$work/archive.tar" >"$work/cut.tar"
refused "an archive that was cut off" 'cut off' "$MKFS" "--oci=$work/cut.tar" "$work/no"

# Compressed as a whole, and with members that have holes.
"$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/save.tar" "$work/save.img"
for program in gzip zstd xz bzip2 lz4; do
	command -v $program >/dev/null || { skip "no $program"; continue; }
	for name in archive save; do
		$program -c <"$work/$name.tar" >"$work/$name.packed"
		check "$name, $program" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/$name.packed" "$work/image"
		check "$name, $program: same bytes" cmp "$work/image" "$work/$([ $name = save ] && echo save || echo plain).img"
	done
	head -c -4 "$work/archive.packed" >"$work/cut"
	refused "$program, cut" 'cut off' "$MKFS" --quiet "--oci=$work/cut" "$work/no"
	(cat "$work/archive.packed"; echo garbage) >"$work/cut"
	refused "$program, something behind" 'bytes behind' "$MKFS" --quiet "--oci=$work/cut" "$work/no"
done
# Against the order of the layers, which makes for passes over the archive.
# shellcheck disable=SC2046
tar -C "$work/gzip" -cf "$work/backwards.tar" $(cd "$work/gzip" && find blobs -type f -printf '%T@ %p\n' | sort -r | cut -d' ' -f2) index.json oci-layout
gzip -f "$work/backwards.tar"
check "blobs in another order, gzip" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/backwards.tar.gz" "$work/image"
check "blobs in another order, gzip: same bytes" cmp "$work/plain.img" "$work/image"
check "no room for what was unpacked" env TMPDIR="$work/nowhere" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/backwards.tar.gz" "$work/image"
check "no room for what was unpacked: same bytes" cmp "$work/plain.img" "$work/image"
python3 "$maker" layout "$work/apart" gzip "${layers[0]}" "${layers[1]}" "${layers[3]}"
tar -C "$work/apart" -czf "$work/apart.tar.gz" oci-layout index.json blobs
for path in apart apart.tar.gz; do "$MKFS" --quiet -T1 --mkfs-time "--oci=$work/$path,layers=each" "$work/each-of-$path"; done
check "layers=each of a compressed archive: the same as of the directory" diff -r "$work/each-of-apart" "$work/each-of-apart.tar.gz"

mkdir "$work/holes"
truncate -s 3000000 "$work/holes/zeros" && printf end >>"$work/holes/zeros"
truncate -s 200000 "$work/holes/nothing"
seq 1 9000 >"$work/holes/text"
tar --format=ustar -C "$work/holes" -cf "$work/holes.tar" .
python3 "$maker" layout "$work/sparse" plain "$work/holes.tar" "${layers[0]}"
check "sparse: the directory" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/sparse" "$work/sparse.img"
python3 "$maker" save "$work/sparse-save.tar" "$work/holes.tar"
mkdir "$work/saved" && tar -C "$work/saved" -xf "$work/sparse-save.tar"
find "$work/sparse" "$work/saved" -type f -exec fallocate --dig-holes {} \;
"$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/sparse-save.tar" "$work/sparse-save.img"
for form in --format=gnu --format=oldgnu "--format=posix --sparse-version=1.0" "--format=posix --sparse-version=0.1" "--format=posix --sparse-version=0.0"; do
	for name in sparse saved; do
		# shellcheck disable=SC2086,SC2046
		tar -C "$work/$name" -S $form -cf "$work/sparse.tar" $(ls "$work/$name")
		[ "$(stat -c %s "$work/sparse.tar")" -lt 2000000 ] || { skip "$name, $form: this file system has no holes"; continue; }
		check "$name, $form" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/sparse.tar" "$work/image"
		wanted_image=$work/sparse.img
		[ $name = sparse ] || wanted_image=$work/sparse-save.img
		check "$name, $form: same bytes" cmp "$work/image" "$wanted_image"
		gzip -f "$work/sparse.tar"
		check "$name, $form, gzip" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/sparse.tar.gz" "$work/image"
		check "$name, $form, gzip: same bytes" cmp "$work/image" "$wanted_image"
	done
done

# ---- odd, and legal ------------------------------------------------------------------------------------------------------------

check "odd layouts" python3 "$maker" odd "$work/odd" "${layers[@]}"
for layout in "$work"/odd/same/*; do
	check "odd: ${layout##*/}" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$layout" "$work/image"
	check "odd: ${layout##*/}: same bytes" cmp "$work/plain.img" "$work/image"
	# What skopeo reads.
	command -v skopeo >/dev/null && [ "${layout##*/}" != beside-artifacts ] &&
		check "odd: ${layout##*/}: skopeo copies it" skopeo copy -q --insecure-policy "oci:$layout" "oci:$work/copied"
	rm -rf "$work/copied"
done
for layout in "$work"/odd/empty/*; do
	check "no layers, ${layout##*/}" "$MKFS" --quiet "$FP_OPT" "--oci=$layout" "$work/image"
	check "no layers, ${layout##*/}: fsck" "$FSCK" --ishare "$work/image"
	same "no layers, ${layout##*/}: nothing but the root" 1 "$("$DUMP" -S "$work/image" | sed -nE 's/.*total file count: *//p')"
	check "no layers, ${layout##*/}, each" "$MKFS" --quiet "--oci=$layout,layers=each" "$work/each-none"
	same "no layers, ${layout##*/}, each: no image" layers.json "$(ls "$work/each-none")"
	same "no layers, ${layout##*/}, each: an empty list" '{"layers": []}' "$(python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))))' "$work/each-none/layers.json")"
	rm -rf "$work/each-none"
done
for name in one three; do "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/odd/twice/$name" "$work/twice-$name"; done
check "the same layer three times" cmp "$work/twice-one" "$work/twice-three"
check "the same layer three times, each" "$MKFS" --quiet "--oci=$work/odd/twice/three,layers=each" "$work/each-twice"
same "the same layer three times, each: one image" 1 "$(find "$work/each-twice" -name '*.erofs' -type f | wc -l)"
same "the same layer three times, each: three times in the list" 3 "$(grep -c '"file"' "$work/each-twice/layers.json")"

# ---- names and platforms -----------------------------------------------------------------------------------------------------

check "platforms" python3 "$maker" platforms "$work/platforms" "${layers[@]}"
files_of() { "$DUMP" --ls --path=/ "$1" | wc -l; }
refused "two images" 'several images.*some:several.*single' "$MKFS" "--oci=$work/platforms" "$work/no"
check "by name" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/platforms,ref=single" "$work/image"
check "by name: the right one" cmp "$work/plain.img" "$work/image"
for ref in several some:several docker.io/library/some:several; do
	check "by name $ref, this machine's" "$MKFS" --quiet "--oci=$work/platforms,ref=$ref" "$work/image"
done
check "linux/arm/v7" "$MKFS" --quiet "--oci=$work/platforms,ref=several,platform=linux/arm/v7" "$work/image"
refused "a platform that is not there" 'linux/mips.*linux/arm/v6' "$MKFS" "--oci=$work/platforms,ref=several,platform=linux/mips" "$work/no"
refused "no platform" 'no platform' "$MKFS" "--oci=$work/platforms,platform=linux" "$work/no"
refused "a name that is not there" 'no image nothing.*single' "$MKFS" "--oci=$work/platforms,ref=nothing" "$work/no"
refused "a platform of the only image" 'linux/mips' "$MKFS" "--oci=$work/plain,platform=linux/mips" "$work/no"

# ---- layer by layer --------------------------------------------------------------------------------------------------------------

refused "layers=each: a link into another layer" "hard link to 'big'" "$MKFS" --quiet "--oci=$work/plain,layers=each" "$work/each"
[ ! -e "$work/each" ] && pass "... and leaves nothing" || fail "... and leaves $(ls "$work/each")"
some=("${layers[0]}" "${layers[1]}" "${layers[3]}")
reference "$work/tree-of-some" "${some[@]}"
check "layout without it" python3 "$maker" layout "$work/some" gzip "${some[@]}"
check "layers=each" "$MKFS" --quiet "$FP_OPT" "--oci=$work/some,layers=each" "$work/each"
same "layers=each: an image for each" "$(cd "$work/some/blobs/sha256" && find . -type f -exec gzip -t {} \; -print 2>/dev/null | sed 's,./,sha256-,; s,$,.erofs,' | sort)" "$(cd "$work/each" && find . -name '*.erofs' | sed 's,./,,' | sort)"
# The list says what the manifest and the configuration say, in their order.
same "layers=each: the order list" "$(python3 - "$work/some" <<-'END'
	import json, sys
	blob = lambda d: json.load(open(f"{sys.argv[1]}/blobs/{d['digest'].replace(':', '/')}"))
	manifest = blob(json.load(open(sys.argv[1] + "/index.json"))["manifests"][0])
	for layer, diff_id in zip(manifest["layers"], blob(manifest["config"])["rootfs"]["diff_ids"]):
	    print(diff_id, layer["digest"], layer["digest"].replace(":", "-") + ".erofs")
	END
)" "$(python3 -c 'import json, sys; [print(x["diffID"], x["digest"], x["file"]) for x in json.load(open(sys.argv[1]))["layers"]]' "$work/each/layers.json")"
mkdir "$work/blocked" "$work/blocked/layers.json" && echo text >"$work/blocked.list"
refused "layers=each: a list that cannot be written" "layers.json" "$MKFS" --quiet "--oci=$work/some,layers=each" "$work/blocked"
same "... and leaves nothing" layers.json "$(ls -A "$work/blocked")"
refused "layers=each: a file is there" "cannot make the directory" "$MKFS" --quiet "--oci=$work/some,layers=each" "$work/blocked.list"
if can_mount; then
	lower=
	for layer in "${some[@]}"; do
		sum=$(python3 -c 'import gzip, hashlib, sys; print(hashlib.sha256(gzip.compress(open(sys.argv[1], "rb").read(), mtime=0)).hexdigest())' "$layer")
		mount_image "$work/each/sha256-$sum.erofs" "$work/l-$sum" && lower=$work/l-$sum${lower:+:$lower}
	done
	if mkdir -p "$work/over" && mount -t overlay -o "ro,lowerdir=$lower" overlay "$work/over" 2>/dev/null; then
		mounts+=("$work/over")
		# A layer that does not describe a directory has it with the attributes of a missing parent.
		check "layers=each: overlayfs" "${compare[@]}" --ignore-nlink --ignore-mode --ignore-mtime "$work/tree-of-some" "$work/over"
		unmount "$work/over"
	else skip "no overlayfs here"; fi
fi

# An exclusion counts for the layers together: a path of one of them is no typo.
rare=$(for made in "$work"/each/*.erofs; do "$DUMP" --ls -R --path=/ "$made" | awk '$2 == "regular" { print $3 }'; done | sort | uniq -u | head -n 1)
check "a file of one layer only" test -n "$rare"
for where in "" ,layers=each; do
	rm -rf "$work/left-out"
	"$MKFS" -T1 "--oci=$work/some$where" "--exclude-path=./$rare" --exclude-path=/no/such/path "$work/left-out" >/dev/null 2>"$work/.err"
	same "exclusions in layers$where: what matches nothing" "mkfs.erofs: warning: nothing is left out by --exclude-path=/no/such/path" "$(grep left.out.by "$work/.err")"
done

# ---- what must be refused ------------------------------------------------------------------------------------------------------------

mkdir "$work/bad"
python3 "$maker" bad "$work/bad" "${layers[0]}" >"$work/bad.list" || fail "bad layouts"
while IFS=$'\t' read -r name pattern; do
	refused "bad: $name" "$pattern" "$MKFS" --quiet "--oci=$work/bad/$name" "$work/no"
	[ ! -e "$work/no" ] || { fail "bad: $name left an image"; rm -f "$work/no"; }
done <"$work/bad.list"
python3 "$maker" layout "$work/late" plain "${some[@]}"
cp -r "$work/late" "$work/early"
sum=$(sha256sum <"${some[2]}" | cut -d' ' -f1)
printf x | dd of="$work/late/blobs/sha256/$sum" bs=1 seek=700 conv=notrunc status=none
refused "the last layer is wrong" "$sum" "$MKFS" --quiet "--oci=$work/late" "$work/no"
refused "the last layer is wrong, each" "$sum" "$MKFS" --quiet "--oci=$work/late,layers=each" "$work/none"
[ ! -e "$work/none" ] && pass "... and leaves nothing" || fail "... and leaves $(ls "$work/none")"
# Two of its images take the place of older ones, which are as good.
check "all layers are right, each" "$MKFS" --quiet "--oci=$work/early,layers=each" "$work/older" && ls "$work/older" >"$work/older.names"
refused "the last layer is wrong, each, in place of older images" "$sum" "$MKFS" --quiet "--oci=$work/late,layers=each" "$work/older"
same "... which stay" "$(cat "$work/older.names")" "$(ls "$work/older")"
refused "a key without a value" 'needs a value' "$MKFS" "--oci=$work/plain,ref=" "$work/no"
refused "no image at all" 'names no image' "$MKFS" --oci= "$work/no"
refused "http for a directory" 'registries' "$MKFS" "--oci=$work/plain,http" "$work/no"
refused "an archive, too" 'two sources' "$MKFS" --tar=i "--oci=$work/plain" "$work/no"
refused "an archive, too, behind it" 'two sources' "$MKFS" "--oci=$work/plain" --tar=f "$work/no"
refused "--restamp" 'no place beside|source is missing' "$MKFS" --restamp "--oci=$work/plain" "$work/no"
refused "--restamp, behind it" 'no place beside|source is missing' "$MKFS" "--oci=$work/plain" --restamp "$work/no"
refused "two sources" 'another one' "$MKFS" "--oci=$work/plain" "$work/no" "$work/tree"

# ---- in the middle of it ------------------------------------------------------------------------------------------------------------

# The upper layer hides a/b, but that of the lower one is c/b, which is found when all of it has been read: it is read again.
mkdir -p "$work/slow/c" "$work/quick/a"
seq 1 4000000 >"$work/slow/text"
echo c/b >"$work/slow/c/b"
ln -s c "$work/slow/a"
echo quick | tee "$work/quick/a/b" >"$work/quick/.wh.a"
tar -C "$work/slow" --transform='s,^c/b,a/b,' -cf "$work/slow.tar" a c/b text
tar -C "$work/quick" -cf "$work/quick.tar" .wh.a a
python3 "$maker" layout "$work/middle" plain "$work/slow.tar" "$work/quick.tar"
check "what seemed to be hidden" "$MKFS" --quiet "--oci=$work/middle" "$work/image"
same "what seemed to be hidden: is there" "c/b quick" "$("$DUMP" --cat --path=/c/b "$work/image") $("$DUMP" --cat --path=/a/b "$work/image")"
"$MKFS" --quiet --workers=0 -zlzma,9 "--oci=$work/middle" "$work/no" 2>"$work/.err" &
builder=$!
sleep 1
kill -TERM $builder
wait $builder
status=$?
[ $status = 143 ] && pass "interrupted" || fail "interrupted: status $status: $(cat "$work/.err")"
"$MKFS" --quiet --workers=0 -zlzma,9 "--oci=$work/middle" "$work/no" >/dev/null 2>"$work/.err" &
builder=$!
sleep 1
printf X | dd of="$work/middle/blobs/sha256/$(sha256sum <"$work/slow.tar" | cut -d' ' -f1)" bs=1 seek=1024 conv=notrunc status=none
wait $builder
judge_refusal "a blob that changes between two readings" 'does not have this digest|checksum|not what it was|changed' $? "$MKFS"
[ ! -e "$work/no" ] && pass "nothing is left" || fail "an image is left"
rm -rf "$work/slow" "$work/slow.tar" "$work/middle"

# ---- documents alone: CORPUS=DIR keeps them, in oci/, for `fuzz_oci DIR/oci` ---------------------------------------------------------

python3 "$maker" corpus "$work/corpus" "${layers[0]}" || fail "corpus"
"$MKFS" --version | grep -q libcurl || rm "$work"/corpus/*-credentials* "$work"/corpus/*-name* "$work"/corpus/*-challenge
check "documents: $(find "$work/corpus" -type f | wc -l) inputs" bash -c "'$top_builddir/tests/fuzz/replay_oci' '$work'/corpus/*"
[ -z "${CORPUS:-}" ] || { mkdir -p "$CORPUS/oci" && cp "$work"/corpus/* "$CORPUS/oci/"; }

# ---- libcurl: only a registry needs it ------------------------------------------------------------------------------------------------

# A library that cannot be loaded, before the one of the system.
mkdir "$work/broken"
touch "$work/broken/libcurl.so.4" "$work/broken/libcurl-gnutls.so.4"
if ! "$MKFS" --version | grep -q libcurl; then
	skip "built without libcurl"
elif grep -q '^#define EROFS_CURL_SONAME' "$top_builddir/config.h"; then
	check "no registry: libcurl is not loaded" env LD_LIBRARY_PATH="$work/broken" "$MKFS" --quiet "$work/image" "$work/tree"
	LD_LIBRARY_PATH=$work/broken refused "a registry: libcurl is missed" 'registries need libcurl: .*libcurl' "$MKFS" "$work/no" --oci=docker://localhost:1/some/image
	[ ! -e "$work/no" ] && pass "nothing is left" || fail "an image is left"
else
	skip "libcurl is linked"
fi

# ---- images by other tools -----------------------------------------------------------------------------------------------------------

if command -v umoci >/dev/null; then
	check "umoci" bash -c "cd '$work' && umoci init --layout u && umoci new --image u:a && umoci unpack --image u:a b &&
		cp -a tree/. b/rootfs/ && rm -f b/rootfs/forged b/rootfs/null && umoci repack --image u:b b && rm -rf b/rootfs/late b/rootfs/big &&
		mkdir b/rootfs/late && echo new >b/rootfs/late/new && ln b/rootfs/equal b/rootfs/other && umoci repack --image u:c b && umoci unpack --image u:c d"
	check "umoci: build" "$MKFS" --quiet "$FP_OPT" "--oci=$work/u,ref=c" "$work/image"
	holds "umoci" "$work/image" "$work/d/rootfs"
	if command -v skopeo >/dev/null; then
		for form in oci-archive:$work/s1.tar:c docker-archive:$work/s2.tar:some/name:c; do
			check "skopeo, ${form%%:*}" skopeo copy -q --insecure-policy "oci:$work/u:c" "$form"
			path=${form#*:} path=${path%%:*}
			check "skopeo, ${form%%:*}: build" "$MKFS" --quiet "$FP_OPT" "--oci=$path" "$work/image2"
			same "skopeo, ${form%%:*}: fingerprints" "$(fingerprints "$work/image")" "$(fingerprints "$work/image2")"
		done
	else skip "no skopeo"; fi
else skip "no umoci"; fi
finish
