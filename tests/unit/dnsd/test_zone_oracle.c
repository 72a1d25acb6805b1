/* SPDX-License-Identifier: Apache-2.0 */
/* Random zones and random questions: zone_set_find() against a slow resolver that walks a list of
 * ldns records and does RFC 1034 section 4.3.2 word by word. A service is, for the oracle, a name
 * with the addresses 255.0.0.N. */
#include "dnsd/zone/zone_load.h"
#include "dnsd/zone/zone_set.h"
#include "tests/unit/unit.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>

#define ZONES	  2
#define RECORDS	  120
#define ROUNDS	  150
#define QUESTIONS 100
#define SERVICES  6

struct oracle_zone {
	ldns_rdf *origin;
	ldns_rr *rr[RECORDS];
	unsigned count;
};

struct world {
	struct oracle_zone zone[ZONES];
	struct buf text[ZONES];
	struct zone_service services[SERVICES];
	char service_text[SERVICES][64];
	unsigned n_services;
	struct zone_set *set;
};

struct verdict {
	enum zone_hit_kind kind;
	ldns_rdf *owner; /* of the records, borrowed from one of them */
	uint16_t type;
	bool is_wildcard;
	unsigned service; /* + 1 */
};

/* ---- chance, the same in every run ---- */

static uint64_t dice_state;

static unsigned dice(unsigned sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (unsigned)(dice_state >> 33) % sides;
}

static const char *const origins[ZONES] = { "t.", "a.t." };

/* A name of up to four labels from a small stock, so that names meet; below t. mostly. */
static void random_name(char out[64], bool may_be_outside)
{
	static const char *const labels[] = { "a", "b", "c", "*", "B" };
	unsigned count = dice(5);
	size_t len = 0;

	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(out + len, 64 - len, "%s.", labels[dice(5)]);
	snprintf(out + len, 64 - len, "%s", may_be_outside && dice(20) == 0 ? "u." : "t.");
}

/* ---- the oracle ---- */

static bool is_same(const ldns_rdf *a, const ldns_rdf *b)
{
	return ldns_dname_compare(a, b) == 0;
}

static bool is_at_or_below(const ldns_rdf *name, const ldns_rdf *top)
{
	return is_same(name, top) || ldns_dname_is_subdomain(name, top);
}

static ldns_rr *first_of(const struct oracle_zone *z, const ldns_rdf *owner, uint16_t type)
{
	for (unsigned i = 0; i < z->count; i++)
		if (is_same(ldns_rr_owner(z->rr[i]), owner) &&
		    (type == DNS_TYPE_ANY || ldns_rr_get_type(z->rr[i]) == type))
			return z->rr[i];
	return NULL;
}

static bool name_exists(const struct oracle_zone *z, const ldns_rdf *name)
{
	for (unsigned i = 0; i < z->count; i++)
		if (is_at_or_below(ldns_rr_owner(z->rr[i]), name))
			return true;
	return false;
}

static unsigned service_at(const struct oracle_zone *z, const ldns_rdf *owner)
{
	const ldns_rr *rr = first_of(z, owner, DNS_TYPE_A);
	const uint8_t *address = rr ? ldns_rdf_data(ldns_rr_rdf(rr, 0)) : NULL;

	return address && address[0] == 255 ? address[3] + 1u : 0;
}

static struct verdict answer_at(const struct oracle_zone *z, ldns_rdf *owner, uint16_t qtype)
{
	struct verdict v = { .kind = ZONE_HIT_NODATA, .service = service_at(z, owner) };
	const ldns_rr *rr = first_of(z, owner, qtype);

	if (v.service && (qtype == DNS_TYPE_A || qtype == DNS_TYPE_AAAA || qtype == DNS_TYPE_ANY)) {
		v.kind = ZONE_HIT_SERVICE;
	} else if (rr) {
		v.kind = ZONE_HIT_ANSWER;
	} else if ((rr = first_of(z, owner, DNS_TYPE_CNAME)) != NULL) {
		v.kind = ZONE_HIT_CNAME;
	} else {
		return v;
	}
	v.owner = ldns_rr_owner(rr);
	v.type = (uint16_t)ldns_rr_get_type(rr);
	return v;
}

