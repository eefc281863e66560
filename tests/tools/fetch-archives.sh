#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# fetch-archives.sh [--cached]: the tar test data of other projects, from Debian's packages (sources and binaries) and npm's, unpacked
# in a cache folder; prints the folder, which has a folder for each. Nothing is installed: apt runs with lists, cache and sources of its
# own, and checks Debian's signatures. Exits 77 when there is none to be had; --cached: none is there yet. What one source lacks is
# named in missing.
set -euo pipefail
export LC_ALL=C
# shellcheck source=tests/kernel/mirror.sh
. "$(dirname "$0")/../kernel/mirror.sh"
cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/erofs-ishare/archives

[ ! -e "$cache/data/complete" ] || { echo "$cache/data"; exit 0; }
[ "${1:-}" != --cached ] || exit 77
command -v apt-get >/dev/null || cannot "no apt"
for tool in python3 dpkg-deb; do command -v $tool >/dev/null || cannot "$tool is not installed"; done
[ -r "$keyring" ] || cannot "the keyring of Debian's archive is not installed"
mirror=$(mirror_of bookworm)
[ "$mirror" ] || cannot "apt has no mirror of Debian 12"
mkdir -p "$cache" && cd "$cache"
exec 9>lock
flock 9
[ ! -e data/complete ] || { echo "$cache/data"; exit 0; }
rm -rf new packages
mkdir new packages && cd packages
own_apt "$cache" "deb [signed-by=$keyring] $mirror bookworm main" "deb-src [signed-by=$keyring] $mirror bookworm main"
options+=(-qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
apt-get "${options[@]}" update >../log 2>&1 || cannot "bookworm: $(grep '^E:' ../log | head -n 1)"

lacks() { echo "$1" >>../new/missing; }
# By name: what looks like an archive, of any compression, and libarchive's uuencoded ones.
names=(! -name '*.uu' -a \( -name '*.tar' -o -name '*.tar.*' -o -name '*.tgz' -o -name '*.tbz*' -o -name '*.txz' -o -name '*.tzst' -o -name '*.tar-*' \))
keep() { # NAME: what is in root/ becomes new/NAME
	mkdir -p "../new/$1"
	find root -type f \( "${names[@]}" \) -size -4M | while IFS= read -r file; do
		flat=${file#root/} flat=${flat//\//+}
		[ ${#flat} -le 100 ] || flat=${flat: -100}
		cp "$file" "../new/$1/$flat"
	done
	rm -rf root
	[ "$(ls "../new/$1")" ] || lacks "$1"
}
binary() { # PACKAGE
	apt-get "${options[@]}" download "$1" >>../log 2>&1 || { lacks "$1"; return 0; }
	dpkg-deb -x "$1"_*.deb root && keep "$1"
	rm -f ./*
}
source_of() { # PACKAGE: the archive that its makers published, unpacked
	local file
	apt-get "${options[@]}" --download-only --only-source source "$1" >>../log 2>&1 || { lacks "$1"; return 0; }
	mkdir root
	for file in *.orig*.tar.*; do
		case $file in *.asc) continue ;; esac
		tar -C root --no-same-owner -xf "$file" 2>>../log || lacks "$file"
	done
	[ "$1" != libarchive ] || python3 - root <<-'END'
		import binascii, os, sys
		def line_of(line):
		    # Some writers leave a byte too much.
		    try:
		        return binascii.a2b_uu(line)
		    except binascii.Error:
		        return binascii.a2b_uu(line[:(((line[0] - 32) & 63) * 4 + 5) // 3])
		def decode(path):
		    lines = open(path, 'rb').read().splitlines()
		    start = next(i for i, line in enumerate(lines) if line.startswith(b'begin '))
		    return b''.join(line_of(line) for line in lines[start + 1:lines.index(b'end')])
		for folder, _, names in os.walk(sys.argv[1]):
		    for name in names:
		        if not name.endswith('.uu') or not any(part in name for part in ('.tar', '.tgz', '_tar')):
		            continue
		        end = '' if '.tar' in name or '.tgz' in name else '.tar'
		        try:
		            data = decode(os.path.join(folder, name))
		        except (binascii.Error, StopIteration, ValueError):
		            continue
		        open(os.path.join(folder, name[:-3] + end), 'wb').write(data)
	END
	keep "$1"
	rm -f ./*
}
for package in golang-1.19-src libpython3.11-testsuite; do binary $package; done
for package in libarchive libcommons-compress-java plexus-archiver busybox php8.2 perl; do
	source_of $package
done
for package in tar@2.2.2 tar-stream@1.6.2 tar-fs@1.16.3 tar-pack@3.4.1; do
	command -v npm >/dev/null || { lacks npm; break; }
	npm pack --silent "$package" >>../log 2>&1 || { lacks "npm $package"; continue; }
	mkdir root && tar -C root -xf ./*.tgz && mv ./*.tgz root/
	keep "npm-$package"
done
cd ..
[ "$(find new -type f ! -name missing)" ] || cannot "no package could be had: $(tail -n 1 log)"
touch new/complete
rm -rf data packages lists archives
mv new data
echo "$cache/data"
