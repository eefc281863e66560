/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/tool.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <erofs/compress.h>

struct sink {
	const char *tool_name;
	const char *subject;
	bool first_error_only;
	bool failed;
	void (*hook)(void *ctx);
	void *hook_ctx;
	pthread_mutex_t lock; /* protects all of the above, and the order of lines */
};

static struct sink sink = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void write_message(void *ctx, enum erofs_severity severity, const char *text)
{
	struct sink *to = ctx;
	const char *kind = severity == EROFS_SEV_WARNING ? "warning: " : "";

	pthread_mutex_lock(&to->lock);
	if (severity != EROFS_SEV_ERROR || !to->failed || !to->first_error_only) {
		if (to->hook)
			to->hook(to->hook_ctx);
		fprintf(stderr, "%s: %s%s%s%s\n", to->tool_name, to->subject ? to->subject : "",
			to->subject ? ": " : "", kind, text);
	}
	if (severity == EROFS_SEV_ERROR)
		to->failed = true;
	pthread_mutex_unlock(&to->lock);
}

struct erofs_diag *tool_diag(enum erofs_severity verbosity, bool first_error_only)
{
	static struct erofs_diag diag;

	sink.first_error_only = first_error_only;
	diag = (struct erofs_diag){ .message = write_message, .ctx = &sink, .verbosity = verbosity };
	return &diag;
}

void tool_set_subject(const char *subject)
{
	pthread_mutex_lock(&sink.lock);
	sink.subject = subject;
	pthread_mutex_unlock(&sink.lock);
}

void tool_say(const char *text)
{
	write_message(&sink, EROFS_SEV_NOTE, text);
}

bool tool_has_failed(void)
{
	bool failed;

	pthread_mutex_lock(&sink.lock);
	failed = sink.failed;
	pthread_mutex_unlock(&sink.lock);
	return failed;
}

void tool_alone(void (*what)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&sink.lock);
	what(ctx);
	pthread_mutex_unlock(&sink.lock);
}

void tool_set_message_hook(void (*hook)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&sink.lock);
	sink.hook = hook;
	sink.hook_ctx = ctx;
	pthread_mutex_unlock(&sink.lock);
}

unsigned int tool_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned int)CPU_COUNT(&set);
}

bool tool_parse_number(uint64_t *out, const char *text, uint64_t max)
{
	unsigned long long value;
	char *end;

	/* strtoull() would take blanks and signs, and turn -1 into a huge number. */
	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || *end || value > max)
		return false;
	*out = value;
	return true;
}

bool tool_parse_signed(int64_t *out, const char *text, int64_t min, int64_t max)
{
	long long value;
	const char *digits = text + (text[0] == '-');
	char *end;

	if (!isdigit((unsigned char)digits[0]))
		return false;
	errno = 0;
	value = strtoll(text, &end, 0);
	if (errno || *end || value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool tool_parse_size(uint64_t *out, const char *text, uint64_t max)
{
	static const char suffixes[] = "KMGT";
	size_t length = strlen(text);
	const char *suffix = length ? strchr(suffixes, toupper((unsigned char)text[length - 1])) : NULL;
	unsigned int shift = suffix ? 10u * (unsigned int)(suffix - suffixes + 1) : 0;
	char digits[32];
	uint64_t value;

	if (length >= sizeof(digits))
		return false;
	memcpy(digits, text, length + 1);
	if (suffix)
		digits[length - 1] = 0;
	if (!tool_parse_number(&value, digits, UINT64_MAX) || value > max >> shift)
		return false;
	*out = value << shift;
	return true;
}

bool tool_append(const char ***list, size_t *count, const char *value)
{
	const char **longer = reallocarray(*list, *count + 1, sizeof(*longer));

	if (!longer)
		return false;
	longer[(*count)++] = value;
	*list = longer;
	return true;
}

void tool_print_version(void)
{
	printf("%s (erofs-ishare) %s\n", sink.tool_name, erofs_version());
}

/* Scripts look for these words, too. */
void tool_print_compatible(void)
{
	printf("command lines as of %s (erofs-utils) 1.9\n", sink.tool_name);
}

void tool_print_compressors(const char *what)
{
	const char *separator = "";

	printf("%s: ", what);
	for (unsigned int i = 0; erofs_compressor_limits((enum erofs_compressor)i); i++) {
		const struct erofs_compressor_info *info = erofs_compressor_limits((enum erofs_compressor)i);

		if (!erofs_algorithm_is_built((int)info->algorithm))
			continue;
		printf("%s%s", separator, info->name);
		separator = ", ";
	}
	printf("\n");
}

void tool_print_build(void)
{
	printf("built with %s\n", erofs_build_info());
}

void tool_begin(const char *tool_name)
{
	int fd;

	sink.tool_name = tool_name;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

bool tool_flush_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	fprintf(stderr, "%s: cannot write to standard output: %s\n", sink.tool_name, strerror(errno));
	return false;
}
