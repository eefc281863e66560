#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# dump.erofs --diff: what is said of two trees whose differences are known, by images and manifests; and --layout.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib_page.sh
. "$top_srcdir/tests/e2e/lib_page.sh"
need_built LZ4
need_tools "$MKFS" "$DUMP"
command -v python3 >/dev/null || skip_all "needs python3"
export TZ=UTC

# diff EXPECTED-STATUS ARGUMENT...: what it prints is in `said`
diff_of() {
	local expected=$1 status
	shift
	"$DUMP" --diff "$@" >said 2>.err </dev/null
	status=$?
	[ "$status" = "$expected" ] || { fail "status $status, not $expected: --diff $*"; head -n 5 .err; }
}
figure() { python3 -c 'import json, sys; d = json.load(open("said"))["diff"]; print(eval(sys.argv[1]))' "$1"; }
lines() { grep '^[-+~] ' said | sort; }

# One change of each kind, each by itself.
mkdir -p a/etc a/gone/below
for name in same content size mode owner time type target-of links removed hole; do head -c 5000 /dev/zero | tr '\0' "${name:0:1}" >"a/etc/$name"; done
: >a/etc/empty
ln -s one a/etc/target
ln -s one a/etc/other-link
truncate -s 3000000 a/etc/hole && printf x >>a/etc/hole
echo x >a/gone/below/file
find a -exec touch -h -d @1600000000 {} +
cp -a a b
printf X | dd of=b/etc/content bs=1 conv=notrunc status=none
echo longer >>b/etc/size
chmod 4711 b/etc/mode
rm b/etc/type && mkdir b/etc/type
ln -sfn two b/etc/target
ln b/etc/links b/etc/links-2
rm b/etc/removed && rm -r b/gone
echo new >"b/etc/a d'd"
find b -exec touch -h -d @1600000000 {} +
touch -d @1600000001 b/etc/time
expected=("- /etc/removed  regular file of 5000 bytes" "- /gone  directory" "- /gone/below  directory" "- /gone/below/file  regular file of 2 bytes"
	"+ '/etc/a d'\\''d'  regular file of 4 bytes" "+ /etc/links-2  regular file of 5000 bytes"
	"~ /etc/content  content" "~ /etc/links  links 1 -> 2" "~ /etc/mode  mode 0644 -> 4711" "~ /etc/size  content, size 5000 -> 5007"
	"~ /etc/target  target" "~ /etc/time  time 2020-09-13 12:26:40 +0000 -> 2020-09-13 12:26:41 +0000" "~ /etc/type  type regular file -> directory, mode 0644 -> 0755")
if is_root; then
	chown 7:8 b/etc/owner
	expected+=("~ /etc/owner  owner 0:0 -> 7:8")
	mknod a/null c 1 3 && mknod b/null c 1 5 && touch -d @1600000000 a/null b/null a b
	expected+=("~ /null  device 1:3 -> 1:5")
	for xattr in kept=1 gone=1 value=1; do setfattr -n "user.${xattr%=*}" -v "${xattr#*=}" a/etc/same; done
	for xattr in kept=1 new=1 value=2; do setfattr -n "user.${xattr%=*}" -v "${xattr#*=}" b/etc/same; done
	expected+=("~ /etc/same  xattrs -user.gone +user.new ~user.value")
else
	skip "owners, devices, xattrs: not root"
fi
for tree in a b; do
	"$MKFS" --quiet "$FP_OPT" $tree.img $tree || fail "build $tree"
	"$MKFS" --quiet $tree.bare $tree
	"$MKFS" --quiet -zlz4 --ishare-fingerprint=sha512 $tree.packed $tree
	"$DUMP" --fingerprints=json $tree.img >$tree.json
done
wanted=$(printf '%s\n' "${expected[@]}" | sort)
for pair in "a.img b.img" "a.bare b.bare" "a.img b.bare" "a.packed b.img" "a.packed b.packed"; do
	# shellcheck disable=SC2086
	diff_of 1 $pair
	same "$pair" "$wanted" "$(lines)"
done
for pair in "a.img a.img" "a.img a.bare" "a.bare a.packed" "a.img a.packed" "a.img a.json" "a.json a.json" "a.json a.img"; do
	# shellcheck disable=SC2086
	diff_of 0 $pair
	check "$pair: no line" test -z "$(lines)"
