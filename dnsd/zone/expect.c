/* SPDX-License-Identifier: Apache-2.0 */
/* expect: what a record of each type should look like. See expect.h. */
#include "dnsd/zone/expect.h"

#include "dnsd/packet/dns.h"

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

const char *expect_type_name(uint16_t type, char out[16])
{
	const ldns_rr_descriptor *d = ldns_rr_descript(type);

	if (d && d->_name)
		snprintf(out, 16, "%s", d->_name);
	else
		snprintf(out, 16, "TYPE%u", type);
	return out;
}

/* The form of the first type that is named in the entry after its owner. */
static const char *form_of(const char *entry)
{
	char word[16];

	for (const char *at = entry + strcspn(entry, " \t"); *at;) {
		size_t len;
		ldns_rr_type type;

		at += strspn(at, " \t");
		len = strcspn(at, " \t");
		snprintf(word, sizeof(word), "%.*s", len < 15 ? (int)len : 15, at);
		at += len;
		type = len && len < 15 ? ldns_get_rr_type_by_name(word) : 0;
		for (size_t i = 0; type && i < sizeof(forms) / sizeof(*forms); i++)
			if (forms[i].type == type)
				return forms[i].form;
	}
	return "OWNER [TTL] [IN] TYPE RDATA";
}

void expect_report(struct report *r, uint32_t where, const char *entry, const char *why)
{
	char shown[80];

	snprintf(shown, sizeof(shown), "%s", entry + strspn(entry, " \t"));
	for (char *at = shown; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	for (size_t len = strlen(shown); len && shown[len - 1] == ' ';)
		shown[--len] = '\0';
	report_mistake(r, where, "cannot read \"%s\" (%s), expected %s", shown, why,
		       form_of(entry));
}

/* Behind one word, which may be quoted, and the blanks after it. */
static const char *next_word(const char *at)
{
	bool is_quoted = false;

	for (; *at && (is_quoted || (*at != ' ' && *at != '\t')); at++) {
		if (*at == '"')
			is_quoted = !is_quoted;
		else if (*at == '\\' && at[1])
			at++;
	}
	return at + strspn(at, " \t");
}

/* Where the rdata begins: behind owner, TTL, class and type. */
static const char *rdata_of(const char *entry)
{
	const char *at = next_word(entry); /* the owner, or the blank in its place */

	if (*at >= '0' && *at <= '9')
		at = next_word(at);
	if (strncasecmp(at, "IN", 2) == 0 && (at[2] == ' ' || at[2] == '\t'))
		at = next_word(at);
	else if (strncasecmp(at, "CLASS", 5) == 0)
		at = next_word(at);
	return next_word(at);
}

static uint64_t number_max(ldns_rdf_type field)
{
	return field == LDNS_RDF_TYPE_INT8    ? UINT8_MAX
	       : field == LDNS_RDF_TYPE_INT16 ? UINT16_MAX
	       : field == LDNS_RDF_TYPE_INT32 ? UINT32_MAX
					      : UINT64_MAX;
}

bool expect_has_bad_number(struct report *r, uint32_t where, const char *entry, uint16_t type)
{
	const ldns_rr_descriptor *d = ldns_rr_descript(type);
	const char *at = rdata_of(entry);

	if (at[0] == '\\' && at[1] == '#')
		return false;
	for (size_t i = 0; i < ldns_rr_descriptor_minimum(d); i++, at = next_word(at)) {
		uint64_t max = number_max(ldns_rr_descriptor_field_type(d, i));

		if (max == UINT64_MAX || *at < '0' || *at > '9' || strtoull(at, NULL, 10) <= max)
			continue;
		report_mistake(r, where, "%.*s in %s: expected at most %u", (int)strcspn(at, " \t"),
			       at, expect_type_name(type, (char[16]){ 0 }), (unsigned)max);
		return true;
	}
	return false;
}
