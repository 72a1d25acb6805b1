/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/publish: what is built, what two generations share, and when the old one goes.
 */
#include "core/rcu.h"
#include "dnsd/publish/publish.h"
#include "schema/config/config.h"
#include "tests/unit/dnsd/world.h"
#include "tests/unit/fail_alloc.h"

#include <pthread.h>

#define POOLS                                                                                      \
	"pools:\n"                                                                                 \
	"  p:\n"                                                                                   \
	"    method: geo\n"                                                                        \
	"    last_resort: [192.0.2.250, \"2001:db8::250\"]\n"                                      \
	"    members:\n"                                                                           \
	"      - {region: eu, addresses: [192.0.2.10, \"2001:db8::10\", 192.0.2.11], weight: 7}\n" \
	"      - {region: us, addresses: [192.0.2.20]}\n"
#define SERVICES                                             \
	"services:\n"                                        \
	"  a.example.com: {pool: p, ttl: 60s, answers: 3}\n" \
	"  b.example.com: {pool: p}\n"

static struct world w;

static int start(void **state)
{
	world_init(&w, WORLD_REGIONS POOLS SERVICES, WORLD_ZONE);
	return 0;
}

static int finish(void **state)
{
	world_fini(&w);
	return 0;
}

/* ---- building ---- */

static void blobs_are_ready_wire_and_stand_twice(void **state)
{
	static const uint8_t record[] = {
		0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 10
	};
	struct snapshot *s = world_build(&w, NULL);
	const struct snapshot_blob *a = &s->services[0].members[0].blob[SNAPSHOT_A];
	const struct snapshot_blob *aaaa = &s->services[0].members[0].blob[SNAPSHOT_AAAA];

	assert_int_equal(a->count, 2);
	assert_int_equal(a->rr_len, 16);
	assert_memory_equal(a->rrs, record, sizeof(record));
	assert_int_equal(a->rrs[16 + 15], 11);
	assert_memory_equal(a->rrs, a->rrs + 32, 32);
	assert_int_equal(a->rrsig_len, 0);
	assert_int_equal(aaaa->count, 1);
	assert_int_equal(aaaa->rr_len, 28);
	assert_memory_equal(aaaa->rrs, aaaa->rrs + 28, 28);
	assert_int_equal(s->services[0].members[1].blob[SNAPSHOT_AAAA].count, 0);
	assert_null(s->services[0].members[1].blob[SNAPSHOT_AAAA].rrs);
	snapshot_free(s);
}

static void last_resort_addresses_have_the_ttl_of_panic(void **state)
{
	struct snapshot *s = world_build(&w, NULL);
	const struct snapshot_blob *fixed = s->services[0].fixed;

	assert_int_equal(s->services[0].last_resort, SNAPSHOT_FIXED);
	assert_int_equal(fixed[SNAPSHOT_A].count, 1);
	assert_int_equal(fixed[SNAPSHOT_A].rrs[9], DECIDE_TTL_PANIC_S);
	assert_int_equal(fixed[SNAPSHOT_AAAA].rrs[9], DECIDE_TTL_PANIC_S);
	snapshot_free(s);
}

static void a_new_snapshot_lets_everybody_serve(void **state)
{
	struct snapshot *s = world_build(&w, NULL);

	assert_int_equal(s->generation, 1);
	assert_int_equal(s->n_services, 2);
	assert_int_equal(atomic_load(&s->services[0].live->serve), UINT64_MAX);
	assert_int_equal(atomic_load(&s->services[0].live->forced), 0);
	assert_int_equal(atomic_load(&s->services[0].live->dialled), 0);
	assert_int_equal(atomic_load(&s->services[0].live->ttl_s), 60);
	assert_int_equal(s->services[0].picks[0].weight, 7);
	assert_int_equal(s->services[0].picks[0].dial_ppm, 1000000);
	assert_int_equal(s->nsid_len, 3);
	assert_memory_equal(s->nsid, "ns1", 3);
	snapshot_free(s);
}

static void a_members_seed_is_of_its_region_and_addresses_alone(void **state)
{
	struct snapshot *s = world_build(&w, NULL);
	const struct pick_member *a = s->services[0].picks, *b = s->services[1].picks;

	assert_int_equal(a[0].seed, b[0].seed);
	assert_int_equal(a[1].seed, b[1].seed);
	assert_int_not_equal(a[0].seed, a[1].seed);
	snapshot_free(s);
}

