/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_COMMON_TOOL_H
#define EROFS_COMMON_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include <erofs/diag.h>

/*
 * What the commands do alike: messages on stderr, numbers in options, --version. Uses nothing of
 * the library but its public headers.
 */

/*
 * A sink that writes "NAME: message" (or "NAME: warning: message") lines to stderr, one at a time whatever the thread.
 * With `first_error_only`, errors after the first are dropped: two workers may stumble over one cause.
 */
struct erofs_diag *tool_diag(enum erofs_severity verbosity, bool first_error_only);

/* Names what the following messages are about: "NAME: SUBJECT: message". NULL: nothing. Kept by the caller. */
void tool_set_subject(const char *subject);

/* Writes a line "NAME: text", or "NAME: SUBJECT: text", among the messages, whatever the verbosity. */
void tool_say(const char *text);

/* Whether an error has been reported to the sink. */
bool tool_has_failed(void);

/* Called before a message is written, so that a progress line can step aside. */
void tool_set_message_hook(void (*hook)(void *ctx), void *ctx);

/* Calls `what` while no message is being written, the hook not called, and no other thread is in here. */
void tool_alone(void (*what)(void *ctx), void *ctx);

/* Processors that this process may run on; 1 if that is unknown. */
unsigned int tool_processors(void);

/* The exit status of mkfs.erofs, dump.erofs and fsck.erofs for a command line that is wrong, as fsck(8) has it. */
#define TOOL_EXIT_USAGE 16

/* Whole-string unsigned number, decimal or 0x..., without sign or suffix. False if it is not one or exceeds `max`. */
bool tool_parse_number(uint64_t *out, const char *text, uint64_t max);

/* The same for a signed number. */
bool tool_parse_signed(int64_t *out, const char *text, int64_t min, int64_t max);

/* A size: a number with an optional suffix K, M, G or T (powers of 1024). */
bool tool_parse_size(uint64_t *out, const char *text, uint64_t max);

/* Appends an option that may be repeated to a list, which free() ends. False when out of memory. */
bool tool_append(const char ***list, size_t *count, const char *value);

/* What --version prints, line by line, on stdout: "mkfs.erofs (erofs-ishare) 2.0.0", ... */
void tool_print_version(void);
/* ... whose command lines it understands, ... */
void tool_print_compatible(void);
/* ... "WHAT: lz4, ...": those that the library has, ... */
void tool_print_compressors(const char *what);
/* ... and what the library was built with. */
void tool_print_build(void);

/*
 * For the start of main(): takes the name that all messages begin with, and opens /dev/null where the caller closed stdin, stdout or stderr: else the next file opened takes that number, and messages
 * go into it.
 */
void tool_begin(const char *tool_name);

/* Flushes stdout. False, with a message, if anything written to it was lost (full disk, closed pipe). */
bool tool_flush_stdout(void);

#endif
