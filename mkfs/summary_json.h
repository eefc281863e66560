/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_SUMMARY_JSON_H
#define EROFS_MKFS_SUMMARY_JSON_H

#include "mkfs/job.h"

/*
 * What was made, for --json. It is collected, and printed when all of it is done: a build that fails prints no document. Without --json
 * the functions that collect do nothing.
 */

/* The image that was just built: the job's `summary`. */
void mkfs_note_image(struct mkfs_job *job);

/* An entry of a layer cache that is there already. */
void mkfs_note_kept_entry(struct mkfs_job *job, const char *path);

/* The container image of layers=image. */
void mkfs_note_container(struct mkfs_job *job, const struct erofs_oci_convert_summary *summary);

/* Prints the document on stdout. False, reported, if it could not be written. */
bool mkfs_print_json(const struct mkfs_job *job);

#endif
