#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# All that the tools print as JSON against doc/json.schema.json, which knows no other members than those that it describes.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$DUMP" "$FSCK"
# Debian's module belongs to Debian's interpreter.
for python in python3 /usr/bin/python3 ''; do
	"${python:-false}" -c 'import jsonschema' 2>/dev/null && break
done
[ "$python" ] || skip_all "no python3-jsonschema"

cat >validate.py <<-'PYTHON'
	import json, sys
	import jsonschema
	schema = json.load(open(sys.argv[1]))
	validator = jsonschema.Draft202012Validator(schema)
	validator.check_schema(schema)
	kind = sys.argv[2]
	text = sys.stdin.read()
	document = json.loads(text)
	part = {"type": "object", "$ref": "#/$defs/" + kind, "$defs": schema["$defs"]}
	# What is wrong with a part is easier to read than which of all alternatives does not fit.
	if kind in document and kind in schema["$defs"]:
	    for error in jsonschema.Draft202012Validator(part).iter_errors(document[kind]) if kind not in ("extents", "entries") else []:
	        print(list(error.absolute_path), error.message[:300])
	        sys.exit(1)
	errors = sorted(validator.iter_errors(document), key=str)
	for error in errors[:3]:
	    print(list(error.absolute_path), error.message[:300])
	sys.exit(bool(errors) or kind not in document)
PYTHON
valid() { # WHAT MEMBER COMMAND...: the command's output has this member and fits the schema
	local what=$1 member=$2
	shift 2
	"$@" >document 2>/dev/null </dev/null
	"$python" validate.py "$top_srcdir/doc/json.schema.json" "$member" <document >.out && { pass "$what"; return; }
	fail "$what"
	head -n 5 .out
}

mkdir s && small_tree s && printf x >"s/$(printf 'not-utf8-\377')" && ln -s "$(printf '\377')" s/odd && mkfifo s/fifo
truncate -s 200000 s/sparse && printf x >>s/sparse && seq 9000 >s/text
if is_root; then mknod s/null c 1 3 && setfattr -n user.x -v 1 s/hello; else skip "devices, xattrs: not root"; fi
"$MKFS" --quiet "$FP_OPT" plain s && "$MKFS" --quiet "$FP_OPT" -zzstd -E48bit packed s && "$MKFS" --quiet bare s || fail "build"
"$MKFS" --quiet "$FP_OPT" -zzstd -Eall-fragments fragments s && "$MKFS" --quiet "$FP_OPT" -zzstd -m4096 metabox s || fail "build"
cp -a s t && echo other >t/hello && rm t/empty && chmod 600 t/text && "$MKFS" --quiet --ishare-fingerprint=sha512 other t
"$DUMP" --fingerprints=json plain >manifest
for image in plain packed bare other fragments metabox; do
	valid "$image: superblock" superblock "$DUMP" --json -s $image
	valid "$image: statistics" statistics "$DUMP" --json -S $image
	valid "$image: list" entries "$DUMP" --json --ls $image
	valid "$image: long list of all" entries "$DUMP" --json --ls -l -R $image
	valid "$image: inode, extents" extents "$DUMP" --json -e --path=/text $image
	valid "$image: patterns" matches "$DUMP" --json --path='/[eghnos]*' $image
	valid "$image: fingerprints" fingerprints "$DUMP" --json --fingerprints $image
	valid "$image: manifest" files "$DUMP" --fingerprints=json $image
done
for path in / /sparse /fifo /null /dir/symlink /odd /hello; do
	[ "$path" = /null ] && ! is_root && continue
	valid "inode of $path" inode "$DUMP" --json --no-follow --path=$path plain
done
for inputs in "plain other" "plain packed" "manifest other" "bare plain" "manifest manifest"; do
	# shellcheck disable=SC2086
	valid "report on $inputs" ishare_report "$DUMP" --json --ishare-report $inputs
	# shellcheck disable=SC2086
	valid "difference of $inputs" diff "$DUMP" --json --diff $inputs
done
valid "layout" layout "$DUMP" --json --diff --layout plain other
valid "fsck" fsck "$FSCK" --json --ishare plain packed
valid "fsck: what is no image" fsck "$FSCK" --json s/hello
valid "fsck: an image that is not there" fsck "$FSCK" --json plain nothing-there
say() { "$python" -c 'import json, sys; d = json.load(open("document"))["fsck"]; print(eval(sys.argv[1]))' "$1"; }
same "fsck: verdicts" "['clean', 'not_checked'] 8" "$(say '"%s %d" % ([i["verdict"] for i in d["images"]], d["exit_status"])')"
cp plain wrong && "$DUMP" --json -e --path=/text wrong >document
at=$("$python" -c 'import json; e = json.load(open("document"))["extents"][0]; print(e["physical"])')
printf '!' | dd of=wrong bs=1 seek="$at" conv=notrunc status=none
valid "fsck: a wrong fingerprint" fsck "$FSCK" --json --ishare wrong
same "fsck: the finding" "4 errors 1 True" "$(say '"%d %s %d %s" % (d["exit_status"], d["images"][0]["verdict"], d["images"][0]["errors"], "/text" in d["images"][0]["findings"][0]["message"])')"

# One form of fingerprints, everywhere.
value="sha256:$(sha256sum <s/text | cut -c1-64)"
for view in "--path=/text" "--ls -l" --fingerprints; do
	# shellcheck disable=SC2086
	check "fingerprint in $view" grep -qF "\"fingerprint\": \"$value\"" <("$DUMP" --json $view plain)
done
check "fingerprint in --diff" grep -qF "\"fingerprint\": \"$value\"" <("$DUMP" --json --diff plain other)

# A test that cannot fail is none.
for change in 's/"schema_version": 1/"schema_version": 2/' 's/"same": [a-z]*/"same": 1/' 's/"same": [a-z]*,//' 's/"path"/"pfad"/' 's/sha256:/sha256-/'; do
	"$DUMP" --json --diff plain other | sed "$change" >document
	"$python" validate.py "$top_srcdir/doc/json.schema.json" diff <document >.out && fail "unnoticed: $change"
done
finish
