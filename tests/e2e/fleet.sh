#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Rows for databases, and the SQL of doc/fleet.md on PostgreSQL: its answers against --ishare-report of the same manifests.
# EROFS_TEST_LONG=1: a thousand manifests.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$DUMP" "$tools/manifestgen"
command -v python3 >/dev/null || skip_all "needs python3"

# ---- rows -------------------------------------------------------------------------------------------------------------------------

mkdir -p s/dir && echo one >s/dir/one && cp s/dir/one s/equal && ln s/dir/one s/link && : >s/empty && seq 9000 >s/text
echo 2 >'s/with,comma' && echo 3 >'s/with"quote' && echo 4 >"s/$(printf 'no-utf8-\377\n')" && ln -s text s/symlink
"$MKFS" --quiet "$FP_OPT" -T1 plain s && "$MKFS" --quiet "$FP_OPT" -T1 -zlz4 packed s && "$MKFS" --quiet -T1 bare s
"$DUMP" --fingerprints=json plain >plain.json
digest() { echo "sha256:$(sha256sum <"$1" | cut -c1-64)"; }
cat >rows.py <<-'PYTHON'
	import csv, hashlib, json, os, sys
	rows = list(csv.reader(open(sys.argv[1], newline="")))
	lines = [json.loads(line) for line in open(sys.argv[2])]
	assert rows[0] == ["image", "path", "size", "kind", "value"], rows[0]
	assert len(rows) == len(lines) + 1 == 7, (len(rows), len(lines))
	found = set()
	for row, line in zip(rows[1:], lines):
	    path = line["path"].encode() if "path" in line else bytes.fromhex(line["path_hex"])
	    shown = row[1].encode().decode("unicode_escape").encode("latin-1") if "\\" in row[1] else row[1].encode()
	    assert path == shown, (path, row[1])
	    assert row[0] == line["image"] == sys.argv[3], row[0]
	    assert (int(row[2]), row[3], row[4] or None) == (line["size"], line["kind"], line["value"]), (row, line)
	    bytes_ = open(b"s" + path, "rb").read()
	    assert line["size"] == len(bytes_)
	    wanted = None if sys.argv[4] == "bare" else "sha256:" + hashlib.sha256(bytes_).hexdigest()
	    assert line["value"] == wanted, (line, wanted)
	    kind = "compressed" if sys.argv[4] == "packed" and path == b"/text" else "plain"
	    assert line["kind"] == kind, line
	    found.add(os.stat(b"s" + path).st_ino)
	assert len(found) == 6
PYTHON
for image in plain packed bare; do
	"$DUMP" --fingerprints=csv $image >rows.csv && "$DUMP" --fingerprints=ndjson $image >rows.ndjson
	check "rows of $image" python3 rows.py rows.csv rows.ndjson "$(digest $image)" $image
done
"$DUMP" --fingerprints=csv plain | tail -n +2 | cut -d, -f2- >rows-of-image
check "a manifest has the rows of its image" cmp rows-of-image <("$DUMP" --fingerprints=csv plain.json | tail -n +2 | cut -d, -f2-)
hex=$(printf '%064d' 7)
cp plain.json "sha256-$hex.json" && cp plain "$hex.erofs"
same "called by a digest" "2 sha256:$hex" "$("$DUMP" --fingerprints=csv "sha256-$hex.json" "$hex.erofs" | tail -n +2 | cut -d, -f1 | sort | uniq -c | awk '{ print $1 / 6, $2 }')"
same "several inputs, one header" "1 13" "$("$DUMP" --fingerprints=csv plain plain.json | awk '/^image,/ { head++ } END { print head, NR }')"
refused "an input that is none" "no-such.json" "$DUMP" --fingerprints=csv no-such.json
refused "one that is no manifest" "s/text: neither an image nor a manifest" "$DUMP" --fingerprints=ndjson s/text
refused "with a path" "stand alone" "$DUMP" --fingerprints=csv --path=/dir plain

# ---- a real engine ----------------------------------------------------------------------------------------------------------------

