#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Fingerprints against digests that coreutils compute from the source.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$DUMP" "$FSCK"
privilege=()
is_root || privilege=(--no-privileged)
"$tools/treegen" "${privilege[@]}" odd "$work/odd"
# find(1) and sha256sum(1) cannot open paths longer than PATH_MAX.
rm -rf "$work/odd/depth"

source_sums() { # DIR SUMTOOL: lines of the tool, for what must have a fingerprint
	(cd "$1" && find . -type f ! -empty -print0 | xargs -0 "$2") | sort
}

check "build" "$MKFS" --quiet "$FP_OPT" "$work/image" "$work/odd"
"$DUMP" --fingerprints=sha256sum "$work/image" >"$work/sums" 2>"$work/.err" || fail "dump --fingerprints=sha256sum: $(cat "$work/.err")"
same "sha256sum list equals the source's" "$(source_sums "$work/odd" sha256sum)" "$(sort "$work/sums")"
same "every non-empty file is listed" "$(find "$work/odd" -type f ! -empty -printf x | wc -c)" "$(wc -l <"$work/sums")"
check "fsck --ishare" "$FSCK" --ishare "$work/image"

value_of() { # FILE: hex of its fingerprint as the kernel shows it
	getfattr -e hex --only-values --absolute-names -h -n "$FP_NAME" "$1" 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
}

if can_mount && mount_image "$work/image" "$work/mnt"; then
	check "sha256sum -c in the mounted tree" bash -c "cd '$work/mnt' && sha256sum --strict --quiet -c '$work/sums'"
	wrong=0
	for file in "$work"/mnt/sizes/* "$work"/mnt/equal/* "$work"/mnt/forged/file "$work"/mnt/holes/data-m*; do
		[ -s "$file" ] || continue
		want=7368613235363a$(sha256sum <"$file" | cut -d' ' -f1)
		[ "$(value_of "$file")" = "$want" ] || { wrong=$((wrong + 1)); echo "    $file: $(value_of "$file")"; }
	done
	same "values of the mounted files" 0 "$wrong"
	same "an empty file has none" "" "$(value_of "$work/mnt/forged/empty")"
	same "a directory has none" "" "$(value_of "$work/mnt/forged/directory")"
	same "a size-0 file has none" "" "$(value_of "$work/mnt/sizes/size-0")"
	unmount "$work/mnt"
else
	skip "cannot mount here"
fi

# The summary counts what was dropped: file, empty file and directory.
if is_root; then
	"$MKFS" "$FP_OPT" "$work/image2" "$work/odd" >"$work/summary" 2>&1
	check "summary tells of the source's own fingerprints" grep -qE '(^|[^0-9])3([^0-9]|$).*(dropped|ignored|left out)|(dropped|ignored|left out).*[^0-9]3([^0-9]|$)' "$work/summary"
fi
small_tree "$work/s"

check "sha512" "$MKFS" --quiet --ishare-fingerprint=sha512 "$work/i512" "$work/s"
check "sha512: fsck --ishare" "$FSCK" --ishare "$work/i512"
if can_mount && mount_image "$work/i512" "$work/mnt"; then
	same "sha512: value" "7368613531323a$(sha512sum <"$work/s/hello" | cut -d' ' -f1)" "$(value_of "$work/mnt/hello")"
	unmount "$work/mnt"
fi

check "other spelling" "$MKFS" --quiet -T1 --xattr-inode-digest=trusted.erofs.fingerprint "$work/spelling-1" "$work/s"
check "our spelling" "$MKFS" --quiet -T1 --ishare-fingerprint=sha256 "$work/spelling-2" "$work/s"
check "both spellings give the same bytes" cmp "$work/spelling-1" "$work/spelling-2"
for name in user.digest trusted.a.b.c security.ishare; do
	FP_NAME=$name
	check "name $name" "$MKFS" --quiet "--ishare-fingerprint=sha256,name=$name" "$work/named" "$work/s"
	check "name $name: fsck --ishare" "$FSCK" --ishare "$work/named"
	if can_mount && mount_image "$work/named" "$work/mnt"; then
		same "name $name: value" "7368613235363a$(sha256sum <"$work/s/hello" | cut -d' ' -f1)" "$(value_of "$work/mnt/hello")"
		unmount "$work/mnt"
	fi
done
check "hidden name" "$MKFS" --quiet --ishare-fingerprint=sha256,name=erofs.fingerprint.v1 "$work/named" "$work/s"
check "hidden name: fsck --ishare" "$FSCK" --ishare "$work/named"
same "hidden name: dump shows them" "$(source_sums "$work/s" sha256sum)" "$("$DUMP" --fingerprints=sha256sum "$work/named" | sort)"
if can_mount && mount_image "$work/named" "$work/mnt"; then
	same "hidden name: not seen by getfattr" "" "$(getfattr -m- -d "$work/mnt/hello" 2>/dev/null)"
	unmount "$work/mnt"
fi

# An image without fingerprints is not what --ishare asks for.
check "plain build" "$MKFS" --quiet "$work/plain" "$work/s"
same "fsck --ishare refuses an image without fingerprints" 4 "$("$FSCK" --ishare "$work/plain" >/dev/null 2>&1; echo $?)"
# A wrong byte in file data is nothing to fsck but something to fsck --ishare.
at=$(grep -abo xxxxxxxx "$work/spelling-1" | head -n 1 | cut -d: -f1)
"$tools/corrupt" --at $((at + 100)) 79 "$work/spelling-1" "$work/bad"
check "fsck does not look at data" "$FSCK" "$work/bad"
"$FSCK" --ishare "$work/bad" >"$work/findings" 2>&1
same "fsck --ishare: exit status for wrong data" 4 $?
check "fsck --ishare names the file" grep -q dir/ten-thousand "$work/findings"
finish
