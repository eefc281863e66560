#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The programs in examples/: an image built, listed and verified by them; a damaged one is not found right.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/e2e/lib.sh"
examples=${top_builddir:-.}/examples

mkdir -p "$work/root/dir"
echo text >"$work/root/dir/file"
head -c 100000 /dev/urandom >"$work/root/data"

check "an image is built" "$examples/build_image" "$work/root" "$work/image"
check "it is listed" "$examples/list_image" "$work/image"
check "each path is there" diff <(cd "$work/root" && find . | sed 's,^\.$,/,; s,^\./,/,' | sort) \
	<("$examples/list_image" "$work/image" | awk '{ print $3 }' | sort)
check "it is right" "$examples/verify_image" "$work/image"
printf 'X' | dd of="$work/image" bs=1 seek=5000 conv=notrunc status=none
check_not "a changed byte is found" "$examples/verify_image" "$work/image"
check_not "a directory that is not there" "$examples/build_image" "$work/nothing" "$work/other"
check "leaves nothing behind" test ! -e "$work/other"
finish
