# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Tests; part of Makefile.am. `make check` takes about a minute, `make check-long` as long as it needs.

TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' CC='$(CC)' CXX='$(CXX)' \
	AM_CPPFLAGS='$(AM_CPPFLAGS)' SANITIZER_CFLAGS='$(SANITIZER_CFLAGS)'; \
	export top_srcdir top_builddir CC CXX AM_CPPFLAGS SANITIZER_CFLAGS;

# ---- tools that make, compare and damage trees and images; nothing of the library is in them --------------------------

tests_tools = tests/tools/treegen tests/tools/treecmp tests/tools/treeread tests/tools/dirwalk tests/tools/corrupt tests/tools/manifestgen
tests_tools_treegen_SOURCES = tests/tools/treegen.c tests/tools/treegen.h tests/tools/treegen_bulk.c \
	tests/tools/treegen_mixes.c tests/tools/treegen_names.c tests/tools/treegen_odd.c \
	tests/tools/treegen_order.c tests/tools/treegen_xattr.c \
	tests/tools/support.c tests/tools/support.h
tests_tools_treecmp_SOURCES = tests/tools/treecmp.c tests/tools/treecmp.h tests/tools/treecmp_data.c \
	tests/tools/treecmp_links.c tests/tools/treecmp_numbers.c tests/tools/treecmp_xattr.c tests/tools/support.c tests/tools/support.h
tests_tools_treeread_SOURCES = tests/tools/treeread.c tests/tools/support.c tests/tools/support.h
tests_tools_dirwalk_SOURCES = tests/tools/dirwalk.c tests/tools/support.c tests/tools/support.h
tests_tools_corrupt_SOURCES = tests/tools/corrupt.c tests/tools/mutate.c tests/tools/mutate.h \
	tests/tools/support.c tests/tools/support.h
tests_tools_manifestgen_SOURCES = tests/tools/manifestgen.c
tests_tools_treegen_LDADD =
tests_tools_treecmp_LDADD =
tests_tools_treeread_LDADD =
tests_tools_dirwalk_LDADD =
tests_tools_corrupt_LDADD =
tests_tools_manifestgen_LDADD =

# ---- unit tests, one program per module -------------------------------------------------------------------------------

unit_tests = \
	tests/unit/test_arena \
	tests/unit/test_array \
	tests/unit/test_buffer \
	tests/unit/test_changes \
	tests/unit/test_check_data \
	tests/unit/test_check_dir \
	tests/unit/test_check_inode \
	tests/unit/test_check_metabox \
	tests/unit/test_check_super \
	tests/unit/test_chunk_list \
	tests/unit/test_chunk_plan \
	tests/unit/test_chunk_table \
	tests/unit/test_chunker \
	tests/unit/test_cluster_index \
	tests/unit/test_contents \
	tests/unit/test_dedup \
	tests/unit/test_device \
	tests/unit/test_digits \
	tests/unit/test_dirs \
	tests/unit/test_escape \
	tests/unit/test_extent_list \
	tests/unit/test_extract \
	tests/unit/test_filter \
	tests/unit/test_fingerprint \
	tests/unit/test_verity \
	tests/unit/test_for_kernel \
	tests/unit/test_format_chunk \
	tests/unit/test_format_configs \
	tests/unit/test_format_dirent \
	tests/unit/test_format_inode \
	tests/unit/test_format_superblock \
	tests/unit/test_format_xattr \
	tests/unit/test_fragments \
	tests/unit/test_gaps \
	tests/unit/test_ahead \
	tests/unit/test_gate \
	tests/unit/test_hash_chain \
	tests/unit/test_hidden \
	tests/unit/test_hints \
	tests/unit/test_image_data \
	tests/unit/test_image_dir \
	tests/unit/test_image_open \
	tests/unit/test_image_xattr \
	tests/unit/test_image_zmap \
	tests/unit/test_index \
	tests/unit/test_jobs \
	tests/unit/test_layout \
	tests/unit/test_misuse_build \
	tests/unit/test_misuse_image \
	tests/unit/test_misuse_share \
	tests/unit/test_misuse_source \
	tests/unit/test_nameless \
	tests/unit/test_nidset \
	tests/unit/test_output \
	tests/unit/test_owners \
	tests/unit/test_pages \
	tests/unit/test_path \
	tests/unit/test_pieces \
	tests/unit/test_pool \
	tests/unit/test_progress \
	tests/unit/test_repeats \
	tests/unit/test_restamp \
	tests/unit/test_row \
	tests/unit/test_run \
	tests/unit/test_run_arrivals \
	tests/unit/test_run_failures \
	tests/unit/test_run_metabox \
	tests/unit/test_share_directories \
	tests/unit/test_share_manifest \
	tests/unit/test_share_places \
	tests/unit/test_share_set \
	tests/unit/test_sized \
	tests/unit/test_tails \
	tests/unit/test_tool_numbers \
	tests/unit/test_tree \
	tests/unit/test_tree_aufs \
	tests/unit/test_tree_normalize \
	tests/unit/test_tar_write \
	tests/unit/test_tree_paths \
	tests/unit/test_xattr_plan \
	tests/unit/test_zindex_clusters \
	tests/unit/test_zindex_extents \
	tests/unit/test_zone

