/* SPDX-License-Identifier: Apache-2.0 */
/* named: the files that a configuration names, looked at as the daemon will find them.
 *
 *   named_init  ->  named_tls, named_readable, named_state, ...  ->  named_finish
 *
 * `--check` as root, of a file in the system's configuration directory, looks as the user
 * `fairlead`, whom the units run the daemons as: a child process takes its rights and tries.
 * Any other caller looks with the rights that it has.
 *
 * Threads    one owner at a time; named_finish() forks
 * Ownership  paths and places are borrowed until named_finish()
 * Errors     each is told in the report at the key that names the file. What peers would refuse (an
 *            expired certificate) is an error for --check and a warning for a daemon that starts
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_NAMED_H
#define FAIRLEAD_SCHEMA_CONFIG_NAMED_H

#include "core/identity.h"
#include "core/tls.h"
#include "schema/config/common_config.h"

#include <sys/types.h>

#define NAMED_USER "fairlead" /* of the units in deploy/systemd */

struct named_wish;

struct named {
	struct config_report *report;

	/* Who is asked for; user "" = whoever runs this. */
	char user[32];
	uid_t uid;
	gid_t gid;

	struct named_wish *wishes;
	size_t n_wishes, room;
};

/* config: the name of the configuration's file. */
void named_init(struct named *n, struct config_report *report, const char *config);

/* Opens what `tls` names, as a certificate of `who`. *out may be NULL: only look. */
enum err_code named_tls(struct named *n, const struct config_tls *tls, const struct identity *who,
			struct tls **out);
/* A file that the daemon reads. */
void named_readable(struct named *n, const struct config_pos *pos, const char *path);
/* A file that the daemon makes and writes: its directory has to be there. For --check only. */
void named_state(struct named *n, const struct config_pos *pos, const char *path);
/* A directory that the daemon writes into. For --check only. */
void named_directory(struct named *n, const struct config_pos *pos, const char *path);

/* Tells what the user may not do, and frees everything. */
void named_finish(struct named *n);

/* All of it for one `tls`, at once. */
enum err_code named_tls_only(struct config_report *report, const char *config,
			     const struct config_tls *tls, const struct identity *who,
			     struct tls **out);

/* Whose certificate: parts are cut to what a certificate can carry. */
struct identity named_identity(enum identity_role role, const char *fleet, const char *region,
			       const char *name);

#endif
