// SPDX-License-Identifier: GPL-2.0-only
/* Runs a target with the files of folders, once each: a fuzzer's findings without the fuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "input.h"

#define LONGEST	(64 * 1024)

static int replay(const char *path)
{
	static uint8_t bytes[LONGEST];
	FILE *file = fopen(path, "rb");
	uint8_t *exact;
	size_t len;

	if (!file) {
		perror(path);
		return 1;
	}
	len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	/* No byte more than there are, so that reading beyond them shows. */
	exact = malloc(len ? len : 1);
	if (!exact)
		return 1;
	memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	return 0;
}

static int replay_folder(const char *folder, unsigned int *nr)
{
	char path[4096];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	if (!dir) {
		perror(folder);
		return 1;
	}
	while ((entry = readdir(dir))) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (stat(path, &st) || !S_ISREG(st.st_mode))
			continue;
		if (replay(path)) {
			closedir(dir);
			return 1;
		}
		(*nr)++;
	}
	closedir(dir);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int nr = 0;
	int i;

	for (i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st)) {
			perror(argv[i]);
			return 1;
		}
		if (S_ISDIR(st.st_mode)) {
			if (replay_folder(argv[i], &nr))
				return 1;
		} else {
			if (replay(argv[i]))
				return 1;
			nr++;
		}
	}
	printf("%u inputs\n", nr);
	return nr ? 0 : 1;
}
