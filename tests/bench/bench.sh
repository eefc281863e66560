#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Our mkfs.erofs against another one: whole processes on a warm page cache, output on tmpfs, in turn A B A B, and of each
# pair the ratio ours / peer. Prints medians of these ratios with minimum and maximum, peak memory and image size.
#
# bench.sh [--peer DIR] [--root DIR]... [--rounds N] [--workers N] [--cases LIST] [--rows LIST] [--small-count N]
#          [--large-size BYTES] [--reads COUNT]
#   --peer DIR      directory with bin/mkfs.erofs, or with mkfs.erofs itself; default: the first one on PATH
#   --root DIR      a real tree to build; may be given several times; default /usr/share
#   --cases LIST    of root,root-plain,oci,small,large,cpu,scale and, of compression, compress,compress-large,squashfs,reads
#                   (default: all but cpu and scale)
#   --rows LIST     which rows of the table in compress.sh, such as 1,6,7 (default: all)
#   --reads COUNT   blocks in the test of random reads (default 4000)
# Environment: MKFS (ours), TMPDIR.
set -euo pipefail
export LC_ALL=C

peer='' roots=() rounds=5 workers=2 small_count=200000 large_size=$((1 << 30)) rows='' reads=4000
cases=root,root-plain,oci,small,large,compress,compress-large,squashfs,reads
here=$(cd "$(dirname "$0")" && pwd)
while [ $# -gt 0 ]; do
	# --option=value as well.
	case $1 in --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;; esac
	case $1 in
	--peer) peer=$2 && shift ;;
	--root) roots+=("$2") && shift ;;
	--rounds) rounds=$2 && shift ;;
	--workers) workers=$2 && shift ;;
	--cases) cases=$2 && shift ;;
	--rows) rows=$2 && shift ;;
	--reads) reads=$2 && shift ;;
	--small-count) small_count=$2 && shift ;;
	--large-size) large_size=$2 && shift ;;
	*) sed -n '3,15s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
	esac
	shift
