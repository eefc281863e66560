# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=bash disable=SC2154
# Compression: images and time to build them against the peer's and mksquashfs's, and how fast the kernel reads them.
# Sourced by bench.sh.

# NUMBER|our options|the peer's options|goals: wall and size, ours / peer
compress_rows() {
	cat <<-'END'
		1|-zlz4|-zlz4|0.75|1.00
		2|-zlz4hc,9|-zlz4hc,9|0.95|1.00
		3|-zzstd,3 -C4096|-zzstd,3 -C4096|0.50|1.01
		4|-zdeflate,6 -C4096|-zdeflate,6 -C4096|0.60|1.01
		5|-zlzma,6 -C65536|-zlzma,6 -C65536|0.95|1.00
		6|-zlz4 -E48bit|-zlz4 -C65536|0.60|0.97
		7|-zzstd,3 -E48bit|-zzstd,3 -C65536|0.25|0.95
		8|-zzstd,15 -E48bit|-zzstd,15 -C65536|0.25|0.95
		9|-zdeflate,6 -E48bit|-zdeflate,6 -C65536|0.40|0.97
	END
}
wanted_rows() { compress_rows | while IFS= read -r row; do case ,$rows, in ,, | *,"${row%%|*}",*) echo "$row" ;; esac; done; }

mkfs_commands() { # SOURCE OUR-OPTIONS PEER-OPTIONS: into our_command and peer_command
	read -r -a our_command <<<"$ours --quiet --workers=$workers $fingerprints $2 $work/image $1"
	read -r -a peer_command <<<"$peer --quiet --workers=$workers $peer_fingerprints $3 $work/image $1"
}

compress_head() { # WHAT
	printf '\n%s\n' "$1"
	printf '%-22s %-20s %-17s %5s %6s %5s %6s %8s %8s %6s %7s %8s %8s\n' ours peer 'wall (min-max)' goal size goal CPU 'ours s' \
		'peer s' busy MiB 'peer MiB' MB
}

compress_line() { # OUR-OPTIONS PEER-OPTIONS WALL-GOAL SIZE-GOAL
	local wall low high cpu ours_s peer_s busy peak peer_peak size mb
	read -r wall low high cpu ours_s peer_s busy peak peer_peak size mb _ < <(figures)
	printf '%-22s %-20s %5.2f (%.2f-%.2f) %5s%s %6.3f %5s%s %5.2f %8.2f %8.2f %6.2f %7.0f %8.0f %8.1f\n' "$1" "$2" "$wall" "$low" \
		"$high" "$3" "$(missed "$wall" "$3")" "$size" "$4" "$(missed "$size" "$4")" "$cpu" "$ours_s" "$peer_s" "$busy" "$peak" \
		"$peer_peak" "$mb"
}
# A star where a goal is missed.
missed() { awk -v value="$1" -v goal="$2" 'BEGIN { printf("%s", goal != "-" && value > goal + 0 ? "*" : " ") }'; }

compress_table() { # ROOT
	local -a our_command peer_command
	local our_options peer_options wall_goal size_goal
	compress_head "compressed, with fingerprints: ${1##*/}; a star: the goal is missed"
	while IFS='|' read -r _ our_options peer_options wall_goal size_goal; do
		mkfs_commands "$1" "$our_options" "$peer_options"
		measure
		compress_line "$our_options" "$peer_options" "$wall_goal" "$size_goal"
	done < <(wanted_rows)
}

compress_large() {
	local -a our_command peer_command
	"$treegen" --size="$large_size" large "$work/large"
	compress_head "two files of $((large_size >> 20)) MiB, with fingerprints"
	mkfs_commands "$work/large" -zlz4 -zlz4
	measure
	compress_line -zlz4 -zlz4 0.60 -
	rm -rf "$work/large"
}

