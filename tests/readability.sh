#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Pages are not hard to read: no sentence is too long, and their LIX is that of plain texts. scripts/readability.py measures, and
# shows what is over 36 words, which is where to begin with rewriting.
set -u
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
command -v python3 >/dev/null || { echo "skip - no python3"; exit 77; }
measure() { python3 "$top_srcdir/scripts/readability.py" --words 45 --lix 40 "$@"; }
work=$(mktemp -d "${TMPDIR:-/tmp}/readability.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
# A test that cannot fail is none.
yes word | head -n 46 | paste -sd' ' >"$work/long.md"
echo 'Interoperability considerations necessitate comprehensive documentation.' >"$work/hard.md"
echo 'The dog sees a cat.' >"$work/plain.md"
for page in long hard; do
	! measure "$work/$page.md" >/dev/null || { echo "not ok - a page that is $page passes"; exit 1; }
done
measure "$work/plain.md" >/dev/null || { echo "not ok - a plain page does not pass"; exit 1; }

pages=("$top_srcdir"/*.md "$top_srcdir"/doc/*.md "$top_srcdir/tests/README.md")
if command -v mandoc >/dev/null; then pages+=("$top_srcdir"/man/*.[0-9]); else echo "skip - manual pages: no mandoc"; fi
measure "${pages[@]}" || { echo "not ok - see the sentences above, and the pages with a LIX above 40"; exit 1; }
echo "ok - ${#pages[@]} pages"
