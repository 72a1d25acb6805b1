/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the time as a value that is passed in, so that tests wind it by hand. */
#include "core/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t system_mono_us(const struct clock *self)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int64_t system_wall_ms(const struct clock *self)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const struct clock *clock_system(void)
{
	static const struct clock system = { system_mono_us, system_wall_ms };

	return &system;
}

/* The clock is the first member of its hand, so the one is the other. */
static uint64_t hand_mono_us(const struct clock *self)
{
	return ((const struct clock_hand *)self)->now_us;
}

static int64_t hand_wall_ms(const struct clock *self)
{
	return ((const struct clock_hand *)self)->now_ms;
}

void clock_hand_init(struct clock_hand *hand, uint64_t now_us, int64_t now_ms)
{
	hand->clock.mono_us = hand_mono_us;
	hand->clock.wall_ms = hand_wall_ms;
	hand->now_us = now_us;
	hand->now_ms = now_ms;
}

void clock_hand_advance_ms(struct clock_hand *hand, uint64_t ms)
{
	hand->now_us += ms * 1000;
	hand->now_ms += (int64_t)ms;
}

void clock_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX])
{
	int64_t ms = wall_ms % 1000;
	time_t seconds = wall_ms / 1000;
	struct tm tm = { 0 };
	size_t len;

	if (ms < 0) { /* before 1970: % rounds towards zero */
		ms += 1000;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	len = strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + len, CLOCK_TEXT_MAX - len, ".%03uZ", (unsigned)ms);
}
