#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Archives -> images: against extraction by GNU tar, against the directory that they were made of, and what must be refused.
# shellcheck disable=SC2002 # a pipe is meant, which a redirected file is not
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}" libbz2
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v tar >/dev/null || skip_all "no tar"
privilege=()
is_root || privilege=(--no-privileged)
compare=("$tools/treecmp" "--ignore-xattr=$FP_NAME")
is_root || compare+=(--ignore-owner)
archives=$top_srcdir/tests/e2e/tar_archives.py

fingerprints() { "$DUMP" --fingerprints=sha256sum "$1" | sort -k 2; }

# WHAT IMAGE TREE [OPTIONS...]: what the image has is what the tree has
holds() {
	check "$1: fsck" "$FSCK" "$2"
	if ! can_mount || ! mount_image "$2" "$work/mnt"; then skip "$1: cannot mount here"; return; fi
	check "$1: mounted tree" "${compare[@]}" "${@:4}" "$3" "$work/mnt"
	unmount "$work/mnt"
}

# WHAT ARCHIVE TREE [OPTIONS...]: from the file, and through a pipe
archive_equals() {
	local what=$1 archive=$2 tree=$3
	shift 3
	check "$what, file: build" "$MKFS" --quiet "$FP_OPT" --tar=f "$@" "$work/image" "$archive" || return
	# A stream keeps no holes.
	holds "$what, file" "$work/image" "$tree" --holes=65536
	check "$what, file: fsck --ishare" "$FSCK" --ishare "$work/image"
	check "$what, pipe: build" bash -c 'cat "$1" | "${@:2}"' - "$archive" "$MKFS" --quiet "$FP_OPT" --tar=f "$@" "$work/piped" || return
	holds "$what, pipe" "$work/piped" "$tree"
	check "$what, pipe: fsck --ishare" "$FSCK" --ishare "$work/piped"
	same "$what: fingerprints" "$(fingerprints "$work/image")" "$(fingerprints "$work/piped")"
	rm -f "$work/image" "$work/piped"
}

# ---- what tar programs make ----------------------------------------------------------------------------------------------

"$tools/treegen" "${privilege[@]}" odd "$work/odd" >/dev/null
# Not what this is about: paths that tar cannot walk, attributes that our own build of a directory drops, what tar does not keep.
rm -rf "$work/odd/forged" "$work/odd/depth" "$work"/odd/links/fifo*
find "$work/odd" -type s -delete
touch -d @1700000000 "$work/odd"

extracted() { # ARCHIVE: what GNU tar makes of it, in $work/extracted
	rm -rf "$work/extracted"
	mkdir "$work/extracted"
	tar --xattrs --xattrs-include='*' --acls --numeric-owner --delay-directory-restore -p -C "$work/extracted" -xf "$1" 2>/dev/null
}

for format in posix gnu oldgnu ustar v7; do
	more=()
	[ $format != posix ] || more=(--xattrs --xattrs-include='*' --acls)
	for sparse in "" -S; do
		case $format$sparse in ustar-S | v7-S) continue ;; esac
		# What the format cannot hold is left out, with an error.
		tar --format=$format $sparse "${more[@]}" --numeric-owner -C "$work/odd" -cf "$work/odd.tar" . 2>/dev/null
		extracted "$work/odd.tar"
		archive_equals "odd, $format $sparse" "$work/odd.tar" "$work/extracted"
	done
done

# The same bytes as from the directory, where the archive says all.
tar --format=posix -S --xattrs --xattrs-include='*' --acls --numeric-owner -C "$work/odd" -cf "$work/odd.tar" . 2>/dev/null
for options in "-T0" "-T7 --mkfs-time" "-T0 -b512 $FP_OPT" "-zlz4 -C65536 -T1 $FP_OPT"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet $options "$work/from-directory" "$work/odd" && "$MKFS" --quiet $options --tar=f "$work/from-tar" "$work/odd.tar" &&
		"$MKFS" --quiet $options --tar=f "$work/from-stdin" <"$work/odd.tar"
	check "$options: the same image as from the directory" cmp "$work/from-directory" "$work/from-tar"
	check "$options: the same image from standard input" cmp "$work/from-tar" "$work/from-stdin"
done

