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

# One process looks at all documents: starting it costs more than its work.
cat >validate.py <<-'PYTHON'
	import json, sys
	import jsonschema
	schema = json.load(open(sys.argv[1]))
	validator = jsonschema.Draft202012Validator(schema)
	validator.check_schema(schema)
	def find_errors(kind, text):
	    try:
	        document = json.loads(text)
	    except ValueError as error:
	        return [str(error)]
	    # What is wrong with a part is easier to read than which of all alternatives does not fit.
	    if kind in document and kind in schema["$defs"] and kind not in ("extents", "entries"):
	        part = {"type": "object", "$ref": "#/$defs/" + kind, "$defs": schema["$defs"]}
	        for error in jsonschema.Draft202012Validator(part).iter_errors(document[kind]):
	            return [f"{list(error.absolute_path)} {error.message[:300]}"]
	    errors = sorted(validator.iter_errors(document), key=str)
	    lines = [f"{list(error.absolute_path)} {error.message[:300]}" for error in errors[:3]]
	    return lines or ([] if kind in document else ["no " + kind])
	for line in sys.stdin:
	    name, kind, what = line.rstrip("\n").split(" ", 2)
	    errors = find_errors(kind, open(name, "rb").read().decode("utf-8", "surrogateescape"))
	    print(("not ok - " if errors else "ok - ") + what)
	    for error in errors:
	        print("    " + error)
PYTHON
documents=0
mkdir documents
: >list
valid() { # WHAT MEMBER COMMAND...: the command's output, also in `document`, has this member and fits the schema
	local what=$1 member=$2
	shift 2
	documents=$((documents + 1))
	"$@" >document 2>/dev/null </dev/null
	cp document documents/$documents
	echo "documents/$documents $member $what" >>list
}
validate() { "$python" validate.py "$top_srcdir/doc/json.schema.json" <"$1"; }

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

# What was made.
made() { # EXPRESSION: of the document's member, m, and its first image, i
	"$python" -c 'import json, sys; m = json.load(open("document"))["mkfs"]; i = m["images"][0]; r = eval(sys.argv[1]); print(*r if isinstance(r, tuple) else [r])' "$1"
}
valid "mkfs" mkfs "$MKFS" --json "$FP_OPT" -zzstd -Eall-fragments -m4096 fragments s
same "mkfs: the image" "fragments fragments sha256 True" "$(made 'm["output"], i["image"], i["fingerprints"]["algorithm"], i["image_bytes"] == '"$(stat -c %s fragments)")"
valid "mkfs: a name that is no UTF-8" mkfs "$MKFS" --json "$(printf 'odd-\377')" s
same "mkfs: its bytes" 6f64642dff "$(made 'i["image_hex"]')"
valid "mkfs: with a tree" mkfs "$MKFS" --json --quiet --verity tree s
same "mkfs: the root hash" "$(sed -n 's/.*"roothash": *"\([0-9a-f]*\)".*/\1/p' tree.dmverity)" "$(made 'i["verity"]["root_hash"]')"
mkdir again
"$python" - <<-'PYTHON'
	import hashlib
	text = b"".join(hashlib.sha256(b"%d" % i).hexdigest().encode() + b"\n" for i in range(20000))
	open("again/a", "wb").write(text)
	open("again/b", "wb").write(b"x" * 5000 + text)
