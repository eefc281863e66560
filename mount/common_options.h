/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_COMMON_OPTIONS_H
#define MOUNT_COMMON_OPTIONS_H

#include <getopt.h>

/* The options that mount.erofs and umount.erofs have alike: -t, -h, -V. */

extern const struct option common_long_options[];

/* Takes one, or says what getopt_long() could not: an exit status, or -1 to go on. `does`: "mounts". The optstring begins
 * with a colon, and opterr is 0. */
int take_common_option(int option, char *const *argv, const char *does, const char *help_text);

#endif
