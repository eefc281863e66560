#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The archives that other projects test their tar readers with: each is what GNU tar or bsdtar makes of it, or is refused by all of us,
# or is in real_archives.list with the reason why not. Every eighth one; all of them with EROFS_TEST_LONG=1, which downloads
# them when they are not there yet. ONLY=PATTERN: those whose name matches; SHOW=1: what differs, as lines for the list;
# ARCHIVES=DIR: others, each in a folder of DIR.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP" "$tools/treecmp"
need_root
can_mount || skip_all "cannot mount here"
for tool in tar bsdtar; do command -v $tool >/dev/null || skip_all "no $tool"; done
list=$top_srcdir/tests/e2e/real_archives.list
cached=--cached
[ -z "$LONG" ] || cached=''
# shellcheck disable=SC2086
data=${ARCHIVES:-$("$top_srcdir/tests/tools/fetch-archives.sh" $cached)} && [ "$data" ] ||
	skip_all "the archives are not there${cached:+; tests/tools/fetch-archives.sh gets them}"
while read -r name; do skip "$name could not be had"; done < <(cat "$data/missing" 2>/dev/null)
mapfile -t archives < <(cd "$data" && find . -type f -path './*/*' -printf '%P\n' | sort | grep -E "${ONLY:-.}" |
	if [ "$LONG${ONLY:-}" ]; then cat; else awk 'NR % 8 == 1'; fi)
[ ${#archives[@]} -gt 0 ] || skip_all "no archives in $data"

# ARCHIVE DIR: with what it takes for the tree to be all that the archive says
extract_gnu() {
	timeout 60 tar --warning=none --xattrs --xattrs-include='*' --acls --numeric-owner --delay-directory-restore -p -C "$2" -xf "$1"
}
extract_bsd() { timeout 60 bsdtar --numeric-owner --acls --xattrs -p -C "$2" -xf "$1"; }

# ARCHIVE: the tree in $work/tree, by whichever takes the archive; its name, or nothing
reference() {
	local program
	touch "$work/.stamp"
	for program in gnu bsd; do
		rm -rf "$work/tree" && mkdir "$work/tree"
		extract_$program "$1" "$work/tree" >/dev/null 2>&1 </dev/null || continue
		# Of directories that are no members nothing is known but that they are there; we give them no time.
		find "$work/tree" -type d -newer "$work/.stamp" -exec touch -d @0 {} +
		echo $program
		return
	done
}

compare_trees() { # what differs, or nothing
	mount_image "$work/image" "$work/mnt" || { echo "cannot be mounted"; return; }
	"$tools/treecmp" "--ignore-xattr=$FP_NAME" "$work/tree" "$work/mnt" >"$work/.diff" 2>&1 || head -n 3 "$work/.diff" | tr '\n' ';'
	umount "$work/mnt"
}

# ARCHIVE: "same", or "takes", "refuses", "differs" and in which way
judge() {
	local archive=$1 by status piped
	rm -f "$work/image" "$work/piped"
	by=$(reference "$archive")
	timeout 60 "$MKFS" --quiet "$FP_OPT" --tar=f "$work/image" "$archive" >"$work/.out" 2>"$work/.err" </dev/null
	status=$?
	timeout 60 "$MKFS" --quiet "$FP_OPT" --tar=f "$work/piped" >"$work/.out" 2>&1 < <(cat "$archive")
	piped=$?
	[ $status -lt 124 ] || { echo "broken exit $status"; return; }
	[ $status = $piped ] || { echo "broken exit $status from a file, $piped from a pipe: $(head -n 1 "$work/.out")"; return; }
	if [ $status != 0 ]; then
		[ "$by" ] && echo "refuses $by: $(head -n 1 "$work/.err" | sed "s,.*'$archive',,")" || echo same
		return
	fi
	"$FSCK" --ishare "$work/image" >/dev/null 2>&1 || { echo "broken: fsck"; return; }
	[ "$("$DUMP" --fingerprints=sha256sum "$work/image" | sort -k 2)" = "$("$DUMP" --fingerprints=sha256sum "$work/piped" | sort -k 2)" ] ||
		{ echo "broken: other fingerprints from a pipe"; return; }
	[ "$by" ] || { echo "takes what both refuse"; return; }
	status=$(compare_trees)
	[ "$status" ] && echo "differs $by: $status" || echo same
}

same=0 listed=0
# ARCHIVE: what the list says of it, into wanted and reason; its names are patterns
look_up() {
	local kind pattern text
	wanted='' reason=''
	while IFS=$'\t' read -r kind pattern text; do
		[ "${kind:0:1}" != '#' ] || continue
		# shellcheck disable=SC2053 # a pattern
		[[ $1 == $pattern ]] && wanted=$kind reason=$text && return
	done <"$list"
}

for archive in "${archives[@]}"; do
	look_up "$archive"
	[ "$wanted" != skip ] || { skip "$archive: $reason"; continue; }
	verdict=$(judge "$data/$archive")
	[ "$wanted" != refuses-perhaps ] || { [ "$verdict" = same ] && wanted='' || wanted=refuses; }
	if [ "${verdict%% *}" = "${wanted:-same}" ]; then
		[ "$wanted" ] && listed=$((listed + 1)) || same=$((same + 1))
	else
		[ -z "${SHOW:-}" ] || printf '%s\t%s\t%s\n' "${verdict%% *}" "$archive" "${verdict#* }"
		fail "$archive: $verdict${wanted:+ (the list says: $wanted)}"
	fi
done
pass "of ${#archives[@]} archives $same are as GNU tar or bsdtar has them, $listed differ as listed"
finish
