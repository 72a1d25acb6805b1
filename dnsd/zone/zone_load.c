/* SPDX-License-Identifier: Apache-2.0 */
/* zone_load: from a master file to a zone. See zone_load.h. */
#include "dnsd/zone/zone_load.h"

#include "dnsd/zone/build.h"
#include "dnsd/zone/check.h"
#include "dnsd/zone/compile.h"
#include "dnsd/zone/findings.h"
#include "dnsd/zone/master.h"

#define RECORDS_DEFAULT 50000000u

/* Where the text comes from: a path, or memory. */
struct source {
	const char *path;
	const char *text; /* NULL = read the file */
	size_t len;
};

static enum err_code read_source(const struct source *source, const struct zone_limits *limits,
				 struct build *b, struct findings *findings, struct err *e)
{
	struct master_options options = { .origin = &b->origin,
					  .include_depth = limits->include_depth,
					  .records_max = limits->records_max ? limits->records_max
									     : RECORDS_DEFAULT,
					  .findings = findings,
					  .fn = build_add,
					  .ctx = b };
	enum err_code rc;

	if (e)
		e->text[0] = '\0';
	rc = source->text ? master_read_text(source->text, source->len, source->path, &options, e)
			  : master_read_file(source->path, &options, e);
	if (rc != ERR_OK && e && !e->text[0])
		err_set(e, rc, "%s: %s", source->path,
			rc == ERR_LIMIT ? "more records than allowed" : "out of memory");
	return rc;
}

static enum err_code load(const struct source *source, struct build *b, struct findings *findings,
			  const struct zone_limits *limits, struct zone **out, struct err *e)
{
	enum err_code rc = read_source(source, limits, b, findings, e);
	struct zone *z = NULL;

	if (rc != ERR_OK)
		return rc;
	if (!findings_is_full(findings))
		rc = check_zone(b, findings);
	if (rc == ERR_OK && !findings->mistakes)
		rc = compile_zone(b, findings, &z);
	if (rc != ERR_OK)
		return err_set(e, rc, "%s: out of memory for the zone", source->path);
	if (findings->mistakes)
		goto mistakes;
	z->files = findings_take_files(findings, &z->n_files);
	*out = z;
	return ERR_OK;
mistakes:
	zone_unref(z);
	return err_set(e, ERR_INPUT, "%s%s%s", findings->first,
		       findings->mistakes > 1 ? " (and more: " : "",
		       findings->mistakes > 1 ? "see the list)" : "");
}

static enum err_code load_source(const struct source *source, const char *origin_text,
				 const struct zone_limits *limits, struct zone **out,
				 struct buf *report_out, struct err *e)
{
	struct findings findings;
	struct build b = { .slots = NULL };
	struct name origin;
	enum err_code rc = name_parse(origin_text, NULL, &origin, e);

	if (rc != ERR_OK)
		return err_wrap(e, rc, "zone");
	name_lower(origin.wire, origin.wire, origin.len);
	findings_init(&findings, report_out, limits->mistakes_max);
	rc = build_init(&b, &origin, limits->seed);
	if (rc == ERR_OK)
		rc = load(source, &b, &findings, limits, out, e);
	else
		err_set(e, rc, "zone %s: out of memory", origin_text);
	build_fini(&b);
	findings_fini(&findings);
	return rc;
}

enum err_code zone_load(const char *path, const char *origin, const struct zone_limits *limits,
			struct zone **out, struct buf *findings, struct err *e)
{
	struct source source = { .path = path };

	return load_source(&source, origin, limits, out, findings, e);
}

enum err_code zone_load_text(const char *text, size_t len, const char *label, const char *origin,
			     const struct zone_limits *limits, struct zone **out,
			     struct buf *findings, struct err *e)
{
	struct source source = { .path = label, .text = text, .len = len };

	return load_source(&source, origin, limits, out, findings, e);
}
