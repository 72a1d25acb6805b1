/* SPDX-License-Identifier: Apache-2.0 */
/* keys_proberd: the keys of proberd.yaml. */
#include "schema/config/check.h"
#include "schema/config/keys.h"
#include "schema/config/proberd_config.h"

#define ROOT(member) KEY_FIELD(struct proberd_config, member)

static const struct key listen_keys[] = {
	{ .name = "http",
	  .type = KEY_ENDPOINT,
	  ROOT(listen.http),
	  .restart = true,
	  .doc = KEYS_DOC_HTTP },
	{ .name = "admin",
	  .type = KEY_PATH,
	  ROOT(listen.admin),
	  .max = KEYS_ADMIN_MAX,
	  .restart = true,
	  .initial = "/run/fairlead/proberd.sock",
	  .doc = KEYS_DOC_ADMIN },
	KEYS_END,
};

static const struct key limits_keys[] = {
	{ .name = "probes_per_second",
	  .type = KEY_UINT,
	  ROOT(probes_per_second),
	  .min = 1,
	  .max = 100000,
	  .initial = "100",
	  .doc = "How many checks are begun in a second at most. When more are due, all intervals "
		 "are stretched, which is shown as a problem." },
	KEYS_END,
};

const struct key keys_proberd[] = {
	{ .name = "fleet",
	  .type = KEY_NAME,
	  ROOT(fleet),
	  .required = true,
	  .restart = true,
	  .doc = KEYS_DOC_FLEET },
	{ .name = "node",
	  .type = KEY_NAME,
	  ROOT(node),
	  .required = true,
	  .restart = true,
	  .doc = "This prober; unique in the fleet." },
	{ .name = "at",
	  .type = KEY_PLACE,
	  ROOT(lat_e4),
	  KEY_PRESENCE(struct proberd_config, has_place),
	  .doc = "Where the prober is, as latitude and longitude in degrees." },
	{ .name = "directors",
	  .type = KEY_LIST,
	  .item = KEY_HOST_PORT,
	  KEY_ENTRIES(struct proberd_config, directors, n_directors),
	  .n_min = 1,
	  .n_max = 64,
	  .required = true,
	  .doc = KEYS_DOC_DIRECTORS " What to check comes from them." },
	{ .name = "listen",
	  .type = KEY_STRUCT,
	  .of = listen_keys,
	  .doc = "The addresses and sockets that it listens on." },
	{ .name = "tls",
	  .type = KEY_STRUCT,
	  .of = keys_tls,
	  .check = check_tls,
	  ROOT(tls),
	  KEY_POS(struct config_tls),
	  .required = true,
	  .doc = KEYS_DOC_TLS },
	{ .name = "limits",
	  .type = KEY_STRUCT,
	  .of = limits_keys,
	  .doc = "How much it does at most." },
	KEYS_INCLUDE,
	KEYS_END,
};
