/* SPDX-License-Identifier: Apache-2.0 */
/* named: the files that a configuration names, looked at as the daemon will find them. */
#include "schema/config/named.h"

#include "core/tls_files.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Something that the daemon's user must be able to do. */
struct named_wish {
	struct config_pos pos;
	char *path;
	int mode; /* of access() */
};

static bool is_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return !strncmp(path, directory, len) && path[len] == '/';
}

void named_init(struct named *n, struct config_report *report, const char *config)
{
	const struct passwd *user;

	*n = (struct named){ .report = report };
	if (!report->is_check || geteuid() != 0 ||
	    (!is_below(config, FAIRLEAD_SYSCONFDIR) && !is_below(config, "/etc/fairlead")))
		return;
	user = getpwnam(NAMED_USER);
	if (user) {
		snprintf(n->user, sizeof(n->user), "%s", user->pw_name);
		n->uid = user->pw_uid;
		n->gid = user->pw_gid;
	}
}

/* ---- what a user may do */

static void wish(struct named *n, const struct config_pos *pos, const char *path, int mode)
{
	if (!n->report->is_check)
		return; /* a daemon that starts tries it */
	if (n->n_wishes == n->room) {
		size_t room = n->room ? n->room * 2 : 16;
		struct named_wish *more = realloc(n->wishes, room * sizeof(*more));

		if (!more)
			return;
		n->wishes = more;
		n->room = room;
	}
	n->wishes[n->n_wishes] = (struct named_wish){ *pos, strdup(path), mode };
	if (n->wishes[n->n_wishes].path)
		n->n_wishes++;
}

void named_readable(struct named *n, const struct config_pos *pos, const char *path)
{
	if (*n->user) /* else reading it says the same */
		wish(n, pos, path, R_OK);
}

void named_directory(struct named *n, const struct config_pos *pos, const char *path)
{
	struct stat st;

	if (!n->report->is_check)
		return;
	if (stat(path, &st) != 0)
		config_report_error(n->report, pos, "%s: %s; the daemon keeps its files there",
				    path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		config_report_error(n->report, pos, "%s: is no directory", path);
	else
		wish(n, pos, path, W_OK | X_OK);
}

void named_state(struct named *n, const struct config_pos *pos, const char *path)
{
	char *copy = strdup(path);

	if (copy)
		named_directory(n, pos, dirname(copy));
	free(copy);
}

/* In the child: an errno for each wish goes into the pipe. */
static void answer_wishes(const struct named *n, int out)
{
	bool is_user = !*n->user || (initgroups(n->user, n->gid) == 0 && setgid(n->gid) == 0 &&
				     setuid(n->uid) == 0);

	for (size_t i = 0; i < n->n_wishes; i++) {
		const struct named_wish *w = &n->wishes[i];
		int code = !is_user ? EPERM : access(w->path, w->mode) == 0 ? 0 : errno;

		if (write(out, &code, sizeof(code)) != sizeof(code))
			_exit(1);
	}
	_exit(0);
}

static void tell_wish(const struct named *n, const struct named_wish *w, int code)
{
	const char *may = w->mode == R_OK ? "read" : "write";

	if (*n->user)
		config_report_error(n->report, &w->pos, "%s: the user `%s` may not %s it: %s",
				    w->path, n->user, may, strerror(code));
	else
		config_report_error(n->report, &w->pos, "%s: may not be %s: %s", w->path,
				    w->mode == R_OK ? "read" : "written", strerror(code));
}

static void ask_child(const struct named *n)
{
	int ends[2], code;
	pid_t child;

	if (pipe(ends) != 0)
		return;
	child = fork();
	if (child == 0) {
		close(ends[0]);
		answer_wishes(n, ends[1]);
	}
	close(ends[1]);
	for (size_t i = 0; child > 0 && i < n->n_wishes; i++) {
		if (read(ends[0], &code, sizeof(code)) != sizeof(code))
			break;
		if (code)
			tell_wish(n, &n->wishes[i], code);
	}
	close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
}

void named_finish(struct named *n)
{
	if (n->n_wishes > 0)
		ask_child(n);
	for (size_t i = 0; i < n->n_wishes; i++)
		free(n->wishes[i].path);
	free(n->wishes);
	n->wishes = NULL;
	n->n_wishes = n->room = 0;
}

/* ---- certificates */

struct tls_look {
	struct named *named;
	const struct config_tls *tls;
	bool is_usable;
};

static void on_finding(void *ctx, enum tls_part part, enum tls_finding finding, const char *text)
{
	struct tls_look *look = ctx;
	const struct config_pos *places[] = {
		[TLS_CERTIFICATE] = &look->tls->certificate_pos,
		[TLS_KEY] = &look->tls->key_pos,
		[TLS_CA] = &look->tls->ca_pos,
	};
	bool is_check = look->named->report->is_check;

	if (finding == TLS_UNUSABLE)
		look->is_usable = false;
	if (finding == TLS_UNUSABLE || (finding == TLS_REFUSED && is_check))
		config_report_error(look->named->report, places[part], "%s", text);
	else if (finding == TLS_REFUSED || is_check)
		config_report_warning(look->named->report, places[part], "%s", text);
}

static enum err_code check_identity(struct tls *tls, const struct config_tls *files,
				    const struct identity *who, struct err *e)
{
	char text[IDENTITY_TEXT_MAX], expected[IDENTITY_TEXT_MAX];
	enum err_code code;
	struct identity id;

	code = tls_own_identity(tls, &id, e);
	if (code)
		return code;
	identity_text(&id, text);
	identity_text(who, expected);
	if (!strcmp(text, expected))
		return ERR_OK;
	return err_set(e, ERR_INPUT, "%s: is of %s, expected %s", files->certificate, text,
		       expected);
}

static enum err_code open_tls(struct named *n, const struct config_tls *tls,
			      const struct tls_files *files, const struct identity *who,
			      struct tls **out)
{
	const struct tls_options options = tls_context_fleet(files);
	struct tls *made = NULL;
	enum err_code code;
	struct err e;

	code = tls_new(&made, &options, &e);
	if (!code)
		code = check_identity(made, tls, who, &e);
	if (code)
		config_report_error(n->report, &tls->certificate_pos, "%s", e.text);
	if (code || !out)
		tls_free(made);
	else
		*out = made;
	return code;
}

enum err_code named_tls(struct named *n, const struct config_tls *tls, const struct identity *who,
			struct tls **out)
{
	const struct tls_files files = { tls->certificate, tls->key, tls->ca };
	struct tls_look look = { n, tls, true };

	tls_files_check(&files, time(NULL), on_finding, &look);
	named_readable(n, &tls->certificate_pos, tls->certificate);
	named_readable(n, &tls->key_pos, tls->key);
	named_readable(n, &tls->ca_pos, tls->ca);
	return look.is_usable ? open_tls(n, tls, &files, who, out) : ERR_INPUT;
}

enum err_code named_tls_only(struct config_report *report, const char *config,
			     const struct config_tls *tls, const struct identity *who,
			     struct tls **out)
{
	struct named named;
	enum err_code code;

	named_init(&named, report, config);
	code = named_tls(&named, tls, who, out);
	named_finish(&named);
	return code;
}

struct identity named_identity(enum identity_role role, const char *fleet, const char *region,
			       const char *name)
{
	struct identity id = { .role = role };

	snprintf(id.fleet, sizeof(id.fleet), "%s", fleet);
	snprintf(id.region, sizeof(id.region), "%s", region);
	snprintf(id.name, sizeof(id.name), "%s", name);
	return id;
}
