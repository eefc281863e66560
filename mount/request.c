/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mount/common_options.h"
#include "mount/say.h"

static const char help_text[] =
	"Usage: mount.erofs SOURCE DIRECTORY [-fnsv] [-N NAMESPACE] [-t TYPE] [-o OPTION,...]\n"
	"Mount an EROFS image; mount(8) calls this for `mount -t erofs SOURCE DIRECTORY'.\n"
	"\n"
	"Options of -o:\n"
	"  inode_share           share the pages of equal files with other mounts (Linux 7.0);\n"
	"                        a kernel that cannot mounts without, after a warning\n"
	"  domain_id=ID          the domain that the image shares in; needed with inode_share\n"
	"  require_share         a mount that does not share is an error\n"
	"  verify                check the image and all its fingerprints before it is mounted;\n"
	"                        nobody but root may be able to change it\n"
	"  device=FILE           file or device of the next slot of the device table (repeatable)\n"
	"  device-dir=DIR        look there for the other slots' files, by their tags\n"
	"  backing=file|loop     read the image from its file, or from a loop device (default:\n"
	"                        the file where the kernel can, else a loop device)\n"
	"  loop                  the same as backing=loop\n"
	"  offset=N, sizelimit=N the part of the file that is the image, by a loop device\n"
	"  remount               change options of a mount; sharing stays as it is\n"
	"  nosuid,nodev,noexec,noatime,nodiratime,relatime,strictatime,nosymfollow\n"
	"                        as of any mount\n"
	"  user_xattr,acl,cache_strategy=,dax=,fsoffset=,context= and all others\n"
	"                        are the kernel's\n"
	"\n"
	"  -f                    do everything but the mount\n"
	"  -n                    accepted: there is no table of mounts to leave alone\n"
	"  -s                    leave out options that the kernel does not know\n"
	"  -v                    say what is done\n"
	"  -N NAMESPACE          mount in this mount namespace: a process or a file\n"
	"  -t TYPE               erofs\n"
	"  -h, --help            this text\n"
	"  -V, --version         release and what it was built with\n"
	"\n"
	"Exit status: 0 mounted, 1 usage, 2 a lack of memory, 32 not mounted.\n";

static int take_option(struct mount_request *request, int option, char *const *argv)
{
	switch (option) {
	case 'f':
		request->fake = true;
		return -1;
	case 'n':
		return -1;
	case 's':
		request->sloppy = true;
		return -1;
	case 'v':
		request->verbose = true;
		say_begin("mount.erofs", true);
		return -1;
	case 'N':
		request->mount_namespace = optarg;
		return -1;
	case 'o':
		return request_add_options(request, optarg);
	default:
		return take_common_option(option, argv, "mounts", help_text);
	}
}

/* Options that make no sense without each other. */
static int judge(const struct mount_request *request)
{
	if (request->remount)
		return -1;
	if (request->inode_share && (!request->domain || !*request->domain))
		return say_usage("inode_share needs domain_id=: only images of one domain share");
	if (request->require_share && !request->inode_share)
		return say_usage("require_share needs inode_share");
	if (request->backing == BACKING_FILE && (request->offset || request->size_limit))
		return say_usage("offset= and sizelimit= need a loop device, not backing=file");
	return -1;
}

int request_parse(struct mount_request *request, int argc, char **argv)
{
	int option, status;

	*request = (struct mount_request){ 0 };
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":fnsvN:o:t:hV", common_long_options, NULL)) != -1) {
		status = take_option(request, option, argv);
		if (status >= 0)
			return status;
	}
	if (argc - optind != 2)
		return say_usage(argc - optind < 2 ? "an image and a directory are needed"
						   : "no more than an image and a directory are taken");
	request->source = argv[optind];
	request->target = argv[optind + 1];
	return judge(request);
}

void request_release(struct mount_request *request)
{
	for (size_t i = 0; i < request->text_count; i++)
		free(request->texts[i]);
	free(request->texts);
	free(request->devices);
	free(request->options);
}
