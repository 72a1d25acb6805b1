/* SPDX-License-Identifier: Apache-2.0 */
/* check_spec: what a monitor asks for, checked and compiled once, shared by all it checks. */
#include "probers/check_spec.h"

#include <stdlib.h>
#include <string.h>

struct check_spec *check_spec_hold(struct check_spec *spec)
{
	spec->holders++;
	return spec;
}

void check_spec_free(struct check_spec *spec)
{
	if (!spec || --spec->holders > 0)
		return;
	if (spec->own)
		spec->forget(spec->own);
	free(spec->name);
	free(spec->key);
	free(spec);
}

bool check_spec_is_equal(const struct check_spec *a, const struct check_spec *b)
{
	return a == b || (a->hash == b->hash && a->key_len == b->key_len &&
			  memcmp(a->key, b->key, a->key_len) == 0);
}

struct endpoint check_spec_endpoint(const struct check_spec *spec, const struct endpoint *own)
{
	struct endpoint to = *own;

	if (spec->port)
		to.port = spec->port;
	return to;
}
