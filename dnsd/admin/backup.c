/* SPDX-License-Identifier: Apache-2.0 */
/* backup: from a file without a name to the client, a piece whenever the last one has left. */
#include "dnsd/admin/backup.h"

#include "core/log.h"
#include "dnsd/admin/access.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE 65536

struct transfer {
	struct http_reply *reply;
	int fd;
};

static void end(struct transfer *t, bool whole)
{
	http_stream_end(t->reply, whole);
	close(t->fd);
	free(t);
}

/* It was written a moment ago: the read is from memory. */
static void send_piece(void *transfer)
{
	struct transfer *t = transfer;
	char piece[PIECE];
	ssize_t n = read(t->fd, piece, sizeof(piece));

	if (n <= 0)
		end(t, n == 0);
	else if (http_stream_write(t->reply, piece, (size_t)n) != ERR_OK)
		end(t, false);
}

static void gone(void *transfer)
{
	end(transfer, false);
}

static const struct http_stream_fns stream = { .ready = send_piece, .gone = gone };

static void copied(void *transfer, int fd, enum err_code code, const struct err *e)
{
	struct transfer *t = transfer;

	if (fd < 0) {
		http_reply_error(t->reply, code, e->text);
		free(t);
		return;
	}
	t->fd = fd;
	http_stream_start(t->reply, 200, "application/vnd.sqlite3", &stream, t);
	send_piece(t);
}

void backup_handle(const struct rooms *r, const struct http_request *req, struct http_reply *reply)
{
	struct transfer *t = calloc(1, sizeof(*t));
	struct err e = { "done" };
	enum err_code code;

	if (!t) {
		http_reply_error(reply, ERR_MEMORY, "out of memory");
		return;
	}
	t->reply = reply;
	code = upkeep_copy(r->upkeep, copied, t, &e);
	access_audit(r, req, "backup", "{}", code == ERR_OK ? "done" : e.text);
	if (code == ERR_OK)
		return;
	http_reply_error(reply, code, e.text);
	free(t);
}
