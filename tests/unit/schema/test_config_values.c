/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_values: what a file says arrives in the struct, and defaults where it says nothing.
 */
#include "schema/config/config.h"
#include "schema/config/dnsd_config.h"
#include "schema/config/proberd_config.h"
#include "schema/config/regiond_config.h"
#include "tests/unit/schema/golden.h"
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "fleet: example\nnode: ns1\nlisten: {dns: [127.0.0.1:53]}\n"

static struct config_report report;

static struct dnsd_config *dnsd(const char *text)
{
	struct dnsd_config *c = NULL;

	if (config_dnsd_parse("test", text, strlen(text), &c, &report) != ERR_OK)
		fail_msg("%s", buf_text(&report.errors));
	return c;
}

static struct regiond_config *regiond(const char *text)
{
	struct regiond_config *c = NULL;

	if (config_regiond_parse("test", text, strlen(text), &c, &report) != ERR_OK)
		fail_msg("%s", buf_text(&report.errors));
	return c;
}

static void assert_addr(const struct addr *a, const char *text)
{
	char is[ADDR_TEXT_MAX];

	addr_text(a, is);
	assert_string_equal(is, text);
}

static void assert_endpoint(const struct endpoint *p, const char *text)
{
	char is[ENDPOINT_TEXT_MAX];

	endpoint_text(p, is);
	assert_string_equal(is, text);
}

static void contract_path(char *path, const char *program)
{
	golden_path(path, PATH_MAX, "tests/golden/config/contract-%s.yaml", program);
}

static void the_contract_of_dnsd_fills_its_listeners_and_state(void **state)
{
	struct dnsd_config *c = NULL;
	char path[PATH_MAX];

	contract_path(path, "dnsd");
	assert_int_equal(config_dnsd_load(path, &c, &report), ERR_OK);
	assert_string_equal(c->file, path);
	assert_string_equal(c->fleet, "example");
	assert_string_equal(c->node, "ns1");
	assert_int_equal(c->listen.n_dns, 2);
	assert_endpoint(&c->listen.dns[1], "[::]:53");
	assert_endpoint(&c->listen.control, "0.0.0.0:7353");
	assert_endpoint(&c->listen.api, "0.0.0.0:7443");
	assert_endpoint(&c->listen.http, "127.0.0.1:9353");
	assert_string_equal(c->listen.admin, "/run/fairlead/dnsd.sock");
	assert_int_equal(c->workers, 0);
	assert_true(c->has_tls);
	assert_string_equal(c->tls.key, "/etc/fairlead/tls/ns1.key");
	assert_string_equal(c->state.backup_directory, "/var/backups/fairlead");
	assert_int_equal(c->state.backup_every_ms, 15 * 60000);
	assert_int_equal(c->state.backup_keep, 96);
	assert_int_equal(c->geo.n_databases, 2);
	assert_string_equal(c->geo.databases[1], "/var/lib/fairlead/geo/city-ipv6.mmdb");
	assert_int_equal(c->geo.pos[0].line, 26);
	assert_string_equal(c->zones[0].name, "example.com");
	assert_int_equal(c->safety.min_regions, 2);
	assert_int_equal(c->safety.headroom_after_loss_ppm, 100000);
	assert_int_equal(c->n_access, 4);
	assert_string_equal(c->access[1].who, "spiffe://example/operator/*");
	assert_int_equal(c->access[1].role, ACCESS_OPERATOR);
	assert_int_equal(c->access[3].role, ACCESS_VIEWER);
	config_dnsd_free(c);
}

