/* SPDX-License-Identifier: Apache-2.0 */
/* store: the state that survives, in SQLite: overrides, events, audit, last known health.
 *
 * WAL, synchronous=FULL, STRICT tables, numbered migrations by user_version. A call that changes
 * something has it on disk when it returns ERR_OK, and has changed nothing otherwise. audit and
 * events are append-only (triggers) and hash-chained: see store_chain.h.
 *
 * Threads    one owner (the control thread)
 * Ownership  lists are freed with their store_*_free; strings inside belong to the list. NULL
 * strings that come in count as "" Units      _ms milliseconds since 1970 Errors     the path is in
 * the text. ERR_FULL no space left: reading goes on, changes are refused. ERR_INPUT a file that is
 * no database of ours, is damaged, or is newer than this program. ERR_EXISTS another process has
 * it. ERR_AGAIN locked by a foreign program. ERR_MEMORY. ERR_IO else
 */
#ifndef FAIRLEAD_SCHEMA_STORE_H
#define FAIRLEAD_SCHEMA_STORE_H

#include "core/clock.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Makes the file and its directory when there is none; checks it (quick_check) and migrates it.
 * Holds PATH.lock until store_close(): two daemons never share a state file. */
enum err_code store_open(const char *path, const struct clock *clock, struct store **out,
			 struct err *e);
void store_close(struct store *s);

/* Makes one transaction of all changes between the two: one sync instead of many, and all or
 * nothing. Hand store_end() the code of the first change that failed, ERR_OK when none did; it
 * returns that, or why the whole is not on disk. Make no further change after a failed one. */
enum err_code store_begin(struct store *s, struct err *e);
enum err_code store_end(struct store *s, enum err_code rc, struct err *e);

/* ---- what operators forced ---- */

enum store_override_kind {
	STORE_DRAIN,	/* region, service "" = all of the region's; value unused */
	STORE_DIAL,	/* region, service or ""; value = share in ppm */
	STORE_FAILOVER, /* service; region = the target */
	STORE_FREEZE,	/* everything */
};
const char *store_override_kind_name(enum store_override_kind kind);

struct store_override {
	int64_t id; /* grows, never reused */
	enum store_override_kind kind;
	char *service, *region; /* "" = all */
	uint32_t value;
	char *by, *reason;
	int64_t since_ms, expires_ms; /* expires 0 = until cleared */
};

/* Who asks, for the audit row that goes into the same transaction. */
struct store_actor {
	const char *by;	  /* "uid:0", "spiffe://..." */
	const char *from; /* "unix", "192.0.2.1:4711" */
	const char *reason;
	const char *verb; /* "drain" */
	const char *args; /* JSON text */
};

/* Replaces an override of the same kind, service and region; a failover that of its service. *id =
 * the new one's. One transaction: the override, its audit row and its event. since_ms 0 = now. The
 * event's kind is the override's; its `from` and `to` are "" (not forced), "on", a share or a
 * region. */
enum err_code store_override_put(struct store *s, const struct store_override *o,
				 const struct store_actor *actor, int64_t *id, struct err *e);
/* ERR_NOT_FOUND when there is none. actor NULL = it expired (event only). */
enum err_code store_override_clear(struct store *s, int64_t id, const struct store_actor *actor,
				   struct err *e);
/* Several by one word: all in one transaction with one audit row, or none. */
enum err_code store_override_clear_all(struct store *s, const int64_t *ids, size_t n,
				       const struct store_actor *actor, struct err *e);
enum err_code store_override_list(struct store *s, struct store_override **out, size_t *n,
				  struct err *e);
void store_override_free(struct store_override *list, size_t n);

/* ---- what happened ---- */

struct store_event {
	int64_t seq, time_ms; /* time 0 = now; seq is given by the store */
	char *kind;	      /* "health", "drain", "failover", "reload", "start", ... */
	char *service, *region, *from, *to, *cause, *by, *reason; /* "" = not said */
	int64_t epoch;
};
enum err_code store_event_add(struct store *s, const struct store_event *event, int64_t *seq,
			      struct err *e);
/* Rows with seq > after, oldest first, at most `limit`. */
enum err_code store_event_list(struct store *s, int64_t after, size_t limit,
			       struct store_event **out, size_t *n, struct err *e);
void store_event_free(struct store_event *list, size_t n);

/* An attempt that changed nothing (refused, not allowed) is audited too. result: "done" or the
 * error. */
enum err_code store_audit_add(struct store *s, const struct store_actor *actor, const char *result,
			      struct err *e);
struct store_audit {
	int64_t seq, time_ms;
	char *by, *from, *verb, *args, *result, *reason;
	char hash[65]; /* hex */
};
enum err_code store_audit_list(struct store *s, int64_t after, size_t limit,
			       struct store_audit **out, size_t *n, struct err *e);
void store_audit_free(struct store_audit *list, size_t n);
/* Walks both chains. ERR_INPUT names the first row that does not fit. */
enum err_code store_verify(struct store *s, int64_t *rows, struct err *e);

/* ---- last known health: so that the first answer after a restart equals the last one before ----
 */

struct store_health {
	char *service, *region; /* of a member: pool's region as the service sees it */
	int health;		/* enum verdict_health of steer/, a floor up: only kept here */
	int cause;
	int64_t since_ms;
	uint32_t flaps;
};
enum err_code store_health_put(struct store *s, const struct store_health *list, size_t n,
			       struct err *e); /* one transaction; replaces those named */
enum err_code store_health_list(struct store *s, struct store_health **out, size_t *n,
				struct err *e);
void store_health_free(struct store_health *list, size_t n);

/* ---- copies ---- */

/* Online, checked (integrity_check) and renamed into place; ERR_EXISTS when the file is there. The
 * copy is one file without a WAL. */
enum err_code store_backup(struct store *s, const char *path, struct err *e);
/* Into directory, "dnsd-20260102T030405Z.db" or with "_2" and so on before ".db" within a second;
 * keeps the newest `keep`, at least this one. */
enum err_code store_backup_rotate(struct store *s, const char *directory, unsigned keep,
				  struct err *e);
/* Puts a checked copy of the backup `from` in the place of the state file `to`, which stays beside
 * it as TO.replaced. ERR_EXISTS when a daemon has `to` open; ERR_INPUT when `from` is no whole
 * state file. */
enum err_code store_restore(const char *from, const char *to, struct err *e);

#endif
