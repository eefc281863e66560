/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* umount.erofs: what umount(8) calls for mounts of erofs. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "mount/common_options.h"
#include "mount/loop.h"
#include "mount/mounts.h"
#include "mount/namespace.h"
#include "mount/say.h"

static const char help_text[] =
	"Usage: umount.erofs DIRECTORY|SOURCE [-flnrv] [-N NAMESPACE] [-t TYPE]\n"
	"Unmount an EROFS image; umount(8) calls this for mounts of erofs.\n"
	"\n"
	"  -f                    force, as of umount(8)\n"
	"  -l                    detach now, clean up when nobody uses it any more\n"
	"  -n, -r                accepted: nothing is recorded, and erofs is read-only\n"
	"  -v                    say what is done\n"
	"  -N NAMESPACE          unmount in this mount namespace: a process or a file\n"
	"  -t TYPE               erofs\n"
	"  -h, --help            this text\n"
	"  -V, --version         release and what it was built with\n"
	"\n"
	"Loop devices that mount.erofs made go away by themselves; of one that stays, -v says so.\n"
	"Exit status: 0 unmounted, 1 usage, 32 not unmounted.\n";

struct unmount {
	const char *what;
	const char *mount_namespace;
	int flags;
};

static int take_option(struct unmount *unmount, int option, char *const *argv)
{
	switch (option) {
	case 'f':
		unmount->flags |= MNT_FORCE;
		return -1;
	case 'l':
		unmount->flags |= MNT_DETACH;
		return -1;
	case 'n':
	case 'r':
		return -1;
	case 'v':
		say_begin("umount.erofs", true);
		return -1;
	case 'N':
		unmount->mount_namespace = optarg;
		return -1;
	default:
		return take_common_option(option, argv, "unmounts", help_text);
	}
}

static int parse(struct unmount *unmount, int argc, char **argv)
{
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":flnrvN:t:hV", common_long_options, NULL)) != -1) {
		status = take_option(unmount, option, argv);
		if (status >= 0)
			return status;
	}
	if (argc - optind != 1)
		return say_usage("one directory or source is needed");
	unmount->what = argv[optind];
	return -1;
}

static int unmount_it(const struct unmount *unmount, const struct mounted *mounted)
{
	if (strcmp(mounted->type, "erofs"))
		return say_error("%s: it is %s, not erofs", unmount->what, mounted->type);
	if (umount2(mounted->target, unmount->flags | UMOUNT_NOFOLLOW))
		return say_error("%s: not unmounted: %s", mounted->target, strerror(errno));
	say_note("%s unmounted", mounted->target);
	if (loop_is_attached(mounted->source))
		say_note("%s stays: it is used elsewhere, or was made to stay", mounted->source);
	return 0;
}

static int run(const struct unmount *unmount)
{
	struct mounted *mounted = malloc(sizeof(*mounted));
	int status = !mounted			? say_no_memory()
		     : unmount->mount_namespace ? namespace_enter(unmount->mount_namespace)
						: 0;

	if (!status && mounts_at(mounted, unmount->what) && mounts_of(mounted, unmount->what))
		status = say_error("%s: neither a mount point nor mounted", unmount->what);
	if (!status)
		status = unmount_it(unmount, mounted);
	free(mounted);
	return status;
}

int main(int argc, char **argv)
{
	struct unmount unmount = { 0 };
	int status;

	say_begin("umount.erofs", false);
	status = parse(&unmount, argc, argv);
	return status < 0 ? run(&unmount) : status;
}
