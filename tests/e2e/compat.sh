#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# doc/compat.md against both --help texts, and each line of it as it says. PEER_DIR: where bin/mkfs.erofs of erofs-utils is.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
cd "$work" || exit 1
page=$top_srcdir/doc/compat.md
mkdir tree && echo hello >tree/file && head -c 9000 /dev/zero >tree/zeros

# ---- what the page says --------------------------------------------------------------------------------------------------------------

rows=0
while IFS='|' read -r _ name kind tried _; do
	name=${name//[\` ]/} kind=${kind// /}
	tried=$(sed 's/^ *`//; s/` *$//; s/^ *$//' <<<"$tried")
	[[ $kind =~ ^(same|different|refused)$ ]] || continue
	rows=$((rows + 1))
	[ "$tried" ] || continue
	rm -f image vmdk
	read -ra words <<<"$tried"
	if [ "$kind" = refused ]; then
		refused "$tried" "refused" "$MKFS" --quiet "${words[@]}" image tree
		[ ! -e image ] && pass "$tried leaves nothing" || fail "$tried leaves an image"
	elif check "$tried" "$MKFS" --quiet "${words[@]}" image tree; then
		offset=0
		[[ $tried != --offset=* ]] || offset=${tried#*=}
		check "$tried: a clean image" "$FSCK" --offset="$offset" image
	fi
done <"$page"
[ $rows -gt 60 ] && pass "$rows rows" || fail "only $rows rows"

# ---- what the help texts say -----------------------------------------------------------------------------------------------------------

# Options named in a help text read from stdin.
options_of() { grep -oE '(^|[ ,(])--?[A-Za-z][A-Za-z0-9-]*' | grep -oE -e '--?[A-Za-z][A-Za-z0-9-]*' | sed -E 's/^(-[A-Za-z]).*/\1/' | sort -u; }
on_page() { grep -qF -e "\`$1\`" "$page"; }
missing=0
for option in $("$MKFS" --help | grep -E '^ {1,6}-' | sed -E 's/ {3,}.*//' | options_of); do
	on_page "$option" || { fail "mkfs.erofs --help has $option, the page has not"; missing=1; }
done
[ $missing = 0 ] && pass "all of our options are on the page"
if [ -x "${PEER_DIR:-}/bin/mkfs.erofs" ]; then
	missing=0
	for option in $("$PEER_DIR/bin/mkfs.erofs" --help 2>&1 | grep -E '^ {1,6}-' | sed -E 's/ {3,}.*//; s/[][#=<].*//' | options_of); do
		on_page "$option" || { fail "erofs-utils has $option, the page has not"; missing=1; }
	done
	[ $missing = 0 ] && pass "all of the peer's options are on the page"
else
	skip "no peer (PEER_DIR)"
fi

# ---- single options ------------------------------------------------------------------------------------------------------------------------

mkdir blocks && for i in 1 2 3; do head -c 9000 /dev/urandom >"blocks/$i"; done
first_blocks() { for i in 1 2 3; do "$DUMP" --json -e --path="/$i" "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["extents"][0]["physical"] // 4096)'; done; }
truncate -s 1M blocks/sparse && printf x | dd of=blocks/sparse bs=1 seek=500000 conv=notrunc 2>/dev/null
check "--dsunit" "$MKFS" --quiet "$FP_OPT" --dsunit=16 image blocks
check "--dsunit: verified" "$FSCK" --ishare image
same "--dsunit: addresses" "16 32 48" "$(first_blocks image | tr '\n' ' ' | sed 's/ $//')"
refused "--dsunit and -z" "dsunit" "$MKFS" --quiet --dsunit=16 -zlz4 no blocks
check "-E force-chunk-indexes" "$MKFS" --quiet "$FP_OPT" -Eforce-chunk-indexes image blocks
check "-E force-chunk-indexes: verified" "$FSCK" --ishare image
"$MKFS" --quiet "$FP_OPT" plain blocks
same "-E ^force-chunk-indexes: a map of blocks" "$("$DUMP" --path=/sparse plain | grep -c 'chunk_based')" "$("$DUMP" --path=/sparse image | grep -c 'chunk_based')"
if can_mount && mount_image image mnt; then
	check "-E force-chunk-indexes: as Linux reads it" diff -r blocks mnt
	unmount mnt
else
	skip "cannot mount"
fi
tar -C blocks -cf archive.tar .
for form in --tar=f --tar --tar=-; do
	check "$form" "$MKFS" --quiet -T1 "$form" "from$form" archive.tar
	check "$form: as --tar=f" cmp "from$form" from--tar=f
done
check "--tar=- from a pipe" bash -c "'$MKFS' --quiet -T1 --tar=- piped <archive.tar"
check "a time in octal" "$MKFS" --quiet -T 010 image tree
same "a time in octal" 8 "$("$DUMP" -s --json image | python3 -c 'import json, sys; d = json.load(sys.stdin); print(int(float(str(d.get("superblock", d)["epoch"]))))')"
SOURCE_DATE_EPOCH=010 check "SOURCE_DATE_EPOCH is decimal" "$MKFS" --quiet image tree
same "SOURCE_DATE_EPOCH is decimal" 10 "$("$DUMP" -s --json image | python3 -c 'import json, sys; d = json.load(sys.stdin); print(int(float(str(d.get("superblock", d)["epoch"]))))')"
for limit in 1 2 50; do
	check "--async-queue-limit=$limit" "$MKFS" --quiet -T1 --workers=3 --async-queue-limit=$limit "limit$limit" blocks
	check "--async-queue-limit=$limit: the same bytes" cmp "limit$limit" limit1
done
same "-V: available compressors" "available compressors: lz4, lz4hc, lzma, deflate, zstd" "$("$MKFS" -V | grep available)"
for tool in "$MKFS" "$FSCK" "$DUMP"; do
	check "$(basename "$tool") -V names erofs-utils" grep -q '(erofs-utils) 1\.[89]' <("$tool" -V)
done
finish