# A stream gives the same bytes each time, whatever the workers and the size of what the pipe gives.
for workers in 0 1 3; do
	for options in "" "-zlz4 -C65536"; do
		# shellcheck disable=SC2086
		dd if="$work/odd.tar" bs=7777 status=none |
			"$MKFS" --quiet -T0 "$FP_OPT" $options --workers=$workers --tar=f "$work/stream-$workers"
		# shellcheck disable=SC2086
		cat "$work/odd.tar" | "$MKFS" --quiet -T0 "$FP_OPT" $options --workers=2 --tar=f "$work/stream"
		check "stream, $workers workers $options: the same image" cmp "$work/stream" "$work/stream-$workers"
	done
done

for program in gzip bzip2 xz zstd lz4; do
	command -v $program >/dev/null || { skip "no $program"; continue; }
	$program -c <"$work/odd.tar" >"$work/odd.tar.$program"
	check "$program: build" "$MKFS" --quiet -T0 "$FP_OPT" --workers=2 --tar=f "$work/image" "$work/odd.tar.$program"
	check "$program: the same image as from a plain stream" cmp "$work/image" <("$MKFS" --quiet -T0 "$FP_OPT" --tar=f "$work/stream" < <(cat "$work/odd.tar"); cat "$work/stream")
	check "$program: --ungzip and --unxz are accepted" "$MKFS" --quiet -T0 --ungzip --unxz --tar=f "$work/image" "$work/odd.tar.$program"
	size=$(stat -c %s "$work/odd.tar.$program")
	for part in 10 50 90; do
		head -c $((size * part / 100)) "$work/odd.tar.$program" >"$work/cut"
		refused "$program cut at $part %" 'cut|decompress|no tar' "$MKFS" --quiet --tar=f "$work/none" "$work/cut"
	done
	head -c $((size - 3)) "$work/odd.tar.$program" >"$work/cut"
	refused "$program without its last bytes" 'cut|decompress' "$MKFS" --quiet --tar=f "$work/none" "$work/cut"
	rm -f "$work/odd.tar.$program"
done

if command -v bsdtar >/dev/null; then
	cp -a "$work/odd" "$work/plain" && rm -rf "$work"/plain/times && setfattr -x "$(getfattr "$work/plain/xattrs/user" 2>/dev/null | sed -n 's/^user.with.*/&/p' | head -n 1)" "$work/plain/xattrs/user" 2>/dev/null
	for format in pax gnutar ustar; do
		bsdtar --format=$format --numeric-owner --acls --xattrs -C "$work/plain" -cf "$work/bsd.tar" . 2>/dev/null
		[ $format = pax ] || { extracted "$work/bsd.tar"; archive_equals "bsdtar $format" "$work/bsd.tar" "$work/extracted"; continue; }
		# It writes negative fractions wrong, and other names of attributes that it encodes.
		archive_equals "bsdtar $format" "$work/bsd.tar" "$work/plain"
	done
else
	skip "no bsdtar"
fi
rm -rf "$work/extracted"

# ---- archives made byte by byte ---------------------------------------------------------------------------------------------

python3 "$archives" make "$work/made" || fail "tar_archives.py"
for archive in "$work"/made/good/*.tar; do
	name=${archive##*/} name=${name%.tar}
	for way in file pipe; do
		if [ $way = file ]; then
			check "$name, $way: build" "$MKFS" -d1 "$FP_OPT" --tar=f "$work/image" "$archive" || continue
		else
			check "$name, $way: build" bash -c 'cat "$1" | "${@:2}"' - "$archive" "$MKFS" -d1 "$FP_OPT" --tar=f "$work/image" || continue
		fi
		check "$name, $way: fsck" "$FSCK" --ishare "$work/image"
		if ! can_mount || ! mount_image "$work/image" "$work/mnt"; then skip "$name: cannot mount here"; continue; fi
		same "$name, $way: tree" "$(LC_ALL=C sort "${archive%.tar}.expect" | tr -d '\0')" \
			"$(python3 "$archives" list "$work/mnt" | LC_ALL=C sort)"
		if [ "$name" = attributes ]; then
			same "$name, $way: xattrs" 'system.posix_acl_access=0x0200000001000600ffffffff02000400e803000004000400ffffffff080006000c00000010000600ffffffff20000000ffffffff
user.a\075=0x76616c7565
user.b\075c%d%41=0x
user.bin=0x000a3dff' "$(cd "$work/mnt" && getfattr -d -m 'user|system|trusted' -e hex a 2>/dev/null | grep -v -e '^#' -e "$FP_NAME" -e '^$' | sort)"
			same "$name, $way: default ACL" 'system.posix_acl_default=0x0200000001000700ffffffff04000500ffffffff20000500ffffffff' \
				"$(cd "$work/mnt" && getfattr -d -m - -e hex d 2>/dev/null | grep -v -e '^#' -e '^$')"
		fi
		unmount "$work/mnt"
	done