done
[ ${#roots[@]} -gt 0 ] || roots=(/usr/share)
builddir=${top_builddir:-$(pwd)}
# The program itself, not libtool's wrapper around it.
ours=${MKFS:-$builddir/mkfs.erofs}
[ -x "$builddir/.libs/mkfs.erofs" ] && [ -z "${MKFS:-}" ] && ours=$builddir/.libs/mkfs.erofs &&
	export LD_LIBRARY_PATH="$builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
treegen=$builddir/tests/tools/treegen
for candidate in "$peer/bin/mkfs.erofs" "$peer/mkfs.erofs" "$(command -v mkfs.erofs || true)"; do
	[ -x "$candidate" ] && peer=$candidate && break
done
[ -x "$peer" ] || { echo "bench.sh: no peer: give --peer DIR" >&2; exit 1; }
[ -x "$ours" ] || { echo "bench.sh: $ours is not built" >&2; exit 1; }
[ -x /usr/bin/time ] || { echo "bench.sh: /usr/bin/time is missing (Debian: time)" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/erofs-bench.XXXXXX")
mounted=
finish() {
	! mountpoint -q "$work/mnt" || umount "$work/mnt"
	[ -z "$mounted" ] || umount "$work" || true
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=90% bench "$work"; then mounted=yes; else
	echo "bench.sh: no tmpfs of its own; the output goes to $work" >&2
fi

# run PROGRAM ARGUMENTS...: appends "seconds cpu-seconds peak-KiB image-bytes" of a build to $log. The clock is bash's own, finer
# than that of /usr/bin/time, and counts nothing but the program: giving back the last image's memory takes its time, too.
run() {
	local start end
	rm -f "$work/image"
	start=${EPOCHREALTIME/./}
	if ! /usr/bin/time -o "$work/time" -f '%U %S %M' "$@" >"$work/out" 2>&1; then
		cat "$work/out" >&2
		echo "bench.sh: failed: $*" >&2
		exit 1
	fi
	end=${EPOCHREALTIME/./}
	awk -v size="$(stat -c %s "$work/image")" -v us=$((end - start)) '{ printf "%.4f %.2f %s %s\n", us / 1e6, $1 + $2, $3, size }' \
		"$work/time" >>"$log"
}

# measure: $our_command and $peer_command in turn, after one of each to warm up; into $work/ours and $work/peer.
measure() {
	local round
	log=/dev/null run "${our_command[@]}"
	log=/dev/null run "${peer_command[@]}"
	: >"$work/ours" && : >"$work/peer"
	for ((round = 0; round < rounds; round++)); do
		log=$work/ours run "${our_command[@]}"
		log=$work/peer run "${peer_command[@]}"
	done
}

# figures: of what was measured, in this order: wall ratio, its minimum and maximum, CPU ratio, our and the peer's seconds,
# processors busy, our and the peer's peak MiB, size ratio, our and the peer's MB. Medians, peaks and last sizes.
figures() {
	paste -d' ' "$work/ours" "$work/peer" | awk '
		function median(list, count,   i, k, swap) {
			for (i = 2; i <= count; i++)
				for (k = i; k > 1 && list[k - 1] > list[k]; k--) { swap = list[k]; list[k] = list[k - 1]; list[k - 1] = swap }
			return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
		}
		{
			wall[NR] = $1 / $5; cpu[NR] = $2 / ($6 ? $6 : 0.01); ours[NR] = $1; peer[NR] = $5
			if ($3 > peak) peak = $3
			if ($7 > peer_peak) peer_peak = $7
			size = $4; peer_size = $8
			busy[NR] = $2 / $1
		}
		END {
			m = median(wall, NR)
			printf "%.3f %.2f %.2f %.2f %.2f %.2f %.2f %.1f %.1f %.4f %.2f %.2f\n", m, wall[1], wall[NR], median(cpu, NR),
				median(ours, NR), median(peer, NR), median(busy, NR), peak / 1024, peer_peak / 1024, size / peer_size,
				size / 1e6, peer_size / 1e6
		}'
}

# compare NAME SOURCE OUR-OPTIONS PEER-OPTIONS [PEER-SOURCE]
compare() {
	local -a our_command peer_command
	local wall low high cpu ours_s peer_s busy peak peer_peak size
	read -r -a our_command <<<"$ours --quiet --workers=$workers $3 $work/image $2"
	read -r -a peer_command <<<"$peer --quiet --workers=$workers $4 $work/image ${5-$2}"
	measure
	read -r wall low high cpu ours_s peer_s busy peak peer_peak size _ < <(figures)
	printf '%-24s %5.2f (%.2f-%.2f) %9.2f %8.2f %8.2f %7.2f %8.1f %8.1f %7.3f\n' "$1" "$wall" "$low" "$high" "$cpu" "$ours_s" \
		"$peer_s" "$busy" "$peak" "$peer_peak" "$size"
}

# What fingerprints cost beyond the hashing itself: CPU with, minus CPU without, over what libcrypto needs alone.
cpu_case() { # NAME SOURCE
	local round bytes rate
	: >"$work/with" && : >"$work/without"
	for ((round = 0; round < rounds; round++)); do
		log=$work/with run "$ours" --quiet --workers="$workers" --dedupe-files=0 --ishare-fingerprint=sha256 "$work/image" "$2"
		log=$work/without run "$ours" --quiet --workers="$workers" --dedupe-files=0 "$work/image" "$2"
	done
	bytes=$(find "$2" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f", sum }')
	rate=$(openssl speed -elapsed -bytes 65536 -seconds 3 -evp sha256 2>/dev/null | awk '/^sha256/ { sub("k$", "", $NF); print $NF }')
	paste -d' ' "$work/with" "$work/without" | sort -n -k2 | awk -v name="$1" -v bytes="$bytes" -v rate="$rate" '
		{ extra[NR] = $2 - $6 }
		END {
			for (i = 2; i <= NR; i++) for (k = i; k > 1 && extra[k - 1] > extra[k]; k--) { s = extra[k]; extra[k] = extra[k - 1]; extra[k - 1] = s }
			m = extra[int((NR + 1) / 2)]; alone = bytes / (rate * 1000)
			printf "%-24s fingerprints cost %.2f s of CPU, hashing alone %.2f s: %.2f\n", name, m, alone, alone ? m / alone : 0
		}'
}

printf '%s\nagainst %s\n' "$("$ours" --version | head -n 1)" "$("$peer" --version 2>&1 | head -n 1)"
printf '%d rounds, %d workers; ratios are ours / peer\n\n' "$rounds" "$workers"
! [[ ,$cases, =~ ,(root|root-plain|oci|small|large|cpu|scale), ]] ||
	printf '%-24s %-17s %9s %8s %8s %7s %8s %8s %7s\n' case 'wall (min-max)' 'CPU' 'ours s' 'peer s' busy 'MiB' 'peer MiB' size
fingerprints='--ishare-fingerprint=sha256'
peer_fingerprints='--xattr-inode-digest=trusted.erofs.fingerprint'
"$peer" --help 2>&1 | grep -q xattr-inode-digest || { peer_fingerprints='' && echo "(this peer makes no fingerprints)"; }
# shellcheck source=tests/bench/compress.sh
. "$here/compress.sh"
wants() { case ,$cases, in *,"$1",*) return 0 ;; esac; return 1; }
# oci_layout FILE.tar DIR: DIR as a container image of that one layer, and FILE.tar.gz
oci_layout() {
	local layer config manifest blobs=$2/blobs/sha256
	store() { sha256sum "$1" | { read -r sum _ && ln -f "$1" "$blobs/$sum" && echo "sha256:$sum\",\"size\":$(stat -c %s "$1")"; }; }
	mkdir -p "$blobs"
	gzip -nkf "$1"
	layer=$(store "$1.gz")
	printf '{"os":"linux","architecture":"any","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha256sum <"$1" | cut -d' ' -f1)" >"$work/document"
	config=$(store "$work/document") && rm "$work/document"
	printf '{"schemaVersion":2,"config":{"digest":"%s},"layers":[{"digest":"%s}]}' "$config" "$layer" >"$work/document"
	manifest=$(store "$work/document") && rm "$work/document"
	printf '{"schemaVersion":2,"manifests":[{"digest":"%s}]}' "$manifest" >"$2/index.json"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$2/oci-layout"
}
# A container image of one gzip layer, which the peer reads as an archive.
oci_case() { # ROOT
	tar --numeric-owner --sort=name -C "$1" -cf "$work/layer.tar" .
	oci_layout "$work/layer.tar" "$work/layout"
	rm "$work/layer.tar"
	compare "${1##*/}, --oci" "" "$fingerprints --oci=$work/layout" "--tar=f --gzip $peer_fingerprints" "$work/layer.tar.gz"
	rm -rf "$work/layout" "$work/layer.tar.gz"
}
for root in "${roots[@]}"; do
	cat >/dev/null < <(find "$root" -type f -exec cat {} + 2>/dev/null)
	! wants root || compare "${root##*/}" "$root" "$fingerprints" "$peer_fingerprints"
	! wants root-plain || compare "${root##*/}, none" "$root" "" ""
	! wants oci || oci_case "$root"
	! wants cpu || cpu_case "${root##*/}" "$root"
done
if wants small; then
	"$treegen" --count="$small_count" small "$work/small"
	compare "small files" "$work/small" "$fingerprints" "$peer_fingerprints"
	rm -rf "$work/small"
fi
if wants scale; then # how time and memory grow with the number of files
	for count in 10000 100000 1000000; do
		"$treegen" --count=$count small "$work/small"
		log=/dev/null run "$ours" --quiet --workers="$workers" $fingerprints "$work/image" "$work/small"
		: >"$work/ours"
		log=$work/ours run "$ours" --quiet --workers="$workers" $fingerprints "$work/image" "$work/small"
		awk -v count=$count '{ printf "%8d files %14.2f s %8.2f us a file %8.1f MiB\n", count, $1, $1 * 1e6 / count, $3 / 1024 }' "$work/ours"
		rm -rf "$work/small"
	done
fi
if wants large; then
	"$treegen" --size="$large_size" large "$work/large"
	compare "large files" "$work/large" "$fingerprints" "$peer_fingerprints"
	rm -rf "$work/large"
fi
for root in "${roots[@]}"; do
	! wants compress || compress_table "$root"
	! wants squashfs || squashfs_case "$root"
	! wants reads || reads_table "$root"
done
! wants compress-large || compress_large
