/* SPDX-License-Identifier: Apache-2.0 */
/* upkeep: backups, retention, and a look at the state file each second. */
#include "dnsd/state/upkeep.h"

#include "core/log.h"
#include "core/metrics.h"
#include "schema/sql/store_check.h"
#include "schema/sql/store_look.h"
#include "schema/sql/store_trim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Pinned ones keep the write-ahead log from being emptied: more than this is not an operator. */
#define WAITING_MAX 4

/* Without `state.history`. */
#define HISTORY_KEEP_MS (UINT64_C(400) * 86400 * 1000)
#define HISTORY_SIZE	(UINT64_C(1) << 30)

#define TRIM_EVERY_MS (UINT64_C(3600) * 1000)
#define TRIM_STEP_MS  20 /* between two steps of a few milliseconds each */

/* One copy, pinned: it waits, runs as a job, ends. */
struct copy {
	struct copy *next;
	struct upkeep *owner;
	struct store_backup *backup;
	upkeep_copied_fn done; /* NULL = one to keep */
	void *ctx;
	char *directory, *node; /* of one to keep */
	unsigned keep;
	char path[PATH_MAX]; /* what was made */
	int fd;
	enum err_code code;
	struct err e;
};

struct upkeep {
	struct upkeep_parts with;
	struct loop_timer *trim_timer;
	struct store_trim trim;
	uint64_t next_trim_us, next_backup_us;
	struct copy *waiting, *running;
	unsigned n_waiting;
	int64_t newest_ms;	  /* when the newest one was begun; 0 = none by this process */
	int64_t failing_since_ms; /* 0 = the last one went well */
	uint64_t made, failed;
	struct err why;
	bool is_checked; /* or at it */
	enum err_code check_code;
	struct err check_e;
};

/* ---- the work, on a helper thread ---- */

static bool goes_on(void *upkeep, int64_t done, int64_t total)
{
	struct upkeep *u = upkeep;

	return !job_is_stopping(u->with.jobs);
}

static void make_kept(struct copy *c, const struct store_progress *progress)
{
	const struct store_backup_place place = { c->directory, c->node, c->keep };

	c->code = store_backup_keep(c->backup, &place, progress, c->path, &c->e);
}

static void make_loose(struct copy *c, const struct store_progress *progress)
{
	c->code = store_backup_write(c->backup, c->path, progress, &c->e);
	if (c->code != ERR_OK)
		return;
	c->fd = open(c->path, O_RDONLY | O_CLOEXEC);
	if (c->fd < 0)
		c->code = err_errno(&c->e, errno, "%s", c->path);
	unlink(c->path);
}

static void work(void *copy)
{
	struct copy *c = copy;
	const struct store_progress progress = { goes_on, c->owner };

	if (c->done)
		make_loose(c, &progress);
	else
		make_kept(c, &progress);
	store_backup_end(c->backup); /* lets the write-ahead log be emptied again */
	c->backup = NULL;
}

/* ---- one copy ---- */

static void free_copy(struct copy *c)
{
	store_backup_end(c->backup);
	if (c->fd >= 0)
		close(c->fd);
	free(c->directory);
	free(c->node);
	free(c);
}

static void note_end(struct upkeep *u, const struct copy *c)
{
	if (c->code == ERR_OK) {
		u->made++;
		u->newest_ms = clock_wall_ms(u->with.clock);
		u->failing_since_ms = 0;
		return;
	}
	log_error("dnsd/state", "%s", c->e.text);
	u->failed++;
	u->why = c->e;
	if (!u->failing_since_ms)
		u->failing_since_ms = clock_wall_ms(u->with.clock);
}

static void start_next(struct upkeep *u);

