#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# dump.erofs --ishare-report against sums that find(1), sha256sum(1) and awk(1) make of the source trees.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$DUMP"
command -v python3 >/dev/null || skip_all "needs python3"

# figure EXPRESSION: of the report in $work/report
figure() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1]))["ishare_report"]; print(eval(sys.argv[2]))' "$work/report" "$1"; }
report() { "$DUMP" --ishare-report --json "$@" >"$work/report" 2>"$work/.err" || { fail "report on $*"; cat "$work/.err"; }; }

# expected PAGE DIR...: page cache without and with sharing, by the names and digests of the files, each inode once
expected() {
	local page=$1
	shift
	for tree in "$@"; do
		(cd "$tree" && find . -type f ! -empty -printf '%i %s %p\n' | sort -n -u -k1,1 |
			while read -r inode size path; do echo "$size $(sha256sum <"$path" | cut -c1-64)"; done)
	done | awk -v page="$page" '
		{ pages = int(($1 + page - 1) / page) * page; all += pages; if (!seen[$0]++) once += pages }
		END { print all, once }'
}

# Two versions of a tree: something equal, something changed, something moved, something new, hard links, equal files.
small_tree "$work/a"
for ((i = 0; i < 40; i++)); do head -c $((i * 997 + 1)) /dev/zero | tr '\0' "\\$((100 + i % 7))" >"$work/a/dir/file-$i"; done
printf '\377name' >"$work/a/$(printf 'not-utf8-\377')"
cp -a "$work/a" "$work/b"
printf 'changed' >"$work/b/dir/file-17"
head -c 300000 /dev/zero | tr '\0' 'n' >"$work/b/dir/file-18"
mv "$work/b/dir/file-19" "$work/b/moved"
mkdir "$work/b/new" && head -c 70000 /dev/zero | tr '\0' 'm' >"$work/b/new/file"
for version in a b; do
	for block in 512 4096; do check "build $version, blocks of $block" "$MKFS" --quiet -b$block "$FP_OPT" "$work/$version.$block" "$work/$version"; done
	"$DUMP" --fingerprints=json "$work/$version.4096" >"$work/$version.json" || fail "manifest of $version"
	"$MKFS" --quiet "$work/$version.plain" "$work/$version"
done

for page in 4096 16384 65536; do
	want=$(expected $page "$work/a" "$work/b")
	for inputs in "a.4096 b.4096" "a.json b.json" "a.json b.512" "b.512 a.512"; do
		# shellcheck disable=SC2086 # two words
		report --page-size=$page $inputs
		same "pages of $page: $inputs" "$want" "$(figure '"%d %d" % (r["total"]["page_bytes"], r["total"]["shared_page_bytes"])')"
	done
done
same "block size" "[4096, 512]" "$(report a.json b.512 && figure '[i["block_size"] for i in r["images"]]')"

# Fragments: the pages of the packed inode come on top, for each mount that reads them. The last two files lie in clusters of their own.
cp -a a c && cp -a b d
for version in c d; do
	seq 1 400000 | head -c 1000000 >$version/large
	echo "$version" | cat - /bin/true >$version/own
done
for version in c d; do
	"$MKFS" --quiet -zlz4 -C16384 -Eall-fragments "$FP_OPT" "$work/$version.fragments" "$work/$version" || fail "fragments of $version"
	"$DUMP" --fingerprints=json "$work/$version.fragments" >"$work/$version.fragments.json" || fail "manifest of fragments"
