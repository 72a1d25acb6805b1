/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/zone/zone: what loads, what it becomes, and what is said of bad files. */
#include "core/file.h"
#include "dnsd/packet/hash.h"
#include "dnsd/zone/zone_load.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <ldns/ldns.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOP "$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\n"

static const struct zone_limits limits = { .seed = 9, .include_depth = ZONE_INCLUDE_DEPTH };

static struct zone *load_text(const char *text)
{
	struct buf report = BUF_INIT;
	struct zone *z = NULL;
	struct err e;

	if (zone_load_text(text, strlen(text), "t", "example.com", &limits, &z, &report, &e) !=
	    ERR_OK)
		fail_msg("%s\n%s", e.text, buf_text(&report));
	buf_fini(&report);
	return z;
}

/* The first line of the report for a zone that must not load. */
static void assert_bad(const char *text, const char *line)
{
	struct buf report = BUF_INIT;
	struct zone *z = NULL;
	struct err e;

	if (zone_load_text(text, strlen(text), "t", "example.com", &limits, &z, &report, &e) !=
	    ERR_INPUT)
		fail_msg("loaded: %s", text);
	assert_null(z);
	if (strncmp(buf_text(&report), line, strlen(line)) != 0)
		fail_msg("expected %s\ngot %s", line, buf_text(&report));
	assert_memory_equal(e.text, "t:", 2);
	buf_fini(&report);
}

static const struct zone_node *node(const struct zone *z, const char *text)
{
	struct name n;

	assert_int_equal(name_parse(text, &z->origin, &n, NULL), ERR_OK);
	return zone_find_node(z, n.wire, n.len, hash_name(n.wire, n.len, z->seed));
}

static const char *golden(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tests/golden/zone/%s",
		 getenv("srcdir") ? getenv("srcdir") : ".", name);
	return path;
}

/* Every occurrence of the directory is taken out, so that the golden file holds none. */
static void strip_directory(struct buf *report, const char *dir, struct buf *out)
{
	const char *at = buf_text(report), *next;

	while ((next = strstr(at, dir)) != NULL) {
		buf_add(out, at, (size_t)(next - at));
		at = next + strlen(dir);
	}
	buf_add_str(out, at);
}

static void reports_are_as_the_golden_files_say(void **state)
{
	static const char *const names[] = { "good", "mistakes", "warnings",
					     "loop", "empty",	 "types" };
	char file[64], dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", golden(""));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct buf report = BUF_INIT, stripped = BUF_INIT;
		struct zone *z = NULL;
		char *expected = NULL;
		struct err e;
		size_t len;

		snprintf(file, sizeof(file), "%s.zone", names[i]);
		zone_load(golden(file), "example.com", &limits, &z, &report, &e);
		strip_directory(&report, dir, &stripped);
		snprintf(file, sizeof(file), "%s.report", names[i]);
		if (getenv("GOLDEN_WRITE")) /* by hand, then read the difference */
			file_replace(golden(file), stripped.data, stripped.len, 0644, &e);
		if (file_read(golden(file), 1 << 20, &expected, &len, &e) != ERR_OK)
			fail_msg("%s\n%s", e.text, buf_text(&stripped));
		if (strcmp(buf_text(&stripped), expected) != 0)
			fail_msg("%s: got\n%s", names[i], buf_text(&stripped));
		assert_int_equal(!z, strstr(expected, ": error: ") != NULL);
		zone_unref(z);
		free(expected);
		buf_fini(&report);
		buf_fini(&stripped);
	}
}

