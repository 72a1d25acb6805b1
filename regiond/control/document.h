/* SPDX-License-Identifier: Apache-2.0 */
/* document: the JSON documents of the admin API, with the contract's keys.
 *
 * Threads    the control thread
 * Ownership  each is a new reference; NULL when out of memory
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_REGIOND_DOCUMENT_H
#define FAIRLEAD_REGIOND_DOCUMENT_H

#include "core/problem.h"
#include "regiond/control/changeover.h"
#include "regiond/control/node.h"

#include <jansson.h>

json_t *document_backends(const struct node *n);
json_t *document_services(const struct node *n);
json_t *document_overrides(const struct node *n);
json_t *document_status(const struct node *n, const struct changeover *reload,
			const struct problems *problems);
json_t *document_config(const struct node *n);

#endif
