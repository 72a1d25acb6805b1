/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the time as a value that is passed in, so that tests wind it by hand.
 *
 * Threads    any; a clock_hand belongs to its test
 * Units      _us microseconds of a monotonic clock, _ms milliseconds since 1970 UTC
 */
#ifndef FAIRLEAD_CORE_CLOCK_H
#define FAIRLEAD_CORE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
	uint64_t (*mono_us)(const struct clock *self);
	int64_t (*wall_ms)(const struct clock *self);
};

const struct clock *clock_system(void);

static inline uint64_t clock_mono_us(const struct clock *c)
{
	return c->mono_us(c);
}

static inline int64_t clock_wall_ms(const struct clock *c)
{
	return c->wall_ms(c);
}

/* A clock wound by hand, for tests. Pass &hand.clock where a clock is asked for. */
struct clock_hand {
	struct clock clock;
	uint64_t now_us;
	int64_t now_ms;
};

/* for tests */
void clock_hand_init(struct clock_hand *hand, uint64_t now_us, int64_t now_ms);
void clock_hand_advance_ms(struct clock_hand *hand, uint64_t ms); /* moves both; for tests */

/* "2026-01-02T03:04:05.678Z", the form of logs, events and the API. */
#define CLOCK_TEXT_MAX 32
void clock_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX]);

#endif
