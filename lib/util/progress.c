/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/progress.h"

void erofs_progress_init(struct erofs_progress *progress, void (*tell)(const void *ctx, uint64_t files, uint64_t bytes),
			 const void *ctx)
{
	*progress = (struct erofs_progress){ .tell = tell, .ctx = ctx };
	if (tell)
		erofs_monitor_init(&progress->monitor);
}

void erofs_progress_release(struct erofs_progress *progress)
{
	if (progress->tell)
		erofs_monitor_destroy(&progress->monitor);
}

static void add(struct erofs_progress *progress, uint64_t files, uint64_t bytes)
{
	erofs_monitor_hold(&progress->monitor);

	progress->files += files;
	progress->bytes += bytes;
}

struct news {
	uint64_t files, bytes;
};

/* False if there are none, or another thread is telling them. */
static bool take_news(struct erofs_progress *progress, struct news *news)
{
	erofs_monitor_hold(&progress->monitor);

	if (progress->is_telling || (progress->files == news->files && progress->bytes == news->bytes))
		return false;
	progress->is_telling = true;
	*news = (struct news){ progress->files, progress->bytes };
	return true;
}

static void end_telling(struct erofs_progress *progress)
{
	erofs_monitor_hold(&progress->monitor);

	progress->is_telling = false;
}

void erofs_progress_add(struct erofs_progress *progress, uint64_t files, uint64_t bytes)
{
	struct news news = { 0 };

	if (!progress->tell)
		return;
	add(progress, files, bytes);
	/* A thread that finds another one telling leaves it to that one, which looks once more when it is done. */
	while (take_news(progress, &news)) {
		progress->tell(progress->ctx, news.files, news.bytes);
		end_telling(progress);
	}
}
