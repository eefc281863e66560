#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# check-kernel.sh [--long] [PAIR...]: images of ours on a kernel that shares pages, in QEMU without KVM. Pairs as in
# make-roots.sh; default redis, with --long all six. Prints "ok - ", "not ok - " and "skip - " lines and a table; exits 1 if
# anything is off, 77 if nothing could be tested.
# Environment: ROOTS (where the pairs are or are put), PEER_DIR (its bin/ has another implementation's tools), KERNEL
# (version to start with, default the newest), RESULTS (a file that figures are added to), LOGS (a
# directory for what the guests wrote), MKFS DUMP FSCK MOUNT UMOUNT, TMPDIR.
here=$(cd "$(dirname "$0")" && pwd)
top_srcdir=${top_srcdir:-$here/../..}
long='' pairs=()
for argument in "$@"; do
	case $argument in
	--long) long=yes ;;
	redis | nginx | postgres | mariadb | tomcat | node | tensorflow) pairs+=("$argument") ;;
	*) sed -n '3,8s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
	esac
done
if [ ${#pairs[@]} = 0 ]; then
	pairs=(redis)
	[ ! "$long" ] || pairs=(redis nginx postgres mariadb tomcat node tensorflow)
fi
caller=$PWD
# shellcheck source=tests/e2e/lib.sh
. "$top_srcdir/tests/e2e/lib.sh"
# shellcheck source=tests/kernel/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/kernel/tests.sh
. "$here/tests.sh"
# shellcheck source=tests/kernel/pods.sh
. "$here/pods.sh"

export ROOTS=${ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/erofs-ishare/roots}
RESULTS=${RESULTS:-$work/results.tsv}
case $RESULTS in /*) ;; *) RESULTS=$caller/$RESULTS ;; esac
case ${LOGS:=} in /* | '') ;; *) LOGS=$caller/$LOGS ;; esac
[ ! "$LOGS" ] || mkdir -p "$LOGS"
need_root
MOUNT=${MOUNT:-$(find_tool mount.erofs)} UMOUNT=${UMOUNT:-$(find_tool umount.erofs)}
need_tools "$MKFS" "$DUMP" "$FSCK" "$MOUNT" "$UMOUNT"
need_guest
kernel=$(fetch_kernel ${KERNEL:+"$KERNEL"}) || skip_all "${kernel:-no kernel}"
build_guest || exit 99

tested=0
test_small
test_pods
for pair in "${pairs[@]}"; do
	if made=$("$here/make-roots.sh" "$pair" 2>&1); then
		test_pair "$pair"
		[ "$pair" != "${pairs[0]}" ] || test_compressed "$pair"
	else skip "$pair: ${made:-cannot be made}"
	fi
done
print_table "$RESULTS"
[ "$tested" != 0 ] || [ "$failures" != 0 ] || exit 77
finish