done
packed() { # VERSION: pages of 4096 that its packed inode has
	"$DUMP" -S "$work/$1.fragments" | awk '/packed file size/ { print int(($5 + 4095) / 4096) * 4096 }'
}
read -r all once <<<"$(expected 4096 "$work/c" "$work/d")"
more=$(($(packed c) + $(packed d)))
# Of the second one's, only what holds files that the first has not: Linux decodes whole clusters for them.
needed=$(python3 - c.fragments.json d.fragments.json <<-'END'
	import json, sys
	known, pages = set(), set()
	for manifest in sys.argv[1:]:
	    pages = set()
	    for file in json.load(open(manifest))["files"]:
	        if file["value"] in known:
	            continue
	        known.add(file["value"])
	        first, last = file.get("fragment", [0, 0])
	        pages |= set(range(first // 4096, (last + 4095) // 4096))
	print(len(pages) * 4096)
	END
)
check "fragments: some are of shared files" test "$needed" -lt $(($(packed d) - 500000)) -a "$needed" -gt 0
check "fragments: there are some" test $more -gt 40000
for inputs in "c.fragments d.fragments" "c.fragments.json d.fragments.json" "c.fragments d.fragments.json"; do
	# shellcheck disable=SC2086
	report $inputs
	same "$inputs: with the packed inodes" "$((all + more)) $((once + $(packed c) + needed))" \
		"$(figure '"%d %d" % (r["total"]["page_bytes"], r["total"]["shared_page_bytes"])')"
	same "$inputs: of one" "$(packed d) $needed" \
		"$(figure '"%d %d" % tuple(r["images"][1]["packed_" + k + "page_bytes"] for k in ("", "shared_"))')"
done
same "fragments: the report says so" 2 "$("$DUMP" --ishare-report c.fragments d.fragments | grep -c "of it are fragments")"

report a.4096 b.4096
cp report report.images
read -r all once <<<"$(expected 4096 "$work/a")"
same "one image alone" "$all $once" "$(figure '"%d %d" % (r["images"][0]["page_bytes"], r["images"][0]["shared_page_bytes"])')"
read -r _ both <<<"$(expected 4096 "$work/a" "$work/b")"
read -r _ other <<<"$(expected 4096 "$work/b")"
same "marginal cost: what vanishes with the image" "$((both - other)) $((both - once))" \
	"$(figure '"%d %d" % tuple(i["marginal_page_bytes"] for i in r["images"])')"
same "size-18 is the worst of those that differ" "/dir/file-18 20480" \
	"$(figure '"%s %d" % tuple(r["different_contents"]["worst"][0][k] for k in ("path", "page_bytes"))')"
same "two paths differ" 2 "$(figure 'r["different_contents"]["count"]')"
same "in one directory" "['/dir']" "$(figure '[d["path"] for d in r["different_contents"]["directories"]]')"
same "directories add up" True "$(figure 'sum(d["page_bytes"] for d in r["directories"]) == r["total"]["page_bytes"]')"
report a.json b.json
same "manifests say what the images say" \
	"$(sed 's/\.4096"/"/; s/"manifest": false/"manifest": true/' report.images)" "$(sed 's/\.json"/"/' report)"

report b.4096 b.json a.4096
same "what is there twice costs nothing" 0 "$(figure 'r["images"][0]["marginal_page_bytes"]')"
report a.plain b.plain
same "images without fingerprints share nothing" "True [False, False]" \
	"$(figure '"%s %s" % (r["total"]["page_bytes"] == r["total"]["shared_page_bytes"], [i["fingerprinted"] for i in r["images"]])')"
report a.4096 a.plain
same "... not even with images that have them" "$(expected 4096 "$work/a" | cut -d' ' -f1)" "$(figure 'r["images"][1]["marginal_page_bytes"]')"
report /dev/fd/3 3<a.json
same "a manifest from a file descriptor" 1 "$(figure 'r["total"]["images"]')"
"$DUMP" --fingerprints=json a.4096 | "$DUMP" --ishare-report --json /dev/stdin b.4096 >report || fail "a manifest from a pipe"
same "a manifest from a pipe" 2 "$(figure 'r["total"]["images"]')"

# What spoils sharing, in manifests that were changed by hand.
python3 - "$work" <<-'PYTHON'
	import json, sys
	name = sys.argv[1] + "/b.json"
	doc = json.load(open(name))
	files = {f.get("path"): f for f in doc["files"]}
	files["/dir/file-20"]["value"] = None
	files["/dir/file-30"]["kind"] = "compressed"
	files["/dir/file-5"]["size"] += 4096
	json.dump(doc, open(sys.argv[1] + "/spoiled.json", "w"))
PYTHON
report a.4096 b.4096 spoiled.json --backend=block
same "no fingerprint" "1 /dir/file-20" "$(figure '"%d %s" % (r["no_fingerprint"]["count"], r["no_fingerprint"]["worst"][0]["path"])')"
same "two kinds" "1 ['plain', 'compressed'] 32768" "$(figure '"%d %s %d" % (r["kind_clashes"]["count"], [e["kind"] for e in r["kind_clashes"]["worst"][0]["examples"]], r["kind_clashes"]["page_bytes"])')"
same "two sizes" "1 [4986, 9082]" "$(figure '"%d %s" % (r["size_clashes"]["count"], [e["size"] for e in r["size_clashes"]["worst"][0]["examples"]])')"
"$DUMP" --ishare-report a.4096 b.4096 spoiled.json >table
check "the table raises the alarm" grep -q '^ALARM' table
check "the table shows each image" bash -c 'grep -c "a.4096\|b.4096\|spoiled.json" table | grep -q "[3-9]"'
same "--top limits each list" "1 1 1" "$(report --top=1 a.json b.json && figure '"%d %d %d" % (len(r["directories"]), len(r["different_contents"]["worst"]), len(r["different_contents"]["directories"]))')"

# A threshold for pipelines.
percent=$(report a.json b.json && figure 'r["total"]["reduction_percent"]')
same "--min-saving reached" 0 "$("$DUMP" --ishare-report --min-saving="$percent" a.json b.json >/dev/null 2>&1; echo $?)"
same "--min-saving not reached" 3 "$("$DUMP" --ishare-report --min-saving="$(echo "$percent" | awk '{ printf "%.2f", $1 + 0.01 }')" a.json b.json >/dev/null 2>&1; echo $?)"
same "--min-saving=0 with nothing saved" 0 "$("$DUMP" --ishare-report --min-saving=0 a.plain >/dev/null 2>&1; echo $?)"

missed() { # WHAT PATTERN INPUT...: one line on stderr, exit status 3
	local what=$1 pattern=$2
	shift 2
	"$DUMP" --ishare-report --min-saving=99 "$@" >table 2>.err
	same "$what: status and lines" "3 1" "$? $(wc -l <.err)"
	check "$what" grep -qE -e "$pattern" .err
}
for version in a b; do "$MKFS" --quiet -zlz4 "$FP_OPT" $version.lz4 $version; done
"$MKFS" --quiet --ishare-fingerprint=sha512 b.512-digest b
missed "why: contents" 'saves [0-9.]+ %, less than the 99.00 % of --min-saving: files of the same path have different' a.4096 b.4096
missed "why: kinds" '\./a\.4096 is plain, \./a\.lz4 compressed: build both with the same -z' ./a.4096 ./a.lz4
check "... as a hint" grep -qx 'Hint: ./a.4096 is plain, ./a.lz4 compressed: build both with the same -z' table
check "... digests are short" grep -qE '  sha256:[0-9a-f]{12}$' table
missed "why: no fingerprints" 'a\.plain has no fingerprints: mkfs.erofs --restamp NEW a\.plain' a.plain b.4096
missed "why: several without" 'a\.plain and 1 more have no fingerprints' a.plain b.plain
missed "why: algorithms" 'a\.4096 has sha256, b\.512-digest sha512: build both with one --ishare-fingerprint' a.4096 b.512-digest
missed "why: nothing in common" 'no more files in common' b.4096
check "the remedy works" "$MKFS" --quiet --restamp a.stamped a.plain
same "... no hint is left" 0 "$("$DUMP" --ishare-report a.stamped b.4096 | grep -c Hint)"
same "JSON: advice" "['a.4096 is plain, a.lz4 compressed: build both with the same -z']" "$(report a.4096 a.lz4 && figure 'r["advice"]')"
check "no colors but on a terminal" test "$("$DUMP" --ishare-report a.plain | grep -c $'\033')" = 0
if command -v script >/dev/null; then
	same "nothing saved is red on a terminal" "2 0" \
		"$(script -qc "$DUMP --ishare-report a.plain" /dev/null | grep -c $'\033\[31m') $(NO_COLOR=1 script -qc "$DUMP --ishare-report a.plain" /dev/null | grep -c $'\033\[31m')"
fi
check "the page: red for nothing" grep -q 'class="tile bad"><b id=reduction>0.00' <("$DUMP" --ishare-report --html=/dev/stdout a.plain)
SOURCE_DATE_EPOCH=1700000000 "$DUMP" --ishare-report --html=page a.4096 >table
check "the page: percent of each image" grep -q '%</span> shared, only here' page
check "the page: date" grep -q '2023-11-14 22:13 UTC' page

# Copies are as many inputs, but one line.
figures='"%d %d %d %d" % tuple(r["total"][k] for k in ("files", "page_bytes", "shared_page_bytes", "clash_page_bytes"))'
spoilers='[[(w["path"], w["page_bytes"], w["files"] * (k != "different_contents")) for w in r[k]["worst"]] for k in ("no_fingerprint", "different_contents", "kind_clashes")]'
"$MKFS" --quiet -zlz4 "$FP_OPT" b.packed b
for inputs in "a.4096*3 b.json*2" "a.4096*2 b.packed*3 a.plain*2" "a.4096 b.4096"; do
	separate=()
	for input in $inputs; do
		copies=${input#*\*}
		[ "$copies" != "$input" ] || copies=1
		for ((i = 0; i < copies; i++)); do separate+=("${input%\**}"); done
	done
	report "${separate[@]}"
	want=$(figure "$figures") lost=$(figure "$spoilers")
	# shellcheck disable=SC2086
	report $inputs
	same "copies: $inputs" "$want" "$(figure "$figures")"
	same "... what spoils sharing" "$lost" "$(figure "$spoilers")"
	same "... lines and mounts" "$(wc -w <<<"$inputs") ${#separate[@]}" "$(figure '"%d %d" % (len(r["images"]), r["total"]["mounts"])')"
done
report --copies=40 a.4096
read -r all once <<<"$(expected 4096 a)"
same "40 copies of one image: its pages once" "$((40 * all)) $once" "$(figure '"%d %d" % (r["total"]["page_bytes"], r["total"]["shared_page_bytes"])')"
same "... all of it is marginal" "$once" "$(figure 'r["images"][0]["marginal_page_bytes"]')"
report 'a.plain*40'
same "40 copies without fingerprints: 40 times" "$((40 * all)) $((40 * all))" "$(figure '"%d %d" % (r["total"]["page_bytes"], r["images"][0]["marginal_page_bytes"])')"
check "the page of copies" "$DUMP" --ishare-report --html=page 'a.plain*40' 'b.4096*3'
check "... names them" grep -q 'a.plain.*&times; 40' page
same "the table of copies" 1 "$("$DUMP" --ishare-report 'a.4096*40' | grep -c 'a\.4096 (40 copies)$')"
cp a.4096 'a*2'
report 'a*2' && same "a file of such a name is a file" "1 1" "$(figure '"%d %d" % (r["total"]["mounts"], r["images"][0]["copies"])')"
refused "no copies" 'copies' "$DUMP" --ishare-report --copies=0 a.4096
for input in 'a.4096*0' 'a.4096*x' 'a.4096*' 'a.4096*1000001'; do refused "$input" 'No such file' "$DUMP" --ishare-report "$input"; done

refused "no image" "no image" "$DUMP" --ishare-report
refused "two images without a report" "more than one" "$DUMP" a.4096 b.4096
refused "a view with a report" "alone" "$DUMP" --ishare-report -s a.4096
refused "a report's option without a report" "ishare-report" "$DUMP" --html=x a.4096
for option in --page-size=1000 --page-size=2M --page-size=x --backend=disk --top=-1 --min-saving=101 --min-saving=1.234 --min-saving=x --min-saving=. --html=; do
	refused "$option" "${option%%=*}" "$DUMP" --ishare-report "$option" a.4096
done
refused "an input that is not there" "nothing-there.*No such file" "$DUMP" --ishare-report a.4096 nothing-there
refused "a directory" "Is a directory" "$DUMP" --ishare-report a
printf 'neither' >neither
refused "neither image nor manifest" "neither" "$DUMP" --ishare-report a.4096 neither
: >empty
refused "an empty input" "empty" "$DUMP" --ishare-report empty
printf '{"version":1}' >incomplete
refused "an incomplete manifest" "incomplete.*missing" "$DUMP" --ishare-report a.4096 incomplete
refused "a page that cannot be written" "no/such" bash -c '"$1" --ishare-report --html=/no/such/page a.4096 >/dev/null' - "$DUMP"
if [ -w /dev/full ]; then
	refused "a page on a full disk" "space" bash -c '"$1" --ishare-report --html=/dev/full a.4096 >/dev/null' - "$DUMP"
fi
check_not "a table on a full disk" bash -c '"$1" --ishare-report a.4096 >/dev/full' - "$DUMP"

# Damaged images and manifests: an orderly end, whatever they hold.
bad=0 count=${COUNT:-150}
[ -n "$LONG" ] && count=${COUNT:-3000}
for ((seed = 1; seed <= count; seed++)); do
	input=a.512
	[ $((seed % 2)) = 0 ] || input=b.json
	"$tools/corrupt" "$seed" $input damaged
	(ulimit -v "$hostile_limit"; timeout 20 "$DUMP" --ishare-report --json --html=page damaged a.json damaged >/dev/null 2>.err)
	status=$?
	[ "$status" -lt 2 ] && continue
	bad=$((bad + 1))
	echo "    seed $seed, $input: exit $status"
	head -n 5 .err
done
same "damaged inputs" 0 "$bad"

# As many workers as there are processors, or one: the same.
"$tools/manifestgen" "$work" 30 200
report "$work"/000*.json
cp report first
check "one worker gives the same report" bash -c 'taskset -c 0 "$1" --ishare-report --json "$2"/000*.json | cmp - first' - "$DUMP" "$work"
finish
