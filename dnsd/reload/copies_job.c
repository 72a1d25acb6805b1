/* SPDX-License-Identifier: Apache-2.0 */
/* copies_job: what serves well now is there to start from when its file is not good any more. */
#include "dnsd/reload/copies_job.h"

#include "core/log.h"
#include "dnsd/publish/copies.h"
#include "schema/config/config.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* What is to be saved. */
struct save {
	struct dnsd_config *config; /* NULL = nothing */
	struct publish_parts parts;
	bool is_released; /* nobody else needs the configuration */
};

struct copies_job {
	struct job_pool *jobs;
	char *directory;
	struct save now, next;
	enum err_code code; /* of the last one */
	struct err e;
};

static void work(void *copies)
{
	struct copies_job *c = copies;

	c->code = copies_save(c->now.config, &c->now.parts, c->directory, &c->e);
	malloc_trim(0); /* what the building needed is given back */
}

static void drop(struct save *s)
{
	if (s->config)
		publish_parts_unref(&s->parts);
	if (s->is_released)
		config_dnsd_free(s->config);
	memset(s, 0, sizeof(*s));
}

static void start_next(struct copies_job *c);

static void ended(void *copies, enum job_end end)
{
	struct copies_job *c = copies;

	if (end == JOB_DONE && c->code != ERR_OK)
		log_error("dnsd/reload", "last good copies: %s", c->e.text);
	drop(&c->now);
	if (end == JOB_DONE)
		start_next(c);
}

static void start_next(struct copies_job *c)
{
	enum err_code code;

	if (c->now.config || !c->next.config)
		return;
	c->now = c->next;
	memset(&c->next, 0, sizeof(c->next));
	code = job_submit(c->jobs, work, ended, c);
	if (code == ERR_OK)
		return;
	c->code = err_set(&c->e, code, "no job can be begun");
	drop(&c->now); /* the next good load saves them */
}

void copies_job_start(struct copies_job *c, struct dnsd_config *config,
		      const struct publish_parts *parts, const char *directory)
{
	/* Set once, before the first job: a job that runs reads it. */
	if (!c->directory)
		c->directory = strdup(directory);
	if (!c->directory)
		return;
	drop(&c->next);
	c->next.config = config;
	publish_parts_share(parts, &c->next.parts);
	start_next(c);
}

void copies_job_release(struct copies_job *c, struct dnsd_config *config)
{
	if (c->next.config == config)
		drop(&c->next);
	if (config && c->now.config == config)
		c->now.is_released = true;
	else
		config_dnsd_free(config);
}

void copies_job_problems(const struct copies_job *c, struct problems *out)
{
	if (!c->now.config && c->code != ERR_OK)
		problems_add(out, PROBLEM_WARNING, "copies", c->directory, -1, c->e.text,
			     "the last good copies of zones and databases are not up to date");
}

enum err_code copies_job_new(struct copies_job **out, struct job_pool *jobs)
{
	struct copies_job *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_MEMORY;
	c->jobs = jobs;
	*out = c;
	return ERR_OK;
}

void copies_job_free(struct copies_job *c)
{
	if (!c)
		return;
	drop(&c->next);
	drop(&c->now);
	free(c->directory);
	free(c);
}