done
diff_of 1 --ignore-times a.img b.img
same "--ignore-times: all but times" "$(grep -v '^~ /etc/time' <<<"$wanted")" "$(lines)"
cp -a a later && find later -exec touch -h -d @1700000000 {} + && "$MKFS" --quiet "$FP_OPT" later.img later
diff_of 1 a.img later.img
diff_of 0 --ignore-times a.img later.img
check "--ignore-times: nothing else differs" test -z "$(lines)"
diff_of 0 --ignore-times --json a.img later.img
same "--ignore-times: in the figures, too" True "$(figure 'd["same"]')"
for options in "--diff --layout --ignore-times a.img b.img" "--ignore-times a.img"; do
	# shellcheck disable=SC2086
	refused "dump.erofs $options" "--ignore-times" "$DUMP" $options
done
diff_of 0 a.json a.img
check "of manifests, only of files" grep -q "All non-empty files are the same" said
# Files with a content, by path: what manifests can know. The links are one of its names.
wanted=$(printf '%s\n' "- /etc/removed  regular file of 5000 bytes" "- /gone/below/file  regular file of 2 bytes" "- /etc/type  regular file of 5000 bytes" \
	"+ '/etc/a d'\\''d'  regular file of 4 bytes" "+ /etc/links-2  regular file of 5000 bytes" "~ /etc/content  content" "~ /etc/size  content, size 5000 -> 5007" | sort)
for pair in "a.json b.json" "a.img b.json" "a.json b.img"; do
	# shellcheck disable=SC2086
	diff_of 1 $pair
	same "$pair" "$wanted" "$(lines)"
done
"$DUMP" --fingerprints=json a.img | "$DUMP" --diff /dev/stdin b.json >said
same "a manifest from a pipe" "$wanted" "$(lines)"
diff_of 2 a.json b.bare
check "... no fingerprints, no contents: trouble" grep -q "could not be compared" .err
diff_of 2 a.json b.packed
check "... nor by another algorithm" grep -q "could not be compared" .err

# ---- JSON, and the page cache against the report's figures --------------------------------------------------------------------

diff_of 1 --json a.img b.img
same "JSON: counts" "2 4 False" "$(figure '"%d %d %s" % (d["summary"]["added"], d["summary"]["removed"], d["same"])')"
same "JSON: what changed" "['mode']" "$(figure '[c["what"] for c in d["changes"] if c["path"] == "/etc/mode"][0]')"
same "JSON: both sides" "('0644', '4711')" "$(figure '[(c["a"]["mode"], c["b"]["mode"]) for c in d["changes"] if c["path"] == "/etc/mode"][0]')"
figures='import json, sys; r = json.load(sys.stdin)["ishare_report"]
print(r["total"]["page_bytes"], r["total"]["shared_page_bytes"], *[i["shared_page_bytes"] for i in r["images"]], r["images"][1]["marginal_page_bytes"])'
for pair in "a.img b.img" "a.bare b.img" "a.packed b.packed" "a.img b.packed" "a.json b.img"; do
	for page in 4096 65536; do
		# shellcheck disable=SC2086
		want=$("$DUMP" --ishare-report --page-size=$page --json $pair | python3 -c "$figures")
		# shellcheck disable=SC2086
		"$DUMP" --diff --page-size=$page --json $pair >said 2>/dev/null
		same "$pair: page cache, pages of $page" "$want" \
			"$(figure '"%d %d %d %d %d" % (d["together"]["page_bytes"], d["together"]["shared_page_bytes"], d["a"]["shared_page_bytes"], d["b"]["shared_page_bytes"], d["together"]["extra_page_bytes"])')"
	done
done
diff_of 0 a.img a.packed
check "kinds that never share are named" grep -q 'compressed on one side.*same -z' said
check "a file of holes takes no time" timeout 20 bash -c 'mkdir big big2 && truncate -s 4T big/f big2/f && truncate -s 5T big2/g && "$1" --quiet big.img big && "$1" --quiet big2.img big2 && ! "$2" --diff big.img big2.img' - "$MKFS" "$DUMP"

# ---- the page ----------------------------------------------------------------------------------------------------------------

mkdir h && echo x >"h/<script>document.title='run'<" && echo x >'h/"><img src=x onerror=alert(1)>' && "$MKFS" --quiet "$FP_OPT" h.img h
SOURCE_DATE_EPOCH=1700000000 "$DUMP" --diff --html=page.html a.img h.img >said
same "the page: status" 1 "$?"
check_not "the page: no script, nothing from elsewhere" grep -qiE '<script|<img|(src|href)=|url\(' <(sed 's/<bdi[^>]*>[^<]*<\/bdi>//g' page.html)
check "the page: the date" grep -q '2023-11-14 22:13 UTC' page.html
diff_of 1 --json a.img h.img
same "the page: figures" "$(figure '"%d %d %d %d" % (d["summary"]["added"], d["summary"]["removed"], d["summary"]["changed"], d["together"]["extra_page_bytes"])')" \
	"$(grep -oE 'id=(added|removed|changed|extra-page-bytes) data-[a-z]*="[0-9]*"' page.html | sed 's/.*="//; s/"//' | xargs)"
