/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* erofsfuse: an EROFS image under a directory, without the kernel's own EROFS. */
#include <malloc.h>
#include <stdlib.h>

#include "common/tool.h"
#include "fuse/options.h"
#include "fuse/session.h"
#include "fuse/view.h"

#define KEPT_MEMORY (32 << 20) /* no more can be said of the first one */

/*
 * Pieces come and go all the time. What one of them leaves is for the next one: by itself, the C library would give it back to the
 * kernel, which then has to clear it again.
 */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, KEPT_MEMORY);
	mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
	mallopt(M_ARENA_MAX, 1);
}

static int run(const struct options *options)
{
	struct view view;
	int err = view_open(&view, options->image, &options->open, options->cache_bytes,
			    tool_diag(options->verbosity, false));

	view.enforces = options->enforces;
	if (!err)
		err = session_run(&view, options);
	view_close(&view);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	tool_begin("erofsfuse");
	keep_memory();
	status = options_parse(&options, argc, argv);
	if (status < 0)
		status = run(&options);
	options_release(&options);
	return status;
}
