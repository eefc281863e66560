#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# check.sh [--no-install] [--keep] [STAGE...]: installs what is missing, builds outside of the source tree and tests.
# Stages: gcc (build without warnings, `make check`), clang (build without warnings), sanitizers (AddressSanitizer and
# UndefinedBehaviorSanitizer under `make check`), threads (ThreadSanitizer under what uses threads), variants (each library
# that can be left out, left out; static tools), user (the tests that it changes, without root), lint (shellcheck), dist (`make distcheck`), kernel
# (`make check-kernel`: page sharing in a virtual machine), kernels (`make check-kernels`: what old kernels read), containers
# (`make check-containers`: a real containerd), or all.
# Default: gcc. The last line counts: "N passed, N failed, N skipped".
# Optional: PEER_DIR (bin/ holds another implementation's tools), ROOTS (a directory of real root file systems), TMPDIR.
set -u
cd "$(dirname "$0")" || exit 99
top=$PWD
install=yes keep=
stages=()
for argument in "$@"; do
	case $argument in
	--no-install) install= ;;
	--keep) keep=yes ;;
	all) stages+=(gcc clang sanitizers threads variants user lint dist containers kernel kernels) ;;
	gcc | clang | sanitizers | threads | variants | user | lint | dist | containers | kernel | kernels) stages+=("$argument") ;;
	*) sed -n '3,11s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
	esac
