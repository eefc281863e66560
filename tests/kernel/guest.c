/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/kernel/guest.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
} commands[] = {
	{ "manifest", command_manifest, "ROOT | --expect FILE ROOT" },
	{ "read", command_read, "read|mmap ROOT..." },
	{ "memory", command_memory, "[drop]" },
	{ "share", command_share, "FILE SAME-FILE-ELSEWHERE" },
	{ "maps", command_maps, "FILE" },
	{ "direct", command_direct, "FILE" },
	{ "sendfile", command_sendfile, "FILE" },
	{ "verity", command_verity, "FILE" },
};

static int plain(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void walk_names(const char *path, visit_fn *visit, void *context)
{
	struct dirent **names;
	int count = scandir(".", &names, plain, by_bytes);

	if (count < 0)
		die("cannot list %s", path);
	for (int i = 0; i < count; i++) {
		char *below;

		if (asprintf(&below, "%s/%s", path, names[i]->d_name) < 0)
			die("no memory");
		walk(below, names[i]->d_name, visit, context);
		free(below);
		free(names[i]);
	}
	free(names);
}

/* From directory to directory: a path may be longer than the kernel takes. */
void walk(const char *path, const char *name, visit_fn *visit, void *context)
{
	struct stat stat;
	int back;

	if (lstat(name, &stat))
		die("cannot stat %s", path);
	visit(path, name, &stat, context);
	if (!S_ISDIR(stat.st_mode))
		return;
	back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (back < 0 || chdir(name))
		die("cannot enter %s", path);
	walk_names(path, visit, context);
	if (fchdir(back))
		die("cannot leave %s", path);
	close(back);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, "usage: guest %s %s\n", commands[i].name, commands[i].arguments);
	return 2;
}
