/* SPDX-License-Identifier: Apache-2.0 */
/* pipes: spare pipes for splice(2), because making one costs as much as using it.
 *
 * Threads    one owner
 * Ownership  a pipe that was taken is given back, empty, or dropped with what is in it
 */
#ifndef FAIRLEAD_REGIOND_PIPES_H
#define FAIRLEAD_REGIOND_PIPES_H

#include <stdbool.h>

#define PIPES_SPARE_MAX 32
#define PIPES_SIZE	(256 * 1024) /* as asked for; over its quota the kernel leaves 64 KiB */

struct pipe_ends {
	int out, in; /* out is read from, in is written to; both -1 = none */
};

struct pipes {
	struct pipe_ends spare[PIPES_SPARE_MAX];
	unsigned n;
};

void pipes_init(struct pipes *p);
void pipes_fini(struct pipes *p);

bool pipes_take(struct pipes *p, struct pipe_ends *out);  /* false: no descriptors for it */
void pipes_give(struct pipes *p, struct pipe_ends *pipe); /* it is empty */
void pipes_drop(struct pipe_ends *pipe);		  /* it is not */

#endif
