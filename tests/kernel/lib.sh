# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=bash disable=SC2154
# The guest: its kernel, its programs, its disks, and what it reports. Sourced after e2e/lib.sh.

# "static" if a program is, as the guest has no libraries.
file_of() { if ldd "$(command -v "$1")" >/dev/null 2>&1; then echo dynamic; else echo static; fi; }

# Programs that make a guest.
need_guest() {
	local tool
	for tool in qemu-system-x86_64 busybox cpio; do
		command -v $tool >/dev/null || skip_all "$tool is not installed"
	done
	[ "$(file_of busybox)" = static ] || skip_all "busybox is not static (Debian: busybox-static)"
}

fetch_kernel() { # [VERSION [SUITE]]
	local out
	out=$("$here/fetch-kernel.sh" "$@" 2>"$work/fetch.err") || {
		echo "${out#skip - } $(tail -n 1 "$work/fetch.err")"
		return 1
	}
	tail -n 1 <<<"$out"
}

# The static program of tests/kernel/guest*.c, for both sides.
build_guest() {
	${CC:-cc} -std=gnu17 -D_GNU_SOURCE -I"$top_srcdir" -O2 -static -Wall -Wextra -o "$work/guest" "$here"/guest*.c "$here/sha256.c"
}

# Programs of the host that the guest gets, with their libraries.
programs=()
copy_program() { # PROGRAM ROOT
	local library
	cp "$1" "$2/bin/"
	ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$2$(dirname "$library")"
		[ -e "$2$library" ] || cp -L "$library" "$2$library"
	done
}

