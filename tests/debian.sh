#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# debian.sh: Debian packages of the release's archive: built, liked by lintian, installed into a new root, used, beside erofs-utils,
# and purged again. Some minutes, and packages from the mirrors of this machine. Prints "ok - ", "not ok - " and "skip - " lines.
# Environment: KEEP=DIR for the packages that are built, or PACKAGES=DIR with some that have been; TMPDIR.
here=$(cd "$(dirname "$0")" && pwd)
top_srcdir=${top_srcdir:-$here/..}
keep=${KEEP:+$(realpath "$KEEP")} packages=${PACKAGES:+$(realpath "$PACKAGES")}
# shellcheck source=tests/e2e/lib.sh
. "$top_srcdir/tests/e2e/lib.sh"
need_root
for tool in dpkg-buildpackage dh lintian mmdebstrap; do
	command -v $tool >/dev/null || skip_all "no $tool"
done
[ -d "$top_srcdir/debian" ] || skip_all "no debian/ in this archive"
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
chmod 755 "$work"

# ---- packages ----------------------------------------------------------------------------------------------------------------

version=$(sed -n '1s/.*(\([^)-]*\).*/\1/p' "$top_srcdir/debian/changelog")
mkdir build && cd build || exit 99
build() {
	cp "$top_builddir/erofs-ishare-$version.tar.xz" "erofs-ishare_$version.orig.tar.xz"
	tar -xf "erofs-ishare_$version.orig.tar.xz" && cp -r "$top_srcdir/debian" "erofs-ishare-$version/" && cd "erofs-ishare-$version" &&
		env -u MAKEFLAGS -u MAKELEVEL PATH="/usr/lib/ccache:$PATH" DEB_BUILD_OPTIONS="parallel=$(nproc)" dpkg-buildpackage -us -uc
}
if [ "$packages" ]; then cp "$packages"/*.deb .; else
	check "archive of the release" make -C "$top_builddir" dist
	check "dpkg-buildpackage" build || { tail -n 60 "$work/.out"; finish; }
	cd "$work/build" || exit 99
	[ -z "$keep" ] || cp ./*.deb "$keep/"
	check "lintian" lintian --allow-root -i --fail-on error,warning ./*.changes
	same "lintian: nothing is said" "" "$(sed -n '/^[EWI]: /p' "$work/.out")"
fi
for package in liberofs2 liberofs-dev erofs-ishare; do check "$package" test -s "$(echo $package"_$version"-*.deb)"; done

# ---- a new root ----------------------------------------------------------------------------------------------------------------

root=$work/root
# The machine's own sources of Debian, whichever form they have.
mapfile -t sources < <(grep -lE 'debian' /etc/apt/sources.list /etc/apt/sources.list.d/debian* 2>/dev/null)
check "a root" mmdebstrap --quiet --variant=minbase "$release" "$root" "${sources[@]}" || finish
mkdir "$root/packages" && cp ./*.deb "$root/packages/"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
package() { (cd "$root" && printf '/%s' packages/"$1_$version"-*.deb); } # as the root has it
apt() { inside apt-get -y --no-install-recommends "$@"; }
# What apt and dpkg note, and what any package changes.
files() { find "$root" -xdev \( -path "$root/var/cache" -o -path "$root/var/lib/apt" -o -path "$root/var/lib/dpkg" -o -path "$root/var/log" \
	-o -path "$root/packages" -o -path "$root/tmp" -o -path "$root/proc" -o -path "$root/sys" -o -path "$root/dev" -o -path "$root/run" \) \
	-prune -o -printf '/%P %l\n' | sort; }
apt update >/dev/null 2>&1
files >before
check "install" apt install "$(package liberofs2)" "$(package erofs-ishare)"
check_not "install: not the development files" test -e "$root/usr/include/erofs"
tools=(bin/mkfs.erofs bin/dump.erofs bin/fsck.erofs sbin/mount.erofs sbin/umount.erofs)
for tool in "${tools[@]}"; do
	check "$tool-ishare starts" inside "/usr/$tool-ishare" --version
	same "$tool is it" "/usr/$tool-ishare" "$(inside readlink -f "/usr/$tool")"
	name=${tool#*/}
	check "$name: manual page" inside sh -c "ls -L /usr/share/man/man*/$name.*.gz /usr/share/man/man*/$name-ishare.*.gz"
	check "$name: completions" inside ls "/usr/share/bash-completion/completions/$name-ishare" "/usr/share/zsh/vendor-completions/_$name-ishare" \
		"/usr/share/fish/vendor_completions.d/$name-ishare.fish"
done
check "an image" inside mkfs.erofs-ishare --quiet -zzstd --min-kernel=7.0 --ishare-fingerprint=sha256 /tmp/image /usr/share
check "its check" inside fsck.erofs-ishare --ishare /tmp/image
check "no registry without libcurl" inside sh -c '! mkfs.erofs-ishare --oci=docker://localhost:1/none /tmp/none 2>/tmp/said && grep -q libcurl /tmp/said'

# The same names in another package: its files win, and when they go the names are ours again.
theirs() { inside mkfs.erofs --version 2>&1 | grep -vc erofs-ishare; }
check "erofs-utils beside it" apt install erofs-utils
check "its mkfs.erofs" test "$(theirs)" -ge 1
check "ours has its own name" inside mkfs.erofs-ishare --version
check "the package again beside it" apt install --reinstall "$(package erofs-ishare)"
check "still its mkfs.erofs" test "$(theirs)" -ge 1
check "erofs-utils goes" apt purge erofs-utils
same "mkfs.erofs is ours again" /usr/bin/mkfs.erofs-ishare "$(inside readlink -f /usr/bin/mkfs.erofs)"

# ---- a program ---------------------------------------------------------------------------------------------------------------

check "development files" apt install "$(package liberofs-dev)" gcc libc6-dev pkg-config
cp "$top_srcdir/examples/build_image.c" "$top_srcdir/examples/verify_image.c" "$root/tmp/"
for program in build_image verify_image; do
	check "$program compiles" inside sh -c "gcc /tmp/$program.c -o /tmp/$program \$(pkg-config --cflags --libs liberofs)"
done
check "a program makes an image" inside /tmp/build_image /usr/share/doc /tmp/made
check "a program checks it" inside /tmp/verify_image /tmp/made

# ---- away with all of it -----------------------------------------------------------------------------------------------------

check "purge" apt purge --autoremove erofs-ishare liberofs-dev liberofs2 gcc libc6-dev pkg-config
check_not "no alternative stays" inside update-alternatives --query mkfs.erofs
files >after
same "no file stays" "" "$(comm -13 before after | grep -i 'erofs\|ishare')"
finish