done
"$MKFS" -T0 "$FP_OPT" --tar=f "$work/image" "$work/made/good/attributes.tar" >"$work/.said" 2>&1
check "forged fingerprints are counted" grep -q 'dropped' "$work/.said"
check "xattrs that the format does not know are counted" grep -q 'left out 1 xattrs' "$work/.said"
check "file flags are counted" grep -q 'flags of 1 member' "$work/.said"
"$MKFS" -T0 --tar=f "$work/image" "$work/made/good/lone-zero-block.tar" >"$work/.said" 2>&1
check "what is behind a lone block of zeros is not left out without a word" grep -q 'warning.*left out' "$work/.said"

for archive in "$work"/made/bad/*.tar; do
	name=${archive##*/} name=${name%.tar}
	refused "bad $name, file" . timeout 20 "$MKFS" --quiet --tar=f "$work/none" "$archive"
	cat "$archive" 2>/dev/null | timeout 20 "$MKFS" --quiet --tar=f "$work/none" >"$work/.out" 2>"$work/.err"
	judge_refusal "bad $name, pipe" . "${PIPESTATUS[1]}" "$archive"
	[ ! -e "$work/none" ] || { fail "bad $name: left an image"; rm -f "$work/none"; }
done
if ls "$work"/none* >/dev/null 2>&1 || ls "$work"/.none* >/dev/null 2>&1; then fail "a refused archive left a file"; fi

# ---- cut off anywhere ----------------------------------------------------------------------------------------------------------

small_tree "$work/small"
tar --format=posix -C "$work/small" -cf "$work/small.tar" .
size=$(stat -c %s "$work/small.tar")
read -r end boundaries < <(python3 - "$work/small.tar" <<-'END'
	import sys, tarfile
	# Offsets count from the records in front of a member.
	starts = [member.offset for member in tarfile.open(sys.argv[1])]
	print(len(open(sys.argv[1], "rb").read().rstrip(b"\0")), *starts)
END
)
accepted=()
for ((at = 0; at < end; at += 256)); do
	head -c $at "$work/small.tar" >"$work/cut"
	"$MKFS" --quiet --tar=f "$work/none" "$work/cut" 2>/dev/null && accepted+=("$at")
	"$MKFS" --quiet --tar=f "$work/none" < <(cat "$work/cut") 2>/dev/null || continue
	[ "$at" = "${accepted[-1]:-}" ] || fail "cut at $at: accepted from a pipe only"
done
same "an archive of $size bytes that is cut off before $end is accepted at the boundaries of members only" "$boundaries" "${accepted[*]}"
rm -f "$work/none"

# ---- pipes that end badly ----------------------------------------------------------------------------------------------------

mkfifo "$work/fifo"
"$MKFS" --quiet --tar=f "$work/none" <"$work/fifo" >"$work/.out" 2>&1 &
builder=$!
{ head -c 3000 "$work/odd.tar"; sleep 0.3; kill -TERM $builder; sleep 1; } >"$work/fifo" 2>/dev/null
wait $builder
same "a build that waits for its pipe ends by a signal" 143 "$?"
check "... and leaves nothing" bash -c '! ls "$1"/none* "$1"/.none* 2>/dev/null | grep .' - "$work"
check "what the writer has left is taken from it" bash -c 'set -o pipefail; cat "$1" <(head -c 3000000 /dev/zero) | "$2" --quiet --tar=f "$3"' - "$work/small.tar" "$MKFS" "$work/image"

# The archive must be what it was; nothing of it is in the image otherwise.
check_not "the image over its own archive" "$MKFS" --quiet --tar=f "$work/small.tar" "$work/small.tar"
refused "two archives" 'one archive' "$MKFS" --tar=f "$work/none" "$work/small.tar" "$work/odd.tar"
refused "a directory as an archive" 'directory' "$MKFS" --tar=f "$work/none" "$work/small"
refused "no such archive" 'No such file' "$MKFS" --tar=f "$work/none" "$work/no-such"
refused "--tar=x" 'f or i' "$MKFS" --tar=x "$work/none" "$work/small.tar"
refused "--ungzip=FILE" 'not written out' "$MKFS" --tar=f --ungzip="$work/raw" "$work/none" "$work/small.tar"

# ---- options ------------------------------------------------------------------------------------------------------------------