# What these compress themselves needs every library.
codec_tests = \
	tests/unit/test_compress \
	tests/unit/test_compression \
	tests/unit/test_decoder \
	tests/unit/test_deflate_cut \
	tests/unit/test_encoder \
	tests/unit/test_look

# Each is one file of its name and these. What has other sources or libraries says so itself.
LDADD = tests/unit/libunit.la liberofs-core.la $(CMOCKA_LIBS)
tests_unit_libunit_la_SOURCES = \
	tests/unit/codec_inputs.c tests/unit/codec_inputs.h \
	tests/unit/fake_source.c tests/unit/fake_source.h \
	tests/unit/growth.c tests/unit/growth.h \
	tests/unit/misuse.h \
	tests/unit/raw_image.c tests/unit/raw_image.h \
	tests/unit/small_image.c tests/unit/small_image.h \
	tests/unit/tree_maker.c tests/unit/tree_maker.h \
	tests/unit/unit.h
tests_unit_test_pieces_SOURCES = tests/unit/test_pieces.c fuse/pieces.c fuse/pieces.h
tests_unit_test_progress_SOURCES = tests/unit/test_progress.c $(progress_sources) $(common_sources)
tests_unit_test_tool_numbers_SOURCES = tests/unit/test_tool_numbers.c $(common_sources)
tests_unit_test_decoder_SOURCES = tests/unit/test_decoder.c tests/fuzz/encode.c tests/fuzz/encode.h \
	tests/tools/support.c tests/tools/support.h

if HAVE_CMOCKA
check_LTLIBRARIES = tests/unit/libunit.la
AM_CFLAGS += $(CMOCKA_CFLAGS)
unit_programs = $(unit_tests)
if ALL_CODECS
unit_programs += $(codec_tests)
endif
else
check_LTLIBRARIES =
unit_programs =
endif

# ---- examples: programs that use the library as others do, with its public headers alone -------------------------------

example_programs = examples/build_image examples/list_image examples/verify_image
examples_build_image_LDADD = liberofs-core.la
examples_list_image_LDADD = liberofs-core.la
examples_verify_image_LDADD = liberofs-core.la

# ---- damaged images through the library, many a second ----------------------------------------------------------------

fuzz_programs = tests/fuzz/mutate_reader
tests_fuzz_mutate_reader_SOURCES = tests/fuzz/mutate_reader.c tests/fuzz/exercise.c tests/fuzz/exercise.h \
	tests/tools/mutate.c tests/tools/mutate.h tests/tools/support.c tests/tools/support.h
tests_fuzz_mutate_reader_LDADD = liberofs-core.la

# Fuzz targets: always as programs that replay files, with --enable-fuzzers as fuzzers, too.
if ALL_CODECS
fuzz_programs += tests/fuzz/make_corpus
endif
fuzz_programs += tests/fuzz/replay_decoder tests/fuzz/replay_image tests/fuzz/replay_tar tests/fuzz/replay_thin
fuzz_support = tests/fuzz/fuzz.h tests/tools/support.c tests/tools/support.h
fuzz_image = tests/fuzz/fuzz_image.c tests/fuzz/exercise.c tests/fuzz/exercise.h $(fuzz_support)
fuzz_tar = tests/fuzz/fuzz_tar.c $(fuzz_support)
fuzz_thin = tests/fuzz/fuzz_thin.c $(fuzz_support)
fuzz_decoder = tests/fuzz/fuzz_decoder.c $(fuzz_support)
tests_fuzz_make_corpus_SOURCES = tests/fuzz/make_corpus.c tests/fuzz/encode.c tests/fuzz/encode.h \
	tests/tools/support.c tests/tools/support.h
