/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mmdb: any bytes as a GeoIP database: opened, looked up in and walked whole. */
#include "dnsd/client/mmdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t value_of(void *ctx, const struct place *p)
{
	return p->has_position ? 1 : 2;
}

static bool always(void *ctx, uint32_t value, uint64_t weight)
{
	return true;
}

static void ignore(void *ctx, uint32_t value, const struct place *p)
{
}

static void read_all(const struct mmdb *m)
{
	const struct mmdb_visitor visitor = { NULL, value_of, always, ignore };

	for (uint8_t family = 4; family <= 6; family += 2) {
		struct addr a = { .family = family, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } };
		struct sweep s = SWEEP_INIT;
		struct place p;
		struct err e;

		mmdb_find(m, &a, &p, &e);
		mmdb_walk(m, family, &visitor, &s, &e);
		sweep_fini(&s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct mmdb m;
	struct err e;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!mmdb_open(path, &m, &e)) {
		read_all(&m);
		mmdb_close(&m);
	}
	close(fd);
	return 0;
}
