# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=sh disable=SC2012 # ls is what is looked at: it shows ghosts
# What a container sees of its files: run inside of one by its busybox, and in the unpacked image by the same.
cd /files || exit 1
ls -la . opaque 2>&1 | awk '{ print $1, $3, $4, $NF }' | grep -v '^total'
find . | sort | while read -r path; do
	stat -c '%n %f %u:%g %Y %t:%T' "$path" || continue
	if [ -L "$path" ]; then readlink "$path"
	elif [ -f "$path" ]; then stat -c '%h links' "$path" && md5sum <"$path"
	fi
done 2>&1
