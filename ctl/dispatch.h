/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch: from a command line to the verb that does it, and from its end to words and a status.
 *
 * Threads    one
 * Ownership  the caller's streams; nothing is kept
 * Errors     the exit status. The text of a failure goes to cli->err; under -o json
 *            {"error":{"code":..,"message":..}} goes to cli->out as well
 * Source     contract "Programs, flags, verbs"
 */
#ifndef FAIRLEAD_CTL_DISPATCH_H
#define FAIRLEAD_CTL_DISPATCH_H

#include "ctl/cli.h"

/* cli: streams, style and pause_ms are set; the rest is zero. */
int dispatch_run(struct cli *cli, int argc, char **argv);

#endif