/* The last `labels` labels of a name; free it. */
static ldns_rdf *tail(const ldns_rdf *name, unsigned labels)
{
	return ldns_dname_clone_from(name, (uint16_t)(ldns_dname_label_count(name) - labels));
}

/* RFC 1034 4.3.2 step 3: from the apex down, a cut or a DNAME ends the walk. */
static bool is_redirected(const struct oracle_zone *z, const ldns_rdf *name, uint16_t qtype,
			  struct verdict *v)
{
	unsigned top = ldns_dname_label_count(z->origin), all = ldns_dname_label_count(name);

	for (unsigned labels = top; labels <= all; labels++) {
		ldns_rdf *at = tail(name, labels);
		const ldns_rr *ns = labels > top ? first_of(z, at, DNS_TYPE_NS) : NULL;
		const ldns_rr *dname = labels < all ? first_of(z, at, DNS_TYPE_DNAME) : NULL;

		ldns_rdf_deep_free(at);
		if (ns && (labels < all || qtype != DNS_TYPE_DS)) {
			*v = (struct verdict){ .kind = ZONE_HIT_REFERRAL,
					       .owner = ldns_rr_owner(ns),
					       .type = DNS_TYPE_NS };
			return true;
		}
		if (dname) {
			*v = (struct verdict){ .kind = ZONE_HIT_DNAME,
					       .owner = ldns_rr_owner(dname),
					       .type = DNS_TYPE_DNAME };
			return true;
		}
	}
	return false;
}

static struct verdict ask_zone(const struct oracle_zone *z, ldns_rdf *name, uint16_t qtype)
{
	struct verdict v = { .kind = ZONE_HIT_NXDOMAIN };
	unsigned labels = ldns_dname_label_count(name);
	ldns_rdf *encloser, *star;

	if (is_redirected(z, name, qtype, &v))
		return v;
	if (name_exists(z, name))
		return answer_at(z, name, qtype);
	do
		encloser = tail(name, --labels);
	while (!name_exists(z, encloser) && (ldns_rdf_deep_free(encloser), true));
	star = ldns_dname_new_frm_str("*");
	assert_int_equal(ldns_dname_cat(star, encloser), LDNS_STATUS_OK);
	if (name_exists(z, star)) {
		v = answer_at(z, star, qtype);
		v.is_wildcard = true;
	}
	ldns_rdf_deep_free(star);
	ldns_rdf_deep_free(encloser);
	return v;
}

static struct verdict ask_oracle(const struct world *w, ldns_rdf *name, uint16_t qtype)
{
	/* a.t. before t., but its DS is the parent's. */
	if (is_at_or_below(name, w->zone[1].origin) &&
	    !(qtype == DNS_TYPE_DS && is_same(name, w->zone[1].origin)))
		return ask_zone(&w->zone[1], name, qtype);
	if (is_at_or_below(name, w->zone[0].origin))
		return ask_zone(&w->zone[0], name, qtype);
	return (struct verdict){ .kind = ZONE_HIT_REFUSED };
}

/* ---- random worlds ---- */

static void add_record(struct world *w, unsigned z, bool in_file, const char *line)
{
	struct oracle_zone *o = &w->zone[z];

	assert_true(o->count < RECORDS);
	assert_int_equal(ldns_rr_new_frm_str(&o->rr[o->count++], line, 0, NULL, NULL),
			 LDNS_STATUS_OK);
	if (in_file)
		buf_printf(&w->text[z], "%s\n", line);
}

/* What one name has; kinds that exclude each other are not mixed. */
static void add_name(struct world *w, unsigned z, const char *name, bool is_apex)
{
	bool is_star = name[0] == '*';
	unsigned kind = is_apex ? 0 : dice(10);
	char line[200];

#define ADD(...) (snprintf(line, sizeof(line), __VA_ARGS__), add_record(w, z, true, line))
	if (kind == 1) {
		ADD("%s 60 IN CNAME x%u.t.", name, dice(5));
	} else if (kind == 2 && !is_star) {
		ADD("%s 60 IN NS ns.%s", name, name);
		ADD("%s 60 IN NS a.b.t.", name);
		if (dice(2))
			ADD("%s 60 IN DS 1 13 2 00", name);
	} else if (kind == 3 && !is_star) {
		ADD("%s 60 IN DNAME else.where.", name);
		if (dice(2))
			ADD("%s 60 IN TXT dname", name);
	} else {
		for (unsigned i = dice(3); i; i--)
			ADD("%s 60 IN A 10.0.0.%u", name, i);
		if (dice(3) == 0)
			ADD("%s 60 IN AAAA 2001:db8::%u", name, dice(9));
		if (dice(3) == 0)
			ADD("%s 60 IN TXT \"t %u\"", name, dice(9));
		if (dice(4) == 0)
			ADD("%s 60 IN MX %u a.t.", name, dice(9));
	}
#undef ADD
}

