/* SPDX-License-Identifier: Apache-2.0 */
/* labels: a number for each (service, region) that was ever answered with. */
#include "dnsd/publish/labels.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define BUCKETS (2u * LABELS_MAX)

struct label {
	char *service; /* the region's name follows it in the same allocation */
	const char *region;
};

struct labels {
	pthread_mutex_t lock;
	struct label *slots;
	uint32_t *buckets; /* slot, 0 = empty; open addressing, half full at the most */
	uint32_t n;
};

enum err_code labels_new(struct labels **out)
{
	struct labels *l = calloc(1, sizeof(*l));

	if (!l)
		return ERR_MEMORY;
	l->slots = calloc(LABELS_MAX, sizeof(*l->slots));
	l->buckets = calloc(BUCKETS, sizeof(*l->buckets));
	l->n = 1;
	pthread_mutex_init(&l->lock, NULL);
	if (!l->slots || !l->buckets) {
		labels_free(l);
		return ERR_MEMORY;
	}
	*out = l;
	return ERR_OK;
}

void labels_free(struct labels *l)
{
	if (!l)
		return;
	for (uint32_t i = 1; l->slots && i < l->n; i++)
		free(l->slots[i].service);
	pthread_mutex_destroy(&l->lock);
	free(l->slots);
	free(l->buckets);
	free(l);
}

static uint32_t add(struct labels *l, const char *service, const char *region)
{
	size_t service_len = strlen(service) + 1, region_len = strlen(region) + 1;
	char *names = l->n < LABELS_MAX ? malloc(service_len + region_len) : NULL;

	if (!names)
		return 0;
	memcpy(names, service, service_len);
	memcpy(names + service_len, region, region_len);
	l->slots[l->n] = (struct label){ names, names + service_len };
	return l->n++;
}

uint32_t labels_slot(struct labels *l, const char *service, const char *region)
{
	uint64_t h =
		XXH3_64bits_withSeed(region, strlen(region), XXH3_64bits(service, strlen(service)));
	uint32_t slot = 0;

	pthread_mutex_lock(&l->lock);
	for (uint32_t i = (uint32_t)h % BUCKETS;; i = (i + 1) % BUCKETS) {
		slot = l->buckets[i];
		if (!slot) {
			slot = l->buckets[i] = add(l, service, region);
			break;
		}
		if (strcmp(l->slots[slot].service, service) == 0 &&
		    strcmp(l->slots[slot].region, region) == 0)
			break;
	}
	pthread_mutex_unlock(&l->lock);
	return slot;
}

int labels_get(struct labels *l, uint32_t slot, const char **service, const char **region)
{
	int found;

	pthread_mutex_lock(&l->lock);
	found = slot > 0 && slot < l->n;
	if (found) {
		*service = l->slots[slot].service;
		*region = l->slots[slot].region;
	}
	pthread_mutex_unlock(&l->lock);
	return found;
}

uint32_t labels_count(struct labels *l)
{
	uint32_t n;

	pthread_mutex_lock(&l->lock);
	n = l->n;
	pthread_mutex_unlock(&l->lock);
	return n;
}
