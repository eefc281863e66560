/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/remount.h"

#include "mount/kernel.h"
#include "mount/say.h"

static int refused(const struct mount_request *request, const struct kernel_mount *kernel, const char *what)
{
	return say_error("%s: not changed: %s%s%s", request->target, what ? what : "", what ? ": " : "", kernel->said);
}

static int change(const struct mount_request *request, struct kernel_mount *kernel)
{
	int err = kernel_begin(kernel, request->target);

	if (!err)
		err = kernel_set(kernel, "ro", NULL);
	if (err)
		return refused(request, kernel, NULL);
	for (size_t i = 0; i < request->option_count; i++) {
		const struct mount_option *option = &request->options[i];

		err = kernel_set(kernel, option->key, option->value);
		if (err && !(request->sloppy && kernel_knows_not(kernel)))
			return refused(request, kernel, option->key);
	}
	err = kernel_change(kernel);
	if (!err && (request->attr_set || request->attr_clear))
		err = kernel_change_attributes(kernel, request->target, request->attr_set, request->attr_clear);
	return err ? refused(request, kernel, NULL) : 0;
}

int remount(const struct mount_request *request)
{
	struct kernel_mount kernel = { .context = -1, .mount = -1 };
	int status = request->fake ? 0 : change(request, &kernel);

	kernel_end(&kernel);
	return status;
}
