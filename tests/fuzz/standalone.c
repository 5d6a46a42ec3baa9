/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target once on each file below the directories given. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is larger takes long and shows nothing that small ones do not. */
#define MAX_FILE	(1 << 20)

static int files;

static int
one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	FILE *f;
	uint8_t *data;
	size_t n;

	(void)ftw;
	if (type != FTW_F || st->st_size > MAX_FILE)
		return (0);
	f = fopen(path, "rb");
	data = malloc((size_t)st->st_size + 1);
	if (f == NULL || data == NULL)
		return (1);
	n = fread(data, 1, (size_t)st->st_size, f);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	fclose(f);
	files++;
	return (0);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (nftw(argv[i], one, 16, FTW_PHYS) != 0)
			return (1);
	printf("%d files\n", files);
	return (files == 0 ? 77 : 0);
}
