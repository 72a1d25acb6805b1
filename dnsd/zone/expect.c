/* SPDX-License-Identifier: Apache-2.0 */
/* expect: what a record of each type should look like. See expect.h. */
#include "dnsd/zone/expect.h"

#include "dnsd/packet/dns.h"
#include "dnsd/zone/types.h"
#include "dnsd/zone/words.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	uint16_t type;
	const char *form;
} forms[] = {
	{ DNS_TYPE_A, "A 192.0.2.1" },
	{ DNS_TYPE_AAAA, "AAAA 2001:db8::1" },
	{ DNS_TYPE_NS, "NS host" },
	{ DNS_TYPE_CNAME, "CNAME name" },
	{ DNS_TYPE_DNAME, "DNAME name" },
	{ DNS_TYPE_PTR, "PTR name" },
	{ DNS_TYPE_SOA, "SOA server mailbox serial refresh retry expire minimum" },
	{ DNS_TYPE_MX, "MX preference host" },
	{ DNS_TYPE_TXT, "TXT \"text\" ..., each up to 255 bytes" },
	{ DNS_TYPE_SRV, "SRV priority weight port host" },
	{ DNS_TYPE_CAA, "CAA flags tag \"value\"" },
	{ DNS_TYPE_DS, "DS key-tag algorithm digest-type digest" },
	{ DNS_TYPE_SVCB, "SVCB priority target key=value ..." },
	{ DNS_TYPE_HTTPS, "HTTPS priority target key=value ..." },
};

static const char *form_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (type && forms[i].type == type)
			return forms[i].form;
	return "OWNER [TTL] [IN] TYPE RDATA";
}

void expect_report(struct findings *r, uint32_t where, const char *entry, uint16_t type,
		   const char *why)
{
	char shown[80];

	snprintf(shown, sizeof(shown), "%s", entry + strspn(entry, " \t"));
	for (char *at = shown; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	for (size_t len = strlen(shown); len && shown[len - 1] == ' ';)
		shown[--len] = '\0';
	findings_mistake(r, where, "cannot read \"%s\" (%s), expected %s", shown, why,
			 form_of(type));
}

static uint64_t number_max(ldns_rdf_type field)
{
	return field == LDNS_RDF_TYPE_INT8    ? UINT8_MAX
	       : field == LDNS_RDF_TYPE_INT16 ? UINT16_MAX
	       : field == LDNS_RDF_TYPE_INT32 ? UINT32_MAX
					      : UINT64_MAX;
}

bool expect_refuses_number(struct findings *r, uint32_t where, const char *rdata, uint16_t type)
{
	const ldns_rr_descriptor *d = ldns_rr_descript(type);
	const char *at = rdata;

	for (size_t i = 0; i < ldns_rr_descriptor_minimum(d); i++) {
		uint64_t max = number_max(ldns_rr_descriptor_field_type(d, i));
		struct word w = words_next(&at);

		if (max == UINT64_MAX || !w.len || *w.text < '0' || *w.text > '9' ||
		    strtoull(w.text, NULL, 10) <= max)
			continue;
		findings_mistake(r, where, "%.*s in %s: expected at most %u", (int)w.len, w.text,
				 types_name(type, (char[16]){ 0 }), (unsigned)max);
		return true;
	}
	return false;
}