# The other has no fingerprints: ours with and without.
squashfs_case() { # ROOT
	local -a our_command peer_command
	local options="-zzstd,3 -E48bit"
	if ! command -v mksquashfs >/dev/null; then
		echo "skip - no mksquashfs (Debian: squashfs-tools)"
		return
	fi
	compress_head "$(mksquashfs -version | head -n 1): ${1##*/}"
	mkfs_commands "$1" "$options" ""
	read -r -a peer_command <<<"mksquashfs $1 $work/image -comp zstd -Xcompression-level 3 -b 128K -processors $workers -noappend -no-progress -quiet"
	measure
	compress_line "$options" "zstd 3, 128 KiB" 0.80 1.05
	read -r -a our_command <<<"$ours --quiet --workers=$workers $options $work/image $1"
	measure
	compress_line "... no fingerprints" "zstd 3, 128 KiB" 0.80 1.05
}

# ---- reading ------------------------------------------------------------------------------------------------------------

# read_once IMAGE LOG ARGUMENTS...: a mount of its own for each reading, so that nothing is in the page cache.
read_once() {
	local image=$1 log=$2
	shift 2
	mount -t erofs -o ro,loop "$image" "$work/mnt"
	"$builddir/tests/tools/treeread" "$@" "$work/mnt" >>"$log"
	umount "$work/mnt"
}

# reading WHAT ARGUMENTS...: medians of seconds, ours and the peer's, and of their ratios with minimum and maximum
reading() {
	local round
	rm -f "$work/ours" "$work/peer"
	read_once "$work/our-image" /dev/null "$@"
	read_once "$work/peer-image" /dev/null "$@"
	for ((round = 1; round <= rounds; round++)); do
		read_once "$work/our-image" "$work/ours" --seed=$round "$@"
		read_once "$work/peer-image" "$work/peer" --seed=$round "$@"
	done
	paste -d' ' "$work/ours" "$work/peer" | awk '
		function sorted(list, count,   i, k, swap) {
			for (i = 2; i <= count; i++)
				for (k = i; k > 1 && list[k - 1] > list[k]; k--) { swap = list[k]; list[k] = list[k - 1]; list[k - 1] = swap }
			return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
		}
		$2 != $4 { different++ }
		{ ratio[NR] = $1 / $3; ours[NR] = $1; peer[NR] = $3 }
		END {
			m = sorted(ours, NR) / sorted(peer, NR); sorted(ratio, NR)
			printf("%5.2f (%.2f-%.2f)%s %7.3f %7.3f", m, ratio[1], ratio[NR], (m > 1.05 ? "*" : " "), sorted(ours, NR), sorted(peer, NR))
			if (different) printf " (not the same bytes!)"
		}'
}

reads_table() { # ROOT
	local -a our_command peer_command
	local our_options peer_options all blocks
	if [ ! "$mounted" ] || ! grep -qw erofs /proc/filesystems; then
		echo "skip - reading: cannot mount here"
		return
	fi
	mkdir -p "$work/mnt"
	printf '\nread by Linux %s: %s; whole tree, then %d blocks of 4 KiB; a star: slower by more than 5 %%\n' "$(uname -r)" "${1##*/}" "$reads"
	printf '%-22s %-20s %-18s %7s %7s   %-18s %7s %7s\n' ours peer 'all (min-max)' 'ours s' 'peer s' 'random (min-max)' 'ours s' 'peer s'
	while IFS='|' read -r _ our_options peer_options _; do
		mkfs_commands "$1" "$our_options" "$peer_options"
		log=/dev/null run "${our_command[@]}"
		mv "$work/image" "$work/our-image"
		log=/dev/null run "${peer_command[@]}"
		mv "$work/image" "$work/peer-image"
		all=$(reading)
		blocks=$(reading "--random=$reads")
		printf '%-22s %-20s %s   %s\n' "$our_options" "$peer_options" "$all" "$blocks"
		rm -f "$work/our-image" "$work/peer-image"
	done < <(wanted_rows)
}
