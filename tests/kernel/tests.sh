# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=bash disable=SC2154
# What is tested on the sharing kernel. Sourced after lib.sh.

# ---- images made for the purpose: everything an inode can be, and fingerprints that lie ----------------------------------

# The value of a file of this content, as it stands in an image.
raw_value() { printf 'sha256:'; sha256sum <"$1" | cut -c1-64 | xxd_back; }
xxd_back() { sed 's/../\\x&/g' | { read -r escaped; printf '%b' "$escaped"; }; }

# poison IMAGE FILE VALUE-OF: gives the file's fingerprint in the image the value of another content
poison() {
	local at
	at=$(grep -obUaF -f <(sha256sum <"$2" | cut -c1-64 | xxd_back) "$1" | cut -d: -f1)
	[ "$(wc -w <<<"$at")" = 1 ] || return 1
	sha256sum <"$3" | cut -c1-64 | xxd_back | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

# Bytes whose digest has no newline or NUL in it: grep looks for it in an image.
plain_digest_file() { # PATH
	local digest
	while :; do
		head -c 1000000 /dev/urandom >"$1"
		digest=$(sha256sum <"$1" | cut -c1-64 | sed 's/../& /g')
		case " $digest" in *" 0a"* | *" 00"*) ;; *) return ;; esac
	done
}

make_liars() {
	mkdir true forged
	plain_digest_file true/file
	plain_digest_file forged/other
	setfattr -n trusted.erofs.fingerprint -v "0x$(raw_value true/file | od -An -vtx1 | tr -d ' \n')" forged/other || return
	build_image true true "$FP_OPT"
	build_image forged forged "$FP_OPT"
	# The checksum of the superblock would tell; one who forges makes it right, or leaves it out.
	build_image poisoned forged "$FP_OPT" -Enosbcrc
	check "poisoned: a fingerprint replaced" poison "$work/poisoned.img" forged/other true/file
	check_not "fsck.erofs refuses the poisoned image" "$FSCK" --ishare "$work/poisoned.img"
	check "fsck.erofs accepts the image with a forged source" "$FSCK" --ishare "$work/forged.img"
}

small_job() {
	cat <<-END
		verify odd:plain odd odd
		verify odd:shared odd,odd odd:d odd2:d
		verify zeros:plain zeros,zeros zeros zerosbig
		verify zeros:shared zeros,zeros zeros:d zerosbig:d
		probe forged share true:d forged:d /file /other
		probe forged-first share forged:d true:d /other /file
		digest forged forged:d true:d /other /file
		probe poisoned share true:d poisoned:d /file /other
		digest poisoned true:d poisoned:d /file /other
		probe apart share true:d true2:e /file /file
		probe together share true:d true2:d /file /file
		probe chunks share true:d chunks:d /file /file
		digest chunks true:d chunks:d /file /file
	END
}

# Zeros without data, whose mark this kernel knows: behind a part of a block, and behind a block of data alone.
make_zeros() {
	mkdir zeros
	{ seq 1 2000; head -c 200000 /dev/zero; seq 1 2000; } >zeros/inside
	{ head -c 4096 /dev/urandom; head -c 400000 /dev/zero; head -c 5000 /dev/urandom; } >zeros/behind-noise
	head -c 100000 /dev/zero >zeros/all
	build_image zeros zeros "$FP_OPT" -zlz4 -Efull-index,zero-extents --max-extent-bytes=16384
	build_image zerosbig zeros "$FP_OPT" -zlz4hc -C65536 -Efull-index,zero-extents --max-extent-bytes=50000
	check "zeros: a file has some" grep -q '"kind": "hole"' <("$DUMP" --json -e --path=/behind-noise zerosbig.img)
	write_manifest zeros zeros
}

