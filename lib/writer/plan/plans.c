/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>

#include "lib/writer/builder.h"

int erofs_plans_init(struct erofs_builder *builder, uint32_t count, bool all)
{
	builder->plan_page_count = count / EROFS_PLANS_PER_PAGE + 1;
	builder->plan_pages = calloc(builder->plan_page_count, sizeof(*builder->plan_pages));
	if (!builder->plan_pages)
		return -ENOMEM;
	for (uint32_t i = 0; all && i < builder->plan_page_count; i++) {
		builder->plan_pages[i] = calloc(EROFS_PLANS_PER_PAGE, sizeof(struct inode_plan));
		if (!builder->plan_pages[i])
			return -ENOMEM;
	}
	return 0;
}

int erofs_plans_add(struct erofs_builder *builder, uint32_t number)
{
	struct inode_plan **page = &builder->plan_pages[number / EROFS_PLANS_PER_PAGE];

	if (!*page)
		*page = calloc(EROFS_PLANS_PER_PAGE, sizeof(struct inode_plan));
	return *page ? 0 : -ENOMEM;
}

void erofs_plans_release(struct erofs_builder *builder)
{
	for (uint32_t i = 0; builder->plan_pages && i < builder->plan_page_count; i++)
		free(builder->plan_pages[i]);
	free(builder->plan_pages);
	builder->plan_pages = NULL;
}
