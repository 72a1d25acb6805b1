/* SPDX-License-Identifier: Apache-2.0 */
/* front: all workers, and the listeners that they share. */
#include "regiond/front/front.h"

#include "regiond/front/listen.h"
#include "regiond/front/worker.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One address of one service, over all workers. */
struct entry {
	struct endpoint asked, bound;
	struct service *service; /* a reference */
	uint32_t key;		 /* the workers' name for it */
	int *fds;		 /* one a worker, until they are handed over; then NULL */
	bool keep;		 /* in the running list: the plan has it too */
};

struct list {
	struct entry *entries;
	size_t n;
};

/* All listeners of a table; those without fds are there already, with the same key. */
struct front_plan {
	struct list list;
	size_t n_workers;
};

struct front {
	struct worker **workers;
	size_t n_workers;
	struct list running;
	uint32_t next_key;
};

static unsigned cores(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (unsigned)CPU_COUNT(&set);
	return 1;
}

enum err_code front_new(struct front **out, unsigned n_workers, struct table_ref *ref,
			const struct clock *clock, struct err *e)
{
	enum err_code code = ERR_MEMORY;
	struct front *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (!n_workers)
		n_workers = cores();
	f->workers = calloc(n_workers, sizeof(struct worker *));
	if (!f->workers) {
		err_set(e, code, "out of memory");
		goto fail;
	}
	for (unsigned i = 0; i < n_workers; i++) {
		code = worker_start(&f->workers[i], i, ref, clock, e);
		if (code != ERR_OK)
			goto fail;
		f->n_workers++;
	}
	*out = f;
	return ERR_OK;
fail:
	front_free(f);
	return code;
}

static void list_fini(struct list *l, size_t n_workers)
{
	for (size_t i = 0; i < l->n; i++) {
		struct entry *en = &l->entries[i];
		for (size_t k = 0; en->fds && k < n_workers; k++)
			if (en->fds[k] >= 0)
				close(en->fds[k]);
		free(en->fds);
		service_unref(en->service);
	}
	free(l->entries);
}

void front_free(struct front *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_workers; i++)
		worker_stop(f->workers[i]);
	list_fini(&f->running, f->n_workers);
	free(f->workers);
	free(f);
}

void front_plan_free(struct front_plan *plan)
{
	if (!plan)
		return;
	list_fini(&plan->list, plan->n_workers);
	free(plan);
}

static struct entry *find(const struct list *l, const struct endpoint *at)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].asked.port == at->port &&
		    addr_is_equal(&l->entries[i].asked.addr, &at->addr))
			return &l->entries[i];
	return NULL;
}

static enum err_code open_entry(struct front *f, struct entry *en, struct err *e)
{
	en->key = f->next_key++;
	en->fds = calloc(f->n_workers, sizeof(*en->fds));
	if (!en->fds)
		return err_set(e, ERR_MEMORY, "out of memory");
	enum err_code code = listen_open(&en->asked, en->fds, f->n_workers, &en->bound, e);
	if (code != ERR_OK) {
		free(en->fds);
		en->fds = NULL;
	}
	return code;
}

static enum err_code add_entry(struct front *f, struct list *l, const struct endpoint *at,
			       struct service *service, struct err *e)
{
	char text[ENDPOINT_TEXT_MAX];
	if (find(l, at)) {
		endpoint_text(at, text);
		return err_set(e, ERR_EXISTS, "listen on %s: another service does already", text);
	}
	struct entry *en = &l->entries[l->n];
	const struct entry *have = find(&f->running, at);
	*en = (struct entry){ .asked = *at, .service = service_ref(service) };
	l->n++;
	if (!have)
		return open_entry(f, en, e);
	en->key = have->key;
	en->bound = have->bound;
	return ERR_OK;
}

enum err_code front_prepare(struct front *f, const struct table *t, struct front_plan **out,
			    struct err *e)
{
	size_t n = 0;
	struct front_plan *plan = calloc(1, sizeof(*plan));
	if (!plan)
		return err_set(e, ERR_MEMORY, "out of memory");
	plan->n_workers = f->n_workers;
	for (size_t i = 0; i < t->n_services; i++)
		n += t->services[i].config->n_listen;
	enum err_code code = ERR_OK;
	plan->list.entries = calloc(n + 1, sizeof(*plan->list.entries));
	if (!plan->list.entries) {
		code = err_set(e, ERR_MEMORY, "out of memory");
		goto fail;
	}
	for (size_t i = 0; i < t->n_services; i++) {
		const struct table_service *ts = &t->services[i];
		for (size_t k = 0; k < ts->config->n_listen; k++) {
			code = add_entry(f, &plan->list, &ts->config->listen[k], ts->service, e);
			if (code != ERR_OK) {
				err_wrap(e, code, "service %s", ts->service->name);
				goto fail;
			}
		}
	}
	*out = plan;
	return ERR_OK;
fail:
	front_plan_free(plan);
	return code;
}

static enum err_code hand_over(struct front *f, struct entry *en)
{
	for (size_t i = 0; i < f->n_workers; i++) {
		enum err_code code = worker_listen(f->workers[i], en->key, en->fds[i], en->service);
		if (code != ERR_OK)
			return code;
		en->fds[i] = -1;
	}
	free(en->fds);
	en->fds = NULL;
	return ERR_OK;
}

static enum err_code rename_entry(struct front *f, const struct entry *en)
{
	for (size_t i = 0; i < f->n_workers; i++) {
		enum err_code code = worker_rename(f->workers[i], en->key, en->service);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

static enum err_code close_entry(struct front *f, const struct entry *en)
{
	for (size_t i = 0; i < f->n_workers; i++) {
		enum err_code code = worker_unlisten(f->workers[i], en->key);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

enum err_code front_change(struct front *f, struct front_plan *plan)
{
	enum err_code first = ERR_OK, code = ERR_OK;
	for (size_t i = 0; i < plan->list.n; i++) {
		struct entry *en = &plan->list.entries[i];
		struct entry *have = find(&f->running, &en->asked);
		if (have)
			have->keep = true;
		if (en->fds)
			code = hand_over(f, en);
		else if (have && have->service != en->service)
			code = rename_entry(f, en);
		first = first == ERR_OK ? code : first;
	}
	for (size_t i = 0; i < f->running.n; i++) {
		if (!f->running.entries[i].keep)
			code = close_entry(f, &f->running.entries[i]);
		first = first == ERR_OK ? code : first;
	}
	list_fini(&f->running, f->n_workers);
	f->running = plan->list;
	free(plan);
	return first;
}

unsigned front_workers(const struct front *f)
{
	return (unsigned)f->n_workers;
}

uint64_t front_open(const struct front *f)
{
	uint64_t n = 0;
	for (size_t i = 0; i < f->n_workers; i++)
		n += worker_open(f->workers[i]);
	return n;
}

uint64_t front_pauses(const struct front *f)
{
	uint64_t n = 0;
	for (size_t i = 0; i < f->n_workers; i++)
		n += worker_pauses(f->workers[i]);
	return n;
}

uint64_t front_shortages(const struct front *f, enum shortage s)
{
	uint64_t n = 0;
	for (size_t i = 0; i < f->n_workers; i++)
		n += worker_shortages(f->workers[i], s);
	return n;
}

uint16_t front_port(const struct front *f, const char *service)
{
	for (size_t i = 0; i < f->running.n; i++)
		if (strcmp(f->running.entries[i].service->name, service) == 0)
			return f->running.entries[i].bound.port;
	return 0;
}