static void ended(void *copy, enum job_end end)
{
	struct copy *c = copy;
	struct upkeep *u = c->owner;

	u->running = NULL;
	if (end == JOB_DROPPED)
		c->code = err_set(&c->e, ERR_AGAIN, "backup: the daemon stops");
	else if (!c->done)
		note_end(u, c);
	if (c->done) {
		c->done(c->ctx, c->code == ERR_OK ? c->fd : -1, c->code, &c->e);
		c->fd = c->code == ERR_OK ? -1 : c->fd;
	}
	free_copy(c);
	/* Else the pool stops, or is gone: upkeep_free() ends those that wait. */
	if (end == JOB_DONE)
		start_next(u);
}

static void start_next(struct upkeep *u)
{
	struct copy *c = u->waiting;
	enum err_code code;

	if (!c || u->running)
		return;
	code = job_submit(u->with.jobs, work, ended, c);
	if (code == ERR_LIMIT || code == ERR_MEMORY)
		return; /* upkeep_tick() tries again */
	u->waiting = c->next;
	u->n_waiting--;
	u->running = c;
	if (code != ERR_OK)
		ended(c, JOB_DROPPED);
}

/* Pinned now, whenever it is its turn. */
static enum err_code pin(struct upkeep *u, struct copy **out, struct err *e)
{
	struct copy *c;
	enum err_code code;

	if (u->n_waiting >= WAITING_MAX)
		return err_set(e, ERR_LIMIT, "backup: %d wait already", WAITING_MAX);
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, ERR_MEMORY, "backup: out of memory");
	c->owner = u;
	c->fd = -1;
	code = store_backup_begin(u->with.store, &c->backup, e);
	if (code != ERR_OK) {
		free_copy(c);
		return code;
	}
	*out = c;
	return ERR_OK;
}

static void queue(struct upkeep *u, struct copy *c)
{
	struct copy **end = &u->waiting;

	while (*end)
		end = &(*end)->next;
	*end = c;
	u->n_waiting++;
	start_next(u);
}

/* ---- asking ---- */

void upkeep_backup(struct upkeep *u, const struct dnsd_config *config)
{
	struct copy *c, failed = { .code = ERR_OK };

	if (!config->state.backup_directory)
		return;
	failed.code = pin(u, &c, &failed.e);
	if (failed.code != ERR_OK) {
		note_end(u, &failed);
		return;
	}
	c->directory = strdup(config->state.backup_directory);
	c->node = strdup(config->node);
	c->keep = config->state.backup_keep;
	if (c->directory && c->node) {
		queue(u, c);
		return;
	}
	c->code = err_set(&c->e, ERR_MEMORY, "backup: out of memory");
	note_end(u, c);
	free_copy(c);
}

enum err_code upkeep_copy(struct upkeep *u, upkeep_copied_fn done, void *ctx, struct err *e)
{
	struct copy *c;
	enum err_code code = pin(u, &c, e);

	if (code != ERR_OK)
		return code;
	snprintf(c->path, sizeof(c->path), "%s.copy-%d-%llu", store_path(u->with.store),
		 (int)getpid(), (unsigned long long)clock_mono_us(u->with.clock));
	c->done = done;
	c->ctx = ctx;
	queue(u, c);
	return ERR_OK;
}

/* ---- the whole file, once after the start ---- */

static void check_work(void *upkeep)
{
	struct upkeep *u = upkeep;
	const struct store_progress progress = { goes_on, u };
	struct store *reader;

	u->check_code =
		store_reader_open(store_path(u->with.store), u->with.clock, &reader, &u->check_e);
	if (u->check_code != ERR_OK)
		return;
	u->check_code = store_check_all(reader, &progress, &u->check_e);
	store_close(reader);
}

static void check_ended(void *upkeep, enum job_end end)
{
	struct upkeep *u = upkeep;

	if (end == JOB_DROPPED || u->check_code == ERR_OK)
		return;
	if (u->check_code == ERR_INPUT)
		store_condemn(u->with.store, &u->check_e);
	else
		log_warn("dnsd/state", "the history was not checked: %s", u->check_e.text);
}