PYTHON
valid "mkfs: parts of files that others have" mkfs "$MKFS" --json -zlz4 -C65536 -Ededupe parts again
same "mkfs: ... in the document" True "$(made 'i["dedupe"]["bytes"] > 100000')"
valid "mkfs: an index" mkfs "$MKFS" --json thin plain packed
valid "mkfs: taken over" mkfs "$MKFS" --json --restamp stamped bare
valid "mkfs: an archive" mkfs sh -c 'tar -C s --exclude=odd -c . | "$@"' - "$MKFS" --json --tar=f archive
mkdir layer && seq 500 >layer/file && tar -C layer --sort=name -cf layer.tar . && tar -C s --exclude=null -cf s.tar .
"$python" "$top_srcdir/tests/e2e/oci_images.py" layout lay plain s.tar layer.tar
valid "mkfs: a container image" mkfs "$MKFS" --json --oci=lay flat
valid "mkfs: layers=each" mkfs "$MKFS" --json --oci=lay,layers=each --verity each
same "mkfs: layers=each, what was written" "$(find each -name '*.erofs' | sort)" "$(made '"\n".join(sorted(i["image"] for i in m["images"]))')"
same "mkfs: layers=each, the list" "layers.json" "$(made 'm["order_list"]')"
valid "mkfs: layers=cache" mkfs "$MKFS" --json --oci=lay,layers=cache cache
same "mkfs: layers=cache, what was written" "$(find cache -name '*.erofs' | sort)" "$(made '"\n".join(sorted(i["image"] for i in m["images"] if i["built"]))')"
valid "mkfs: layers=cache, again" mkfs "$MKFS" --json --oci=lay,layers=cache cache
same "mkfs: layers=cache, again: all is there" "[False, False]" "$(made '[i["built"] for i in m["images"]]')"
valid "mkfs: layers=image" mkfs "$MKFS" --json --oci=lay,layers=image --verity converted
same "mkfs: layers=image, its digest" "$("$python" -c 'import json; print(json.load(open("converted/index.json"))["manifests"][0]["digest"])')" "$(made 'm["container_image"]["digest"]')"
same "mkfs: layers=image, the layers" "2 True" "$(made 'len(m["images"]), all(i["verity"] and i["diff_id"] for i in m["images"])')"
valid "mkfs: layers=image, again" mkfs "$MKFS" --json --oci=lay,layers=image --verity converted
same "mkfs: layers=image, again: nothing is made" "0 2" "$("$python" -c 'import json; m = json.load(open("document"))["mkfs"]; print(len(m["images"]), m["container_image"]["reused_layers"])')"
"$MKFS" --json --exclude-path=nothing warned s >document 2>warnings
check "mkfs: warnings go to stderr" grep -q nothing warnings
check "mkfs: ... and the document is whole" "$python" -c 'import json; json.load(open("document"))'
refused "mkfs: a build that fails" "not there" "$MKFS" --json failed "not there"
same "mkfs: ... prints no document" 0 "$(stat -c %s .out)"
refused "mkfs: the image on stdout, too" "standard output is the image" sh -c '"$@" >stdout-image' - "$MKFS" --json /dev/stdout s
refused "mkfs: a document that is lost" "cannot write to standard output" sh -c '"$@" >/dev/full' - "$MKFS" --json full s
check "mkfs: ... the image is there" "$FSCK" full

# One form of fingerprints, everywhere.
value="sha256:$(sha256sum <s/text | cut -c1-64)"
for view in "--path=/text" "--ls -l" --fingerprints; do
	# shellcheck disable=SC2086
	check "fingerprint in $view" grep -qF "\"fingerprint\": \"$value\"" <("$DUMP" --json $view plain)
done
check "fingerprint in --diff" grep -qF "\"fingerprint\": \"$value\"" <("$DUMP" --json --diff plain other)

validate list >verdicts
same "a verdict on each document" $documents "$(grep -c '^\(not \)\?ok - ' verdicts)"
cat verdicts
failures=$((failures + $(grep -c '^not ok' verdicts)))

# A test that cannot fail is none.
: >list
for change in 's/"schema_version": 1/"schema_version": 2/' 's/"same": [a-z]*/"same": 1/' 's/"same": [a-z]*,//' 's/"path"/"pfad"/' 's/sha256:/sha256-/'; do
	valid "unnoticed: $change" diff bash -c '"$1" --json --diff plain other | sed "$2"' - "$DUMP" "$change"
done
same "wrong documents are noticed" "not ok 5" "$(validate list | grep -E '^(not )?ok' | sed 's/ - .*//' | sort | uniq -c | awk '{ print $2, $3, $1 }')"
finish