tar --format=gnu -C "$work/small" -cf "$work/small.tar" .
"$MKFS" --quiet -T0 --exclude-path=dir/below --exclude-regex='ten' "$work/a" "$work/small"
"$MKFS" --quiet -T0 --exclude-path=dir/below --exclude-regex='ten' --tar=f "$work/b" "$work/small.tar"
check "--exclude-path, --exclude-regex: as of a directory" cmp "$work/a" "$work/b"
"$MKFS" --quiet -T0 --hard-dereference "$work/a" "$work/small"
"$MKFS" --quiet -T0 --hard-dereference --tar=f "$work/b" "$work/small.tar"
check "--hard-dereference: as of a directory" cmp "$work/a" "$work/b"
rm -rf "$work/two" && mkdir -p "$work/two/one" "$work/two/other" && echo text >"$work/two/one/a" && ln "$work/two/one/a" "$work/two/other/b"
tar -C "$work/two" -cf "$work/two.tar" one other
check "--hard-dereference: each has a path of its own" grep -q ': /other/b: ' <("$MKFS" -d9 --hard-dereference --tar=f "$work/b" "$work/two.tar" 2>&1)
cat "$work/small.tar" | "$MKFS" --quiet --hard-dereference --tar=f "$work/none" >"$work/.out" 2>"$work/.err"
judge_refusal "--hard-dereference of a stream" 'arrive' "${PIPESTATUS[1]}" pipe
"$MKFS" --quiet -T0 --all-root --uid-offset=0 -x -1 "$work/a" "$work/odd"
"$MKFS" --quiet -T0 --all-root --uid-offset=0 -x -1 --tar=f "$work/b" "$work/odd.tar"
check "--all-root -x-1: as of a directory" cmp "$work/a" "$work/b"
printf '%s\n' '/.* system_u:object_r:all_t:s0' >"$work/contexts"
if "$MKFS" --quiet -T0 --file-contexts="$work/contexts" "$work/a" "$work/small" 2>/dev/null; then
	"$MKFS" --quiet -T0 --file-contexts="$work/contexts" --tar=f "$work/b" "$work/small.tar"
	check "--file-contexts: as of a directory" cmp "$work/a" "$work/b"
	"$MKFS" --quiet -T0 --file-contexts="$work/contexts" --tar=f "$work/b" < <(cat "$work/made/good/missing-parents.tar")
	same "--file-contexts: directories that the archive does not mention" 4 "$("$DUMP" --ls -R --path=/ "$work/b" | tail -n +2 | wc -l | xargs -I{} expr {} + 1)"
	check "... fsck" "$FSCK" "$work/b"
else
	skip "no SELinux"
fi

mkdir -p "$work/layer/d"
: >"$work/layer/.wh.gone"
: >"$work/layer/d/.wh..wh..opq"
printf x >"$work/layer/d/kept"
tar -C "$work/layer" -cf "$work/layer.tar" .
if is_root; then
	for way in file pipe; do
		if [ $way = file ]; then "$MKFS" --quiet --tar=f --aufs "$work/image" "$work/layer.tar"
		else cat "$work/layer.tar" | "$MKFS" --quiet --tar=f --aufs "$work/image"; fi
		can_mount && mount_image "$work/image" "$work/mnt" || { skip "--aufs: cannot mount here"; break; }
		same "--aufs, $way" "character special file 0 0 y" "$(stat -c '%F %t %T' "$work/mnt/gone") $(getfattr -n trusted.overlay.opaque --only-values --absolute-names "$work/mnt/d")"
		unmount "$work/mnt"
		"$MKFS" --quiet --tar=f --aufs --ovlfs-strip "$work/image" "$work/layer.tar"
		mount_image "$work/image" "$work/mnt"
		same "--ovlfs-strip: $way" "d" "$(ls "$work/mnt")$(getfattr -m - "$work/mnt/d" 2>/dev/null)"
		unmount "$work/mnt"
	done
fi

# ---- callers ------------------------------------------------------------------------------------------------------------------

