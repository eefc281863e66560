/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fuse/mount_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/tool.h"

#define NAME	    "erofsfuse"
#define THREADS_MAX 1024u
#define CACHE_MAX   (UINT64_C(1) << 40)

int mount_options_mistake(const char *format, const char *what)
{
	fputs(NAME ": ", stderr);
	fprintf(stderr, format, what);
	fputs("\nTry '" NAME " --help'.\n", stderr);
	return STATUS_FAILED;
}

static int out_of_memory(void)
{
	fputs(NAME ": out of memory\n", stderr);
	return STATUS_FAILED;
}

int mount_options_set_offset(struct options *options, const char *text)
{
	return tool_parse_number(&options->open.offset, text, INT64_MAX)
		       ? -1
		       : mount_options_mistake("offset takes a number of bytes, not '%s'", text);
}

int mount_options_set_cache_size(struct options *options, const char *text)
{
	uint64_t value;

	if (!tool_parse_size(&value, text, CACHE_MAX))
		return mount_options_mistake(
			"the size of the cache is a number of bytes, or one with K, M or G, not '%s'", text);
	options->cache_bytes = (size_t)value;
	return -1;
}

int mount_options_add_device(struct options *options, const char *path)
{
	if (!tool_append(&options->devices, &options->open.device_count, path))
		return out_of_memory();
	options->open.devices = options->devices;
	return -1;
}

static int set_threads(unsigned int *out, const char *text)
{
	uint64_t value;

	if (!tool_parse_number(&value, text, THREADS_MAX) || !value)
		return mount_options_mistake("a number of threads is one from 1 to 1024, not '%s'", text);
	*out = (unsigned int)value;
	return -1;
}

/* Options of ours with a value: NULL if `option` is not this one. */
static const char *value_of(const char *option, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(option, name, length) && option[length] == '=' ? option + length + 1 : NULL;
}

/* To libfuse, or the kernel. False: out of memory. */
static bool pass_on(struct options *options, const char *text)
{
	size_t before = options->passed_on ? strlen(options->passed_on) + 1 : 0;
	char *longer = realloc(options->passed_on, before + strlen(text) + 1);

	if (!longer)
		return false;
	if (before)
		longer[before - 1] = ',';
	strcpy(longer + before, text);
	options->passed_on = longer;
	return true;
}

/* What is for others in fstab(5): mount(8) keeps it for itself, mount.fuse3 by itself does not. */
static bool is_for_others(const char *option)
{
	static const char *const words[] = { "defaults", "auto",  "noauto", "nofail", "_netdev",
					     "user",	 "users", "nouser", "owner",  "group" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(option, words[i]))
			return true;
	return !strncmp(option, "x-", 2) || !strncmp(option, "X-", 2) || !strncmp(option, "comment=", 8);
}

/* Whether it is an option that is on or off. */
static bool set_flag(struct options *options, const char *option)
{
	if (!strcmp(option, "debug"))
		options->debug = options->foreground = true;
	else if (!strcmp(option, "clone_fd"))
		options->clone_fd = true;
	else if (!strcmp(option, "rw"))
		options->wants_writing = true;
	else
		return !strcmp(option, "ro");
	return true;
}

/* `option` is one of the list as it was given, `plain` the same without backslashes. */
static int take_one(struct options *options, const char *option, const char *plain)
{
	const char *value;

	if (!*option || is_for_others(option) || set_flag(options, option))
		return -1;
	value = value_of(plain, "offset");
	if (value)
		return mount_options_set_offset(options, value);
	value = value_of(plain, "cache_size");
	if (value)
		return mount_options_set_cache_size(options, value);
	value = value_of(plain, "device");
	if (value)
		return mount_options_add_device(options, value);
	value = value_of(plain, "max_threads");
	if (value)
		return set_threads(&options->max_threads, value);
	value = value_of(plain, "max_idle_threads");
	if (value)
		return set_threads(&options->max_idle_threads, value);
	if (!strcmp(option, "allow_other") || !strcmp(option, "allow_root"))
		options->enforces = pass_on(options, "default_permissions");
	if (!strcmp(option, "default_permissions"))
		options->enforces = true;
	return pass_on(options, option) ? -1 : out_of_memory();
}

const char *mount_options_hint(char *out, const char *name, size_t length)
{
	static const char *const names[] = {
		"offset",
		"cache_size",
		"device",
		"max_threads",
		"max_idle_threads",
		"clone_fd",
		"debug",
		"ro",
		"allow_other",
		"allow_root",
		"default_permissions",
		"auto_unmount",
		"fsname",
		"subtype",
		"max_read",
		"nosuid",
		"nodev",
		"noexec",
		"noatime",
	};
	struct tool_nearest nearest = tool_nearest_to(name, length);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		tool_nearest_offer(&nearest, names[i]);
	return tool_nearest_hint(&nearest, out, "");
}

/* Ends the option at its comma; the next one. */
static char *cut(char *option, char *plain)
{
	char *end = option;

	while (*end && *end != ',') {
		if (*end == '\\' && end[1])
			end++;
		*plain++ = *end++;
	}
	*plain = 0;
	if (!*end)
		return end;
	*end = 0;
	return end + 1;
}

static char *keep(struct options *options, const char *text)
{
	char **longer = reallocarray(options->lists, options->list_count + 1, sizeof(*longer));
	char *copy = strdup(text);

	if (longer)
		options->lists = longer;
	if (!longer || !copy) {
		free(copy);
		return NULL;
	}
	options->lists[options->list_count++] = copy;
	return copy;
}

int mount_options_take(struct options *options, const char *list)
{
	/* The plain copy is as long as the other at most, and values in it stay where they are. */
	char *given = keep(options, list), *plain = given ? keep(options, list) : NULL;
	int status = -1;

	if (!plain)
		return out_of_memory();
	while (status < 0 && *given) {
		char *next = cut(given, plain);

		status = take_one(options, given, plain);
		plain += strlen(plain) + 1;
		given = next;
	}
	return status;
}
