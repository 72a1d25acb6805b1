/* SPDX-License-Identifier: Apache-2.0 */
/* pipes: spare pipes for splice(2), because making one costs as much as using it. */
#include "regiond/stream/pipes.h"

#include "core/reserve.h"

#include <fcntl.h>
#include <unistd.h>

void pipes_init(struct pipes *p)
{
	p->n = 0;
}

void pipes_drop(struct pipe_ends *pipe)
{
	close(pipe->out);
	close(pipe->in);
	pipe->out = pipe->in = -1;
}

void pipes_fini(struct pipes *p)
{
	while (p->n)
		pipes_drop(&p->spare[--p->n]);
}

bool pipes_take(struct pipes *p, struct pipe_ends *out)
{
	int ends[2];
	if (p->n) {
		*out = p->spare[--p->n];
		return true;
	}
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
		return false;
	if (reserve_is_reached(ends[0]) || reserve_is_reached(ends[1])) {
		*out = (struct pipe_ends){ .out = ends[0], .in = ends[1] };
		pipes_drop(out);
		return false;
	}
	fcntl(ends[1], F_SETPIPE_SZ, PIPES_SIZE); /* a smaller one works, too */
	*out = (struct pipe_ends){ .out = ends[0], .in = ends[1] };
	return true;
}

void pipes_give(struct pipes *p, struct pipe_ends *pipe)
{
	if (p->n == PIPES_SPARE_MAX) {
		pipes_drop(pipe);
		return;
	}
	p->spare[p->n++] = *pipe;
	pipe->out = pipe->in = -1;
}
