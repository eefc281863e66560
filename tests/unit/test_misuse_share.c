/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/share.h>

#include "tests/unit/misuse.h"

/* <erofs/share.h> in hands that get it wrong. */

static void sets_of_nothing(void **state)
{
	struct erofs_share_options options = erofs_share_options_init();
	struct erofs_share *share;

	(void)state;
	assert_int_equal(erofs_share_new(NULL, &options), -EINVAL);
	assert_int_equal(erofs_share_new(&share, NULL), -EINVAL);
	options.page_size = 5000;
	assert_int_equal(erofs_share_new(&share, &options), -EINVAL);
	options.page_size = 0;
	options.size = 0;
	assert_int_equal(erofs_share_new(&share, &options), -EINVAL);
	erofs_share_free(NULL);
}

static void inputs_and_questions(void **state)
{
	static const char *const paths[] = { NULL };
	static const char *const named[] = { "image" };
	static const uint32_t no_copies[] = { 0 };
	struct erofs_share_options options = erofs_share_options_init();
	struct erofs_share_directories directories;
	struct erofs_share_losses losses;
	struct erofs_share_total total;
	struct erofs_share_image image;
	struct erofs_share *share;
	struct messages messages;

	(void)state;
	assert_int_equal(erofs_share_new(&share, &options), 0);
	assert_refused(&messages, erofs_share_add(NULL, paths, 1, &messages.diag), -EINVAL, "no set");
	assert_refused(&messages, erofs_share_add(share, paths, 1, &messages.diag), -EINVAL, "input 0 has no path");
	assert_refused(&messages, erofs_share_add(share, NULL, 1, &messages.diag), -EINVAL, "input 0 has no path");
	assert_refused(&messages, erofs_share_add_copies(NULL, paths, NULL, 1, &messages.diag), -EINVAL, "no set");
	assert_refused(&messages, erofs_share_add_copies(share, named, no_copies, 1, &messages.diag), -EINVAL,
		       "no copies");
	erofs_share_get_total(NULL, &total);
	assert_int_equal(total.images, 0);
	erofs_share_get_total(share, NULL);
	assert_int_equal(erofs_share_get_image(NULL, &image, 0), -EINVAL);
	assert_int_equal(erofs_share_get_image(share, NULL, 0), -EINVAL);
	assert_int_equal(erofs_share_get_image(share, &image, 0), -ERANGE);
	assert_int_equal(erofs_share_list_losses(NULL, &losses, EROFS_SHARE_SIZE_CLASH, 1), -EINVAL);
	assert_int_equal(erofs_share_list_losses(share, NULL, EROFS_SHARE_SIZE_CLASH, 1), -EINVAL);
	assert_int_equal(erofs_share_list_losses(share, &losses, EROFS_SHARE_SPOILERS, 1), -EINVAL);
	assert_int_equal(erofs_share_list_directories(NULL, &directories, EROFS_SHARE_BY_SIZE, 1), -EINVAL);
	assert_int_equal(erofs_share_list_directories(share, NULL, EROFS_SHARE_BY_SIZE, 1), -EINVAL);
	assert_int_equal(erofs_share_list_directories(share, &directories, (enum erofs_share_order)2, 1), -EINVAL);
	erofs_share_losses_release(NULL);
	erofs_share_directories_release(NULL);
	erofs_share_free(share);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_of_nothing),
		cmocka_unit_test(inputs_and_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
