/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * mutate_reader FIRST-SEED COUNT IMAGE...: damages each image COUNT times and has the library read and check the result.
 * Best in a build with sanitizers. A seed that takes longer than 20 seconds, or a growth of memory past 1 GiB, is a failure.
 *
 * mutate_reader --replay FILE...: the same for files as they are, such as a fuzzer's finds.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/fuzz/exercise.h"
#include "tests/tools/mutate.h"
#include "tests/tools/support.h"

#define SECONDS_MAX 20u
#define MEMORY_MAX  (1024l * 1024) /* KiB */

static const char *current_image;
static volatile uint64_t current_seed;

/* Crashes and hangs say what they were about. */
static void say_seed(int signal_number)
{
	char text[512];
	int length = snprintf(text, sizeof(text), "mutate_reader: signal %d at seed %llu of %s\n", signal_number,
			      (unsigned long long)current_seed, current_image);

	if (write(STDERR_FILENO, text, (size_t)length) < 0)
		_exit(98);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void watch_signals(void)
{
	static const int signals[] = { SIGALRM, SIGABRT, SIGFPE };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], say_seed);
#if !defined(__SANITIZE_ADDRESS__)
	signal(SIGSEGV, say_seed);
	signal(SIGBUS, say_seed);
#endif
}

/* A copy of exactly this size, so that a sanitizer sees the first byte behind it. */
static uint64_t exercise_copy(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = must_alloc(size);
	uint64_t findings;

	memcpy(copy, bytes, size);
	alarm(SECONDS_MAX);
	findings = exercise_image(copy, size);
	alarm(0);
	free(copy);
	return findings;
}

static void mutate_all(const char *path, uint64_t first, uint64_t count)
{
	size_t size;
	uint8_t *image = read_file(path, &size), *work = must_alloc(size);
	uint64_t found = 0;

	current_image = path;
	current_seed = 0;
	if (exercise_copy(image, size))
		die("%s has findings as it is", path);
	for (current_seed = first; current_seed < first + count; current_seed++) {
		memcpy(work, image, size);
		found += exercise_copy(work, mutate_image(work, size, current_seed)) != 0;
	}
	printf("%s: %llu damaged images, %llu with findings\n", path, (unsigned long long)count,
	       (unsigned long long)found);
	free(work);
	free(image);
}

static void replay(const char *path)
{
	size_t size;
	uint8_t *image = read_file(path, &size);

	current_image = path;
	printf("%s: %llu findings\n", path, (unsigned long long)exercise_copy(image, size));
	free(image);
}

int main(int argc, char **argv)
{
	struct rusage usage;

	watch_signals();
	if (argc >= 3 && !strcmp(argv[1], "--replay")) {
		for (int i = 2; i < argc; i++)
			replay(argv[i]);
		return 0;
	}
	if (argc < 4) {
		fputs("usage: mutate_reader FIRST-SEED COUNT IMAGE...\n       mutate_reader --replay FILE...\n",
		      stderr);
		return 2;
	}
	errno = 0;
	for (int i = 3; i < argc; i++)
		mutate_all(argv[i], strtoull(argv[1], NULL, 0), strtoull(argv[2], NULL, 0));
	if (!getrusage(RUSAGE_SELF, &usage) && usage.ru_maxrss > MEMORY_MAX)
		die("took %ld KiB of memory", usage.ru_maxrss);
	return 0;
}