static void the_contract_of_dnsd_fills_what_it_steers_with(void **state)
{
	struct dnsd_config *c = NULL;
	char path[PATH_MAX];

	contract_path(path, "dnsd");
	assert_int_equal(config_dnsd_load(path, &c, &report), ERR_OK);
	assert_int_equal(c->n_regions, 3);
	assert_true(c->regions[1].has_place);
	assert_int_equal(c->regions[1].lat_e4, 390400);
	assert_int_equal(c->regions[1].lon_e4, -774900);
	assert_string_equal(c->regions[2].country, "IN");
	assert_int_equal(c->monitors[0].expect_status, 200);
	assert_int_equal(c->monitors[0].timeout_ms, 800);
	assert_int_equal(c->monitors[1].type, MONITOR_TCP);
	assert_int_equal(c->pools[0].method, METHOD_ASSIGN);
	assert_int_equal(c->pools[0].alternate, METHOD_GEO);
	assert_int_equal(c->pools[0].last_resort, LAST_RESORT_ALL);
	assert_int_equal(c->pools[0].monitor, 0);
	assert_int_equal(c->pools[0].target_fill_ppm, 800000);
	assert_int_equal(c->pools[0].n_members, 3);
	assert_addr(&c->pools[0].members[1].addresses[1], "2001:db8:2::10");
	assert_int_equal(c->pools[0].members[2].region, 2);
	assert_int_equal(c->pools[0].members[2].tier, 1);
	assert_int_equal(c->pools[0].members[2].weight, 50);
	assert_int_equal(c->pools[0].members[1].capacity, 1200);
	assert_string_equal(c->services[0].name, "chat.example.com");
	assert_true(c->services[0].failback_auto);
	assert_int_equal(c->services[0].hold_down_ms, 20000);
	assert_int_equal(c->services[0].ttl_s, 30);
	assert_int_equal(c->services[0].answers, 2);
	assert_int_equal(c->services[0].n_fences, 2);
	assert_false(c->services[0].fences[0].is_continent);
	assert_true(c->services[0].fences[1].is_continent);
	assert_int_equal(c->topology[0].kind, TOPOLOGY_PREFIX);
	assert_int_equal(c->topology[0].prefix.len, 24);
	assert_int_equal(c->topology[1].kind, TOPOLOGY_COUNTRY);
	assert_string_equal(c->topology[1].place, "BR");
	assert_int_equal(c->topology[1].prefer[0], 1);
	config_dnsd_free(c);
}

static void the_contract_of_regiond_fills_its_struct(void **state)
{
	struct regiond_config *c = NULL;
	char path[PATH_MAX];

	contract_path(path, "regiond");
	assert_int_equal(config_regiond_load(path, &c, &report), ERR_OK);
	assert_string_equal(c->region, "eu-west");
	assert_int_equal(c->n_directors, 2);
	assert_string_equal(c->directors[1].host, "ns2.example.net");
	assert_int_equal(c->directors[1].port, 7353);
	assert_int_equal(c->heartbeat_ms, 500);
	assert_int_equal(c->drain_ms, 30000);
	assert_string_equal(c->state_path, "/var/lib/fairlead/regiond.db");
	assert_string_equal(c->monitors[1].method, "POST");
	assert_string_equal(c->monitors[1].headers[0].name, "content-type");
	assert_string_equal(c->monitors[1].headers[0].value, "application/json");
	assert_string_equal(c->monitors[1].expect_body_regex, "2");
	assert_int_equal(c->pools[0].n_monitors, 2);
	assert_int_equal(c->pools[0].monitors[1], 1);
	assert_string_equal(c->pools[0].local_az, "a");
	assert_int_equal(c->pools[0].slow_start_ms, 30000);
	assert_string_equal(c->pools[0].backends[2].az, "b");
	assert_endpoint(&c->pools[0].backends[2].address, "10.0.2.11:8000");
	assert_int_equal(c->pools[1].backends[0].weight, 100);
	assert_int_equal(c->services[0].protocol, PROTOCOL_HTTP);
	assert_int_equal(c->services[0].pool, 0);
	assert_int_equal(c->services[1].idle_ms, 60000);
	assert_int_equal(c->services[1].connect_ms, 2000);
	assert_endpoint(&c->services[1].listen[0], "0.0.0.0:5432");
	config_regiond_free(c);
}