uuid=01234567-89ab-cdef-0123-456789abcdef
caller() { # WHAT ARGUMENTS...: a layer on standard input
	local what=$1
	shift
	cat "$work/odd.tar" | "$MKFS" "$@" "$work/image" >"$work/.out" 2>&1
	same "$what: exit status" 0 "${PIPESTATUS[1]}"
	cp "$work/.out" "$work/.said"
	holds "$what" "$work/image" "$work/odd"
}
compare_all=("${compare[@]}")
caller "containerd, layers" --tar=f --aufs --quiet -Enoinline_data -b4096 -U $uuid
same "containerd: says nothing" "" "$(cat "$work/.said")"
same "containerd: its UUID" $uuid "$("$DUMP" -s "$work/image" | sed -nE 's/.*UUID: +//p')"
compare+=(--ignore-mtime)
caller "cocoon" --tar=f -zlz4hc -C4096 -T0 -U $uuid
compare=("${compare_all[@]}")
caller "containerd, documented" --tar=f --aufs --quiet -Enoinline_data -b4096 -T0 --mkfs-time --sort=none -U $uuid
caller "converters" --tar=f --aufs --quiet -T0 --mkfs-time --sort=none -zlz4 -C 65536 -U $uuid

# What a later member of a stream replaces is not left behind, though a file without data seems to begin at the same place.
mkdir -p "$work/replaced" && (
	cd "$work/replaced" && head -c 65536 /dev/zero >zeros && seq -f "former %.0f" 9000 >file && tar -cf ../replaced.tar zeros file &&
		seq -f "present %.0f" 9000 >file && tar -rf ../replaced.tar file
)
for form in -E^48bit -E48bit; do
	check "replaced in a stream $form: build" bash -c 'cat "$1" | "$2" --quiet --tar=f -zlz4 "$3" "$4"' - "$work/replaced.tar" "$MKFS" "$form" "$work/image"
	check_not "replaced in a stream $form: wiped" grep -aq former "$work/image"
	check "replaced in a stream $form: counted" bash -c 'cat "$1" | "$2" --tar=f -zlz4 "$3" "$4" | grep "replaced: *1 file that"' - "$work/replaced.tar" "$MKFS" "$form" "$work/counted"
	check "replaced in a stream $form: fsck" "$FSCK" "$work/image"
done

# The summary counts what is in the image: as of an archive without what was replaced.
mkdir "$work/final" && (
	cd "$work/final" && seq -f "one %.0f" 9000 >a && cp a b && seq -f "two %.0f" 9000 >c && cp c d && seq 9000 >e && cp a f &&
		tar -cf ../counts.tar a b c d e f && seq -f "three %.0f" 9000 | tee c d >e && cp e f && tar -rf ../counts.tar c d e f && tar -cf ../final.tar a b c d e f
)
summary() { "$MKFS" --tar=f "$@" "$FP_OPT" "$work/counted" | grep -E 'fingerprints:|stored once:|compressed:'; } # OPTIONS..., the archive on stdin
for form in -Enoinline_data -zlz4; do
	same "replaced through a pipe, $form: the same summary" "$(cat "$work/final.tar" | summary "$form")" "$(cat "$work/counts.tar" | summary "$form")"
done

# Layers as tools of containers write them.
layers() { # DIR: the layers of an OCI layout
	find "$1/blobs" -type f -exec sh -c 'head -c 2 "$1" | od -An -tx1 | grep -q "1f 8b" && echo "$1"' - {} \;
}
if is_root && command -v umoci >/dev/null; then
	umoci init --layout "$work/oci" && umoci new --image "$work/oci:t" && umoci unpack --image "$work/oci:t" "$work/bundle" &&
		cp -a "$work/small/." "$work/bundle/rootfs/" && umoci repack --image "$work/oci:t" "$work/bundle" &&
		rm "$work/bundle/rootfs/hello" && umoci repack --image "$work/oci:t2" "$work/bundle"
	for layer in $(layers "$work/oci"); do
		check "umoci's layer" bash -c '"$1" --tar=f --aufs --quiet "$2" <"$3"' - "$MKFS" "$work/image" "$layer"
		check "umoci's layer: fsck" "$FSCK" "$work/image"
	done
	if command -v skopeo >/dev/null; then
		skopeo copy --quiet --insecure-policy "oci:$work/oci:t" "dir:$work/skopeo" && for layer in "$work"/skopeo/[0-9a-f]*; do
			head -c 2 "$layer" | od -An -tx1 | grep -q "1f 8b" || continue
			check "skopeo's layer" "$MKFS" --tar=f --aufs --quiet "$work/image" "$layer"
		done
	else
		skip "no skopeo"
	fi
else
	skip "no umoci"
fi >"$work/.layers" 2>&1
grep -E '^(ok|not ok|skip)' "$work/.layers"
failures=$((failures + $(grep -c '^not ok' "$work/.layers")))
finish