static bool is_taken(const struct oracle_zone *z, const char *name)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	bool taken = first_of(z, owner, DNS_TYPE_ANY) != NULL;

	ldns_rdf_deep_free(owner);
	return taken;
}

static unsigned zone_of(const struct world *w, const char *name)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	unsigned z = is_at_or_below(owner, w->zone[1].origin) ? 1 : 0;

	ldns_rdf_deep_free(owner);
	return z;
}

static void add_zone(struct world *w, unsigned z)
{
	char line[100], name[64];

	w->zone[z].origin = ldns_dname_new_frm_str(origins[z]);
	snprintf(line, sizeof(line), "%s 60 IN SOA m.t. h.t. 1 2 3 4 5", origins[z]);
	add_record(w, z, true, line);
	snprintf(line, sizeof(line), "%s 60 IN NS ns.elsewhere.", origins[z]);
	add_record(w, z, true, line);
	add_name(w, z, origins[z], true);
	for (unsigned i = dice(14); i; i--) {
		random_name(name, false);
		/* The parent keeps names below a.t. too, as glue or in the shade of the child. */
		if ((z == 1 && zone_of(w, name) != 1) || is_taken(&w->zone[z], name))
			continue;
		add_name(w, z, name, false);
	}
}

/* A service where the rules allow one: not redirected, no addresses or CNAME there. */
static void add_service(struct world *w)
{
	char *name = w->service_text[w->n_services], line[128];
	struct verdict v;
	ldns_rdf *owner;
	unsigned z;
	bool is_free;

	random_name(name, false);
	owner = ldns_dname_new_frm_str(name);
	z = zone_of(w, name);
	is_free = !is_redirected(&w->zone[z], owner, DNS_TYPE_A, &v) &&
		  !first_of(&w->zone[z], owner, DNS_TYPE_A) &&
		  !first_of(&w->zone[z], owner, DNS_TYPE_AAAA) &&
		  !first_of(&w->zone[z], owner, DNS_TYPE_CNAME);
	ldns_rdf_deep_free(owner);
	if (!is_free)
		return;
	snprintf(line, sizeof(line), "%s 60 IN A 255.0.0.%u", name, w->n_services);
	add_record(w, z, false, line);
	snprintf(line, sizeof(line), "%s 60 IN AAAA ff::", name);
	add_record(w, z, false, line);
	w->services[w->n_services] = (struct zone_service){ name, w->n_services };
	w->n_services++;
}

static void make_world(struct world *w)
{
	struct zone_limits limits = { .seed = dice_state };
	struct zone *zones[ZONES];
	struct buf report = BUF_INIT;
	struct err e;

	memset(w, 0, sizeof(*w));
	w->zone[1].origin = ldns_dname_new_frm_str(origins[1]);
	add_zone(w, 0);
	ldns_rdf_deep_free(w->zone[1].origin);
	add_zone(w, 1);
	for (unsigned i = 0; i < ZONES; i++)
		if (zone_load_text((char *)w->text[i].data, w->text[i].len, "random", origins[i],
				   &limits, &zones[i], &report, &e) != ERR_OK)
			fail_msg("%s\n%s", e.text, buf_text(&w->text[i]));
	for (unsigned i = 0; i < SERVICES; i++)
		add_service(w);
	if (zone_set_new(zones, ZONES, w->services, w->n_services, NULL, &w->set, &report, &e) !=
	    ERR_OK)
		fail_msg("%s\n%s%s", e.text, buf_text(&w->text[0]), buf_text(&w->text[1]));
	for (unsigned i = 0; i < ZONES; i++)
		zone_unref(zones[i]);
	buf_fini(&report);
}

static void free_world(struct world *w)
{
	for (unsigned z = 0; z < ZONES; z++) {
		for (unsigned i = 0; i < w->zone[z].count; i++)
			ldns_rr_free(w->zone[z].rr[i]);
		ldns_rdf_deep_free(w->zone[z].origin);
		buf_fini(&w->text[z]);
	}
	zone_set_unref(w->set);
}