static void a_good_file_becomes_its_records(void **state)
{
	struct zone *z = NULL;
	const struct rrset *set;
	uint16_t len;
	struct err e;

	if (zone_load(golden("good.zone"), "Example.COM.", &limits, &z, NULL, &e) != ERR_OK)
		fail_msg("%s", e.text);
	assert_int_equal(z->serial, 2026010101);
	set = zone_node_rrset(node(z, "mail"), DNS_TYPE_A);
	assert_int_equal(set->ttl_s, 300);
	assert_memory_equal(set->wire, "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\x19", 16);
	assert_int_equal(zone_node_rrset(node(z, "mail"), DNS_TYPE_AAAA)->ttl_s, 300);
	assert_int_equal(zone_node_rrset(node(z, "www"), DNS_TYPE_CNAME)->ttl_s, 3600);
	set = zone_node_rrset(node(z, "txt"), DNS_TYPE_TXT);
	assert_memory_equal(rrset_rdata(set, &len), "\15a ; in quotes\13and \"these\"\4bare", 31);
	assert_int_equal(len, 31);
	set = zone_node_rrset(node(z, "unknown"), 65280);
	assert_memory_equal(rrset_rdata(set, &len), "\1\2\3\4", 4);
	/* Relative $ORIGIN, $INCLUDE with and without an origin, and the origin after it. */
	assert_non_null(zone_node_rrset(node(z, "host.deep"), DNS_TYPE_A));
	assert_non_null(zone_node_rrset(node(z, "included"), DNS_TYPE_A));
	assert_non_null(zone_node_rrset(node(z, "included.other"), DNS_TYPE_A));
	assert_int_equal(zone_node_rrset(node(z, "inner.moved.other"), DNS_TYPE_TXT)->ttl_s, 120);
	assert_non_null(zone_node_rrset(node(z, "after"), DNS_TYPE_A));
	assert_non_null(zone_node_rrset(node(z, "gen3"), DNS_TYPE_A));
	assert_null(node(z, "gen4"));
	set = zone_node_rrset(node(z, "00a.n"), DNS_TYPE_CNAME);
	assert_memory_equal(rrset_rdata(set, &len), "\3x-1", 4);
	assert_non_null(node(z, "00c.n"));
	zone_unref(z);
}

/* The rdata of the name's only record against what ldns itself puts on the wire. */
static void assert_same_wire(const struct zone *z, const char *line)
{
	ldns_rdf *origin = ldns_dname_new_frm_str("example.com.");
	const struct rrset *set;
	const struct zone_node *n;
	ldns_rr *rr = NULL;
	uint8_t *wire;
	uint16_t len;
	size_t wire_len;

	assert_int_equal(ldns_rr_new_frm_str(&rr, line, 300, origin, NULL), LDNS_STATUS_OK);
	assert_int_equal(ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &wire_len), LDNS_STATUS_OK);
	n = zone_find_node(z, ldns_rdf_data(ldns_rr_owner(rr)), ldns_rdf_size(ldns_rr_owner(rr)),
			   hash_name(ldns_rdf_data(ldns_rr_owner(rr)),
				     ldns_rdf_size(ldns_rr_owner(rr)), z->seed));
	set = zone_node_rrset(n, (uint16_t)ldns_rr_get_type(rr));
	assert_non_null(set);
	rrset_rdata(set, &len);
	wire_len -= ldns_rdf_size(ldns_rr_owner(rr));
	assert_int_equal(set->len, wire_len + 2);
	assert_memory_equal(set->wire + 2, wire + ldns_rdf_size(ldns_rr_owner(rr)), wire_len);
	free(wire);
	ldns_rr_free(rr);
	ldns_rdf_deep_free(origin);
}

static void every_type_has_the_wire_form_that_ldns_gives_it(void **state)
{
	char *text, *rest, *line;
	struct zone *z = NULL;
	unsigned lines = 0;
	struct err e;
	size_t len;

	assert_int_equal(file_read(golden("types.zone"), 1 << 20, &text, &len, &e), ERR_OK);
	if (zone_load(golden("types.zone"), "example.com", &limits, &z, NULL, &e) != ERR_OK)
		fail_msg("%s", e.text);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (*line < 'a' || *line > 'z')
			continue;
		assert_same_wire(z, line);
		lines++;
	}
	assert_true(lines > 15);
	free(text);
	zone_unref(z);
}

static void names_between_exist_without_records(void **state)
{
	struct zone *z = load_text(TOP "a.b.c A 192.0.2.1\n");

	assert_int_equal(node(z, "b.c")->rrsets, 0);
	assert_int_equal(node(z, "c")->rrsets, 0);
	assert_null(node(z, "x.c"));
	assert_int_equal(z->names, 5);
	assert_int_equal(z->labels_max, 5);
	zone_unref(z);
}

