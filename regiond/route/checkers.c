/* SPDX-License-Identifier: Apache-2.0 */
/* checkers: where health checks from outside come from. */
#include "regiond/route/checkers.h"

#include "core/rcu.h"

#include <stdlib.h>
#include <string.h>

struct checkers {
	size_t n;
	struct addr addrs[]; /* sorted */
};

static int compare(const void *a, const void *b)
{
	const struct addr *x = a, *y = b;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

enum err_code checkers_publish(struct checkers_ref *ref, const struct addr *addrs, size_t n)
{
	struct checkers *fresh = malloc(sizeof(*fresh) + n * sizeof(*addrs));
	if (!fresh)
		return ERR_MEMORY;
	fresh->n = n;
	if (n) {
		memcpy(fresh->addrs, addrs, n * sizeof(*addrs));
		qsort(fresh->addrs, n, sizeof(*addrs), compare);
	}
	struct checkers *before = rcu_publish(&ref->list, fresh);
	return before ? rcu_later(free, before) : ERR_OK;
}

void checkers_free(struct checkers_ref *ref)
{
	free(atomic_exchange(&ref->list, NULL));
}

/* A client of a listener on [::] may come as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
static void unmap(struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (a->family != 6 || memcmp(a->bytes, mapped, sizeof(mapped)) != 0)
		return;
	memmove(a->bytes, a->bytes + sizeof(mapped), 4);
	memset(a->bytes + 4, 0, sizeof(a->bytes) - 4);
	a->family = 4;
}

bool checkers_have(struct checkers_ref *ref, const struct sockaddr *from)
{
	const struct checkers *c = rcu_read(&ref->list);
	struct endpoint at;
	if (!c || !c->n || endpoint_from_sockaddr(from, &at) != ERR_OK)
		return false;
	unmap(&at.addr);
	return bsearch(&at.addr, c->addrs, c->n, sizeof(at.addr), compare) != NULL;
}