tests_fuzz_make_corpus_LDADD = liberofs-core.la
tests_fuzz_replay_decoder_SOURCES = tests/fuzz/replay.c $(fuzz_decoder)
tests_fuzz_replay_decoder_LDADD = liberofs-core.la
tests_fuzz_replay_image_SOURCES = tests/fuzz/replay.c $(fuzz_image)
tests_fuzz_replay_image_LDADD = liberofs-core.la
tests_fuzz_replay_tar_SOURCES = tests/fuzz/replay.c $(fuzz_tar)
tests_fuzz_replay_tar_LDADD = liberofs-core.la
tests_fuzz_replay_thin_SOURCES = tests/fuzz/replay.c $(fuzz_thin)
tests_fuzz_replay_thin_LDADD = liberofs-core.la
fuzz_programs += tests/fuzz/replay_oci
fuzz_oci = tests/fuzz/fuzz_oci.c $(fuzz_support)
fuzz_oci_cppflags = $(AM_CPPFLAGS)
if HAVE_CURL
fuzz_oci_cppflags += -DWITH_REGISTRY
endif
tests_fuzz_replay_oci_SOURCES = tests/fuzz/replay.c $(fuzz_oci)
tests_fuzz_replay_oci_CPPFLAGS = $(fuzz_oci_cppflags)
tests_fuzz_replay_oci_LDADD = liberofs-core.la
if FUZZERS
fuzz_programs += tests/fuzz/fuzz_oci tests/fuzz/fuzz_tar tests/fuzz/fuzz_thin tests/fuzz/fuzz_image tests/fuzz/fuzz_lz4 tests/fuzz/fuzz_lzma tests/fuzz/fuzz_deflate tests/fuzz/fuzz_zstd
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_oci_SOURCES = tests/fuzz/fuzz_entry.c $(fuzz_oci)
tests_fuzz_fuzz_oci_CPPFLAGS = $(fuzz_oci_cppflags)
tests_fuzz_fuzz_oci_LDADD = liberofs-core.la
tests_fuzz_fuzz_oci_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_tar_SOURCES = tests/fuzz/fuzz_entry.c tests/fuzz/mutate_tar.c $(fuzz_tar)
tests_fuzz_fuzz_tar_LDADD = liberofs-core.la
tests_fuzz_fuzz_tar_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_thin_SOURCES = tests/fuzz/fuzz_entry.c $(fuzz_thin)
tests_fuzz_fuzz_thin_LDADD = liberofs-core.la
tests_fuzz_fuzz_thin_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_image_SOURCES = tests/fuzz/fuzz_entry.c $(fuzz_image)
tests_fuzz_fuzz_image_LDADD = liberofs-core.la
tests_fuzz_fuzz_image_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_lz4_SOURCES = tests/fuzz/fuzz_entry.c $(fuzz_decoder)
tests_fuzz_fuzz_lz4_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_ALGORITHM=EROFS_ALGORITHM_LZ4
tests_fuzz_fuzz_lz4_LDADD = liberofs-core.la
tests_fuzz_fuzz_lz4_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_lzma_SOURCES = tests/fuzz/fuzz_entry.c $(fuzz_decoder)
tests_fuzz_fuzz_lzma_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_ALGORITHM=EROFS_ALGORITHM_LZMA
tests_fuzz_fuzz_lzma_LDADD = liberofs-core.la
tests_fuzz_fuzz_lzma_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_deflate_SOURCES = tests/fuzz/fuzz_entry.c $(fuzz_decoder)
tests_fuzz_fuzz_deflate_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_ALGORITHM=EROFS_ALGORITHM_DEFLATE
tests_fuzz_fuzz_deflate_LDADD = liberofs-core.la
tests_fuzz_fuzz_deflate_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_zstd_SOURCES = tests/fuzz/fuzz_entry.c $(fuzz_decoder)
tests_fuzz_fuzz_zstd_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_ALGORITHM=EROFS_ALGORITHM_ZSTD
tests_fuzz_fuzz_zstd_LDADD = liberofs-core.la
tests_fuzz_fuzz_zstd_LDFLAGS = $(fuzz_ldflags)
endif

# ---- what is run ------------------------------------------------------------------------------------------------------

source_tests = \
	tests/headers.sh \
	tests/house.sh \
	tests/layering.sh \
	tests/man.sh \
	tests/readability.sh \
	tests/release.sh \
	tests/spdx.sh \
	tests/symbols.sh

