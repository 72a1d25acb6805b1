/* SPDX-License-Identifier: Apache-2.0 */
/* show: a config as JSON, for `config show`: what is in effect, defaults included.
 *
 * Threads    any
 * Ownership  a new reference; NULL without memory
 * Units      as written in a file: "30s", "80%", "192.0.2.1:53"
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_SHOW_H
#define FAIRLEAD_SCHEMA_CONFIG_SHOW_H

#include "schema/config/key.h"

/* config: the struct that belongs to the table `keys`. */
json_t *show_config(const struct key *keys, const void *config);

#endif
