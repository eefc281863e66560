#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# One version everywhere: configure.ac, the tools, CHANGELOG.md, the package of Debian, the name of the shared library.
set -u
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
status=0
same() { # WHAT WANTED GOT
	if [ "$2" = "$3" ]; then echo "ok - $1: $3"; else echo "not ok - $1: '$3', wanted '$2'" && status=1; fi
}
version=$(sed -n 's/^AC_INIT(\[erofs-ishare\], \[\([^]]*\)\].*/\1/p' "$top_srcdir/configure.ac")
case $version in
[0-9]*.[0-9]*.[0-9]*) ;;
*) echo "not ok - configure.ac has no version of three numbers: '$version'" && exit 1 ;;
esac
same "first in CHANGELOG.md" "$version" "$(sed -n 's/^## \([^ ,]*\).*/\1/p' "$top_srcdir/CHANGELOG.md" | head -n 1)"
same "package for pkg-config" "$version" "$(sed -n 's/^Version: //p' "$top_builddir/lib/liberofs.pc")"
for tool in mkfs.erofs dump.erofs fsck.erofs mount.erofs umount.erofs erofsfuse; do
	# Left out without libfuse.
	[ $tool != erofsfuse ] || [ -x "$top_builddir/$tool" ] || continue
	same "$tool" "$tool (erofs-ishare) $version" "$("$top_builddir/$tool" --version | head -n 1)"
done
library=$top_builddir/.libs/liberofs.so
if [ -e "$library" ]; then
	same "name of the shared library" "liberofs.so.${version%%.*}" "$(readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')"
else
	echo "skip - no shared library was built"
fi
# Not in the archive of a release.
if [ -e "$top_srcdir/debian/changelog" ]; then
	same "package of Debian" "$version" "$(sed -n '1s/.*(\([^)-]*\).*/\1/p' "$top_srcdir/debian/changelog")"
fi
exit $status
