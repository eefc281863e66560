/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "config.h"
#include "mount/dm_verity.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#ifdef HAVE_DEVMAPPER
#include <libdevmapper.h>

/* A target's line, as the kernel's Documentation/admin-guide/device-mapper/verity.rst has it. */
struct target {
	char version[8], data_block[16], hash_block[16], blocks[24], algorithm[32], root[132], salt[516];
	int length; /* of all that */
};

static bool read_target(struct target *target, const char *line)
{
	target->length = 0;
	return sscanf(line, "%7s %*s %*s %15s %15s %23s %*s %31s %131s %515s%n", target->version, target->data_block,
		      target->hash_block, target->blocks, target->algorithm, target->root, target->salt,
		      &target->length) == 7 &&
	       target->length;
}

/* Blocks that are wrong come through, or come through once they were right. */
static bool lets_through(const char *options)
{
	return strstr(options, "ignore_corruption") || strstr(options, "check_at_most_once");
}

/* Both make a file's name and one line. */
static void note(struct measured *measured, const struct target *target)
{
	char digest[MEASURED_MAX], details[MEASURED_MAX];
	int length = snprintf(digest, sizeof(digest), "dm-%s-%s", target->algorithm, target->root);

	if (length >= (int)sizeof(digest) || strchr(digest, '/'))
		return;
	length = snprintf(details, sizeof(details), "version %s blocks %s %s %s salt %s", target->version,
			  target->blocks, target->data_block, target->hash_block, target->salt);
	if (length >= (int)sizeof(details))
		return;
	strcpy(measured->digest, digest);
	strcpy(measured->details, details);
}

static void read_table(struct measured *measured, struct dm_task *task)
{
	struct target target;
	uint64_t start, length;
	char *type = NULL, *line = NULL;
	bool more = dm_get_next_target(task, NULL, &start, &length, &type, &line);

	if (!more && type && line && !strcmp(type, "verity") && read_target(&target, line) &&
	    !lets_through(line + target.length))
		note(measured, &target);
}

static void say_nothing(int level, const char *file, int line, int error, const char *format, ...)
{
	(void)level, (void)file, (void)line, (void)error, (void)format;
}

void dm_verity_measure(struct measured *measured, dev_t device)
{
	struct dm_task *task;

	/* A device of another driver, or a kernel without device mapper: nothing to be said about. */
	dm_log_with_errno_init(say_nothing);
	task = dm_task_create(DM_DEVICE_TABLE);
	if (task && dm_task_set_major(task, (int)major(device)) && dm_task_set_minor(task, (int)minor(device)) &&
	    dm_task_run(task))
		read_table(measured, task);
	if (task)
		dm_task_destroy(task);
}
#else
void dm_verity_measure(struct measured *measured, dev_t device)
{
	(void)measured, (void)device;
}
#endif