static void live_state_goes_into_masks_and_dials(void **state)
{
	struct snapshot *s = world_build(&w, NULL);
	struct publish_service_live live = world_live(s, 1);

	live.serve = 1;
	live.forced = 2;
	live.ttl_s = 20;
	live.dial_ppm[0] = 250000;
	live.dial_ppm[1] = 0;
	publish_set_live(s, 1, &live);
	assert_int_equal(atomic_load(&s->services[1].live->serve), 1);
	assert_int_equal(atomic_load(&s->services[1].live->forced), 2);
	assert_int_equal(atomic_load(&s->services[1].live->dialled), 1); /* 0 % is no share */
	assert_int_equal(atomic_load(&s->services[1].live->ttl_s), 20);
	assert_int_equal(s->services[1].picks[0].dial_ppm, 250000);
	assert_int_equal(atomic_load(&s->services[0].live->serve), UINT64_MAX);
	snapshot_free(s);
}

/* ---- what generations share ---- */

static void services_of_one_ranking_share_rows_and_so_do_generations(void **state)
{
	struct snapshot *s = world_build(&w, NULL), *next = world_build(&w, s);

	assert_ptr_equal(s->services[0].rows, s->services[1].rows);
	assert_ptr_equal(next->services[0].rows, s->services[0].rows);
	assert_int_equal(next->generation, 2);
	assert_int_equal(next->services[0].members[0].counter, s->services[0].members[0].counter);
	snapshot_free(s);
	assert_int_equal(rows_get(next->services[0].rows, 0).allowed, 3);
	snapshot_free(next);
}

static void other_classes_need_other_rows(void **state)
{
	struct publish_parts old = w.parts;
	struct snapshot *s = world_build(&w, NULL), *next;

	assert_int_equal(publish_load_geo(w.config, &old, &w.parts, &w.e), ERR_OK);
	next = world_build(&w, s);
	assert_ptr_not_equal(next->services[0].rows, s->services[0].rows);
	snapshot_free(s);
	snapshot_free(next);
	publish_parts_unref(&old);
}

static struct publish_parts reload(const struct dnsd_config *config, bool is_fresh_geo)
{
	struct publish_parts parts;

	assert_int_equal(
		publish_load(config, &w.parts,
			     &(struct publish_load_options){ .is_fresh_geo = is_fresh_geo }, &parts,
			     NULL, NULL, &w.e),
		ERR_OK);
	return parts;
}

/* Writes a good zone again and makes it the one that is known. */
static void restore_zone(void)
{
	struct publish_parts again;

	world_write(&w, "example.com.zone", WORLD_ZONE);
	again = reload(w.config, false);
	publish_parts_unref(&w.parts);
	w.parts = again;
}

static struct zone *zone_of(const struct publish_parts *p)
{
	return zone_set_zone(p->zones, 0);
}

static void what_has_not_changed_is_not_read_again(void **state)
{
	struct publish_parts again = reload(w.config, false);

	assert_ptr_equal(zone_of(&again), zone_of(&w.parts));
	assert_ptr_equal(again.clients, w.parts.clients);
	assert_int_equal(again.seed, w.parts.seed);
	publish_parts_unref(&again);
}

static void a_zone_file_that_changed_is_read_and_the_map_kept(void **state)
{
	struct publish_parts again;

	world_write(&w, "example.com.zone", WORLD_ZONE "more A 192.0.2.81\n");
	again = reload(w.config, false);
	assert_ptr_not_equal(zone_of(&again), zone_of(&w.parts));
	assert_int_equal(zone_of(&again)->records, zone_of(&w.parts)->records + 1);
	assert_ptr_equal(again.clients, w.parts.clients);
	publish_parts_unref(&again);
	restore_zone();
}

static void fresh_databases_make_a_new_map_and_leave_the_zones(void **state)
{
	struct publish_parts again = reload(w.config, true), geo;

	assert_ptr_equal(zone_of(&again), zone_of(&w.parts));
	assert_ptr_not_equal(again.clients, w.parts.clients);
	publish_parts_unref(&again);

	/* Not even a zone file that is broken just now holds them up. */
	world_write(&w, "example.com.zone", "broken\n");
	assert_int_equal(publish_load_geo(w.config, &w.parts, &geo, &w.e), ERR_OK);
	assert_ptr_equal(geo.zones, w.parts.zones);
	assert_ptr_not_equal(geo.clients, w.parts.clients);
	assert_int_equal(geo.clients_signature, w.parts.clients_signature);
	publish_parts_unref(&geo);
	restore_zone();
}

static void shared_parts_outlive_the_first_holder(void **state)
{
	struct publish_parts first = reload(w.config, true), second;

	publish_parts_share(&first, &second);
	publish_parts_unref(&first);
	assert_int_equal(zone_set_count(second.zones), 1);
	assert_true(client_map_class_count(second.clients) >= 1);
	publish_parts_unref(&second);
}

