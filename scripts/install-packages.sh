#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# install-packages.sh build|test|ci|kernel|debian: installs what is missing on Debian 12 and its kin, with apt-get and, for users other
# than root, sudo. Says what it installs; does nothing when everything is there.
set -euo pipefail

build=(gcc make libc6-dev autoconf automake libtool pkg-config libssl-dev libxxhash-dev uuid-dev libjson-c-dev libselinux1-dev
	liblz4-dev liblzma-dev libzstd-dev zlib1g-dev libdeflate-dev libisal-dev libbz2-dev libcurl4-openssl-dev
	libblkid-dev libdevmapper-dev libfuse3-dev)
# erofs-utils: another implementation's fsck.erofs, which must accept our images.
test=("${build[@]}" g++ libcmocka-dev attr acl btrfs-progs erofs-utils util-linux mount kmod binutils python3 openssl
	tar gzip bzip2 xz-utils zstd lz4 libarchive-tools umoci skopeo docker-registry apache2-utils fakeroot
	e2fsprogs fdisk cryptsetup-bin fsverity fuse3)
# systemd-repart: that of Debian 12 cannot make EROFS; fetch_repart gets one that can, and these are the libraries that it needs.
release=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
if [ "$release" = bookworm ]; then
	test+=(libfdisk1 libkmod2 libip4tc2 libseccomp2 debian-archive-keyring)
elif apt-cache show systemd-repart >/dev/null 2>&1; then
	test+=(systemd-repart)
fi
ci=("${test[@]}" ccache clang shellcheck time busybox-static debian-archive-keyring)
# chromium: opens the page of dump.erofs --ishare-report --html. qemu-utils: qemu-img reads what --vmdk-desc writes.
ci+=(chromium qemu-utils)
# python3-jsonschema: compares what --json prints with doc/json.schema.json.
ci+=(python3-jsonschema)
# postgresql: runs the SQL of doc/fleet.md.
ci+=(postgresql)
# mandoc: lint of the manual pages.
ci+=(mandoc)
# Shells whose completions are tried.
ci+=(bash-completion zsh fish)
# Steps of pipelines are read from YAML.
ci+=(python3-yaml)
# make check-kernel: a virtual machine and what runs in it.
kernel=("${build[@]}" qemu-system-x86 busybox-static cpio e2fsprogs mmdebstrap debian-archive-keyring xz-utils attr dmsetup)

# make check-debian, make check-containerfile.
debian=("${build[@]}" libfuse3-dev debhelper dpkg-dev lintian mmdebstrap debian-archive-keyring)

case ${1:-} in
build) wanted=("${build[@]}") ;;
test) wanted=("${test[@]}") ;;
ci) wanted=("${ci[@]}") ;;
kernel) wanted=("${kernel[@]}") ;;
debian) wanted=("${debian[@]}") ;;
*) echo "usage: install-packages.sh build|test|ci|kernel|debian" >&2 && exit 2 ;;
esac

# Into a cache folder; without network the tests do without.
fetch_repart() {
	case $1$release in testbookworm | cibookworm) "${0%/*}/../tests/tools/fetch-repart.sh" >/dev/null || true ;; esac
	case $1 in ci) "${0%/*}/../tests/tools/fetch-archives.sh" >/dev/null || true ;; esac
}

missing=()
for package in "${wanted[@]}"; do
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || { fetch_repart "$1"; exit 0; }

as_root=()
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || { echo "missing packages, and no sudo to install them: ${missing[*]}" >&2; exit 1; }
	as_root=(sudo)
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() { "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}"; }
# The lists may be old or missing: try without asking the mirrors first.
if ! install >"$log" 2>&1 && ! { "${as_root[@]}" apt-get update && install; } >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
fetch_repart "$1"
