/* SPDX-License-Identifier: Apache-2.0 */
/* dnsd_config: what a dnsd.yaml says, checked: every name that is referred to exists. */
#ifndef FAIRLEAD_SCHEMA_DNSD_CONFIG_H
#define FAIRLEAD_SCHEMA_DNSD_CONFIG_H

#include "schema/config/common_config.h"

#define CONFIG_MEMBERS_MAX 64 /* a pool's members are bits of one word on the query path */

enum pool_method { METHOD_ASSIGN, METHOD_LATENCY, METHOD_GEO, METHOD_WEIGHTED, METHOD_ORDER };
enum pool_unit { UNIT_REQUESTS, UNIT_TOKENS, UNIT_CONNECTIONS };
enum last_resort { LAST_RESORT_ALL, LAST_RESORT_NONE, LAST_RESORT_ADDRESSES };
enum service_mode { MODE_ACTIVE_ACTIVE, MODE_ACTIVE_STANDBY, MODE_EXCLUSIVE };
enum access_role { ACCESS_NONE, ACCESS_VIEWER, ACCESS_OPERATOR, ACCESS_ADMIN };

struct config_zone {
	char *name; /* lower case, no final dot */
	char *file; /* as given */
	struct config_pos pos, file_pos;
};

struct config_region {
	char *name;
	struct config_pos pos;
	bool has_place;
	int32_t lat_e4, lon_e4;
	char country[3]; /* "" = not said */
};

struct config_member {
	uint32_t region; /* index in regions */
	struct config_pos pos;
	struct addr *addresses;
	size_t n_addresses;
	uint32_t weight;   /* 0..1000000, default 100 */
	uint32_t tier;	   /* 0 first; 0..15 */
	uint64_t capacity; /* in the pool's unit; 0 = not limited */
	int32_t monitor;   /* index in monitors, instead of the pool's; -1 = the pool's */
};

struct config_pool {
	char *name;
	struct config_pos pos;
	enum pool_method method;    /* default assign */
	enum pool_method alternate; /* default geo */
	enum last_resort last_resort;
	struct addr *last_resort_addresses;
	size_t n_last_resort;
	int32_t monitor; /* index in monitors, -1 = none */
	enum pool_unit unit;
	uint32_t target_fill_ppm;
	uint64_t stickiness_ms;
	struct config_member *members;
	size_t n_members;
};

struct config_fence {
	char place[3]; /* a country (ISO 3166) or a continent: AF AN AS EU NA OC SA */
	/* A continent; where a country has the same two letters (NA, SA, AS, AF), also. */
	bool is_continent;
	uint32_t *regions;
	size_t n_regions;
};

struct config_service {
	char *name; /* lower case, no final dot; may begin with "*." */
	struct config_pos pos;
	uint32_t pool;
	enum service_mode mode;
	bool failback_auto; /* default: only active-active */
	uint64_t hold_down_ms;
	bool takeover_auto;
	uint32_t ttl_s;	  /* default 30, at least 5 */
	uint32_t answers; /* at most so many addresses in one answer; at least 1, default 2 */
	bool family_next; /* a region without the family asked for: the next one's addresses */
	bool has_https;
	char **https_alpn;
	size_t n_https_alpn;
	struct config_fence *fences;
	size_t n_fences;
};

struct config_topology {
	struct config_pos pos;
	enum {
		TOPOLOGY_PREFIX,
		TOPOLOGY_COUNTRY,
		TOPOLOGY_CONTINENT,
		TOPOLOGY_ASN,
		TOPOLOGY_ANY
	} kind;
	struct prefix prefix;
	char place[3];
	uint32_t asn;
	uint32_t *prefer; /* indices in regions, in order */
	size_t n_prefer;
};

enum access_kind { ACCESS_PATTERN, ACCESS_USER, ACCESS_GROUP };
#define CONFIG_NO_ID UINT32_MAX /* of a user or group that this machine does not know */

struct config_access {
	/* A glob: "spiffe://example/admin/" + star, "uid:0"; or "user:NAME", "group:NAME". */
	char *who;
	enum access_kind kind;
	uint32_t id; /* of the user or group, looked up when the file was read */
	struct config_pos pos;
	enum access_role role;
};

struct dnsd_config {
	char *file;	      /* as given */
	struct arena *memory; /* the config is one piece of it, and all it points to */
	struct config_files files;
	char *fleet, *node;
	struct {
		struct endpoint *dns;
		size_t n_dns;
		struct endpoint control, api, http; /* addr.family 0 = not listening */
		char *admin;			    /* socket path */
	} listen;
	uint32_t workers; /* 0 = auto */
	bool has_tls;	  /* without it: no control, no api */
	struct config_tls tls;
	struct {
		char *path;
		struct config_pos path_pos; /* line 0 = the default */
		char *backup_directory;	    /* NULL = no backups */
		struct config_pos backup_pos;
		uint64_t backup_every_ms;
		uint32_t backup_keep;
		uint64_t history_keep_ms;    /* events and audit; 0 = not said */
		uint64_t history_size_bytes; /* 0 = not said */
	} state;
	bool reason_required; /* audit.reason */
	struct {
		char **databases;
		struct config_pos *pos;
		size_t n_databases;
	} geo;
	struct config_zone *zones;
	size_t n_zones;
	struct config_region *regions;
	size_t n_regions;
	struct config_monitor *monitors;
	size_t n_monitors;
	struct config_pool *pools;
	size_t n_pools;
	struct config_service *services;
	size_t n_services;
	struct config_topology *topology;
	size_t n_topology;
	struct {
		uint32_t min_regions; /* 0 = no rule */
		uint32_t headroom_after_loss_ppm;
	} safety;
	struct config_access *access;
	size_t n_access;
};

#endif
