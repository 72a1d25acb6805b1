/* SPDX-License-Identifier: Apache-2.0 */
/* told: what a director tells a regiond: from where its probers check. */
#include "regiond/report/told.h"

#include <stdlib.h>
#include <string.h>

/* An address of another length is none that a client's could be compared with. */
enum err_code told_checkers(struct told *t, const Fairlead__Wire__Checkers *m)
{
	struct addr *addrs = calloc(m->n_addresses + 1, sizeof(*addrs));
	size_t n = 0;
	if (!addrs)
		return ERR_MEMORY;
	for (size_t i = 0; i < m->n_addresses; i++) {
		size_t len = m->addresses[i].len;
		if (len != 4 && len != 16)
			continue;
		addrs[n].family = len == 4 ? 4 : 6;
		memcpy(addrs[n++].bytes, m->addresses[i].data, len);
	}
	free(t->checkers);
	t->checkers = addrs;
	t->n_checkers = n;
	return ERR_OK;
}

void told_fini(struct told *t)
{
	free(t->checkers);
	*t = (struct told){ 0 };
}