static void the_negative_soa_lives_for_the_lesser_ttl(void **state)
{
	struct zone *z = load_text(TOP);

	assert_int_equal(z->negative_soa->ttl_s, 60);
	assert_int_equal(dns_get32(z->negative_soa->wire + 6), 60);
	assert_int_equal(dns_get16(z->negative_soa->wire + 10), z->negative_soa->len - 12);
	for (int i = 0; i < 3; i++) /* owner, mname and rname end in a pointer to the apex */
		assert_int_equal(dns_get16(z->negative_soa->wire + z->negative_soa->pointer_at[i]),
				 RRSET_OWNER_QNAME);
	assert_true(z->negative_soa->pointer_at[1] && z->negative_soa->pointer_at[2]);
	assert_int_equal(zone_node_rrset(zone_node_at(z, z->apex), DNS_TYPE_SOA)->ttl_s, 300);
	zone_unref(z);
	z = load_text("@ 30 SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\n");
	assert_int_equal(z->negative_soa->ttl_s, 30);
	zone_unref(z);
}

static void a_missing_ttl_is_the_directive_or_the_last_one_said(void **state)
{
	struct zone *z = load_text("@ 30 SOA ns1 h 7 3600 600 86400 60\n NS ns1\nns1 A 192.0.2.1\n"
				   "a 90 A 192.0.2.2\nb A 192.0.2.3\n$TTL 0\nc A 192.0.2.4\n"
				   "d 1h30m A 192.0.2.4\ne A 192.0.2.5\n");

	assert_int_equal(zone_node_rrset(node(z, "ns1"), DNS_TYPE_A)->ttl_s, 30);
	assert_int_equal(zone_node_rrset(node(z, "b"), DNS_TYPE_A)->ttl_s, 90);
	assert_int_equal(zone_node_rrset(node(z, "c"), DNS_TYPE_A)->ttl_s, 0);
	assert_int_equal(zone_node_rrset(node(z, "d"), DNS_TYPE_A)->ttl_s, 5400);
	assert_int_equal(zone_node_rrset(node(z, "e"), DNS_TYPE_A)->ttl_s, 0);
	zone_unref(z);
}

static void what_a_cut_or_dname_hides_points_to_the_topmost(void **state)
{
	struct zone *z = load_text(TOP "sub NS ns.sub\nns.sub A 192.0.2.2\n"
				       "deep.sub NS ns.deep.sub\nns.deep.sub A 192.0.2.3\n"
				       "d DNAME e\nx.y.d A 192.0.2.4\n");
	const struct zone_node *cut = node(z, "sub"), *dname = node(z, "d");

	assert_ptr_equal(zone_node_at(z, cut->over), cut);
	assert_int_equal(cut->flags, ZONE_NODE_CUT);
	assert_ptr_equal(zone_node_at(z, node(z, "ns.sub")->over), cut);
	assert_ptr_equal(zone_node_at(z, node(z, "ns.deep.sub")->over), cut);
	assert_true(node(z, "ns.sub")->flags & ZONE_NODE_GLUE);
	assert_int_equal(dname->over, 0);
	assert_ptr_equal(zone_node_at(z, node(z, "y.d")->over), dname);
	assert_ptr_equal(zone_node_at(z, node(z, "x.y.d")->over), dname);
	assert_int_equal(node(z, "ns1")->over, 0);
	zone_unref(z);
}

static void glue_inside_the_cut_comes_first_and_is_needed(void **state)
{
	struct zone *z = load_text(TOP "sub NS ns1\nsub NS Ns.sub\nns.sub A 192.0.2.2\n"
				       "ns.sub AAAA 2001:db8::2\nsub NS far.example.net.\n"
				       "bare NS far.example.net.\n");
	const struct zone_glue *glue = (const struct zone_glue *)(z->arena + node(z, "sub")->glue);

	assert_int_equal(glue->needed, 1);
	assert_int_equal(glue->count, 2);
	assert_ptr_equal(zone_node_at(z, glue->node[0]), node(z, "ns.sub"));
	assert_ptr_equal(zone_node_at(z, glue->node[1]), node(z, "ns1"));
	assert_int_equal(node(z, "bare")->glue, 0);
	zone_unref(z);
}

static void equal_records_are_one(void **state)
{
	struct zone *z = load_text(TOP "a A 192.0.2.2\na A 192.0.2.1\na A 192.0.2.2\n");

	assert_int_equal(zone_node_rrset(node(z, "a"), DNS_TYPE_A)->count, 2);
	assert_int_equal(z->records, 5);
	zone_unref(z);
}

