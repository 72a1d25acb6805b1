/* SPDX-License-Identifier: Apache-2.0 */
/* doc: small pieces of the admin API's documents. */
#include "dnsd/admin/doc.h"

#include "core/suggest.h"

#include <string.h>

json_t *doc_time(int64_t ms)
{
	char text[CLOCK_TEXT_MAX];

	if (!ms)
		return json_null();
	clock_text(ms, text);
	return json_string(text);
}

json_t *doc_age(double age_s)
{
	return age_s < 0 ? json_null() : json_real(age_s);
}

json_t *doc_forced(const struct store_override *o)
{
	if (!o)
		return json_null();
	return json_pack("{s:I, s:s, s:s, s:s, s:o}", "id", (json_int_t)o->id, "kind",
			 store_override_kind_name(o->kind), "by", o->by, "reason", o->reason,
			 "until", doc_time(o->expires_ms));
}

uint32_t doc_service_index(const struct dnsd_config *config, const char *name)
{
	size_t len = strlen(name);

	if (len && name[len - 1] == '.')
		len--;
	for (uint32_t s = 0; s < config->n_services; s++)
		if (strncasecmp(config->services[s].name, name, len) == 0 &&
		    !config->services[s].name[len])
			return s;
	return UINT32_MAX;
}

enum err_code doc_no_service(const struct dnsd_config *config, const char *name, struct err *e)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (size_t i = 0; i < config->n_services; i++)
		suggest_offer(&suggest, config->services[i].name);
	return err_set(e, ERR_NOT_FOUND, "there is no service %s%s%s%s",
		       name[0] ? name : "without a name", suggest.best ? ". Did you mean " : "",
		       suggest.best ? suggest.best : "", suggest.best ? "?" : "");
}
