/* SPDX-License-Identifier: Apache-2.0 */
/* identity: who a certificate says its owner is, a SPIFFE URI.
 *
 *   spiffe://FLEET/dnsd/NODE     spiffe://FLEET/regiond/REGION/NODE     spiffe://FLEET/prober/NODE
 *   spiffe://FLEET/viewer/NAME   spiffe://FLEET/operator/NAME           spiffe://FLEET/admin/NAME
 *
 * Threads    any, plain values
 * Errors     ERR_INPUT names the part that is wrong; *out untouched
 * Source     SPIFFE-ID 1.0; parts are [A-Za-z0-9._-]{1,63}
 */
#ifndef FAIRLEAD_CORE_IDENTITY_H
#define FAIRLEAD_CORE_IDENTITY_H

#include "core/err.h"

#include <stdbool.h>

#define IDENTITY_PART_MAX 64
#define IDENTITY_TEXT_MAX 288

enum identity_role {
	IDENTITY_NONE,
	IDENTITY_DNSD,
	IDENTITY_REGIOND,
	IDENTITY_PROBER,
	IDENTITY_VIEWER,
	IDENTITY_OPERATOR,
	IDENTITY_ADMIN,
};

struct identity {
	enum identity_role role;
	char fleet[IDENTITY_PART_MAX];
	char region[IDENTITY_PART_MAX]; /* "" but for regiond */
	char name[IDENTITY_PART_MAX];
};

enum err_code identity_parse(const char *uri, struct identity *out, struct err *e);
void identity_text(const struct identity *id, char out[IDENTITY_TEXT_MAX]);
const char *identity_role_name(enum identity_role role);
enum identity_role identity_role_parse(const char *name); /* IDENTITY_NONE if unknown */
bool identity_part_is_valid(const char *part);

#endif
