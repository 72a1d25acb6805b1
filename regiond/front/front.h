/* SPDX-License-Identifier: Apache-2.0 */
/* front: all workers, and the listeners that they share.
 *
 * Each (address, port) is opened once per worker with SO_REUSEPORT, all by the control thread and
 * before anything is changed, so that an address that is taken is an error of the start or of the
 * reload and not of a worker. A listener that a reload keeps is not touched: nothing that waits in
 * its backlog is lost.
 *
 * Threads    the control thread
 * Ownership  front_free() stops the workers and resets what is still open
 * Errors     ERR_IO names the service and the address; nothing has changed then
 */
#ifndef FAIRLEAD_REGIOND_FRONT_H
#define FAIRLEAD_REGIOND_FRONT_H

#include "core/clock.h"
#include "regiond/route/table.h"
#include "regiond/stream/dialler.h"

struct front;

/* n_workers 0 = one for each core this process may use. */
enum err_code front_new(struct front **out, unsigned n_workers, struct table_ref *ref,
			const struct clock *clock, struct err *e);
void front_free(struct front *f);

/* Opens what t asks for and does not exist. Keep the plan, publish the table, then front_change():
 * what is new is served, what is gone is closed. Or front_plan_free(). */
struct front_plan;
enum err_code front_prepare(struct front *f, const struct table *t, struct front_plan **out,
			    struct err *e);
enum err_code front_change(struct front *f, struct front_plan *plan); /* takes the plan */
void front_plan_free(struct front_plan *plan);

unsigned front_workers(const struct front *f);
uint64_t front_open(const struct front *f);   /* connections now */
uint64_t front_pauses(const struct front *f); /* of accepting, for want of descriptors */
/* How often we had too little to make a connection to a backend of. */
uint64_t front_shortages(const struct front *f, enum shortage s);
/* The port of a service's first listener: for tests, which ask for port 0. 0 = none. */
uint16_t front_port(const struct front *f, const char *service);

#endif
