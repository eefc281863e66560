#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The manual pages render without warnings; what liberofs(3) names is declared, and its example compiles; each option that --help
# prints stands in the page of its tool.
set -u
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
status=0
bad() { printf 'not ok - %s\n' "$1" && status=1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/man.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

# lint PAGE...: what mandoc finds, but for pages that this system does not have
lint() { mandoc -T lint "$@" 2>&1 | grep -v 'STYLE: referenced manual not found\|outdated mandoc.db'; }

if command -v mandoc >/dev/null; then
	# A test that cannot fail is none.
	printf '.Dd November 1, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Sh DESCRIPTION\n.Nosuch\n' >"$work/bad.1"
	[ -n "$(lint "$work/bad.1")" ] || bad "a page with a macro that does not exist passes"
	found=$(lint "$top_srcdir"/man/*.[0-9])
	[ -z "$found" ] || bad "$found"
else
	echo "skip - no mandoc"
fi

page=$top_srcdir/man/liberofs.3
declared=$(sed '/^#define/d' "$top_srcdir"/include/erofs/*.h | grep -oE '\berofs_[a-z0-9_]+\(' | tr -d '(' | sort -u)
named=$(grep -oE '^\.F[no] erofs_[a-z0-9_]+' "$page" | awk '{ print $2 }' | sort -u)
[ "$(wc -l <<<"$named")" -ge 20 ] || bad "liberofs(3) names few functions"
unknown=$(comm -13 <(echo "$declared") <(echo "$named"))
[ -z "$unknown" ] || bad "liberofs(3) names functions that are in no header: $unknown"
awk '/^\.Bd/ { inside = 1; next } /^\.Ed/ { inside = 0 } inside' "$page" >"$work/example.c"
grep -q erofs_build "$work/example.c" || bad "liberofs(3) has no example"
# Names that are not declared are errors, as in the programs of others.
${CC:-cc} -Wall -Wextra -Werror -fsyntax-only -I"$top_srcdir/include" "$work/example.c" || bad "the example of liberofs(3)"

# shown TOOL: the options that --help prints, without those that it prints to say that they are refused
shown() {
	"$1" --help | grep -oE '^ +(-[[:alnum:]]\b,? ?)?(--[a-zA-Z0-9-]+)?' |
		grep -oE -- '-{1,2}[[:alnum:]][[:alnum:]-]*' | sort -u
}
# lacks TOOL PAGE: the options that the page, as it is rendered, does not have
lacks() {
	mandoc -T ascii "$2" | sed 's/.\x08//g' >"$work/page"
	shown "$1" | while read -r option; do
		grep -qE -- "(^|[^[:alnum:]-])$option([^[:alnum:]-]|$)" "$work/page" || echo "$option"
	done
}
for tool in mkfs.erofs dump.erofs fsck.erofs mount.erofs umount.erofs erofsfuse; do
	[ -x "$top_builddir/$tool" ] && command -v mandoc >/dev/null || continue
	[ "$(shown "$top_builddir/$tool" | wc -l)" -ge 2 ] || bad "$tool --help shows no options"
	file=$(ls "$top_srcdir"/man/"$tool".[0-9])
	lacking=$(lacks "$top_builddir/$tool" "$file")
	[ -z "$lacking" ] || bad "${file##*/} says nothing of $(paste -sd' ' <<<"$lacking")"
	if [ $tool = mkfs.erofs ]; then
		lacking=$(lacks "$top_builddir/$tool" "$top_srcdir/man/fsck.erofs.1" | wc -l)
		[ "$lacking" -ge 20 ] || bad "the page of another tool has the options of $tool"
	fi
done
pages=("$top_srcdir"/man/*.[0-9])
[ $status = 0 ] && echo "ok - ${#pages[@]} pages"
exit $status