# make_initramfs JOB EXPECTED...: the guest's whole world; EXPECTED are manifests, NAME.manifest
make_initramfs() {
	local root=$work/initramfs module program job=$1
	shift
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/modules" "$root/expect"
	cp "$(command -v busybox)" "$work/guest" "$root/bin/"
	ln -s busybox "$root/bin/sh"
	cp "$kernel"/modules/* "$root/modules/"
	cp "$here/guest-init.sh" "$root/init"
	cp "$here/workload.sh" "$root/"
	cp "$job" "$root/job"
	for module in "$@"; do [ ! -e "$module" ] || cp "$module" "$root/expect/$(basename "$module" .manifest)"; done
	for program in "${programs[@]}"; do copy_program "$program" "$root"; done
	chmod +x "$root/init"
	(cd "$root" && find . -print0 | cpio --quiet -0 -o -H newc) >"$work/initramfs.cpio"
}

# boot NAME MEBIBYTES SECONDS JOB IMAGE...: NAME.results has what the guest reported, NAME.console the rest. Disks are called
# as the images are, without ".img".
boot() {
	local name=$1 memory=$2 limit=$3 job=$4 image disks=() attempt number=0
	shift 4
	make_initramfs "$job" "$work"/*.manifest
	for image in "$@"; do
		# What the guest writes to "files" is gone with it.
		disks+=(-drive "if=none,id=$image,format=raw,$([ "$image" = files ] && echo snapshot=on || echo readonly=on),file=$work/$image.img")
		# Eight to a slot: there are not enough slots for one each.
		disks+=(-device "virtio-blk-pci,drive=$image,serial=$image,multifunction=on,addr=$(printf '%x.%x' $((8 + number / 8)) $((number % 8)))")
		number=$((number + 1))
	done
	for attempt in 1 2 3; do
		emulate "$name" "$limit" -m "$memory" "${disks[@]}"
		# A kernel patches its own code with breakpoints; on a busy machine QEMU's second processor may still see one that
		# is gone. That is nothing that an image could cause, and the only thing for which we try again.
		grep -q 'Oops: int3' "$work/$name.console" || break
		echo "# $name: attempt $attempt ended in a stale breakpoint of the emulator"
	done
	if grep -qx '@ end' "$work/report" && [ "$(reported 'dmesg' bad)" = 0 ]; then
		pass "$name: guest with Linux $(reported start kernel)"
		return 0
	fi
	fail "$name: the guest did not end well"
	tail -n 3 "$work/$name.qemu" "$work/report"
	tail -n 40 "$work/$name.console"
	return 1
}

# A kernel waits for a few ticks of its timer, and panics without, and calls a processor stuck that does not come to run for a minute; on a
# busy machine both may be so without a fault of anybody's. A guest that hangs comes to its limit of time.
emulate() { # NAME SECONDS ARGUMENTS...
	local name=$1 limit=$2
	shift 2
	rm -f "$work/$name.console" "$work/$name.results"
	timeout "$limit" nice qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max -smp 2 -display none \
		-nodefaults -no-reboot -serial "file:$work/$name.console" -serial "file:$work/$name.results" \
		-kernel "$kernel/vmlinuz" -initrd "$work/initramfs.cpio" -append "console=ttyS0 quiet panic=-1 no_timer_check nosoftlockup" "$@" \
		</dev/null >"$work/$name.qemu" 2>&1
	touch "$work/$name.results" "$work/$name.console"
	tr -d '\r' <"$work/$name.results" >"$work/report"
	[ ! "${LOGS:-}" ] || cp "$work/$name.console" "$work/$name.results" "$LOGS/"
}

# reported LABEL KEY: of the last guest; nothing if it did not say
reported() {
	awk -v label="$1" -v key="$2" 'index($0, "@ " label " ") == 1 {
		count = split(substr($0, length(label) + 4), words, " ")
		for (i = 1; i <= count; i++) if (index(words[i], key "=") == 1) value = substr(words[i], length(key) + 2)
	} END { print value }' "$work/report"
}

# ---- what is expected, from the images alone ----------------------------------------------------------------------------

# prints IMAGE: "KIND/SIZE/VALUE PAGES-IN-BYTES PATH" of every inode with data that is a regular file; "-" without a value
prints() {
	local image=$1
	[ -s "$work/$image.prints" ] || "$DUMP" --fingerprints=json "$work/$image.img" | awk '
		function field(name) { return match($0, "\"" name "\": \"?[^\",}]*") ? substr($0, RSTART, RLENGTH) : "" }
		/"nid":/ {
			nid = field("nid"); size = field("size"); kind = field("kind"); value = field("value"); path = field("path")
			sub(/.*: /, "", nid); sub(/.*: /, "", size); sub(/.*"/, "", kind); sub(/.*"/, "", value)
			sub(/[^:]*: "/, "", path)
			if (value ~ /:/ || value == "null") value = ""
			if (seen[nid]++ || !size) next
			printf "%s %d %s\n", value == "" ? "-" : kind "/" size "/" value, int((size + 4095) / 4096) * 4096, path
		}' >"$work/$image.prints"
	cat "$work/$image.prints"
}

# page_bytes IMAGE...: of all files, each for itself
page_bytes() { for image in "$@"; do prints "$image"; done | awk '{ sum += $2 } END { printf "%d\n", sum }'; }

# shared_bytes IMAGE...: of the files that are different, when all of these share with each other
shared_bytes() {
	for image in "$@"; do prints "$image"; done | awk '$1 == "-" || !seen[$1]++ { sum += $2 } END { printf "%d\n", sum }'
}

# ordered_bytes IMAGE...: of the pages that are needed when they are read in this order: of a value that is there in several
# kinds, the kernel shares the one that it meets first, and the others not even among themselves.
ordered_bytes() {
	for image in "$@"; do prints "$image"; done | awk '
		{ value = $1; sub(/^[a-z]*\//, "", value) }
		$1 == "-" { sum += $2; next }
		!(value in first) { first[value] = $1; sum += $2; next }
		first[value] != $1 { sum += $2 }
		END { printf "%d\n", sum }'
}

# A file of some size that both images have, and its paths: "SIZE PATH-IN-FIRST PATH-IN-SECOND"
common_file() {
	awk '$3 !~ /^[A-Za-z0-9\/._-]+$/ || $1 == "-" { next }
		FNR == NR { path[$1] = $3; next }
		($1 in path) && $2 > best && $2 < 8000000 { best = $2; found = $2 " " path[$1] " " $3 }
		END { print found }' <(prints "$1") <(prints "$2")
}

# report_saving IMAGE...: the bytes that dump.erofs says these images save together
report_saving() { report_figure saved_page_bytes "$@"; }

# report_figure KEY IMAGE...: of the whole set
report_figure() { report_of "${@:2}" | sed -n 's/.*"total": {.*"'"$1"'": \([0-9]*\).*/\1/p'; }

# packed_bytes KEY IMAGE...: pages of their packed inodes
packed_bytes() { report_of "${@:2}" | grep -o "\"$1\": [0-9]*" | awk '{ sum += $2 } END { printf "%d\n", sum }'; }

# metabox_bytes IMAGE...: what the metaboxes hold
metabox_bytes() {
	local image
	for image in "$@"; do "$DUMP" -s "$work/$image.img"; done |
		awk '/^Filesystem metabox:/ { sum += int(($3 + 4095) / 4096) * 4096 } END { printf "%d\n", sum }'
}

report_of() { "$DUMP" --ishare-report --backend=block --json "${@/%/.img}"; } # IMAGE...: in $work

build_image() { # NAME SOURCE OPTIONS...
	local name=$1 source=$2
	shift 2
	rm -f "$work/$name.img" "$work/$name.prints"
	check "$name: built" "$MKFS" --quiet "$@" "$work/$name.img" "$source"
}

write_manifest() { "$work/guest" manifest "$2" >"$work/$1.manifest"; } # NAME SOURCE