static void each_mistake_is_named_with_its_line(void **state)
{
	assert_bad("@ NS ns1\nns1 A 192.0.2.1\n",
		   "t:1: error: example.com.: no SOA record, expected one at the zone's name\n");
	assert_bad("@ 5 SOA ns1 h 1 2 3 4 5\n", "t:1: error: example.com.: no NS record");
	assert_bad(TOP "a A\n", "t:5: error: cannot read \"a A\" (");
	assert_bad(TOP "a TXT \"x\n", "t:5: error: a quoted text without its closing quote\n");
	assert_bad(TOP "a TXT ( x\n\n", "t:5: error: a ( without its )\n");
	assert_bad(TOP "a ) TXT x\n", "t:5: error: a ) without its (\n");
	assert_bad(TOP "a A \\# 3 010203\n", "t:5: error: ");
	assert_bad(TOP "a CNAME \\# 4 c0000161\n", "t:5: error: ");
	assert_bad(TOP "a MX \\# 4 0001c000\n", "t:5: error: ");
	assert_bad(TOP "a 5 IN MX 65536 ns1\n",
		   "t:5: error: 65536 in MX: expected at most 65535\n");
	assert_bad(TOP " SRV 1 2 99999 ns1\n",
		   "t:5: error: 99999 in SRV: expected at most 65535\n");
	assert_bad(
		TOP "a CAA 256 issue \"x\"\n",
		"t:5: error: cannot read \"a CAA 256 issue \"x\"\" (expected a number up to 255), "
		"expected CAA flags tag \"value\"\n");
	assert_bad(TOP "$INCLUDE x\n", "t:5: error: $INCLUDE x: expected at most 0 levels of it\n");
	assert_bad(TOP "$GENERATE 1-2 a$ A 192.0.2.${1,2,q}\n", "t:5: error: $GENERATE: expected");
	assert_bad(TOP "$GENERATE 1-3000 a AAAA 2001:db8::${0,0,x}\n",
		   "t:5: error: a.example.com. AAAA: 84000 bytes, expected what fits a message\n");
	assert_bad(TOP "$GENERATE 1-2 a$ A 192.0.2.256\n", "t:5: error: cannot read \"a1 A");
}

static void mistakes_are_counted_up_to_the_bound(void **state)
{
	struct zone_limits few = { .mistakes_max = 3 };
	struct buf text = BUF_INIT, report = BUF_INIT;
	struct zone *z = NULL;
	unsigned lines = 0;
	struct err e;

	for (int i = 0; i < 100; i++)
		buf_add_str(&text, "bad record here\n");
	assert_int_equal(zone_load_text((char *)text.data, text.len, "t", "example.com", &few, &z,
					&report, &e),
			 ERR_INPUT);
	for (const char *at = buf_text(&report); *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 4); /* three, and that it was enough */
	buf_fini(&text);
	buf_fini(&report);
}

static void more_records_than_allowed_are_refused(void **state)
{
	struct zone_limits few = { .records_max = 10 };
	static const char text[] = TOP "$GENERATE 0-2147483647 a$ A 192.0.2.1\n";
	struct zone *z = NULL;
	struct err e;

	assert_int_equal(
		zone_load_text(text, sizeof(text) - 1, "t", "example.com", &few, &z, NULL, &e),
		ERR_LIMIT);
	assert_string_equal(e.text, "t: more records than allowed");
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct zone *z = NULL;
	struct err e;

	assert_int_equal(zone_load("/nonexistent/zone", "example.com", &limits, &z, NULL, &e),
			 ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "/nonexistent/zone"));
	assert_int_equal(zone_load_text("", 0, "t", "a..b", &limits, &z, NULL, &e), ERR_INPUT);
}

static void a_changed_file_makes_the_zone_stale(void **state)
{
	char path[] = "/tmp/test_zone_XXXXXX";
	int fd = mkstemp(path);
	struct zone *z = NULL;
	struct err e;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, TOP, sizeof(TOP) - 1), sizeof(TOP) - 1);
	assert_int_equal(zone_load(path, "example.com", &limits, &z, NULL, &e), ERR_OK);
	assert_true(zone_is_current(z));
	assert_string_equal(zone_path(z), path);
	assert_int_equal(write(fd, "\n", 1), 1);
	assert_false(zone_is_current(z));
	unlink(path);
	close(fd);
	assert_false(zone_is_current(z));
	zone_unref(z);
}

