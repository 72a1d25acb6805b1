/* SPDX-License-Identifier: Apache-2.0 */
/* verify: walks the hash chains of the history, as a job, one at a time: whoever asks while one
 * runs gets its result.
 *
 *   ?verify=1                  answered when the walk has ended
 *   ?verify=1&poll=1           answered at once: {run, running, done, total} of the run that it
 *                              joined or began
 *   ?verify=1&poll=1&run=N     of that run: how far it is, or its result once it has ended
 *
 * The result is {run, whole, rows, events}: rows are those that the audit shows.
 *
 * Threads    the control thread; one job
 * Ownership  rooms are borrowed; verify_free() after job_pool_stop()
 * Errors     in the reply: ERR_INPUT names the row that does not fit
 * Source     schema/api/openapi.yaml
 */
#ifndef FAIRLEAD_DNSD_ADMIN_VERIFY_H
#define FAIRLEAD_DNSD_ADMIN_VERIFY_H

#include "dnsd/admin/rooms.h"

struct verify;
enum err_code verify_new(struct verify **out, const struct rooms *rooms);
void verify_free(struct verify *v);

void verify_handle(struct verify *v, const struct http_request *req, struct http_reply *reply);

#endif
