/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_TESTS_KERNEL_GUEST_H
#define EROFS_TESTS_KERNEL_GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* What runs in the guest, a static program. `manifest` also runs on the host, on the tree that an image was built from. */
int command_manifest(int argc, char **argv);
int command_read(int argc, char **argv);
int command_memory(int argc, char **argv);
int command_share(int argc, char **argv);
int command_maps(int argc, char **argv);
int command_direct(int argc, char **argv);
int command_sendfile(int argc, char **argv);
int command_verity(int argc, char **argv);

#define die(...) (fprintf(stderr, __VA_ARGS__), fprintf(stderr, ": %m\n"), exit(1))

/* In KiB, as /proc/meminfo has it. */
struct memory {
	long total, free, buffers, cached, shmem, anon, slab;
};

/* Also makes the kernel add up what each processor counted on its own. */
void memory_get(struct memory *memory);
void drop_caches(void);

/* Below and with what is called so in the working directory, in the order of the names' bytes; path is for people. */
typedef void visit_fn(const char *path, const char *name, const struct stat *stat, void *context);
void walk(const char *path, const char *name, visit_fn *visit, void *context);

/* A regular file, read to its end. */
void read_file(const char *path);
void map_file(const char *path, uint64_t size);

#endif