program_tests = \
	tests/e2e/callers.sh \
	tests/e2e/compat.sh \
	tests/e2e/ci_example.sh \
	tests/e2e/completions.sh \
	tests/e2e/compress_effects.sh \
	tests/e2e/compressed.sh \
	tests/e2e/deflate_pages.sh \
	tests/e2e/chunks.sh \
	tests/e2e/compressed_read.sh \
	tests/e2e/dedupe.sh \
	tests/e2e/determinism.sh \
	tests/e2e/diff.sh \
	tests/e2e/dump.sh \
	tests/e2e/durability.sh \
	tests/e2e/examples.sh \
	tests/e2e/failures.sh \
	tests/e2e/fingerprints.sh \
	tests/e2e/fleet.sh \
	tests/e2e/fsck.sh \
	tests/e2e/fsverity.sh \
	tests/e2e/fuse.sh \
	tests/e2e/fuzz_corpus.sh \
	tests/e2e/fragments.sh \
	tests/e2e/golden.sh \
	tests/e2e/hot_files.sh \
	tests/e2e/image_source.sh \
	tests/e2e/interrupt.sh \
	tests/e2e/ishare_page.sh \
	tests/e2e/ishare_report.sh \
	tests/e2e/json.sh \
	tests/e2e/left_out.sh \
	tests/e2e/losses.sh \
	tests/e2e/memory.sh \
	tests/e2e/directories.sh \
	tests/e2e/metabox.sh \
	tests/e2e/mount.sh \
	tests/e2e/mutate.sh \
	tests/e2e/mutate_library.sh \
	tests/e2e/namespaces.sh \
	tests/e2e/oci.sh \
	tests/e2e/oci_download.sh \
	tests/e2e/oci_registry.sh \
	tests/e2e/options.sh \
	tests/e2e/options_compress.sh \
	tests/e2e/overlay.sh \
	tests/e2e/paths_through_links.sh \
	tests/e2e/progress.sh \
	tests/e2e/property.sh \
	tests/e2e/roundtrip.sh \
	tests/e2e/sparse.sh \
	tests/e2e/packed.sh \
	tests/e2e/packed_tails.sh \
	tests/e2e/zero_extents.sh \
	tests/e2e/stored_extents.sh \
	tests/e2e/real_archives.sh \
	tests/e2e/recipes.sh \
	tests/e2e/tar.sh \
	tests/e2e/tar_index.sh \
	tests/e2e/thin.sh \
	tests/e2e/thin_hosts.sh \
	tests/e2e/targets.sh \
	tests/e2e/oci_cache.sh \
	tests/e2e/oci_image.sh \
	tests/e2e/oci_push.sh \
	tests/e2e/verity.sh

tests_golden = \
	tests/golden/bare/extents.txt \
	tests/golden/bare/fingerprints.txt \
	tests/golden/bare/json.txt \
	tests/golden/bare/list.txt \
	tests/golden/bare/statistics.txt \
	tests/golden/bare/superblock.txt \
	tests/golden/blocks-of-512/extents.txt \
	tests/golden/blocks-of-512/fingerprints.txt \
	tests/golden/blocks-of-512/json.txt \
	tests/golden/blocks-of-512/list.txt \
	tests/golden/blocks-of-512/statistics.txt \
	tests/golden/blocks-of-512/superblock.txt \
	tests/golden/owners/extents.txt \
	tests/golden/owners/fingerprints.txt \
	tests/golden/owners/json.txt \
	tests/golden/owners/list.txt \
	tests/golden/owners/statistics.txt \
	tests/golden/owners/superblock.txt \
	tests/golden/plain/extents.txt \
	tests/golden/plain/fingerprints.txt \
	tests/golden/plain/json.txt \
	tests/golden/plain/list.txt \
	tests/golden/plain/statistics.txt \
	tests/golden/plain/superblock.txt

check_PROGRAMS = $(tests_tools) $(example_programs) $(unit_programs) $(fuzz_programs)
TESTS = $(unit_programs) $(source_tests) $(program_tests)

