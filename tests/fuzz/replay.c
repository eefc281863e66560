/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * replay FILE...: gives each file to the fuzz target that this is linked with. One called good-... must be found sound, one
 * called bad-... must not; others, such as a fuzzer's finds, need only pass without a crash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/tools/support.h"

#define SECONDS_MAX 20u

int main(int argc, char **argv)
{
	int wrong = 0;

	for (int i = 1; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/'), *name = slash ? slash + 1 : argv[i];
		size_t size;
		uint8_t *data = read_file(argv[i], &size);
		bool sound;

		/* A hang ends with a signal. */
		alarm(SECONDS_MAX);
		sound = fuzz_one(data, size);
		alarm(0);
		free(data);
		if ((sound || strncmp(name, "good-", 5)) && (!sound || strncmp(name, "bad-", 4)))
			continue;
		fprintf(stderr, "%s: %s\n", argv[i], sound ? "accepted" : "refused");
		wrong++;
	}
	printf("%d files\n", argc - 1);
	return wrong ? 1 : 0;
}
