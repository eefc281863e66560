#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# mutate.sh [--part I/N] [--list] [NAME...]: what the tests notice. Puts one small fault after another into a copy of the source
# tree, builds it and runs the tests that scripts/mutants.txt names for its folder, until one fails. Prints a line for each fault
# and the share that was noticed. NAME: only these faults. --part: each Nth fault, from the Ith on, to share the work.
# Environment: MUTANTS (another list), TMPDIR, CC, KEEP (a directory for the logs of the tests),
# LIMIT (seconds for one test; one that takes longer has failed).
# Exit: 0 if nine in ten were noticed, 1 if fewer, 2 if a fault cannot be put in or does not compile.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
list=${MUTANTS:-$top/scripts/mutants.txt}
part=1 parts=1 only_list='' names=()
while [ $# -gt 0 ]; do
	case $1 in
	--part) part=${2%/*} parts=${2#*/} && shift ;;
	--list) only_list=yes ;;
	-*) sed -n '3,9s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
	*) names+=("$1") ;;
	esac
	shift
done

# ---- the list --------------------------------------------------------------------------------------------------------------

declare -A tests_of=()
mutants=() # "NAME :: FILE :: SED"
read_list() {
	local line number=0
	while IFS= read -r line; do
		case $line in
		'' | '#'*) ;;
		'@'*) line=${line#@} && tests_of[${line%% *}]=${line#* } ;;
		*' :: '*' :: '*)
			number=$((number + 1))
			is_wanted "${line%% :: *}" $number && mutants+=("$line")
			;;
		*) echo "$list: cannot read: $line" >&2 && exit 2 ;;
		esac
	done <"$list"
}
is_wanted() { # NAME NUMBER
	if [ ${#names[@]} -gt 0 ]; then
		[[ " ${names[*]} " == *" $1 "* ]]
	else
		[ $(($2 % parts)) = $((part % parts)) ]
	fi
}

# Those of the file, then those of the innermost folder that has some, each once.
tests_for() { # FILE
	local folder=${1%/*}
	while [ -z "${tests_of[$folder]:-}" ]; do
		[[ $folder == */* ]] || { echo "$list: no tests for $1" >&2 && exit 2; }
		folder=${folder%/*}
	done
	printf '%s %s' "${tests_of[$1]:-}" "${tests_of[$folder]}" | tr -s ' ' '\n' | awk '!seen[$0]++' | tr '\n' ' '
}

# ---- building ----------------------------------------------------------------------------------------------------------------

# build KIND: KIND is plain or tsan (a build with ThreadSanitizer); made when it is first wanted.
configured() {
	[ -e "$work/$1/Makefile" ] && return
	local options=(CC="${CC:-gcc}" CFLAGS='-g -O0' --disable-shared)
	[ "$1" = plain ] || options=(CC="${CC:-gcc}" CFLAGS='-g -O1' --disable-shared --enable-sanitizers=thread)
	mkdir -p "$work/$1" && (cd "$work/$1" && "$work/source/configure" "${options[@]}") >"$work/configure.log" 2>&1
}
build() { # KIND TEST
	local targets=("$2")
	[[ $2 != *.sh ]] || targets=({mkfs,dump,fsck,mount,umount}.erofs tests/tools/{treegen,treecmp,treeread,corrupt,manifestgen} tests/fuzz/replay_oci)
	[[ $2 != */fuse.sh ]] || targets+=(erofsfuse)
	configured "$1" && make -C "$work/$1" -j"$(nproc)" "${targets[@]}" >"$work/build.log" 2>&1
}

# ---- testing -----------------------------------------------------------------------------------------------------------------

# runs TEST: 0 passed or skipped, 1 failed, 2 does not build. A test named tsan:TEST runs under ThreadSanitizer.
runs() {
	local kind=plain test=$1 command=() status
	[[ $test != tsan:* ]] || { kind=tsan test=${test#tsan:} && command=(setarch "$(uname -m)" -R); }
	build $kind "$test" || return 2
	if [[ $test == *.sh ]]; then
		command+=(bash "$work/source/$test")
	else
		command+=("./$test")
	fi
	env -C "$work/$kind" top_srcdir="$work/source" top_builddir="$work/$kind" CC="${CC:-gcc}" TMPDIR="$work/tmp" \
		TSAN_OPTIONS=exitcode=134 timeout -k 10 "${LIMIT:-300}" "${command[@]}" >"$work/test.log" 2>&1 </dev/null
	status=$?
	[ $status = 0 ] || [ $status = 77 ]
}

# Whether a test that failed passes without the fault: what fails anyway tells nothing. Asked once, when it fails first.
declare -A usable=()
is_usable() { # FILE TEST
	local file=$1 test=$2
	if [ -z "${usable[$test]:-}" ]; then
		cp "$file" "$work/fault" && cp "$work/original" "$file"
		if runs "$test"; then
			usable[$test]=yes
		else
			usable[$test]=no && echo "left out, fails without any fault: $test"
		fi
		cp "$work/fault" "$file"
	fi
	[ "${usable[$test]}" = yes ]
}

# Leaves the test that noticed in $by. As runs().
run_all() { # FILE TESTS...
	local file=$1
	shift
	for by; do
		[ "${usable[$by]:-}" != no ] || continue
		runs "$by"
		case $? in
		0) ;;
		2) return 2 ;;
		*)
			[ -z "${KEEP:-}" ] || cp "$work/test.log" "$KEEP/${by##*/}.log"
			is_usable "$file" "$by" && return 1
			;;
		esac
	done
	return 0
}

# try NAME FILE SED: 0 noticed, 1 not noticed, 2 no mutant.
try() {
	local file=$work/source/$2 tests by='' status
	read -ra tests <<<"$(tests_for "$2")"
	cp "$file" "$work/original"
	sed -i "$3" "$file"
	if cmp -s "$file" "$work/original"; then
		echo "applies nowhere: $1 ($2)" && return 2
	fi
	run_all "$file" "${tests[@]}"
	status=$?
	# Younger than what was built of the fault.
	cp "$work/original" "$file"
	case $status in
	0) echo "NOT NOTICED: $1 ($2)" && return 1 ;;
	2) echo "does not compile: $1 ($2)" && tail -n 5 "$work"/configure.log && tail -n 5 "$work/build.log" && return 2 ;;
	*) echo "noticed: $1 ($2) by $by" && return 0 ;;
	esac
}

read_list
if [ "$only_list" ]; then
	printf '%s\n' "${mutants[@]}"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/mutate.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# Some tests run as another user.
chmod 755 "$work"
mkdir -m 1777 "$work/tmp"
# With ccache, the second run finds what the first one compiled, although it is in another folder.
export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
mkdir "$work/source"
tar -C "$top" --exclude=.git -cf - . | tar -C "$work/source" -xf - || exit 2
[ -x "$work/source/configure" ] || (cd "$work/source" && ./autogen.sh) >"$work/configure.log" 2>&1 || exit 2
noticed=0 missed=0 broken=0
for mutant in "${mutants[@]}"; do
	rest=${mutant#* :: }
	try "${mutant%% :: *}" "${rest%% :: *}" "${rest#* :: }"
	case $? in
	0) noticed=$((noticed + 1)) ;;
	1) missed=$((missed + 1)) ;;
	*) broken=$((broken + 1)) ;;
	esac
done
all=$((noticed + missed))
echo "$noticed of $all faults noticed ($((all ? 100 * noticed / all : 0)) %), $broken not to be used"
[ $broken = 0 ] || exit 2
[ $((10 * noticed)) -ge $((9 * all)) ]