tests_extra = $(source_tests) $(program_tests) $(tests_golden) \
	tests/README.md \
	tests/containerfile.sh tests/debian.sh \
	tests/e2e/static_tools.sh \
	tests/installed.sh \
	tests/bench/bench.sh \
	tests/bench/compress.sh \
	tests/bench/fuse.sh \
	tests/bench/share.sh \
	tests/e2e/ci_steps.py \
	tests/e2e/lib.sh \
	tests/tools/failio.c \
	tests/tools/fastclock.c \
	tests/tools/fakeverity.c \
	tests/e2e/lib_page.sh \
	tests/e2e/lib_roundtrip.sh \
	tests/e2e/memory_slope.py \
	tests/e2e/oci_image.py \
	tests/e2e/oci_images.py \
	tests/e2e/oci_flaky_registry.py \
	tests/e2e/oci_push_registry.py \
	tests/e2e/oci_token_registry.py \
	tests/e2e/page_figures.py \
	tests/e2e/property_tree.py \
	tests/e2e/reorder_extents.py \
	tests/e2e/packed_archives.py \
	tests/e2e/sparse_ranges.py \
	tests/e2e/stored_extents.py \
	tests/e2e/real_archives.list \
	tests/e2e/tar_archives.py \
	tests/tools/fetch-archives.sh \
	tests/tools/fetch-repart.sh \
	$(container_tests) \
	$(kernel_tests)

# More and larger trees, thousands of damaged images.
check-long: $(check_PROGRAMS)
	EROFS_TEST_LONG=1 $(MAKE) $(AM_MAKEFLAGS) check

# Page sharing on a kernel that has it, in QEMU; long: six pairs of root file systems, and the figures of doc/memory.md.
kernel_tests = \
	tests/kernel/check-kernel.sh \
	tests/kernel/check-kernels.sh \
	tests/kernel/fetch-kernel.sh \
	tests/kernel/guest-init.sh \
	tests/kernel/guest.c tests/kernel/guest.h \
	tests/kernel/guest_manifest.c \
	tests/kernel/guest_memory.c \
	tests/kernel/guest_probe.c \
	tests/kernel/guest_verity.c \
	tests/kernel/lib.sh \
	tests/kernel/make-roots.sh \
	tests/kernel/memory-page.sh tests/kernel/memory-page.txt \
	tests/kernel/memory-plot.sh \
	tests/kernel/mirror.sh \
	tests/kernel/pods.sh \
	tests/kernel/sha256.c tests/kernel/sha256.h \
	tests/kernel/tests.sh \
	tests/kernel/workload.sh
container_tests = \
	tests/containers/check-containers.sh \
	tests/containers/daemon.sh \
	tests/containers/fetch-containerd.sh \
	tests/containers/inside.sh \
	tests/containers/look.sh \
	tests/containers/native.sh
kernel_environment = top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' CC='$(CC)'

# Nothing that could be tested is not a failure, but it is said.
check-kernel: all tests/tools/treegen
	$(kernel_environment) bash $(srcdir)/tests/kernel/check-kernel.sh $(PAIRS) || test $$? = 77

check-kernel-long: all tests/tools/treegen
	rm -f kernel-results.tsv
	$(kernel_environment) RESULTS=kernel-results.tsv bash $(srcdir)/tests/kernel/check-kernel.sh --long $(PAIRS)
	bash $(srcdir)/tests/kernel/memory-page.sh kernel-results.tsv $(srcdir)/doc

# What --min-kernel promises, on Debian's kernels: 5.10 and 6.1, long: up to the newest. KERNELS='6.12:trixie' for others.
check-kernels: all tests/tools/treegen
	$(kernel_environment) bash $(srcdir)/tests/kernel/check-kernels.sh $(KERNELS) || test $$? = 77

check-kernels-long: all tests/tools/treegen
	$(kernel_environment) bash $(srcdir)/tests/kernel/check-kernels.sh --long

# A real containerd that converts, mounts and runs what our mkfs.erofs makes of an image's layers.
check-containers: all
	$(kernel_environment) bash $(srcdir)/tests/containers/check-containers.sh || test $$? = 77

# Debian packages: built, installed into a new root, used, purged.
check-debian: all
	$(kernel_environment) bash $(srcdir)/tests/debian.sh || test $$? = 77

# The steps of Containerfile, without a registry.
check-containerfile: all
	$(kernel_environment) bash $(srcdir)/tests/containerfile.sh || test $$? = 77

# make bench BENCH_ARGS='--peer DIR --root DIR --rounds N'
bench: all $(check_PROGRAMS)
	top_builddir='$(abs_top_builddir)' bash $(srcdir)/tests/bench/bench.sh $(BENCH_ARGS)

# How the time and memory of --ishare-report grow with the number of manifests.
bench-share: all tests/tools/manifestgen
	top_builddir='$(abs_top_builddir)' bash $(srcdir)/tests/bench/share.sh

.PHONY: check-containerfile check-containers check-debian check-kernel check-kernel-long check-kernels check-kernels-long check-long bench bench-share