static void the_contract_of_proberd_fills_its_struct(void **state)
{
	struct proberd_config *c = NULL;
	char path[PATH_MAX];

	contract_path(path, "proberd");
	assert_int_equal(config_proberd_load(path, &c, &report), ERR_OK);
	assert_int_equal(c->lat_e4, 501100);
	assert_int_equal(c->lon_e4, 86800);
	assert_int_equal(c->probes_per_second, 100);
	assert_string_equal(c->directors[0].host, "ns1.example.net");
	assert_string_equal(c->tls.ca, "/etc/fairlead/tls/ca.crt");
	config_proberd_free(c);
}

static void what_a_dnsd_file_leaves_out_has_its_default(void **state)
{
	struct dnsd_config *c = dnsd(HEAD "zones: [{name: example.com, file: z}]\n"
					  "regions: {a: {}}\n"
					  "monitors: {m: {type: http}}\n"
					  "pools: {p: {members: [{region: a, addresses: [::1]}]}}\n"
					  "services: {example.com: {pool: p}}\n");

	assert_string_equal(c->listen.admin, "/run/fairlead/dnsd.sock");
	assert_int_equal(c->listen.control.addr.family, 0);
	assert_false(c->has_tls);
	assert_string_equal(c->state.path, "/var/lib/fairlead/dnsd.db");
	assert_null(c->state.backup_directory);
	assert_false(c->regions[0].has_place);
	assert_string_equal(c->regions[0].country, "");
	assert_int_equal(c->monitors[0].port, 0);
	assert_string_equal(c->monitors[0].method, "GET");
	assert_string_equal(c->monitors[0].path, "/");
	assert_null(c->monitors[0].host);
	assert_null(c->monitors[0].body);
	assert_int_equal(c->monitors[0].expect_status, 0);
	assert_null(c->monitors[0].expect_body_regex);
	assert_string_equal(c->monitors[0].query_name, ".");
	assert_string_equal(c->monitors[0].query_type, "NS");
	assert_int_equal(c->monitors[0].interval_ms, 1000);
	assert_int_equal(c->monitors[0].timeout_ms, 500);
	assert_int_equal(c->monitors[0].rise, 2);
	assert_int_equal(c->monitors[0].fall, 3);
	assert_int_equal(c->pools[0].monitor, -1);
	assert_int_equal(c->pools[0].method, METHOD_ASSIGN);
	assert_int_equal(c->pools[0].last_resort, LAST_RESORT_ALL);
	assert_int_equal(c->pools[0].stickiness_ms, 20);
	assert_int_equal(c->pools[0].members[0].weight, 100);
	assert_int_equal(c->pools[0].members[0].capacity, 0);
	assert_int_equal(c->services[0].mode, MODE_ACTIVE_ACTIVE);
	assert_int_equal(c->services[0].ttl_s, 30);
	assert_int_equal(c->services[0].answers, 2);
	assert_int_equal(c->services[0].hold_down_ms, 20000);
	assert_true(c->services[0].takeover_auto);
	assert_int_equal(c->safety.min_regions, 0);
	config_dnsd_free(c);
}

static void a_default_timeout_is_never_longer_than_the_interval(void **state)
{
	struct dnsd_config *c = dnsd(HEAD "monitors: {m: {type: tcp, interval: 200ms}}\n");

	assert_int_equal(c->monitors[0].timeout_ms, 200);
	config_dnsd_free(c);
}

static void failback_is_manual_unless_active_active_or_said(void **state)
{
	struct dnsd_config *c =
		dnsd(HEAD "zones: [{name: example.com, file: z}]\n"
			  "regions: {a: {}}\n"
			  "pools: {p: {members: [{region: a, addresses: [192.0.2.1]}]}}\n"
			  "services:\n"
			  "  a.example.com: {pool: p}\n"
			  "  b.example.com: {pool: p, mode: active-standby}\n"
			  "  c.example.com: {pool: p, mode: active-standby, failback: auto}\n"
			  "  d.example.com: {pool: p, failback: manual}\n");

	assert_true(c->services[0].failback_auto);
	assert_false(c->services[1].failback_auto);
	assert_true(c->services[2].failback_auto);
	assert_false(c->services[3].failback_auto);
	config_dnsd_free(c);
}

