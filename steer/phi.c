/* SPDX-License-Identifier: Apache-2.0 */
/* phi: is a stream stale? The phi-accrual failure detector over the gaps between its frames. */
#include "steer/phi.h"

#include "steer/fixed.h"

/* The normal distribution's upper tail is 10^-8 at 5.612 deviations. */
#define DEVIATIONS_MILLI 5612

#define HEARTBEAT_MIN_US 100000
#define HEARTBEAT_MAX_US 10000000

/* One long silence that ended must not make the limit longer for the next: gaps count so far. */
#define GAP_HEARTBEATS_MAX   4
#define STALE_HEARTBEATS_MAX 8

static uint64_t between(uint64_t heartbeat_us)
{
	if (heartbeat_us < HEARTBEAT_MIN_US)
		return HEARTBEAT_MIN_US;
	return heartbeat_us < HEARTBEAT_MAX_US ? heartbeat_us : HEARTBEAT_MAX_US;
}

void phi_init(struct phi *p, uint64_t heartbeat_us, uint64_t now_us)
{
	*p = (struct phi){ .last_us = now_us, .heartbeat_us = between(heartbeat_us) };
}

/* The gaps of another rhythm say nothing about this one. */
void phi_set_heartbeat(struct phi *p, uint64_t heartbeat_us)
{
	if (between(heartbeat_us) == p->heartbeat_us)
		return;
	p->heartbeat_us = between(heartbeat_us);
	p->n = p->at = 0;
}

void phi_heard(struct phi *p, uint64_t now_us)
{
	uint64_t gap_us = now_us > p->last_us ? now_us - p->last_us : 0;
	uint64_t most_us = GAP_HEARTBEATS_MAX * p->heartbeat_us;

	if (!p->closed) { /* else the gap is an outage, not a rhythm */
		p->gap_us[p->at] = (uint32_t)(gap_us < most_us ? gap_us : most_us);
		p->at = (p->at + 1) % PHI_WINDOW;
		if (p->n < PHI_WINDOW)
			p->n++;
	}
	p->closed = false;
	if (now_us > p->last_us)
		p->last_us = now_us;
}

void phi_closed(struct phi *p)
{
	p->closed = true;
}

uint64_t phi_stale_at_us(const struct phi *p)
{
	uint64_t mean = p->heartbeat_us, deviation = 0, silence, sum = 0;
	uint64_t most = STALE_HEARTBEATS_MAX * p->heartbeat_us;

	if (p->closed)
		return p->last_us;
	for (uint32_t i = 0; i < p->n; i++)
		sum += p->gap_us[i];
	if (p->n)
		mean = sum / p->n;
	sum = 0;
	for (uint32_t i = 0; i < p->n; i++) {
		int64_t off = (int64_t)p->gap_us[i] - (int64_t)mean;

		sum += (uint64_t)(off * off);
	}
	if (p->n)
		deviation = fixed_sqrt(sum / p->n);
	if (mean < p->heartbeat_us)
		mean = p->heartbeat_us;
	if (deviation < p->heartbeat_us / 2)
		deviation = p->heartbeat_us / 2;
	silence = mean + deviation * DEVIATIONS_MILLI / 1000;
	return p->last_us + (silence < most ? silence : most);
}

bool phi_is_stale(const struct phi *p, uint64_t now_us)
{
	return p->closed || now_us >= phi_stale_at_us(p);
}
