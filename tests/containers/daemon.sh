# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=sh
# daemon.sh: starts containerd, which ends with the shell that reads this file, and gives it look().
containerd >/tmp/containerd.log 2>&1 &
daemon=$!
finish() {
	kill $daemon 2>/dev/null || true
	wait $daemon 2>/dev/null || true
	awk '/\/(run|var\/lib)\/containerd\// { print $2 }' /proc/mounts | sort -r | while read -r mount; do umount -l "$mount"; done
}
trap finish EXIT
for second in 1 2 3 4 5 6 7 8 9 10; do
	! ctr version >/dev/null 2>&1 || break
	sleep 1
done
ctr plugins ls | awk '$2 == "erofs"' >/tmp/plugins

look() { # NAME ARGUMENTS-OF-CTR-RUN...
	name=$1
	shift
	# Under load ctr 2.1.9 now and then loses the end of what a container wrote (seen once).
	for try in 1 2 3; do
		timeout 60 ctr run --rm "$@" "$name" /bin/busybox sh -c "$(cat /ours/look.sh)
echo all of it" >"/tmp/$name.all" 2>&1
		[ "$(sed -n '$p' "/tmp/$name.all")" != "all of it" ] || break
		echo "$name: try $try was cut short" >>/tmp/cut-short
	done
	sed '$d' "/tmp/$name.all" >"/tmp/$name.seen"
	timeout 60 ctr run --rm "$@" "$name" /bin/busybox tar -C /files -cf - . >"/tmp/$name.tar" 2>"/tmp/$name.tar-said"
}