test_small() {
	local x y place
	"$tools/treegen" odd odd || { fail "treegen odd" && return; }
	build_image odd odd "$FP_OPT"
	build_image odd2 odd "$FP_OPT" --workers=1
	write_manifest odd odd
	make_zeros
	make_liars
	cp true.img true2.img
	build_image chunks true "$FP_OPT" --chunksize=4096
	small_job >job
	boot small 1024 300 job odd odd2 zeros zerosbig true true2 chunks forged poisoned || return
	tested=1
	expect_verified odd:plain:1
	expect_verified odd:shared:1
	expect_verified odd:shared:2
	for place in plain:1 plain:2 shared:1 shared:2; do expect_verified "zeros:$place"; done
	same "equal files of two images in one domain share" 245 "$(reported probe\ together:share resident)"
	same "... as one that is chunk-based does with one that is not" "245 $(reported digest\ chunks first)" \
		"$(reported probe\ chunks:share resident) $(reported digest\ chunks second)"
	same "... and not in two domains" 0 "$(reported probe\ apart:share resident)"
	same "a forged fingerprint on a source file: nothing shared" 0 "$(reported probe\ forged:share resident)"
	same "... nor when that image comes first" 0 "$(reported probe\ forged-first:share resident)"
	x=$(sha256sum <true/file | cut -c1-64) y=$(sha256sum <forged/other | cut -c1-64)
	same "... and both files have their own content" "$y $x" "$(reported digest\ forged first) $(reported digest\ forged second)"
	# Without this the three above could pass on a kernel that shares nothing.
	same "a fingerprint forged in the image deceives the kernel" "245 $x" \
		"$(reported probe\ poisoned:share resident) $(reported digest\ poisoned second)"
	rm -rf odd zeros true forged ./*.manifest ./*.img ./*.prints
}

expect_verified() { # LABEL
	local bad
	bad=$(reported "verify $1" bad)/$(reported "verify $1" bad_fingerprints)/$(reported "verify $1" without)
	if [ "$bad" = 0/0/0 ] && [ "$(reported "verify $1" files)" -gt 0 ]; then
		pass "$1: $(reported "verify $1" files) files as in the source, $(reported "verify $1" fingerprints) fingerprints"
	else
		fail "$1: of $(reported "verify $1" files) files $bad differ/have wrong fingerprints/have none"
		grep -A 1 -h '^expected:\|^wrong fingerprint\|^missing:' ./*.console | head -n 20
	fi
}

# ---- pairs of real root file systems ----------------------------------------------------------------------------------

limit_of() { case $1 in tomcat | tensorflow) echo 500 ;; redis | node) echo 200 ;; *) echo 300 ;; esac; }

pair_job() { # PAIR PEER
	local method
	# A digest of each byte takes an emulator minutes.
	[ ! "$long" ] || echo "verify plain a,b a b"
	echo "verify shared a,b a:d b:d"
	for method in read mmap; do
		cat <<-END
			grow none $method a b
			grow one $method a:d b:d
			grow two $method a:d b:e
			grow bare $method a:d bare:d
		END
	done
	[ ! "$2" ] || printf 'grow peer read a:d peer:d\ngrow peer-none read a peer\n'
	cat <<-END
		probe shared maps a:d b:d $common
		probe shared direct a:d b:d $common
		probe plain direct a b $common
		probe shared sendfile a:d b:d $common
		probe plain sendfile a b $common
		workload plain $1 $(limit_of "$1") a b
		workload shared $1 $(limit_of "$1") a:d b:d
	END
	[ "$1" != nginx ] || cat <<-END
		workload plain nginx-sendfile $(limit_of "$1") a b
		workload shared nginx-sendfile $(limit_of "$1") a:d b:d
	END
}

# A mkfs.erofs that is not ours and knows fingerprints.
find_peer() {
	local candidate
	for candidate in "${PEER_DIR:-}/bin/mkfs.erofs" "$(command -v mkfs.erofs)"; do
		[ -x "$candidate" ] && "$candidate" --help 2>&1 | grep -q -- --xattr-inode-digest && echo "$candidate" && return
	done
}

test_pair() { # PAIR
	local pair=$1 peer memory images=(a b bare)
	build_image a "$ROOTS/$pair-a" "$FP_OPT" || return
	build_image b "$ROOTS/$pair-b" "$FP_OPT" || return
	build_image bare "$ROOTS/$pair-b" || return
	peer=$(find_peer)
	if [ "$peer" ] && "$peer" --quiet --xattr-inode-digest=trusted.erofs.fingerprint "$work/peer.img" "$ROOTS/$pair-b" >/dev/null; then
		images+=(peer)
	else
		peer='' && skip "$pair: no peer to share with (PEER_DIR)"
	fi
	write_manifest a "$ROOTS/$pair-a"
	write_manifest b "$ROOTS/$pair-b"
	common=$(common_file a b | cut -d' ' -f2-)
	pair_job "$pair" "$peer" >job
	# Both versions must fit twice, with what tmpfs and the programs take.
	memory=$((1536 + $(page_bytes a b) / 700000))
	boot "$pair" "$memory" 3000 job "${images[@]}" || { rm -f ./*.img ./*.prints ./*.manifest; return; }
	tested=1
	[ ! "$long" ] || { expect_verified plain:1 && expect_verified plain:2; }
	for place in shared:1 shared:2; do expect_verified "$place"; done
	expect_savings "$pair" "$peer"
	expect_manners "$pair"
	expect_workload "$pair" "$pair"
	[ "$pair" != nginx ] || expect_workload nginx nginx-sendfile
	rm -f ./*.img ./*.prints ./*.manifest
}

# saving PAIR WHAT FROM TO METHOD PREDICTED: KiB that TO takes less than FROM, against bytes predicted. Within 0.5 %,
# or 64 KiB where next to nothing is saved.
saving() {
	local pair=$1 what=$2 from to method=$5 predicted=$6 saved room
	from=$(reported "grow $3:$method" cached) to=$(reported "grow $4:$method" cached)
	if [ ! "$from" ] || [ ! "$to" ]; then fail "$pair: $what by $method was not measured" && return; fi
	saved=$(((from - to) * 1024))
	room=$((predicted / 200 > 65536 ? predicted / 200 : 65536))
	if [ $((saved - predicted)) -le $room ] && [ $((predicted - saved)) -le $room ]; then
		pass "$pair: $what by $method saves $saved bytes, predicted $predicted"
	else
		fail "$pair: $what by $method saves $saved bytes, predicted $predicted"
	fi
	printf 'saving\t%s\t%s\t%s\t%d\t%d\t%d\n' "$pair" "$what" "$method" $((from * 1024)) $((to * 1024)) "$predicted" >>"$RESULTS"
}

expect_savings() { # PAIR PEER
	local pair=$1 all one method
	all=$(page_bytes a b) one=$(shared_bytes a b)
	printf 'pair\t%s\t%d\t%d\t%d\t%s\n' "$pair" "$(prints a | wc -l)" "$(prints b | wc -l)" "$all" "$(reported start kernel)" >>"$RESULTS"
	expect_report "$pair" $((all - one))
	note_differing "$pair"
	for method in read mmap; do
		saving "$pair" "one domain" none one $method $((all - one))
		saving "$pair" "two domains" none two $method $((all - $(shared_bytes a) - $(shared_bytes b)))
		saving "$pair" "one without fingerprints" none bare $method $((all - $(shared_bytes a) - $(page_bytes b)))
	done
	[ ! "$2" ] || saving "$pair" "with the peer's image" peer-none peer read $((all - one))
}

# ---- the same roots, compressed -----------------------------------------------------------------------------------------

# All of a root takes an emulator ten minutes to decompress and digest; the short form takes parts with files of every size.
compressed_part() { # PAIR-a|b: the tree
	local part
	if [ "$long" ]; then
		echo "$ROOTS/$1"
		return
	fi
	mkdir -p "part/$1"
	for part in usr/bin usr/sbin usr/share/zoneinfo etc var; do
		(cd "$ROOTS/$1" && [ ! -d $part ] || cp -a --parents $part "$work/part/$1")
	done
	echo "$work/part/$1"
}

# Each set of images is read in its order: apart, and in one domain. The last three have plain and compressed images mixed.
compressed_sets() {
	cat <<-END
		extents za zb
		metabox ma mb
		fragments fa fb
		clusters la lb
		algorithms za lb
		kinds za b
		compressed-first za zb b
		plain-first b za zb
		alternating b za a zb
	END
}

compressed_job() {
	local set images
	cat <<-END
		verify zstd a,b za:d zb:d
		verify metabox a,b ma:d mb:d
		verify fragments a,b fa:d fb:d
		verify lz4 a,b la:d lb:d
		verify mixed b,a,b,a b:d za:d lb:d a:d
	END
	while read -r set images; do
		# shellcheck disable=SC2086
		printf 'grow %s-apart read %s\ngrow %s-shared read%s\n' "$set" "$images" "$set" "$(printf ' %s:d' $images)"
	done < <(compressed_sets)
	printf 'grow extents-apart mmap za zb\ngrow extents-shared mmap za:d zb:d\n'
}

test_compressed() { # PAIR
	local pair=$1 name=$1-compressed set images place version tree zstd="-zzstd,3 -E48bit"
	for version in a b; do
		tree=$(compressed_part "$pair-$version")
		# shellcheck disable=SC2086
		build_image z$version "$tree" "$FP_OPT" $zstd || return
		# shellcheck disable=SC2086
		build_image m$version "$tree" "$FP_OPT" $zstd -m16384
		# shellcheck disable=SC2086
		build_image f$version "$tree" "$FP_OPT" $zstd -Eall-fragments,dedupe
		build_image l$version "$tree" "$FP_OPT" -zlz4hc,3 -C65536
		build_image $version "$tree" "$FP_OPT"
		write_manifest $version "$tree"
	done
	compressed_job >job
	boot "$name" $((1024 + $(page_bytes a a b b) / 700000)) 1500 job za zb ma mb fa fb la lb a b ||
		{ rm -rf ./*.img ./*.prints ./*.manifest part; return; }
	tested=1
	for place in zstd:1 zstd:2 metabox:1 metabox:2 fragments:1 fragments:2 lz4:1 lz4:2 mixed:1 mixed:2 mixed:3 mixed:4; do
		expect_verified "$place"
	done
	while read -r set images; do
		# shellcheck disable=SC2086
		expect_set "$name" "$set" $images
	done < <(compressed_sets)
	saving "$name" extents extents-apart extents-shared mmap $(($(page_bytes za zb) - $(shared_bytes za zb)))
	expect_density "$name"
	rm -rf ./*.img ./*.prints ./*.manifest part
}

# What a denser layout costs in memory beside the pages of files: the metabox next to nothing, fragments the pages of the packed inode.
expect_density() { # NAME
	local name=$1 mode extents metabox
	for mode in apart shared; do
		extents=$(all_pages "extents-$mode") metabox=$(all_pages "metabox-$mode")
		# Its pages stand for blocks of metadata, which are as many, and for small files, which are there twice then.
		check "$name: metabox, $mode: $metabox KiB of page cache and buffers, $extents without" \
			test "$metabox" -le $((extents * 103 / 100))
		near "$name: metabox, $mode" $((($(reported "grow metabox-$mode:read" cached) - $(reported "grow extents-$mode:read" cached)) * 1024)) \
			"$(metabox_bytes ma mb)"
	done
	near "$name: fragments, apart" $((($(reported "grow fragments-apart:read" cached) - $(reported "grow extents-apart:read" cached)) * 1024)) \
		"$(packed_bytes packed_page_bytes fa fb)"
	near "$name: fragments, shared" $((($(reported "grow fragments-shared:read" cached) - $(reported "grow extents-shared:read" cached)) * 1024)) \
		"$(packed_bytes packed_shared_page_bytes fa fb)"
	check "$name: fragments: something is packed" test "$(packed_bytes packed_page_bytes fa fb)" -gt 1000000
}

# Bytes more in the page cache than without, and how many were foretold: within 0.5 %, or 128 KiB.
near() { # WHAT MEASURED FORETOLD
	local room=$(($3 / 200 > 131072 ? $3 / 200 : 131072))
	check "$1: $2 bytes more in the page cache, $3 foretold" test $(($2 - $3)) -le $room -a $(($3 - $2)) -le $room
}

all_pages() { echo $(($(reported "grow $1:read" cached) + $(reported "grow $1:read" buffers))); } # LABEL: KiB

# expect_set NAME SET IMAGE...: what is saved is what this order of reading allows, and dump.erofs brackets it.
expect_set() {
	local name=$1 set=$2 all ordered saved clash
	shift 2
	all=$(page_bytes "$@") ordered=$(ordered_bytes "$@")
	saved=$(report_saving "$@") clash=$(report_figure clash_page_bytes "$@")
	if [ "$set" = fragments ]; then
		# The packed inodes are no part of our own arithmetic: what is read of them is only told by the images themselves.
		saving "$name" "$set" "$set-apart" "$set-shared" read "$saved"
		check "$name: $set: what fragments of shared files save is foretold" test "$saved" -gt $((all - ordered))
		return
	fi
	saving "$name" "$set" "$set-apart" "$set-shared" read $((all - ordered))
	same "$name: $set: dump.erofs foretells what the best order saves" $((all - $(shared_bytes "$@"))) "$saved"
	if [ $((all - ordered)) -le "$saved" ] && [ $((all - ordered)) -ge $((saved - clash)) ]; then
		pass "$name: $set: $((all - ordered)) saved is within $clash below $saved"
	else
		fail "$name: $set: $((all - ordered)) saved is not within $clash below $saved"
	fi
}

expect_manners() { # PAIR
	local key own
	for key in maps map_files maps_of_other map_files_of_other; do
		same "$1: a shared mapping has the user's own path in $key" own "$(reported "probe shared:maps" "$key")"
	done
	same "$1: O_DIRECT is refused when sharing" 'EINVAL' "$(reported 'probe shared:direct' open)"
	same "$1: ... and works without" 0 "$(reported 'probe plain:direct' open)"
	# Linux 7.2 had no way from a shared file to the shared pages for these two.
	own=0
	[ "$(printf '%s\n' 7.3 "$(reported start kernel)" | sort -V | head -n 1)" = 7.3 ] || own=100
	for key in sendfile splice; do
		same "$1: $key takes memory of its own when sharing (% of the file)" $own "$(percent shared $key)"
		same "$1: ... and none without" 0 "$(percent plain $key)"
	done
}

# Rounded to halves: the counters are not exact to the page.
percent() {
	local value
	value=$(reported "probe $1:sendfile" "$2")
	[ "$value" ] || return
	echo $(((value + 25) / 50 * 50))
}

expect_workload() { # PAIR PROGRAM
	local mode key line
	for mode in plain shared; do
		same "$1: $2 serves its clients from both images, $mode" 2/2 \
			"$(reported "workload $mode:$2" ok)/$(reported "workload $mode:$2" of)"
		[ "$(reported "workload $mode:$2" ok)" = 2 ] || grep -A 25 "^== $mode $2" "$1.console"
	done
	line="workload	$1	$2"
	for mode in plain shared; do
		for key in files anon shmem used seconds; do line+="	$(reported "workload $mode:$2" $key)"; done
	done
	if [ "$(reported "workload shared:$2" files)" -lt "$(reported "workload plain:$2" files)" ]; then
		pass "$1: $2 takes less memory for files: $(reported "workload plain:$2" files) KiB without sharing," \
			"$(reported "workload shared:$2" files) KiB with it"
		echo "$line" >>"$RESULTS"
	elif [ "$2" = nginx-sendfile ]; then
		echo "$line" >>"$RESULTS"
	else
		fail "$1: $2 takes $(reported "workload plain:$2" files) KiB without sharing, $(reported "workload shared:$2" files) with it"
	fi
}

# For the page: which files of both images spoil most, as dump.erofs says.
note_differing() { # PAIR
	"$DUMP" --ishare-report --backend=block --json --top=3 "$work/a.img" "$work/b.img" | awk -v pair="$1" '
		/"different_contents"/ { inside = 1 }
		/"directories"/ { inside = 0 }
		inside && /"path":/ {
			path = bytes = $0
			sub(/.*"path": "/, "", path); sub(/", "page_bytes".*/, "", path)
			sub(/.*"page_bytes": /, "", bytes); sub(/[^0-9].*/, "", bytes)
			printf "differs\t%s\t%s\t%d\n", pair, path, bytes
		}' >>"$RESULTS"
}

