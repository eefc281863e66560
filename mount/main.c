/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* mount.erofs: what mount(8) calls for -t erofs. */
#include "mount/attempt.h"
#include "mount/image.h"
#include "mount/namespace.h"
#include "mount/remount.h"
#include "mount/request.h"
#include "mount/say.h"
#include "mount/verify.h"

static int mount_new(const struct mount_request *request)
{
	struct mount_image image;
	int status = image_look_at(&image, request);

	if (!status && request->verify)
		status = verify_image(&image, request);
	if (!status && !request->fake)
		status = attempt_mount(&image, request);
	image_release(&image);
	return status;
}

static int run(const struct mount_request *request)
{
	int status = request->mount_namespace ? namespace_enter(request->mount_namespace) : 0;

	if (status)
		return status;
	return request->remount ? remount(request) : mount_new(request);
}

int main(int argc, char **argv)
{
	struct mount_request request;
	int status;

	say_begin("mount.erofs", false);
	status = request_parse(&request, argc, argv);
	if (status < 0)
		status = run(&request);
	request_release(&request);
	return status;
}
