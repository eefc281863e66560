#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The page of --ishare-report --html, as Chromium sees it: figures, nothing loaded, nothing run, names as they are.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib_page.sh
. "$top_srcdir/tests/e2e/lib_page.sh"
need_built "${all_codecs[@]}"
need_tools "$DUMP" "$tools/manifestgen"
command -v python3 >/dev/null || skip_all "needs python3"
figures=$top_srcdir/tests/e2e/page_figures.py

# Eight images, one of which has what spoils sharing, in files with hostile names; another one has no fingerprints.
"$tools/manifestgen" "$work" 8 300
python3 - "$work" <<-'PYTHON'
	import json, os, sys
	dir = sys.argv[1]
	doc = json.load(open(dir + "/00001.json"))
	names = ["<script>document.title='run'</script>", "<img src=x onerror=\"document.title='run'\">", "\"'><svg onload=alert(1)>",
	    "</bdi></td></table></section><h1>x</h1>", "&lt;b&gt;", "{{7*7}}", "\u202egnp.exe", "line\nbreak", "</style><style>*{display:none}",
	    "javascript:alert(1)", "--><!--", "\u00e4\u4e2d\U0001f600"]
	for file, name in zip(doc["files"], names):
	    file["path"] = "/hostile/" + name.replace("/", "\u2215") + "/" + name.replace("/", "\u2215")
	    file["value"] = None
	    file["size"] = 50000000 + len(name)
	doc["files"].append(dict(doc["files"][0], path_hex="2f80ff3c623e"))
	del doc["files"][-1]["path"]
	doc["files"][100]["kind"] = "compressed"
	doc["files"][100]["path"] += "<b>"
	doc["files"][101]["size"] += 1
	doc["files"][101]["path"] += "<b>"
	json.dump(doc, open(dir + "/<b onclick=x>&\"'.json", "w"))
	doc = json.load(open(dir + "/00002.json"))
	doc["image"]["fingerprint_xattr"] = None
	json.dump(doc, open(dir + "/00002.json", "w"))
PYTHON
inputs=("$work"/0*.json "$work"/\<*.json)
check "report" "$DUMP" --ishare-report --html=page.html --json "${inputs[@]}"
cp .out report.json
same "the page's source has the figures" agreed "$(python3 "$figures" page.html report.json)"
check_not "nothing from elsewhere" grep -niE '(src|href)=|url\(|@import|https?://' <(sed 's/<bdi[^>]*>[^<]*<\/bdi>//g' page.html)
check_not "no script" grep -qi '<script' page.html
same "each bar has its figures as text" "$(grep -o '<div class=bar' page.html | wc -l)" "$(grep -oE '<div class=bar role=img aria-label="[a-z][^"]+"' page.html | wc -l)"
check "it says when it was made" grep -qE '<footer>dump.erofs .*, [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC</footer>' page.html
# A test that cannot fail is none.
sed 's/data-bytes="\([0-9]*\)"/data-bytes="1\1"/' page.html >wrong.html
python3 "$figures" wrong.html report.json >differences
check "wrong figures are noticed" grep -q 'in the report' differences

[ "$browser" ] || {
	skip "no chromium: the page was not opened"
	finish
}
if ! browse page.html --dump-dom >dom.html || [ ! -s dom.html ]; then
	fail "chromium: $(tail -n 3 .browser)"
	finish
fi
same "figures in the browser" agreed "$(python3 "$figures" dom.html report.json)"
check "no name was run" grep -q '<title>Page cache of 9 EROFS images</title>' dom.html

# What the choices do, as the browser lays the page out: a copy of the page presses its own buttons.
python3 - <<-'PYTHON'
	import re
	page = open("page.html").read()
	script = """<script>
	const seen = {};
	for (const id of ["as-given", "by-pages", "by-common", "by-marginal", "show-all", "show-zero", "show-bare", "show-damaged"]) {
	  document.getElementById(id).checked = true;
	  seen[id] = [...document.querySelectorAll(".image")].map((e, i) => [i, e.getBoundingClientRect()]).filter(x => x[1].height > 0)
	    .sort((a, b) => a[1].top - b[1].top).map(x => x[0]);
	  if (id == "by-marginal") document.getElementById("as-given").checked = true;
	}
	seen.zero = [...document.querySelectorAll(".percent")].map(e => getComputedStyle(e).color == getComputedStyle(document.querySelector(".note")).color);
	// As wide as a phone: each mark stands in one line with its words.
	document.body.style.width = "358px";
	seen.apart = [...document.querySelectorAll("input")].filter(input => {
	  const label = document.querySelector("label[for=" + input.id + "]"), mark = input.getBoundingClientRect(), words = label.getBoundingClientRect();
	  if (label.getClientRects().length != 1 || words.height > 40) return true;
	  if (getComputedStyle(input).opacity == 0) return getComputedStyle(label, ":before").content == "none";
	  return mark.bottom <= words.top || mark.top >= words.bottom;
	}).map(input => input.id);
	document.title = JSON.stringify(seen);
	</script></body>"""
	page = re.sub("<meta http-equiv[^>]*>", "", page).replace("</body>", script)
	open("pressed.html", "w").write(page)
PYTHON
browse pressed.html --dump-dom | sed -n 's,.*<title>\(.*\)</title>.*,\1,p' >seen.json
cat >choices.py <<-'PYTHON'
	import json
	seen = json.load(open("seen.json"))
	images = json.load(open("report.json"))["ishare_report"]["images"]
	every = range(len(images))
	def common(image):
	    only = image["marginal_page_bytes"] - image["unshareable_page_bytes"] * (image["copies"] - 1)
	    return (image["page_bytes"] - only) * 10000 // image["page_bytes"]
	for image in images: image["common"] = common(image)
	def by(key): return sorted(every, key=lambda i: -images[i][key])
	wanted = {"as-given": list(every), "by-pages": by("page_bytes"), "by-common": by("common"), "by-marginal": by("marginal_page_bytes"),
	    "show-all": list(every), "show-zero": [i for i in every if not images[i]["common"]],
	    "show-bare": [i for i in every if not images[i]["fingerprinted"]], "show-damaged": [i for i in every if images[i]["damaged"]],
	    "zero": [not i["common"] for i in images], "apart": []}
	assert len(wanted["show-bare"]) == 1 and wanted["by-marginal"] != wanted["by-pages"], "the images show too little"
	for what, order in wanted.items():
	    if seen[what] != order: print(what, seen[what], "instead of", order)
	print("agreed")
PYTHON
same "sorted and chosen without a script; 0 % is red" agreed "$(python3 choices.py)"

# width WINDOW: of the page in a window that wide
png_size() { python3 -c 'import struct, sys; print(*struct.unpack(">II", open(sys.argv[1], "rb").read(24)[16:]))' "$1"; }
for window in 1100,1600 390,844; do
	browse page.html --window-size=$window --screenshot="$work/shot.png" >/dev/null
	same "screenshot of $window" "${window/,/ }" "$(png_size shot.png 2>/dev/null)"
	[ -z "${KEEP:-}" ] || cp shot.png "$KEEP/page-${window%,*}.png"
done
fits_narrow "as wide as a narrow window" page.html
finish