# What dump.erofs foretells, against our own arithmetic with the same fingerprints.
expect_report() { # PAIR SAVING
	same "$1: dump.erofs --ishare-report foretells what is saved" "$2" "$(report_saving a b)"
	same "$1: ... and what is when one image has no fingerprints" $(($(page_bytes a) - $(shared_bytes a))) "$(report_saving a bare)"
}

# ---- what it comes to ---------------------------------------------------------------------------------------------------

print_table() { # RESULTS
	[ -s "$1" ] || return
	awk -F'\t' '
		$1 == "saving" {
			if (!head++) printf "\n%-16s %-26s %-5s %10s %10s %10s %10s %7s\n", "pair", "reading all files", "by",
				"without", "with", "saved", "predicted", "off by"
			saved = $5 - $6
			printf "%-16s %-26s %-5s %8.1fMB %8.1fMB %8.1fMB %8.1fMB %6.2f%%\n", $2, $3, $4, $5 / 1e6, $6 / 1e6, saved / 1e6,
				$7 / 1e6, $7 ? 100 * (saved - $7) / $7 : 0
		}' "$1"
	awk -F'\t' '
		$1 == "workload" {
			if (!head++) printf "\n%-16s %12s %12s %8s   %s\n", "program", "files, MB", "sharing", "less", "all memory, MB"
			printf "%-16s %12.1f %12.1f %7.1f%%   %.1f, sharing %.1f\n", $3, $4 * 1.024e-3, $9 * 1.024e-3, 100 * ($4 - $9) / $4,
				$7 * 1.024e-3, $12 * 1.024e-3
		}' "$1"
}