/* ---- comparing ---- */

/* Is the record among those of the set? Its rdata is compared as bytes. */
static bool has_record(const struct rrset *set, const ldns_rr *rr)
{
	uint8_t joined[600];
	size_t len = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		memcpy(joined + len, ldns_rdf_data(ldns_rr_rdf(rr, i)),
		       ldns_rdf_size(ldns_rr_rdf(rr, i)));
		len += ldns_rdf_size(ldns_rr_rdf(rr, i));
	}
	for (const uint8_t *at = set->wire; at; at = rrset_next(set, at))
		if (dns_get16(at + 10) == len && memcmp(at + RRSET_RR_HEAD, joined, len) == 0)
			return true;
	return false;
}

static bool has_records(const struct world *w, const struct zone_hit *hit, const struct verdict *v)
{
	unsigned count = 0;

	for (unsigned z = 0; z < ZONES; z++) {
		if (!is_same(w->zone[z].origin, ldns_rr_owner(w->zone[z].rr[0])) ||
		    ldns_rdf_size(w->zone[z].origin) != hit->zone->origin.len)
			continue;
		for (unsigned i = 0; i < w->zone[z].count; i++) {
			const ldns_rr *rr = w->zone[z].rr[i];

			if (!is_same(ldns_rr_owner(rr), v->owner) ||
			    ldns_rr_get_type(rr) != hit->rrset->type)
				continue;
			if (!has_record(hit->rrset, rr))
				return false;
			count++;
		}
	}
	return count == hit->rrset->count;
}

static void ask_both(const struct world *w, const char *text, uint16_t qtype, unsigned *kinds)
{
	ldns_rdf *name = ldns_dname_new_frm_str(text);
	struct verdict v;
	struct zone_hit hit;
	uint8_t lower[NAME_WIRE_MAX];
	bool is_equal;

	name_lower(lower, ldns_rdf_data(name), ldns_rdf_size(name));
	v = ask_oracle(w, name, qtype);
	zone_set_find(w->set, lower, ldns_rdf_size(name), qtype, &hit);
	is_equal = hit.kind == v.kind && hit.service + 1 == v.service &&
		   hit.is_wildcard == v.is_wildcard;
	if (is_equal && (v.kind == ZONE_HIT_REFERRAL || v.kind == ZONE_HIT_DNAME))
		is_equal = hit.owner_len == ldns_rdf_size(v.owner);
	if (is_equal && hit.rrset)
		is_equal = (qtype == DNS_TYPE_ANY || hit.rrset->type == v.type) &&
			   has_records(w, &hit, &v);
	if (!is_equal)
		fail_msg("%s type %u: found %d service %d wildcard %d, expected %d service %d "
			 "wildcard %d\n%s\n%s",
			 text, qtype, hit.kind, (int)hit.service, hit.is_wildcard, v.kind,
			 (int)v.service - 1, v.is_wildcard, buf_text((struct buf *)&w->text[0]),
			 buf_text((struct buf *)&w->text[1]));
	kinds[hit.kind]++;
	ldns_rdf_deep_free(name);
}

static void random_zones_answer_as_a_slow_reading_of_the_rfcs(void **state)
{
	static const uint16_t types[] = { DNS_TYPE_A,	  DNS_TYPE_AAAA,  DNS_TYPE_TXT,
					  DNS_TYPE_MX,	  DNS_TYPE_NS,	  DNS_TYPE_DS,
					  DNS_TYPE_CNAME, DNS_TYPE_DNAME, DNS_TYPE_ANY,
					  DNS_TYPE_SOA };
	unsigned kinds[8] = { 0 };
	char text[64];

	dice_state = 0x9e3779b97f4a7c15ull;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct world w;

		make_world(&w);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			random_name(text, true);
			ask_both(&w, text, types[dice(10)], kinds);
		}
		free_world(&w);
	}
	/* Every kind was met often enough to mean something. */
	for (unsigned kind = 0; kind < 8; kind++)
		if (kinds[kind] < 50)
			fail_msg("kind %u: only %u of the questions", kind, kinds[kind]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_zones_answer_as_a_slow_reading_of_the_rfcs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
