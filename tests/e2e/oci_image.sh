#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# layers=image: container images whose layers are EROFS, against their sources (oci_image.py), skopeo and umoci.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v python3 >/dev/null || skip_all "no python3"
need_root
export PYTHONDONTWRITEBYTECODE=1
maker=$top_srcdir/tests/e2e/oci_images.py
rich=$top_srcdir/tests/e2e/oci_image.py

mkdir one two bad
small_tree one
seq 1 60000 >one/text
echo two >two/file && : >two/.wh.hello
echo bad >bad/file
for name in one two bad; do tar -C $name --sort=name -cf $name.tar .; done
check "image" python3 "$rich" make app one.tar two.tar || finish
check "another image" python3 "$maker" layout other plain two.tar
convert() { "$MKFS" --quiet "--oci=$1,layers=image${3:+,$3}" "${@:4}" "$2"; } # SOURCE TARGET KEYS OPTIONS...
blob() { echo "$1/blobs/sha256/${2#sha256:}"; }                               # LAYOUT DIGEST

# ---- what is in it ---------------------------------------------------------------------------------------------------------------

check "convert" bash -c '"$@" >said' - "$MKFS" --oci=app,layers=image made
same "what is said" "made: 2 images, 2 layers converted, 1 there already, 3 artifacts copied" "$(grep ^made: said)"
python3 "$rich" check app made containerd >layers && pass "all is carried over" || fail "all is carried over"
same "a layer that two platforms have is one blob" 2 "$(cut -d' ' -f3 layers | sort -u | wc -l)"
"$MKFS" --quiet --oci=app,layers=cache cache
while read -r platform diff_id digest; do
	check "$platform, $diff_id: fingerprints" "$FSCK" --ishare "$(blob made "$digest")"
	hex=${diff_id#sha256:}
	check "$platform, $diff_id: as layers=cache makes it" cmp "$(blob made "$digest")" "cache/sha256/${hex:0:2}/$hex.erofs"
done <layers
same "nothing else" "" "$(find made -name '.*' -type f)"
for workers in 0 1 3; do
	check "$workers workers" convert app "workers-$workers" "" --workers=$workers --no-fsync
	check "$workers workers: same bytes" diff -r made "workers-$workers"
done
check "draft" convert app draft type=draft
check "draft: all is carried over" python3 "$rich" check app draft draft
check "oci" convert app of-oci type=oci
check "oci: all is carried over" python3 "$rich" check app of-oci oci
check "without fingerprints" convert app bare "" --ishare-fingerprint=none
python3 "$rich" check app bare containerd >bare-layers
check_not "... there are none" "$FSCK" --ishare "$(blob bare "$(head -n 1 bare-layers | cut -d' ' -f3)")"
check "one platform" convert app single "platform=linux/$(cut -d' ' -f1 layers | head -n 1)"
index_of() { python3 -c 'import json, sys
at = sys.argv[1]
blob = lambda one: json.load(open(at + "/blobs/" + one["digest"].replace(":", "/")))
for one in blob(json.load(open(at + "/index.json"))["manifests"][0])["manifests"]: print(one.get("platform", {}).get("os"))' "$1"; }
same "one platform: it, its attestation, what is about none" "$(printf '%s\n' linux unknown None)" "$(index_of single)"
refused "a platform that is not there" "no platform" convert app none platform=plan9/mips
[ ! -e none ] && pass "... leaves nothing" || fail "... leaves $(find none)"

# ---- hash trees --------------------------------------------------------------------------------------------------------------------

check "with trees" convert app trees "" --verity
check "with trees: all is carried over" python3 "$rich" check app trees containerd
same "with trees: no sidecars" "" "$(find trees -name '*dmverity*')"
"$MKFS" --quiet --verity --oci=app,layers=cache cache-trees
same "with trees: root hashes" "$(sed -n 's/.*"roothash": "\(.*\)".*/\1/p' cache-trees/sha256/*/*.dmverity | sort)" \
	"$(grep -rhao '"org.erofs.dmverity.roothash":"[^"]*' trees/blobs | cut -d'"' -f4 | sort -u)"

# ---- again -------------------------------------------------------------------------------------------------------------------------

cp -a made before
check "second run" bash -c '"$@" >said' - "$MKFS" --oci=app,layers=image made
same "second run: nothing is converted" "made: 2 images, 0 layers converted, 3 there already, 3 artifacts copied" "$(grep ^made: said)"
check "second run: same bytes" diff -r before made
first=$(head -n 1 layers | cut -d' ' -f3)
truncate -s -4096 "$(blob made "$first")"
check "a blob that was cut" bash -c '"$@" >said' - "$MKFS" --oci=app,layers=image made
grep -q " 1 layer converted" said && pass "... is made again" || fail "... is made again: $(cat said)"
check "... with the same bytes" diff -r before made
printf x | dd of="$(blob made "$first")" bs=1 seek=5000 conv=notrunc status=none
check "a blob with a wrong bit" convert app made
check "... is made again" diff -r before made
check "other options" bash -c '"$@" >said' - "$MKFS" -b1024 --oci=app,layers=image made
grep -q " 2 layers converted, 1 there" said && pass "... other layers" || fail "... other layers: $(cat said)"
check "... all is carried over" python3 "$rich" check app made containerd
check "another image in the same layout" convert other made
same "... which has both" 2 "$(python3 -c 'import json; print(len(json.load(open("made/index.json"))["manifests"]))')"
for n in 1 2 3; do python3 "$maker" platforms "many-$n" one.tar two.tar; sed -i "s/\"several\"/\"several-$n\"/" "many-$n/index.json"; done
pids=()
for n in 1 2 3; do convert "many-$n" shared "ref=several-$n" & pids+=($!); done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
same "three writers of one layout" "0 several-1 several-2 several-3" "$failed $(grep -o 'several-.' shared/index.json | sort -u | paste -sd' ')"

# ---- other forms of sources --------------------------------------------------------------------------------------------------------

tar -C app -cf app.tar oci-layout index.json blobs
check "from an archive" convert app.tar of-archive
check "from an archive: the same" diff -r before of-archive
check "docker save" python3 "$maker" save save.tar one.tar two.tar
check "from docker save" convert save.tar of-save ref=some/image:tag
same "from docker save: its name" tag "$(python3 -c 'import json; print(json.load(open("of-save/index.json"))["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"])')"
refused "several images" "several images.*some:several" convert many-1 none
check "one of several" convert many-1 one-of ref=single

# ---- archives ----------------------------------------------------------------------------------------------------------------------

check "an archive" convert app made.tar
mkdir extracted && tar -C extracted -xf made.tar
convert app fresh
check "an archive: what a layout has" diff -r fresh extracted
same "an archive: nobody's, of no time" "-rw-r--r-- 0/0 1970-01-01 00:00" "$(TZ=UTC tar --numeric-owner -tvf made.tar | awk '{ print $1, $2, $4, $5 }' | sort -u)"
check "an archive, by one worker" convert app other.tar "" --workers=1
check "an archive, by one worker: same bytes" cmp made.tar other.tar
check "an archive, again" bash -c '"$@" >said' - "$MKFS" --oci=app,layers=image other.tar
same "an archive, again: nothing is converted" "other.tar: 2 images, 0 layers converted, 3 there already, 3 artifacts copied" "$(grep ^other.tar: said)"
check "an archive, again: same bytes" cmp made.tar other.tar
printf Z | dd of=other.tar bs=1 seek=9000 conv=notrunc status=none
cmp -s made.tar other.tar && fail "an archive, damaged: nothing was"
check "an archive, damaged" convert app other.tar
check "an archive, damaged: same bytes" cmp made.tar other.tar
check "an archive, from itself by another name" convert app third.tar cache-from=made.tar
check "an archive, from itself by another name: same bytes" cmp made.tar third.tar
check "an archive of another image" convert many-1 other.tar ref=single
same "an archive of another image: it alone" 1 "$(tar -xOf other.tar index.json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["manifests"]))')"
echo text >no.tar
refused "a file that is no archive" "no archive of an OCI layout" convert app no.tar
same "a file that is no archive stays" text "$(cat no.tar)"
small=$work/small-disk
mkdir "$small" && mount -t tmpfs -o size=300k tmpfs "$small" && mounts+=("$small")
refused "an archive on a full disk" "No space" convert app "$small/x.tar"
same "an archive on a full disk: nothing is left" "" "$(ls -A "$small")"
refused "an archive of a hostile image" "not the 3" bash -c 'python3 "$1" spoil size spoilt bad.tar >/dev/null && "$2" --quiet --oci=spoilt,layers=image spoilt.tar' - "$rich" "$MKFS"
[ ! -e spoilt.tar ] && pass "... leaves none" || fail "... leaves one"

# ---- compressed with zstd ----------------------------------------------------------------------------------------------------------

if built_with Zstandard && command -v zstd >/dev/null; then
	for kind in containerd+zstd draft+zstd; do
		check "$kind" convert app "$kind" type=$kind
		check "$kind: all is carried over" python3 "$rich" check app "$kind" $kind
	done
	check "zstd, again" bash -c '"$@" >said' - "$MKFS" --oci=app,layers=image,type=containerd+zstd containerd+zstd
	grep -q ' 0 layers converted' said && pass "zstd: nothing is converted twice" || fail "zstd: $(cat said)"
	check "zstd, again: all is carried over" python3 "$rich" check app containerd+zstd containerd+zstd
	refused "zstd as a source" "EROFS image already \\(application/vnd.erofs.layer.v1\\+zstd\\).*decompressed" convert containerd+zstd none
	check "zstd, by one worker" convert app zstd-1 type=containerd+zstd --workers=1
	check "zstd, by one worker: same bytes" diff -r containerd+zstd zstd-1
	convert app before type=containerd+zstd && convert app before
	check "plain layers are no compressed ones" python3 "$rich" check app before containerd
else skip "no zstd"; fi

# ---- other readers -----------------------------------------------------------------------------------------------------------------

if command -v skopeo >/dev/null; then
	convert other plain
	check "skopeo reads the archive" skopeo inspect --raw oci-archive:made.tar
	check "skopeo inspect" skopeo inspect oci:plain
	check "skopeo inspect, of an index" skopeo inspect --raw oci:before:app
	check "skopeo copy" skopeo --insecure-policy copy -q oci:plain oci:copied
	same "skopeo copy: the same blobs" "$(cd plain/blobs/sha256 && ls)" "$(cd copied/blobs/sha256 && ls)"
else skip "no skopeo"; fi
if command -v umoci >/dev/null; then
	same "umoci ls" app "$(umoci ls --layout before)"
	convert many-1 named ref=single
	check "umoci stat" umoci stat --image named:single
	mkdir of-tar && tar -C of-tar -xf other.tar
	check "umoci stat, of an archive" umoci stat --image of-tar:single
else skip "no umoci"; fi

# ---- what must be refused ----------------------------------------------------------------------------------------------------------

for what in count depth digest size type diff-ids other-diff-id truncated statement; do
	pattern=$(python3 "$rich" spoil $what "bad-$what" bad.tar) || { fail "bad: $what"; continue; }
	refused "bad: $what" "$pattern" convert "bad-$what" none
	[ ! -e none ] && pass "bad: $what: nothing is left" || { fail "bad: $what: left $(find none)"; rm -rf none; }
	cp -a before kept && refused "bad: $what, into a layout" "$pattern" convert "bad-$what" kept
	check "bad: $what: its index stays" cmp before/index.json kept/index.json
	rm -rf kept
done
# What an image of EROFS layers is told, and that it helps.
for kind in before:application/vnd.erofs.layer.v1 draft:application/vnd.erofs of-oci:application/vnd.oci.image.layer.v1.erofs; do
	for layers in flatten each cache image; do
		refused "${kind%:*} as a source, layers=$layers" "layer sha256:.* is an EROFS image already \\(${kind#*:}\\)" \
			"$MKFS" "--oci=${kind%:*},layers=$layers" none
	done
done
blobs=()
first=$(head -n 1 layers | cut -d' ' -f1)
while read -r platform _ digest; do
	[ "$platform" != "$first" ] || blobs+=("$(blob before "$digest")")
done <layers
views() { "$DUMP" --fingerprints=sha256sum "$1" | sort; }
check "flattened" "$MKFS" --quiet "$FP_OPT" --oci=app flat.img
check "the blobs as sources" "$MKFS" --quiet "$FP_OPT" --clean=data blobs.img "${blobs[@]}"
same "... are the flattened image" "$(views flat.img)" "$(views blobs.img)"
mkdir full && mount -t tmpfs -o size=300k tmpfs full && mounts+=("$work/full")
refused "a full disk" "No space" convert app full/image
same "... leaves nothing" "" "$(ls -A full)"
mkdir taken && echo text >taken/file
refused "a directory with something else" "neither empty" convert app taken
same "... which stays" file "$(ls -A taken)"
refused "a file" "cannot make" convert app app.tar.gz/x
refused "the source itself" "both the source" convert app app
refused "a type that is none" "containerd or draft" convert app none type=x
refused "a packing that is none" "containerd or draft" convert app none type=draft+gzip
refused "oci's type, packed" "containerd or draft" convert app none type=oci+zstd
refused "a type without an image" "layers=image" "$MKFS" --oci=app,type=draft none
echo '{' >made/index.json
refused "an index that is none" "no index" convert app made
"$MKFS" --quiet --workers=0 --oci=app,layers=image killed &
victim=$!
for ((i = 0; i < 500; i++)); do [ "$(find killed -name '.*' 2>/dev/null)" ] && break; sleep 0.005; done
kill -KILL $victim 2>/dev/null
wait $victim 2>/dev/null
check "after a killed writer" convert app killed
check "... all is there" python3 "$rich" check app killed containerd
finish
