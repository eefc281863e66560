/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>

#include "mkfs/option.h"

void mkfs_print_help(void)
{
	fputs("Usage: mkfs.erofs [OPTIONS] IMAGE DIRECTORY\n"
	      "       mkfs.erofs [OPTIONS] IMAGE SOURCE-IMAGE...\n"
	      "       mkfs.erofs [OPTIONS] --clean=data IMAGE SOURCE-IMAGE...\n"
	      "       mkfs.erofs [OPTIONS] --tar=f|i IMAGE [ARCHIVE]\n"
	      "       mkfs.erofs [OPTIONS] --oci=LAYOUT|FILE|docker://NAME[,...] IMAGE\n"
	      "Makes an EROFS image of a directory, of EROFS images (several are merged like layers of\n"
	      "overlayfs, the lowest first), of a tar archive, or of a container image.\n",
	      stdout);
	for (size_t i = 0; i < MKFS_OPTION_GROUPS; i++) {
		const struct mkfs_option_group *group = mkfs_option_groups[i];

		if (!group->title)
			continue;
		printf("\n%s:\n", group->title);
		for (size_t k = 0; k < group->count; k++)
			if (group->options[k].help)
				fputs(group->options[k].help, stdout);
	}
}
