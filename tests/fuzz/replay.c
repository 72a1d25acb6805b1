/* SPDX-License-Identifier: Apache-2.0 */
/* replay: runs a fuzzer's seeds as an ordinary test: every file of the directory that bears its
 * name, each byte-truncated and bit-flipped form of it that a small budget allows, and the empty
 * input. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long runs;

static void run(const uint8_t *bytes, size_t len)
{
	/* A copy of exact size, so that AddressSanitizer sees a read past the end. */
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	runs++;
}

static void run_variants(uint8_t *bytes, size_t len)
{
	size_t step = len / 256 + 1;

	run(bytes, len);
	for (size_t cut = 0; cut < len; cut += step)
		run(bytes, cut);
	for (size_t at = 0; at < len; at += step) {
		bytes[at] ^= 0xff;
		run(bytes, len);
		bytes[at] ^= 0xff;
	}
}

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t room = 1 << 20;
	uint8_t *bytes = malloc(room);

	if (!f || !bytes) {
		fprintf(stderr, "replay: cannot read %s\n", path);
		return 1;
	}
	run_variants(bytes, fread(bytes, 1, room, f));
	free(bytes);
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	const char *top = getenv("FUZZ_SEEDS") ? getenv("FUZZ_SEEDS") : "tests/fuzz/seeds";
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	char dir[PATH_MAX - 300], path[PATH_MAX];
	struct dirent *entry;
	unsigned long seeds = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s", top, name);
	d = opendir(argc > 1 ? argv[1] : dir);
	if (!d) {
		fprintf(stderr, "replay: no seeds in %s\n", argc > 1 ? argv[1] : dir);
		return 1;
	}
	run((const uint8_t *)"", 0);
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argc > 1 ? argv[1] : dir, entry->d_name);
		if (run_file(path) != 0)
			return 1;
		seeds++;
	}
	closedir(d);
	printf("%s: %lu seeds, %lu runs\n", name, seeds, runs);
	return seeds ? 0 : 1;
}
