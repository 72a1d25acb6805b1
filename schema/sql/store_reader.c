/* SPDX-License-Identifier: Apache-2.0 */
/* store_reader: a connection that reads what the owner has committed. */
#include "schema/sql/store_reader.h"

#include "schema/sql/store_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum err_code store_reader_open(const char *path, const struct clock *clock, struct store **out,
				struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));
	enum err_code rc;

	if (!s)
		return err_errno(e, ENOMEM, "%s", path);
	s->clock = clock;
	s->hold = (struct store_hold)STORE_HOLD_NONE;
	s->path = strdup(path);
	s->refusal = strdup("this connection only reads");
	rc = s->path && s->refusal ? store_file_open(path, O_RDONLY, &s->db, e)
				   : err_errno(e, ENOMEM, "%s", path);
	if (rc) {
		store_sql_close(s);
		return rc;
	}
	*out = s;
	return ERR_OK;
}
