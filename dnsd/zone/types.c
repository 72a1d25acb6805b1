/* SPDX-License-Identifier: Apache-2.0 */
/* types: record types by name. See types.h. */
#include "dnsd/zone/types.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const struct {
	const char *name;
	uint16_t type;
} more[] = {
	{ "NINFO", TYPE_NINFO },       { "DSYNC", TYPE_DSYNC },	    { "AVC", TYPE_AVC },
	{ "AMTRELAY", TYPE_AMTRELAY }, { "RESINFO", TYPE_RESINFO }, { "WALLET", TYPE_WALLET },
	{ "RKEY", TYPE_RKEY },	       { "DOA", TYPE_DOA },	    { "TA", TYPE_TA },
};
#define N_MORE (sizeof(more) / sizeof(*more))

uint16_t types_by_name(const char *name)
{
	for (size_t i = 0; i < N_MORE; i++)
		if (strcasecmp(more[i].name, name) == 0)
			return more[i].type;
	if (strncasecmp(name, "TYPE", 4) == 0 && name[4] >= '0' && name[4] <= '9') {
		char *end;
		unsigned long number = strtoul(name + 4, &end, 10);

		return *end || number > UINT16_MAX ? 0 : (uint16_t)number;
	}
	return (uint16_t)ldns_get_rr_type_by_name(name);
}

const char *types_name(uint16_t type, char out[16])
{
	const ldns_rr_descriptor *d = ldns_rr_descript(type);
	const char *name = d ? d->_name : NULL;

	for (size_t i = 0; i < N_MORE; i++)
		if (more[i].type == type)
			name = more[i].name;
	if (name)
		snprintf(out, 16, "%s", name);
	else
		snprintf(out, 16, "TYPE%u", type);
	return out;
}
