#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# installed.sh PREFIX: what `make install` has made, configured with --prefix=PREFIX. The tools start without LD_LIBRARY_PATH; a program that uses the
# headers is linked with the shared and with the static library, by what pkg-config says and nothing else, and runs.
set -eu
prefix=$1
unset LD_LIBRARY_PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree" && echo hello >"$work/tree/file"

"$prefix/bin/mkfs.erofs" --quiet --ishare-fingerprint=sha256 "$work/image" "$work/tree"
"$prefix/bin/fsck.erofs" --ishare "$work/image"
[ "$("$prefix/bin/dump.erofs" --cat --path=/file "$work/image")" = hello ]
# Under a prefix of its own libtool would write the way to the library into the tools; under /usr/local it does not.
for tool in mkfs dump fsck; do
	if readelf -d "$prefix/bin/$tool.erofs" | grep 'NEEDED.*liberofs\|R.*PATH'; then
		echo "not ok - $tool.erofs looks for the library"
		exit 1
	fi
done
for tool in mount umount; do "$prefix/sbin/$tool.erofs" --version; done
echo "ok - tools"
share=$prefix/share
for tool in mkfs dump fsck mount umount; do
	for file in bash-completion/completions/"$tool.erofs" zsh/site-functions/"_$tool.erofs" fish/vendor_completions.d/"$tool.erofs.fish"; do
		grep -q "$tool.erofs" "$share/$file"
	done
	[ -s "$(echo "$share"/man/man[18]/"$tool".erofs.[18])" ]
done
[ -s "$share/man/man3/liberofs.3" ] && [ -s "$share/man/man5/erofs-ishare-layout.5" ]
echo "ok - completions and manual pages"

cat >"$work/consumer.c" <<'END'
#include <stdio.h>

#include <erofs/build.h>
#include <erofs/check.h>
#include <erofs/oci.h>
#include <erofs/share.h>
#include <erofs/source.h>

int main(int argc, char **argv)
{
	struct erofs_scan_options scan = erofs_scan_options_init();
	struct erofs_tree_rules rules = erofs_tree_rules_init();
	struct erofs_build_options build;
	struct erofs_tree *tree = erofs_tree_new();

	erofs_build_defaults(&build);
	if (argc != 3 || erofs_scan_directory(tree, argv[1], &scan, NULL) || erofs_tree_normalize(tree, &rules, NULL) ||
	    erofs_build(tree, argv[2], &build, NULL, NULL))
		return 1;
	erofs_tree_free(tree);
	puts(erofs_build_info());
	return 0;
}
END
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
read -r -a cc <<<"${CC:-cc}"
read -r -a cflags <<<"$(pkg-config --cflags liberofs)"
read -r -a shared <<<"$(pkg-config --libs liberofs)"
read -r -a static <<<"$(pkg-config --static --libs liberofs)"

uses() { # PROGRAM: builds an image that the installed fsck accepts
	rm -f "$work/made"
	"$@" "$work/tree" "$work/made"
	"$prefix/bin/fsck.erofs" "$work/made"
}

if [ -e "$prefix/lib/liberofs.so" ]; then
	"${cc[@]}" -Wall -Wextra -Werror "${cflags[@]}" "$work/consumer.c" -o "$work/with-so" "${shared[@]}"
	uses env LD_LIBRARY_PATH="$prefix/lib" "$work/with-so"
	readelf -d "$work/with-so" | grep -q 'NEEDED.*liberofs\.so'
	echo "ok - shared library"
else
	echo "skip - no shared library was built"
fi

# In a directory without the shared one, -lerofs is the static one.
mkdir "$work/only-static" && cp "$prefix/lib/liberofs.a" "$work/only-static/"
"${cc[@]}" "${cflags[@]}" "$work/consumer.c" -o "$work/with-a" "${static[@]/#-L$prefix\/lib/-L$work/only-static}"
if readelf -d "$work/with-a" | grep 'NEEDED.*liberofs\.so'; then exit 1; fi
uses "$work/with-a"
echo "ok - static library"

# Wholly static where all the libraries there are have a static form; Debian has none for libisal.
if "${cc[@]}" -static "${cflags[@]}" "$work/consumer.c" -o "$work/static" "${static[@]}" 2>"$work/errors"; then
	uses "$work/static"
	echo "ok - all static"
elif grep -q erofs_ "$work/errors"; then
	cat "$work/errors"
	exit 1
else
	echo "skip - all static: $(grep -m 1 -o 'cannot find .*\|undefined reference.*' "$work/errors")"
fi