/* The map depends on what steers clients, and on nothing else. */
static void is_another_map(const char *yaml, bool wanted)
{
	struct dnsd_config *config = world_parse(&w, yaml);
	struct publish_parts again = reload(config, false);

	assert_int_equal(again.clients != w.parts.clients, wanted);
	publish_parts_unref(&again);
	config_dnsd_free(config);
}

static void the_map_is_built_anew_when_anything_that_steers_changes(void **state)
{
	static const char more[] = "      - {region: ap, addresses: [192.0.2.30]}\n";

	is_another_map(WORLD_REGIONS POOLS SERVICES, false);
	is_another_map(WORLD_REGIONS POOLS SERVICES "  c.example.com: {pool: p}\n", false);
	is_another_map(WORLD_REGIONS POOLS SERVICES
		       "  c.example.com: {pool: p, fence: {DE: [eu]}}\n",
		       true);
	is_another_map(WORLD_REGIONS
		       "  - {client: {prefix: 10.9.0.0/16}, prefer: [eu]}\n" POOLS SERVICES,
		       true);
	{
		struct buf yaml = BUF_INIT;

		buf_printf(&yaml, "%s%s%s%s", WORLD_REGIONS, POOLS, more, SERVICES);
		is_another_map(buf_text(&yaml), true);
		buf_fini(&yaml);
	}
}

static void a_broken_zone_leaves_everything_as_it_was_and_is_told_with_its_line(void **state)
{
	struct publish_parts again = { .seed = 4711 };
	struct config_report report;

	config_report_init(&report);
	world_write(&w, "example.com.zone",
		    "$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n"
		    "@ NS ns1\nns1 A 192.0.2.1\nbad A 192.0.2.256\n");
	assert_int_equal(publish_load(w.config, &w.parts,
				      &(struct publish_load_options){ .is_fresh_geo = false },
				      &again, NULL, &report, &w.e),
			 ERR_INPUT);
	assert_int_equal(again.seed, 4711);
	assert_non_null(strstr(buf_text(&report.errors), "example.com.zone:5: error:"));
	assert_non_null(strstr(w.e.text, "test.yaml:"));
	config_report_fini(&report);
	restore_zone();
}

static void without_memory_nothing_is_built(void **state)
{
	struct snapshot *s = NULL;

	for (unsigned n = 1;; n++) {
		enum err_code rc;

		fail_alloc_at(n);
		rc = publish_build(w.config, &w.parts, NULL, w.labels, &s, &w.e);
		if (!fail_alloc_end()) {
			assert_int_equal(rc, ERR_OK);
			break;
		}
		if (rc == ERR_OK) { /* a counter is no reason not to serve: slot 0 counts */
			snapshot_free(s);
			s = NULL;
			continue;
		}
		assert_int_equal(rc, ERR_MEMORY);
		assert_null(s);
	}
	snapshot_free(s);
}

static void without_memory_nothing_is_loaded(void **state)
{
	const struct publish_load_options options = { .is_fresh_geo = true };
	struct publish_parts parts = { 0 };

	for (unsigned n = 1;; n++) {
		enum err_code rc;

		fail_alloc_at(n);
		rc = publish_load(w.config, &w.parts, &options, &parts, NULL, NULL, &w.e);
		if (!fail_alloc_end())
			break;
		if (rc == ERR_OK) { /* some of it only makes things smaller */
			publish_parts_unref(&parts);
			continue;
		}
		assert_int_equal(rc, ERR_MEMORY);
		assert_null(parts.zones);
	}
	publish_parts_unref(&parts);
}

/* ---- the pointer ---- */

static void a_live_change_is_one_store_in_the_current_snapshot(void **state)
{
	struct publish *p;
	struct snapshot *s = world_build(&w, NULL);

	assert_int_equal(publish_new(&p), ERR_OK);
	publish_live(p, 0,
		     &(struct publish_service_live){
			     .serve = 1, .forced = 0, .ttl_s = 20 }); /* nothing is published yet */
	publish_swap(p, s);
	assert_ptr_equal(publish_current(p), s);
	publish_live(p, 1, &(struct publish_service_live){ .serve = 1, .forced = 2, .ttl_s = 20 });
	publish_live(p, 99, &(struct publish_service_live){ .serve = 0, .forced = 0, .ttl_s = 0 });
	assert_int_equal(atomic_load(&s->services[1].live->serve), 1);
	assert_int_equal(atomic_load(&s->services[1].live->forced), 2);
	assert_int_equal(atomic_load(&s->services[1].live->ttl_s), 20);
	assert_int_equal(atomic_load(&s->services[0].live->serve), UINT64_MAX);
	publish_free(p);
	publish_free(NULL);
}

