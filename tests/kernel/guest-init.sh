#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The first process of the guest: what a job may call, then the job that the host wrote. Results go to the second serial
# port, a line each: "@ LABEL key=value ..."; everything else is for a reader of the log.
# shellcheck shell=dash disable=SC1091,SC2086
export PATH=/bin LC_ALL=C HOME=/
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /m /w /tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts && mount -t devpts pts /dev/pts
while read -r module; do insmod "/modules/$module.ko" || echo "no module $module"; done </modules/order
ip link set lo up
# The console may be in use by the kernel: results have a port of their own.
stty -F /dev/ttyS1 -opost 2>/dev/null
exec 3>/dev/ttyS1
result() { echo "@ $*" >&3; echo "[$(cut -d. -f1 /proc/uptime) s] $*"; }

# An image is a disk whose serial number is the image's name.
disk_of() {
	for disk in /sys/block/vd*; do
		[ "$(cat "$disk/serial")" = "$1" ] && echo "/dev/${disk##*/}" && return
	done
}

# attach IMAGE[+DEVICE...][:DOMAIN] DIR: with a domain, sharing. What is compressed is decoded from the disk alone, so that the pages that
# are counted are those of files.
attach() {
	local options=ro,cache_strategy=disabled image=${1%:*} device
	case $1 in *:*) options=$options,inode_share,domain_id=${1#*:} ;; esac
	mkdir -p "$2" || return
	case $image in
	*+*) for device in $(echo "${image#*+}" | tr + ' '); do options=$options,device=$(disk_of "$device"); done ;;
	esac
	# An image on the disk "files", by its file or by a loop device of its own.
	case $1 in
	file/* | loop/*)
		set -- "${1%:*}" "$2"
		mount.erofs "/files/${1#*/}.img" "$2" -o "$options,backing=${1%%/*},device-dir=/files"
		;;
	*) mount -t erofs -o "$options" "$(disk_of "${image%%+*}")" "$2" ;;
	esac
}

# The disk "files" at /files, each of its files with fs-verity.
mount_files() {
	local file
	mkdir -p /files /run
	mount -t ext4 "$(disk_of files)" /files || result "error what=files"
	for file in /files/*.img; do guest verity "$file" || result "error what=verity file=$file"; done
}

# seal NAME IMAGE WORDS...: the disk as a device of dm-verity, read-only; the words are what its table has behind the two devices
seal() {
	local name=$1 disk
	disk=$(disk_of "$2")
	shift 2
	dmsetup create "$name" --readonly --table "0 $(($3 * $1 / 512)) verity 1 $disk $disk $*" || result "error what=seal name=$name"
}

# helped LABEL IMAGE IMAGE [OPTION]: both mounted by mount.erofs, verified, in one domain; what it said of each, and how many
# pages of a file that was read in the one are there in the other
helped() {
	local label=$1 option=$4 number=0 image mounted='' said='' resident=''
	for image in "$2" "$3"; do
		number=$((number + 1))
		case $image in /*) ;; *) image=$(disk_of "$image") ;; esac
		mkdir -p "/m/$number"
		if mount.erofs "$image" "/m/$number" -v -o "verify,inode_share,domain_id=h,require_share${option:+,$option}" >/tmp/said 2>&1; then
			mounted=$mounted,yes
		else
			mounted=$mounted,no
		fi
		cat /tmp/said
		case $(cat /tmp/said) in
		*'verified before'*) said=$said,verified-before ;;
		*'verified, '*) said=$said,verified ;;
		*fingerprint*) said=$said,fingerprint ;;
		*) said=$said,nothing ;;
		esac
	done
	[ "$mounted" != ,yes,yes ] || resident=$(guest share /m/1/file /m/2/file)
	result "helped $label mounted=${mounted#,} said=${said#,} $resident"
	for number in 1 2; do ! grep -q " /m/$number " /proc/mounts || umount.erofs "/m/$number" || result "error what=umount"; done
}

# attach_all IMAGE[:DOMAIN]...: at /m/1, /m/2 ...; $places has them
attach_all() {
	local number=0 image
	places=
	for image in "$@"; do
		number=$((number + 1))
		attach "$image" "/m/$number" || result "error what=mount image=$image"
		places="$places /m/$number"
	done
}
detach_all() { for place in $places; do umount "$place"; done; }

# verify LABEL EXPECTED IMAGE[:DOMAIN]...: every file of every image, all mounted at once and read at once
verify() {
	local label=$1 expected=$2 place children=
	shift 2
	attach_all "$@"
	for place in $places; do
		guest manifest --expect "/expect/${expected%%,*}" "$place" >"/tmp/manifest${place##*/}" &
		children="$children $!"
		expected=${expected#*,}
	done
	wait $children
	for place in $places; do result "verify $label:${place##*/} $(cat "/tmp/manifest${place##*/}")"; done
	detach_all
}

# reads IMAGE EXPECTED: whether this kernel mounts an image, and if so, what it reads there
reads() {
	mkdir -p /m/1
	if mount -t erofs -o ro "$(disk_of "$1")" /m/1; then
		result "reads $1 mounted=yes $(guest manifest --expect "/expect/$2" /m/1)"
		umount /m/1
	else
		result "reads $1 mounted=no"
	fi
}

# grow LABEL read|mmap IMAGE[:DOMAIN]...: memory that all files of all images take
grow() {
	local label=$1 method=$2
	shift 2
	attach_all "$@"
	result "grow $label:$method $(guest read "$method" $places)"
	detach_all
}

# probe LABEL COMMAND IMAGE:DOMAIN IMAGE:DOMAIN PATHS...: of the guest program, with a path in each image
probe() {
	local label=$1 command=$2 first=$3 second=$4 path=$5 other=$6
	attach_all "$first" "$second"
	if [ "$command" = share ]; then
		result "probe $label:$command $(guest share "/m/1$path" "/m/2$other")"
	else
		# The other one first: the mapping belongs to an inode that somebody else's mount brought in.
		cat "/m/1$path" >/dev/null
		result "probe $label:$command $(guest "$command" "/m/2$other")"
	fi
	detach_all
}

# digest LABEL IMAGE:DOMAIN IMAGE:DOMAIN PATH-IN-1 PATH-IN-2: of both, the first read first
digest() {
	attach_all "$2" "$3"
	result "digest $1 first=$(sha256sum "/m/1$4" | cut -c1-64) second=$(sha256sum "/m/2$5" | cut -c1-64)"
	detach_all
}

# A root file system that can be written to, with a program's world in it.
furnish() { # IMAGE[:DOMAIN] DIR
	local dir=$2
	attach "$1" "$dir/low" || return
	mkdir -p "$dir/rw" "$dir/top" && mount -t tmpfs rw "$dir/rw" && mkdir "$dir/rw/upper" "$dir/rw/work" &&
		mount -t overlay -o "lowerdir=$dir/low,upperdir=$dir/rw/upper,workdir=$dir/rw/work" over "$dir/top" &&
		mount -t proc proc "$dir/top/proc" && mount -t devtmpfs dev "$dir/top/dev" && mkdir -p "$dir/top/dev/shm" &&
		mount -t tmpfs -o mode=1777 shm "$dir/top/dev/shm" &&
		mount -t tmpfs -o mode=1777 tmp "$dir/top/tmp" && mount -t tmpfs run "$dir/top/run" &&
		cp /bin/busybox /workload.sh "$dir/top/tmp/"
}
clear_out() { # DIR
	local below
	for below in top/run top/tmp top/dev/shm top/dev top/proc top rw low; do umount "$1/$below" || umount -l "$1/$below"; done
}

# workload LABEL PROGRAM SECONDS IMAGE[:DOMAIN]...: the program runs in all images at once, each with network and processes
# of its own; memory is measured while all of them are up and have served their client.
workload() {
	local label=$1 program=$2 limit=$3 number=0 image dir dirs='' left before after ok=0
	shift 3
	for image in "$@"; do
		number=$((number + 1))
		furnish "$image" "/w/$number" || result "error what=furnish image=$image"
		dirs="$dirs /w/$number"
	done
	guest memory drop >/tmp/before
	for dir in $dirs; do
		unshare -n -m -p -f sh -c "ip link set lo up; exec chroot $dir/top /bin/sh /tmp/workload.sh $program" \
			>"/tmp/log${dir##*/}" 2>&1 &
	done
	left=$limit
	while [ "$left" -gt 0 ]; do
		ok=0
		for dir in $dirs; do [ -e "$dir/top/tmp/done" ] && ok=$((ok + 1)); done
		[ "$ok" = "$number" ] && break
		left=$((left - 1))
		sleep 1
	done
	guest memory >/tmp/after
	ok=0
	for dir in $dirs; do [ -e "$dir/top/tmp/ok" ] && ok=$((ok + 1)); done
	for dir in $dirs; do touch "$dir/top/tmp/stop"; done
	wait
	result "workload $label:$program of=$number ok=$ok seconds=$((limit - left)) $(difference)"
	for dir in $dirs; do
		echo "== $label $program ${dir##*/}"
		tail -n 25 "/tmp/log${dir##*/}"
		clear_out "$dir"
	done
}

# In KiB; files: the page cache without what tmpfs keeps in it.
difference() {
	cat /tmp/before /tmp/after | tr ' ' '\n' | awk -F= '
		{ growth[$1] = ++seen[$1] == 1 ? -$2 : growth[$1] + $2 }
		END {
			printf "files=%d shmem=%d anon=%d used=%d\n", growth["cached"] - growth["shmem"], growth["shmem"], growth["anon"],
				-growth["free"]
		}'
}

result "start kernel=$(uname -r)"
. /job
dmesg | grep -i erofs | tail -n 40
result "dmesg bad=$(dmesg | grep -cE 'BUG:|WARNING:|Oops|general protection|Out of memory')"
result end
sync
poweroff -f