done
[ ${#stages[@]} -gt 0 ] || stages=(gcc)

if [ "$install" ]; then
	kind='test'
	[ "${stages[*]}" = gcc ] || kind=ci
	scripts/install-packages.sh $kind || exit 1
	# Without these the stage is skipped.
	[[ " ${stages[*]} " != *" kernel"* ]] || scripts/install-packages.sh kernel
fi

passed=0 failed=0 skipped=0
work=$(mktemp -d "${TMPDIR:-/tmp}/erofs-check.XXXXXX") || exit 99
# Some tests run as another user, who must reach the programs.
chmod 755 "$work"
cleanup() { [ -z "${beside:-}" ] || kill "$beside" 2>/dev/null; [ "$keep" ] && echo "kept: $work" || { chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"; }; }
trap cleanup EXIT
trap 'exit 130' INT TERM
# What two stages compile alike is compiled once.
export CCACHE_DIR=$work/ccache CCACHE_NOHASHDIR=1
gcc=gcc
! command -v ccache >/dev/null || gcc='ccache gcc'
jobs=$(nproc)
# Tests wait at times, for a pipe or a disk.
test_jobs=$((jobs + 1))

say() { printf '== %s: %s (%d s)\n' "$stage" "$1" $((SECONDS - began)); }
bad() { # WHAT LOG
	failed=$((failed + 1))
	say "$1 FAILED"
	tail -n 60 "$2"
}

log=$work/log
# step WHAT COMMAND...: one thing that passes or fails as a whole.
step() {
	local what=$1
	shift
	if "$@" >"$log" 2>&1; then passed=$((passed + 1)) && say "$what"; else bad "$what" "$log"; return 1; fi
}

configured() { # CONFIGURE-ARGUMENTS...: leaves us in a build directory of the stage's own
	mkdir -p "$work/$stage" && cd "$work/$stage" && step configure "$top/configure" --enable-werror "$@" &&
		step build make -j"$jobs"
}

# tests MAKE-ARGUMENTS...: `make check`, counted test by test from automake's result files.
tests() {
	local result test name
	find . -name '*.trs' -delete
	"$@" >"$work/check.log" 2>&1
	local status=$?
	while IFS= read -r test; do
		result=$(sed -n 's/^:test-result: *\([A-Z]*\).*/\1/p' "$test")
		name=${test#./} name=${name%.trs}
		case $result in
		PASS) passed=$((passed + 1)) ;;
		SKIP) skipped=$((skipped + 1)) && echo "   skipped: $name: $(grep -h '^skip' "${test%.trs}.log" | head -n 1)" ;;
		*)
			failed=$((failed + 1))
			echo "   FAILED: $name"
			grep -hA 12 '^not ok' "${test%.trs}.log" | head -n 150
			echo "   end of its log:"
			tail -n 25 "${test%.trs}.log"
			;;
		esac
		# Parts that a test left out: seen, though the test passed.
		[ "$result" = SKIP ] || grep -h '^skip' "${test%.trs}.log" | sort -u | sed "s,^,   $name: ,"
	done < <(find . -name '*.trs' | sort)
	if [ $status != 0 ] && ! grep -q '^# FAIL: *[1-9]\|^# ERROR: *[1-9]' "$work/check.log"; then
		bad "make check" "$work/check.log"
	fi
	say "tests"
}

# The tools start from where they are installed, and other programs can be linked with the library, by what pkg-config says alone.
installed_parts() {
	step "make install" make install && step "installed: tools and library" "$top/tests/installed.sh" "$work/installed"
}

stage_gcc() {
	configured CC="$gcc" --prefix="$work/installed" || return
	tests make -j"$test_jobs" check
	installed_parts
}

# Its warnings do not depend on how much it optimizes.
stage_clang() { configured CC=clang CFLAGS=-O0 --disable-shared && step "build of the tests" make -j"$jobs" check TESTS=; }

# All but the suites that look at sources and papers, or at what other programs make of our output.
stage_sanitizers() {
	configured CC=gcc --disable-shared --enable-sanitizers=address,undefined CFLAGS='-g -O1' || return
	tests make -j"$test_jobs" check TESTS='$(unit_programs) $(filter-out tests/e2e/ci_example.sh tests/e2e/completions.sh
		tests/e2e/examples.sh tests/e2e/fleet.sh tests/e2e/ishare_page.sh tests/e2e/recipes.sh, $(program_tests))'
}

stage_threads() {
	configured CC=gcc --disable-shared --enable-sanitizers=thread CFLAGS='-g -O1' || return
	# ThreadSanitizer does not cope with all address space layouts.
	local plain=()
	setarch "$(uname -m)" -R true 2>/dev/null && plain=(setarch "$(uname -m)" -R)
	tests "${plain[@]}" env COUNT=3 make -j"$test_jobs" check \
		TESTS='tests/unit/test_pool tests/unit/test_ahead tests/unit/test_dedup tests/unit/test_gate tests/unit/test_pages
		tests/unit/test_hash_chain tests/unit/test_jobs tests/e2e/determinism.sh tests/e2e/fingerprints.sh
		tests/e2e/property.sh'
}

# One build directory for all of them: little is compiled again, so that this takes no longer than one build and eight times
# configure.
stage_variants() {
	local library libraries=(selinux blkid curl fuse3 lz4 lzma deflate zstd bzip2)
	local plain=(CC=gcc CFLAGS=-O0 --disable-shared)
	for library in "${libraries[@]}"; do
		configured "${plain[@]}" "--without-$library" || continue
		tests make -j"$test_jobs" check check_PROGRAMS= TESTS=tests/e2e/left_out.sh
	done
	# libcurl as a library of the linker. mount.erofs without libdevmapper has nothing that could be refused.
	configured "${plain[@]}" --enable-linked-curl --without-devmapper || return
	tests make -j"$test_jobs" check check_PROGRAMS= TESTS=tests/e2e/oci_registry.sh
	configured "${plain[@]}" --enable-static-tools || return
	tests make -j"$test_jobs" check check_PROGRAMS='$(tests_tools)' TESTS=tests/e2e/static_tools.sh
	# zlib in the place of ISA-L, which has to look at as much.
	configured "${plain[@]}" --without-isal || return
	tests make -j"$test_jobs" check check_PROGRAMS= TESTS=tests/e2e/packed.sh
	configured "${plain[@]}" "${libraries[@]/#/--without-}" || return
	tests make -j"$test_jobs" check TESTS='tests/e2e/left_out.sh tests/e2e/options.sh tests/e2e/golden.sh tests/e2e/oci.sh
		tests/e2e/tar.sh tests/unit/test_share_set tests/unit/test_tree_paths tests/unit/test_check_super'
}

# As the user nobody where we are root. What needs root is skipped, and seen in the list of what was. The mutation suites do the same
# for every user, and take long: fewer seeds.
stage_user() {
	local as=() nobody=$work/user
	configured CC="$gcc" --disable-shared && step "build of the tests" make -j"$jobs" check TESTS= || return
	if [ "$(id -u)" = 0 ]; then
		chown -R 65534:65534 "$nobody"
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	fi
	mkdir "$nobody/home" "$nobody/tmp" && chmod 1777 "$nobody/home" "$nobody/tmp"
	if ! "${as[@]}" test -r "$top/tests/e2e/lib.sh"; then
		skipped=$((skipped + 1)) && say "skipped: another user cannot read $top"
		return
	fi
	tests "${as[@]}" env HOME="$nobody/home" TMPDIR="$nobody/tmp" CCACHE_DISABLE=1 COUNT=10 make -j"$test_jobs" check \
		TESTS='$(unit_programs) tests/e2e/callers.sh tests/e2e/examples.sh
		tests/e2e/failures.sh tests/e2e/fingerprints.sh tests/e2e/fsck.sh tests/e2e/image_source.sh tests/e2e/metabox.sh
		tests/e2e/namespaces.sh tests/e2e/options.sh tests/e2e/roundtrip.sh tests/e2e/sparse.sh tests/e2e/tar_index.sh tests/e2e/targets.sh'
}

stage_lint() {
	cd "$top" && step shellcheck shellcheck -x check.sh quickstart.sh scripts/*.sh .ci/run tests/*.sh tests/*/*.sh completions/*.sh
}

stage_dist() {
	mkdir -p "$work/dist" && cd "$work/dist" && step configure "$top/configure" || return
	# All of the tests have run above; these show that a release has what they need.
	step "make distcheck" make -j"$jobs" distcheck \
		TESTS='tests/headers.sh tests/layering.sh tests/spdx.sh tests/e2e/options.sh tests/unit/test_pool' || return
	step "archive of the release" test -s "erofs-ishare-$(sed -n 's/^## \([^ ,]*\).*/\1/p' "$top/CHANGELOG.md" | head -n 1).tar.xz"
}

# Guests that report by themselves what is right and what is not. What the stage gcc has built serves them, too.
guests() { # TARGET
	if [ -e "$work/gcc/Makefile" ]; then cd "$work/gcc" && step build make -j"$jobs" || return
	else configured CC=gcc || return
	fi
	local status said=$work/$1.log
	make "$1" >"$said" 2>&1
	status=$?
	passed=$((passed + $(grep -c '^ok - ' "$said")))
	failed=$((failed + $(grep -c '^not ok - ' "$said")))
	skipped=$((skipped + $(grep -c '^skip - ' "$said")))
	grep -A 8 '^not ok - ' "$said"
	grep '^skip - ' "$said" | sed 's/^/   /'
	sed -n '/^pair  /,$p' "$said" | grep -v '^make'
	[ $status = 0 ] || grep -q '^not ok - ' "$said" || bad "$1" "$said"
	say "$1"
}

stage_kernel() { guests check-kernel; }
stage_kernels() { guests check-kernels; }
stage_containers() { guests check-containers; }

# beside STAGE...: stages that go on while others do. Virtual machines take a third of the whole time, and the other stages leave
# processors idle. What they say, and their counts, come when all is done.
# shellcheck disable=SC2030 # the counts are its own
beside() {
	(
		passed=0 failed=0 skipped=0 log=$work/log-beside
		for stage in "$@"; do began=$SECONDS && "stage_$stage"; done
		echo "$passed $failed $skipped" >"$work/counts-beside"
	) >"$work/said-beside" 2>&1 &
	beside=$!
}

# shellcheck disable=SC2031 # they come by a file
join_beside() {
	local more_passed=0 more_failed=1 more_skipped=0
	wait "$beside"
	cat "$work/said-beside"
	# Without counts it has not come to its end: a failure.
	! [ -e "$work/counts-beside" ] || read -r more_passed more_failed more_skipped <"$work/counts-beside"
	passed=$((passed + more_passed)) failed=$((failed + more_failed)) skipped=$((skipped + more_skipped))
}

beside=
stage=autogen began=$SECONDS
# Only where it is due: it changes the source tree.
if [ ! -x configure ] || [ -n "$(find configure.ac Makefile.am tests/tests.mk -newer configure)" ] || [ ! -e Makefile.in ]; then
	step "configure made" ./autogen.sh
fi
if [ "$failed" = 0 ]; then
	for stage in "${stages[@]}"; do
		began=$SECONDS
		[ "$beside" ] && [[ $stage = kernel* ]] && continue
		"stage_$stage"
		cd "$top" || exit 99
		# Once there is a build for it.
		[ "$stage" != gcc ] || [[ " ${stages[*]} " != *" kernel kernels "* ]] || beside kernel kernels
		[ "$keep" ] || [ "$stage" = gcc ] || { chmod -R u+w "${work:?}/$stage" 2>/dev/null; rm -rf "${work:?}/$stage"; }
	done
	[ ! "$beside" ] || join_beside
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