static void norway_is_a_country_and_not_a_falsehood(void **state)
{
	struct dnsd_config *c = dnsd(HEAD "regions: {a: {country: NO}}\n"
					  "topology: [{client: {country: NO}, prefer: [a]}, "
					  "{client: {continent: NA}, prefer: [a]}, "
					  "{client: {asn: 64496}, prefer: [a]}, "
					  "{client: {}, prefer: [a]}]\n");

	assert_string_equal(c->regions[0].country, "NO");
	assert_string_equal(c->topology[0].place, "NO");
	assert_int_equal(c->topology[1].kind, TOPOLOGY_CONTINENT);
	assert_int_equal(c->topology[2].kind, TOPOLOGY_ASN);
	assert_int_equal(c->topology[2].asn, 64496);
	assert_int_equal(c->topology[3].kind, TOPOLOGY_ANY);
	config_dnsd_free(c);
}

static void degrees_are_read_exactly_and_cut_after_four_digits(void **state)
{
	struct dnsd_config *c = dnsd(HEAD "regions:\n"
					  "  a: {at: [-90, 180]}\n"
					  "  b: {at: [0.29, -0.00019]}\n"
					  "  c: {at: [1.005, 4]}\n");

	assert_int_equal(c->regions[0].lat_e4, -900000);
	assert_int_equal(c->regions[0].lon_e4, 1800000);
	assert_int_equal(c->regions[1].lat_e4, 2900);
	assert_int_equal(c->regions[1].lon_e4, -1);
	assert_int_equal(c->regions[2].lat_e4, 10050);
	config_dnsd_free(c);
}

static void dns_names_are_lower_case_without_the_final_dot(void **state)
{
	struct dnsd_config *c = dnsd(HEAD "zones: [{name: EXAMPLE.com., file: z}]\n"
					  "regions: {a: {}}\n"
					  "pools: {p: {members: [{region: a, addresses: [::1]}]}}\n"
					  "services: {'*.Chat.Example.COM.': {pool: p}}\n");

	assert_string_equal(c->zones[0].name, "example.com");
	assert_string_equal(c->services[0].name, "*.chat.example.com");
	config_dnsd_free(c);
}

static void a_region_may_be_a_member_several_times(void **state)
{
	struct dnsd_config *c = dnsd(HEAD "regions: {a: {}}\n"
					  "pools:\n"
					  "  p:\n"
					  "    last_resort: [192.0.2.250, '2001:db8::250']\n"
					  "    members:\n"
					  "    - {region: a, addresses: [192.0.2.1], weight: 1}\n"
					  "    - {region: a, addresses: [192.0.2.2], weight: 3}\n");

	assert_int_equal(c->pools[0].n_members, 2);
	assert_int_equal(c->pools[0].members[1].region, 0);
	assert_int_equal(c->pools[0].members[1].pos.line, 10);
	assert_int_equal(c->pools[0].last_resort, LAST_RESORT_ADDRESSES);
	assert_addr(&c->pools[0].last_resort_addresses[1], "2001:db8::250");
	config_dnsd_free(c);
}

static void a_service_takes_the_pool_of_the_route_that_takes_the_rest(void **state)
{
	struct regiond_config *c =
		regiond("fleet: f\nregion: r\nnode: n\n"
			"pools:\n"
			"  a: {backends: [{az: x, address: 10.0.0.1:80}]}\n"
			"  b: {backends: [{az: x, address: 10.0.0.2:80}]}\n"
			"services:\n"
			"  one.example.com:\n"
			"    listen: [127.0.0.1:80]\n"
			"    routes: [{match: {path: /a}, pool: a}, {pool: b}]\n"
			"  two.example.com:\n"
			"    listen: [127.0.0.1:81]\n"
			"    routes: [{split: [{pool: b, share: 75%}, {pool: a, share: 25%}]}]\n");

	assert_int_equal(c->services[0].pool, 1);
	assert_int_equal(c->services[1].pool, 1);
	assert_int_equal(c->services[0].pos.line, 8);
	config_regiond_free(c);
}

