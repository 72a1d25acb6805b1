/* SPDX-License-Identifier: Apache-2.0 */
/* reserve: descriptors that clients cannot take, so that checks, links and the admin socket work
 * on.
 */
#include "core/reserve.h"

#include <limits.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#define CAP_US 60000000

/* A hundred checks at a time, a link to each of ten directors, a dozen files and the admin socket
 * fit into 1024 many times; a daemon that may have few descriptors keeps what it can. */
#define KEPT_MIN 16
#define KEPT_MAX 1024

static atomic_uint limit, kept;
static _Atomic uint64_t refused;

static unsigned share_of(unsigned all)
{
	unsigned share = all / 4;

	share = share < KEPT_MIN ? KEPT_MIN : share > KEPT_MAX ? KEPT_MAX : share;
	return share < all ? share : all;
}

void reserve_start(void)
{
	struct rlimit r;
	unsigned all;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	/* Refused when the kernel's own bound has been lowered since: then the old one holds. */
	if (setrlimit(RLIMIT_NOFILE, &r) != 0 && getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	all = r.rlim_cur < INT_MAX ? (unsigned)r.rlim_cur : INT_MAX;
	atomic_store(&kept, share_of(all));
	atomic_store(&limit, all);
}

bool reserve_is_reached(int fd)
{
	unsigned all = atomic_load_explicit(&limit, memory_order_relaxed);

	return all && (unsigned)fd >= all - atomic_load_explicit(&kept, memory_order_relaxed);
}

void reserve_refuse(int fd)
{
	close(fd);
	atomic_fetch_add(&refused, 1);
}

uint64_t reserve_refused(void)
{
	return atomic_load(&refused);
}

bool reserve_take_cap(struct reserve_cap *cap, int fd, unsigned count, unsigned max,
		      uint64_t now_us)
{
	if (now_us >= cap->until_us)
		cap->most = 0;
	if (reserve_is_reached(fd)) {
		if (!cap->most || count < cap->most)
			cap->most = count ? count : 1;
		cap->until_us = now_us + CAP_US;
	}
	return count >= (cap->most ? cap->most : max);
}

unsigned reserve_limit(void)
{
	return atomic_load(&limit);
}

unsigned reserve_kept(void)
{
	return atomic_load(&kept);
}