static void metrics_count_what_was_published(void **state)
{
	struct buf out = BUF_INIT;
	struct publish *p;

	assert_int_equal(publish_new(&p), ERR_OK);
	publish_swap(p, world_build(&w, NULL));
	publish_swap(p, world_build(&w, publish_current(p)));
	publish_took(p, 3000);
	publish_metrics(p, &out);
	assert_non_null(strstr(buf_text(&out), "\nfairlead_publish_total 2\n"));
	assert_non_null(strstr(buf_text(&out), "fairlead_publish_seconds_count 1\n"));
	buf_fini(&out);
	publish_free(p);
}

struct reader {
	pthread_t thread;
	struct publish *publish;
	_Atomic bool stop;
	_Atomic uint64_t reads;
	bool went_back;
};

/* Touches all that a query might, and sees generations only grow. */
static void *read_on(void *arg)
{
	struct reader *r = arg;
	uint64_t last = 0, sum = 0;

	rcu_reader_start();
	while (!atomic_load(&r->stop)) {
		const struct snapshot *s = rcu_read(publish_pointer(r->publish));

		for (uint32_t i = 0; i < s->n_services; i++) {
			sum += rows_get(s->services[i].rows, 1).groups[0];
			sum += s->services[i].members[0].blob[SNAPSHOT_A].rrs[15];
			sum += atomic_load_explicit(&s->services[i].live->serve,
						    memory_order_acquire);
			sum += s->services[i].picks[0].dial_ppm;
		}
		sum += zone_set_count(s->zones);
		r->went_back |= s->generation < last;
		last = s->generation;
		rcu_quiet();
		atomic_fetch_add(&r->reads, 1);
	}
	rcu_reader_stop();
	return (void *)(uintptr_t)sum;
}

static void readers_never_see_a_generation_that_is_freed(void **state)
{
	struct reader readers[3];
	struct publish *p;

	assert_int_equal(publish_new(&p), ERR_OK);
	publish_swap(p, world_build(&w, NULL));
	for (int i = 0; i < 3; i++) {
		memset(&readers[i], 0, sizeof(readers[i]));
		readers[i].publish = p;
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
	}
	for (int i = 0; i < 3; i++)
		while (!atomic_load(&readers[i].reads))
			;
	for (int i = 0; i < 200; i++) {
		struct snapshot *next = world_build(&w, publish_current(p));
		struct publish_service_live live = world_live(next, 0);

		live.dial_ppm[0] = 1000000 - (uint32_t)i;
		publish_set_live(next, 0, &live);
		publish_swap(p, next);
		publish_live(p, 0,
			     &(struct publish_service_live){
				     .serve = 1 + (uint64_t)i % 3, .forced = 0, .ttl_s = 20 });
	}
	rcu_barrier_wait();
	for (int i = 0; i < 3; i++) {
		atomic_store(&readers[i].stop, true);
		pthread_join(readers[i].thread, NULL);
		assert_false(readers[i].went_back);
	}
	publish_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blobs_are_ready_wire_and_stand_twice),
		cmocka_unit_test(last_resort_addresses_have_the_ttl_of_panic),
		cmocka_unit_test(a_new_snapshot_lets_everybody_serve),
		cmocka_unit_test(a_members_seed_is_of_its_region_and_addresses_alone),
		cmocka_unit_test(live_state_goes_into_masks_and_dials),
		cmocka_unit_test(services_of_one_ranking_share_rows_and_so_do_generations),
		cmocka_unit_test(other_classes_need_other_rows),
		cmocka_unit_test(what_has_not_changed_is_not_read_again),
		cmocka_unit_test(a_zone_file_that_changed_is_read_and_the_map_kept),
		cmocka_unit_test(fresh_databases_make_a_new_map_and_leave_the_zones),
		cmocka_unit_test(shared_parts_outlive_the_first_holder),
		cmocka_unit_test(the_map_is_built_anew_when_anything_that_steers_changes),
		cmocka_unit_test(
			a_broken_zone_leaves_everything_as_it_was_and_is_told_with_its_line),
		cmocka_unit_test(without_memory_nothing_is_built),
		cmocka_unit_test(without_memory_nothing_is_loaded),
		cmocka_unit_test(a_live_change_is_one_store_in_the_current_snapshot),
		cmocka_unit_test(metrics_count_what_was_published),
		cmocka_unit_test(readers_never_see_a_generation_that_is_freed),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
