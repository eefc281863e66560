/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/common_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/tool.h"
#include "mount/say.h"

const struct option common_long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int refuse_option(int option, char *const *argv)
{
	char *mistake = tool_option_mistake(option, argv, common_long_options);
	int status = mistake ? say_usage("%s", mistake) : say_no_memory();

	free(mistake);
	return status;
}

int take_common_option(int option, char *const *argv, const char *does, const char *help_text)
{
	switch (option) {
	case 't':
		if (!strcmp(optarg, "erofs") || !strncmp(optarg, "erofs.", 6))
			return -1;
		return say_usage("-t %s: this %s erofs only", optarg, does);
	case 'h':
		fputs(help_text, stdout);
		return tool_flush_stdout() ? MOUNT_OK : MOUNT_SYSTEM;
	case 'V':
		tool_print_version();
		tool_print_build();
		return tool_flush_stdout() ? MOUNT_OK : MOUNT_SYSTEM;
	default:
		return refuse_option(option, argv);
	}
}