/* 250 texts of 255 bytes, every byte written as \DDD: 255,000 characters, all of them kept. */
static void a_record_of_many_characters_is_read_whole(void **state)
{
	struct buf text = BUF_INIT;
	struct zone *z;
	const struct rrset *set;

	buf_add_str(&text, TOP "long TXT");
	for (unsigned i = 0; i < 250; i++) {
		buf_add_str(&text, " ");
		for (unsigned k = 0; k < 255; k++)
			buf_printf(&text, "\\%03u", (i + k) % 256);
	}
	buf_add_str(&text, "\nblob OPENPGPKEY ");
	for (unsigned i = 0; i < 20000; i++)
		buf_add_str(&text, "AAAA");
	z = load_text(TOP "one A 192.0.2.9\n");
	zone_unref(z);
	assert_bad(buf_text(&text), "t:6: error: OPENPGPKEY: over 65000 characters, expected less, "
				    "or \\# LENGTH HEX\n");
	text.len = (size_t)(strstr(buf_text(&text), "blob") - buf_text(&text));
	z = load_text(buf_text(&text));
	set = zone_node_rrset(node(z, "long"), DNS_TYPE_TXT);
	assert_int_equal(set->len, RRSET_RR_HEAD + 250 * 256);
	assert_int_equal(set->wire[RRSET_RR_HEAD + 249 * 256 + 255], (249 + 254) % 256);
	zone_unref(z);
	buf_fini(&text);
}

static void a_fifo_is_refused_and_not_waited_for(void **state)
{
	char path[] = "/tmp/test_zone_XXXXXX";
	struct zone *z = NULL;
	struct err e;

	close(mkstemp(path));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(zone_load(path, "example.com", &limits, &z, NULL, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "no regular file"));
	unlink(path);
}

static void count_node(void *ctx, const struct zone *z, const struct zone_node *n)
{
	unsigned *seen = ctx;

	(*seen)++;
	assert_true(n->rrsets > 0);
}

static void every_node_with_records_is_visited(void **state)
{
	struct zone *z = load_text(TOP "a.b A 192.0.2.1\na.b TXT x\nc TXT y\n");
	unsigned seen = 0;

	zone_each_node(z, count_node, &seen);
	assert_int_equal(seen, 4);
	zone_unref(z);
}

static void no_failed_allocation_leaks_or_half_loads(void **state)
{
	static const char text[] = TOP "sub NS ns.sub\nns.sub A 192.0.2.2\n$ORIGIN x\n"
				       "$GENERATE 1-90 a$ A 192.0.2.$\n";

	for (unsigned n = 1; n < 10000; n++) {
		struct zone *z = NULL;
		struct err e;
		enum err_code rc;

		fail_alloc_at(n);
		rc = zone_load_text(text, sizeof(text) - 1, "t", "example.com", &limits, &z, NULL,
				    &e);
		if (!fail_alloc_end()) {
			assert_int_equal(rc, ERR_OK);
			zone_unref(z);
			return;
		}
		/* Giving room back may fail without harm: then the zone is whole. */
		if (rc == ERR_OK)
			zone_unref(z);
		else
			assert_int_equal(rc, ERR_MEMORY);
	}
	fail_msg("it never ended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_as_the_golden_files_say),
		cmocka_unit_test(a_good_file_becomes_its_records),
		cmocka_unit_test(every_type_has_the_wire_form_that_ldns_gives_it),
		cmocka_unit_test(names_between_exist_without_records),
		cmocka_unit_test(the_negative_soa_lives_for_the_lesser_ttl),
		cmocka_unit_test(a_missing_ttl_is_the_directive_or_the_last_one_said),
		cmocka_unit_test(what_a_cut_or_dname_hides_points_to_the_topmost),
		cmocka_unit_test(glue_inside_the_cut_comes_first_and_is_needed),
		cmocka_unit_test(equal_records_are_one),
		cmocka_unit_test(each_mistake_is_named_with_its_line),
		cmocka_unit_test(mistakes_are_counted_up_to_the_bound),
		cmocka_unit_test(more_records_than_allowed_are_refused),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
		cmocka_unit_test(a_changed_file_makes_the_zone_stale),
		cmocka_unit_test(a_record_of_many_characters_is_read_whole),
		cmocka_unit_test(a_fifo_is_refused_and_not_waited_for),
		cmocka_unit_test(every_node_with_records_is_visited),
		cmocka_unit_test(no_failed_allocation_leaks_or_half_loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