static void check_once(struct upkeep *u)
{
	if (u->is_checked)
		return;
	u->is_checked = !store_is_part_checked(u->with.store) ||
			job_submit(u->with.jobs, check_work, check_ended, u) == ERR_OK;
}

/* ---- retention ---- */

static void trim_step(void *upkeep)
{
	static struct log_limit limit = LOG_LIMIT_INIT(1);
	struct upkeep *u = upkeep;
	bool has_more;
	struct err e;

	if (store_trim_step(u->with.store, &u->trim, &has_more, &e) != ERR_OK)
		log_limited(&limit, LOG_ERROR, "dnsd/state", "history: %s", e.text);
	else if (has_more)
		loop_timer_after(u->trim_timer, TRIM_STEP_MS);
	else if (u->trim.rows)
		log_info("dnsd/state", "%lld rows have left the history for their age or number",
			 (long long)u->trim.rows);
}

static void begin_trim(struct upkeep *u, const struct dnsd_config *config)
{
	uint64_t keep_ms = config->state.history_keep_ms, size = config->state.history_size_bytes;

	u->trim = (struct store_trim){ .keep_ms = keep_ms ? keep_ms : HISTORY_KEEP_MS,
				       .size = size ? size : HISTORY_SIZE };
	loop_timer_after(u->trim_timer, 0);
}

void upkeep_tick(struct upkeep *u, const struct dnsd_config *config)
{
	uint64_t now_us = clock_mono_us(u->with.clock);

	store_look(u->with.store);
	check_once(u);
	start_next(u);
	if (now_us >= u->next_trim_us) {
		u->next_trim_us = now_us + TRIM_EVERY_MS * 1000;
		begin_trim(u, config);
	}
	if (now_us >= u->next_backup_us) {
		if (u->next_backup_us) /* the first tick only says when it begins */
			upkeep_backup(u, config);
		u->next_backup_us = now_us + config->state.backup_every_ms * 1000;
	}
}

/* ---- sight ---- */

void upkeep_problems(const struct upkeep *u, struct problems *out)
{
	store_problems(u->with.store, out);
	if (u->failing_since_ms)
		problems_add(out, PROBLEM_WARNING, "backup", "",
			     (double)(clock_wall_ms(u->with.clock) - u->failing_since_ms) / 1000,
			     u->why.text, "the state is not backed up");
}

void upkeep_metrics(void *upkeep, struct buf *out)
{
	struct upkeep *u = upkeep;

	metrics_family(out, "fairlead_backup_newest_seconds", "gauge",
		       "When the newest backup was made, in seconds since 1970; 0 = none by this "
		       "process.");
	metrics_sample(out, "fairlead_backup_newest_seconds", (double)u->newest_ms / 1000, NULL);
	metrics_family(out, "fairlead_backups_total", "counter", "Backups, by their result.");
	metrics_sample(out, "fairlead_backups_total", (double)u->made, "result", "made", NULL);
	metrics_sample(out, "fairlead_backups_total", (double)u->failed, "result", "failed", NULL);
}

/* ---- life ---- */

enum err_code upkeep_new(struct upkeep **out, const struct upkeep_parts *parts,
			 const struct dnsd_config *config)
{
	const struct store_backup_place place = { config->state.backup_directory, config->node,
						  config->state.backup_keep };
	struct upkeep *u = calloc(1, sizeof(*u));
	enum err_code code;

	if (!u)
		return ERR_MEMORY;
	u->with = *parts;
	code = loop_timer_new(parts->loop, &u->trim_timer, trim_step, u);
	if (code != ERR_OK) {
		free(u);
		return code;
	}
	if (place.directory)
		store_backup_sweep(&place);
	*out = u;
	return ERR_OK;
}

void upkeep_free(struct upkeep *u)
{
	if (!u)
		return;
	while (u->waiting) {
		struct copy *c = u->waiting;

		u->waiting = c->next;
		u->n_waiting--;
		u->running = c;
		ended(c, JOB_DROPPED);
	}
	loop_timer_free(u->trim_timer);
	free(u);
}
