#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# ci.sh PERCENT OUT SOURCE...: an image of each version into the directory OUT, all of them checked, and exit status 3 if page
# sharing between them saves less than PERCENT of the page cache.
# SOURCE: a directory, an archive (FILE.tar, FILE.tar.gz ...), an OCI layout (DIR[,ref=NAME]), or the manifest of a version that
# was built earlier (FILE.json).
set -eu
percent=$1 out=$2
shift 2
: "${SOURCE_DATE_EPOCH:?the time of the release, in seconds since 1970}"
export SOURCE_DATE_EPOCH
mkdir -p "$out"

build() { # SOURCE IMAGE
	set -- "$1" --quiet --ishare-fingerprint=sha256 -zzstd --min-kernel=7.0 "$2"
	source=$1
	shift
	case $source in
	*.tar | *.tar.*) mkfs.erofs --tar=f "$@" <"$source" ;;
	*,ref=*) mkfs.erofs "--oci=$source" "$@" ;;
	*) if [ -e "$source/oci-layout" ]; then mkfs.erofs "--oci=$source" "$@"; else mkfs.erofs "$@" "$source"; fi ;;
	esac
}

report=
for version; do
	name=$(basename "$version" | sed 's/\.tar.*//; s/\.json$//; s/[^[:alnum:]._-]/-/g')
	case " $report " in *" $name.json "*) echo "two sources with the name $name" >&2 && exit 2 ;; esac
	case $version in
	*.json) cp "$version" "$out/$name.json" ;;
	*)
		build "$version" "$out/$name.erofs"
		# Anybody who builds it again gets the same bytes.
		build "$version" "$out/$name.again"
		cmp "$out/$name.erofs" "$out/$name.again"
		rm "$out/$name.again"
		# Every byte can be read, every file has one fingerprint, and it is that of its content.
		fsck.erofs --ishare "$out/$name.erofs"
		dump.erofs --fingerprints=json "$out/$name.erofs" >"$out/$name.json"
		;;
	esac
	report="$report $name.json"
done

cd "$out"
# No blanks in these names.
# shellcheck disable=SC2086
dump.erofs --ishare-report --html=sharing.html --min-saving="$percent" $report