if [ "$browser" ]; then
	fits_narrow "the page fits a narrow window" page.html
else
	skip "no chromium: the page was not opened"
fi
[ -z "${KEEP:-}" ] || cp page.html "$KEEP/diff.html"

# ---- why two builds are not the same bytes --------------------------------------------------------------------------------------

layout() { # WHAT PATTERN A B
	diff_of 1 --layout "$3" "$4"
	if grep -qE -e "$2" said; then pass "--layout: $1"; else
		fail "--layout: $1: no '$2'"
		head -n 12 said
	fi
}
rm -rf b && cp -a a b
build() { "$MKFS" --quiet "$FP_OPT" -T1600000000 --mkfs-time "$@" || fail "build $*"; }
build a.1 a && build a.2 b
diff_of 0 --layout a.1 a.2
check "--layout: the same" grep -q 'same bytes' said
build a.2 -L other b
layout "the label" 'superblock: .*volume_name' a.1 a.2
"$MKFS" --quiet "$FP_OPT" -T1600000001 --mkfs-time a.2 a
layout "times, with the remedy" 'superblock: .*build_time 0 -> 1|-T or SOURCE_DATE_EPOCH' a.1 a.2
"$MKFS" --quiet "$FP_OPT" -T1600000000 --mkfs-time -U 11111111-2222-3333-4444-555555555555 a.2 a
layout "the UUID" "Nothing but the UUID" a.1 a.2
chmod 600 b/etc/mode && build a.2 b
layout "an inode's mode" 'byte [0-9]+: inode of /etc/mode \(mode 0*100644 -> 0*100600\)' a.1 a.2
chmod 644 b/etc/mode && printf Y | dd of=b/etc/content bs=1 conv=notrunc status=none && touch -d @1600000000 b/etc/content && build a.2 b
layout "data" '(data|xattrs|inline tail) of /etc/content' a.1 a.2
rm -rf b && cp -a a b && mv b/etc/mode b/etc/mood && touch -d @1600000000 b/etc && build a.2 b
layout "a name" 'directory block of /etc' a.1 a.2
if is_root; then
	rm -rf b && cp -a a b && setfattr -n user.kept -v 2 b/etc/same && build a.2 b
	layout "an xattr" '(xattrs of|shared xattr)' a.1 a.2
fi
"$MKFS" --quiet -zlz4 a.2 a
layout "other options" 'different options' a.1 a.2
diff_of 1 --layout --json a.1 a.2
check "--layout: JSON" python3 -c 'import json; d = json.load(open("said"))["layout"]; assert not d["same"] and d["hints"] and d["areas"][0]["first"]'

# ---- misuse and damage ------------------------------------------------------------------------------------------------------------

for options in "a.img" "a.img b.img a.img" "-s a.img b.img" "--min-saving=3 a.img b.img" "--path=/etc a.img b.img" "--layout --html=x a.img b.img"; do
	# shellcheck disable=SC2086
	refused "--diff $options" "see dump.erofs --help" "$DUMP" --diff $options
done
refused "--layout without --diff" "goes with --diff" "$DUMP" --layout a.img
refused "--layout of a manifest" "a.json" "$DUMP" --diff --layout a.img a.json
printf '{"version":1}' >incomplete
for bad in nothing-there a incomplete; do
	diff_of 2 a.img "$bad"
	same "$bad: one line that names it" "1 1" "$(wc -l <.err) $(grep -c "$bad" .err)"
done
if [ -w /dev/full ]; then
	"$DUMP" --diff a.img b.img >/dev/full 2>/dev/null
	same "a full disk is trouble, not a difference" 2 "$?"
fi
bad=0
for ((seed = 1; seed <= ${COUNT:-30}; seed++)); do
	input=a.img
	[ $((seed % 3)) != 0 ] || input=a.json
	"$tools/corrupt" "$seed" $input damaged
	for options in "" --json --layout; do
		timeout 20 "$DUMP" --diff $options damaged a.img >/dev/null 2>.err </dev/null
		status=$?
		[ "$status" -lt 3 ] || { bad=$((bad + 1)); echo "    seed $seed, $input $options: exit $status"; head -n 3 .err; }
	done
done
same "damaged inputs" 0 "$bad"
finish
