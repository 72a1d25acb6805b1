/* SPDX-License-Identifier: Apache-2.0 */
/* locate: the exact place and topology rule of one address, for `explain`. */
#include "dnsd/client/locate.h"

#include "dnsd/client/classes.h"
#include "dnsd/client/mmdb.h"

#include <string.h>

/* Clients in a v6 form of a v4 address are placed by the v4. */
static struct addr plain(const struct addr *a)
{
	struct addr v4;

	return addr_embedded_v4(a, &v4) < 0 ? *a : v4;
}

static enum err_code add_from(const char *path, const struct addr *a, struct place *sum,
			      struct err *e)
{
	struct mmdb m;
	struct place found;
	enum err_code code = mmdb_open(path, &m, e);

	if (code)
		return code;
	code = mmdb_find(&m, a, &found, e);
	if (!code)
		classes_fill_place(sum, &found);
	mmdb_close(&m);
	return code == ERR_NOT_FOUND ? ERR_OK : code;
}

enum err_code client_place_find(char *const *databases, size_t n_databases, const struct addr *a,
				struct place *out, struct err *e)
{
	struct addr address = plain(a);
	struct place sum = { 0 };
	enum err_code code = ERR_OK;

	for (size_t i = 0; i < n_databases && address.family && !code; i++)
		code = add_from(databases[i], &address, &sum, e);
	if (!code)
		*out = sum;
	return code;
}

static bool is_match(const struct config_topology *t, const struct addr *a, const struct place *p)
{
	switch (t->kind) {
	case TOPOLOGY_PREFIX: return prefix_has(&t->prefix, a);
	case TOPOLOGY_COUNTRY: return p->country[0] && !memcmp(p->country, t->place, 2);
	case TOPOLOGY_CONTINENT:
		return p->continent != PLACE_NOWHERE &&
		       p->continent == place_continent_parse(t->place);
	case TOPOLOGY_ASN: return p->asn && p->asn == t->asn;
	case TOPOLOGY_ANY: return true;
	}
	return false;
}

int32_t client_rule_find(const struct config_topology *rules, size_t n_rules, const struct addr *a,
			 const struct place *p)
{
	struct addr address = plain(a);

	for (size_t i = 0; i < n_rules; i++) {
		if (is_match(&rules[i], &address, p))
			return (int32_t)i;
	}
	return -1;
}