static void a_file_that_is_not_there_is_an_error_with_its_name(void **state)
{
	struct dnsd_config *c = NULL;

	assert_int_not_equal(config_dnsd_load("/nonexistent/dnsd.yaml", &c, &report), ERR_OK);
	assert_null(c);
	assert_int_equal(report.n_errors, 1);
	assert_non_null(strstr(buf_text(&report.errors), "/nonexistent/dnsd.yaml: error: "));
}

static void a_file_with_a_mistake_leaves_the_callers_config_alone(void **state)
{
	struct dnsd_config *kept = (struct dnsd_config *)&report, *c = kept;

	assert_int_equal(config_dnsd_parse("test", "node: 1", 7, &c, &report), ERR_INPUT);
	assert_ptr_equal(c, kept);
}

static void an_error_found_later_is_told_with_its_line(void **state)
{
	struct dnsd_config *c = dnsd(HEAD "zones: [{name: example.com, file: z}]\n");

	config_report_error(&report, &c->zones[0].pos, "zone %s: cannot be read", c->zones[0].name);
	config_report_error(&report, NULL, "no room");
	assert_int_equal(report.n_errors, 2);
	assert_string_equal(buf_text(&report.errors),
			    "test: error: no room\n"
			    "test:4:9: error: zone example.com: cannot be read\n"
			    "    zones: [{name: example.com, file: z}]\n"
			    "            ^\n");
	config_dnsd_free(c);
}

static void an_alias_of_alias_lists_does_not_grow_without_bound(void **state)
{
	struct dnsd_config *c = NULL;
	struct buf text = BUF_INIT;

	/* 64 regions in each of 16384 rules: a million values from 80 kB. */
	buf_add_str(&text, HEAD "regions: {a: {}}\ntopology:\n- &r {client: {}, prefer: [a");
	for (int i = 1; i < 64; i++)
		buf_add_str(&text, ", a");
	buf_add_str(&text, "]}\n");
	for (int i = 1; i < 16384; i++)
		buf_add_str(&text, "- *r\n");
	assert_int_equal(config_dnsd_parse("test", buf_text(&text), text.len, &c, &report),
			 ERR_INPUT);
	assert_non_null(strstr(buf_text(&report.errors), "more than 1000000 values"));
	buf_fini(&text);
}

static int setup(void **state)
{
	config_report_init(&report);
	return 0;
}

static int teardown(void **state)
{
	config_report_fini(&report);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_contract_of_dnsd_fills_its_listeners_and_state),
		cmocka_unit_test(the_contract_of_dnsd_fills_what_it_steers_with),
		cmocka_unit_test(the_contract_of_regiond_fills_its_struct),
		cmocka_unit_test(the_contract_of_proberd_fills_its_struct),
		cmocka_unit_test(what_a_dnsd_file_leaves_out_has_its_default),
		cmocka_unit_test(a_default_timeout_is_never_longer_than_the_interval),
		cmocka_unit_test(failback_is_manual_unless_active_active_or_said),
		cmocka_unit_test(norway_is_a_country_and_not_a_falsehood),
		cmocka_unit_test(degrees_are_read_exactly_and_cut_after_four_digits),
		cmocka_unit_test(dns_names_are_lower_case_without_the_final_dot),
		cmocka_unit_test(a_region_may_be_a_member_several_times),
		cmocka_unit_test(a_service_takes_the_pool_of_the_route_that_takes_the_rest),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error_with_its_name),
		cmocka_unit_test(a_file_with_a_mistake_leaves_the_callers_config_alone),
		cmocka_unit_test(an_error_found_later_is_told_with_its_line),
		cmocka_unit_test(an_alias_of_alias_lists_does_not_grow_without_bound),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