bin=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
[ "$bin" ] || { skip "SQL: no PostgreSQL"; finish; }
bin=${bin%/*}
as_server() { if is_root; then as_nobody env HOME="$work" "$@"; else "$@"; fi; }
mkdir -m 777 server
stop_server() { as_server "$bin/pg_ctl" -D "$work/server/db" -m immediate stop >/dev/null 2>&1; }
as_server "$bin/initdb" -D "$work/server/db" -A trust -U fleet --no-sync -E UTF8 --locale=C >.init 2>&1 || { tail -n 3 .init; fail "initdb"; finish; }
trap 'stop_server; cleanup' EXIT
# Nothing has to survive the test.
as_server "$bin/pg_ctl" -D "$work/server/db" -l "$work/server/log" -w start \
	-o "-k $work/server -c listen_addresses= -c fsync=off -c full_page_writes=off -c autovacuum=off" >/dev/null || { tail -n 3 server/log; fail "server"; finish; }
sql() { "$bin/psql" -h "$work/server" -U fleet -d postgres -v ON_ERROR_STOP=1 -qAtF ' ' "$@"; }

count=24 files=150
[ "$LONG" ] && count=1000 files=2000
mkdir m && "$tools/manifestgen" m $count $files
# One without fingerprints in part, one with another size of an equal value, one that is compressed.
sed -i '0,/"value": "[0-9a-f]*"/s//"value": null/' m/00001.json
sed -i 's/"kind": "plain"/"kind": "compressed"/' m/00002.json
sed -i '0,/"size": [0-9]*/s//"size": 99999/' m/00003.json
(cd m && sha256sum ./*.json | sed 's,^\([0-9a-f]*\)  \./,sha256:\1 m/,') >names
"$DUMP" --fingerprints=csv m/*.json >files.csv || fail "rows of $count manifests"

# block NAME: the SQL of the page that begins with "-- NAME"; without: all that makes tables
block() {
	awk -v name="${1:-}" '/^```sql/ { inside = 1; first = 1; text = ""; next }
		/^```/ && inside { inside = 0; if (name == "" ? text ~ /^CREATE/ : text ~ "^-- " name "\n") print text; next }
		inside { text = text $0 "\n" }' "$top_srcdir/doc/fleet.md"
}
same "blocks of the page" "3 1 1 1 1" "$(block | grep -c '^CREATE TABLE [fch]') $(for name in all most base mix; do block $name | grep -c '^-- '; done | xargs)"
block | sed '/^CREATE TABLE holds/,$d' | sql || fail "the table of files"
# shellcheck disable=SC1003
sql -c '\copy files FROM files.csv WITH (FORMAT csv, HEADER)' || fail "load"
block | sed -n '/^CREATE TABLE holds/,$p' | sql || fail "the other tables"
same "all rows are there" $((count * files)) "$(sql -c 'SELECT count(*) FROM files')"

report() { # EXPRESSION INPUT...: of the report, r
	local what=$1
	shift
	"$DUMP" --json --ishare-report --top=1 "$@" >report.json
	python3 -c 'import json, sys
r = json.load(open("report.json"))["ishare_report"]; t = r["total"]
names = dict(reversed(line.split()) for line in open("names"))
print(eval(sys.argv[1]))' "$what"
}
totals='"%d %d %d" % (t["files"], t["page_bytes"], t["shared_page_bytes"])'
same "all images together" "$(report "$totals" m/*.json)" "$(block all | sql)"
block most | sql >most.rows
same "what each image needs alone, and on top of the others" \
	"$(report '"\n".join(sorted("%s %d %d" % (names[i["image"]], i["shared_page_bytes"], i["marginal_page_bytes"]) for i in r["images"]))' m/*.json)" \
	"$(cut -d' ' -f1-3 most.rows | sort)"
same "the one that shares most comes first" "$(sort -k4,4nr -k1,1 most.rows | head -n 1)" "$(head -n 1 most.rows)"
pods=(m/00000.json*40 m/00001.json*3 m/00002.json m/00003.json*7)
for pod in "${pods[@]}"; do
	case $pod in *'*'*) n=${pod#*\*} ;; *) n=1 ;; esac
	echo "INSERT INTO mix VALUES ('$(grep " ${pod%\**}$" names | cut -d' ' -f1)', $n);"
done | sql || fail "mix"
same "a mix of pods" "$(report '"%d %d" % (t["page_bytes"], t["shared_page_bytes"])' "${pods[@]}")" "$(block mix | sql)"
# The base: what others have of it, by the figures of pairs.
block base | sql >base.rows
best=$(head -n 1 base.rows | cut -d' ' -f1)
if [ ! "$LONG" ]; then
	file=$(grep "^$best " names | cut -d' ' -f2) && sum=0
	for other in m/*.json; do
		[ "$other" = "$file" ] && continue
		sum=$((sum + $(report 'sum(i["shared_page_bytes"] for i in r["images"]) - t["shared_page_bytes"]' "$file" "$other")))
	done
	same "the best base: what all others find of it" "$best $sum" "$(head -n 1 base.rows)"
fi
# A test that cannot fail is none.
sql -c "UPDATE files SET value = NULL WHERE path LIKE '%00009.so'"
[ "$(block all | sql)" != "$(report "$totals" m/*.json)" ] && pass "a difference is noticed" || fail "a difference is not noticed"
stop_server
finish
