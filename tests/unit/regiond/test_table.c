/* SPDX-License-Identifier: Apache-2.0 */
/* test_table: what a reload takes over from the table before it. */
#include "core/buf.h"
#include "schema/config/config.h"
#include "tests/unit/regiond/world.h"

#define POOLS(backends)                    \
	WORLD_HEAD "pools:\n"              \
		   "  p:\n"                \
		   "    local_az: b\n"     \
		   "    slow_start: 30s\n" \
		   "    backends:\n" backends
#define BACKEND(az, port, max) "      - {az: " az ", address: '127.0.0.1:" port "', max: " max "}\n"
#define SERVICES(names)	       "services:\n" names
#define SERVICE(name, port)                    \
	"  " name ":\n"                        \
	"    listen: ['127.0.0.1:" port "']\n" \
	"    protocol: tcp\n"                  \
	"    routes: [{pool: p}]\n"

static const char first[] = POOLS(BACKEND("a", "24101", "8") BACKEND("b", "24102", "8"))
	SERVICES(SERVICE("db.example.com", "24110") SERVICE("web.example.com", "24111"));
static const char second[] = POOLS(BACKEND("b", "24103", "8") BACKEND("a", "24101", "9"))
	SERVICES(SERVICE("web.example.com", "24111") SERVICE("new.example.com", "24112"));

static void a_table_says_what_the_configuration_does(void **state)
{
	struct table *t = world_table(first, NULL);
	const struct pool *p = table_pool(t, "p");
	assert_int_equal(t->n_services, 2);
	assert_ptr_equal(routes_rest(&t->services[1].routes)->pool, p);
	assert_int_equal(p->n_slots, 2);
	assert_string_equal(p->az_names[p->slots[0].az], "a");
	assert_int_equal(p->slots[1].az, p->local_az);
	assert_int_equal(p->slots[0].max, 8);
	assert_int_equal(p->slots[0].weight, 100);
	assert_int_equal(p->slow_start_us, 30000000);
	assert_string_equal(p->slots[0].backend->text, "127.0.0.1:24101");
	assert_null(table_pool(t, "q"));
	table_free(t);
}

static void a_reload_keeps_what_is_known_of_a_backend(void **state)
{
	struct table *old = world_table(first, NULL);
	struct backend *b = old->pools[0].slots[0].backend;
	backend_set_state(b, BACKEND_UP, 1);
	atomic_store(&b->drained, true);
	assert_true(backend_reserve(b, 8));
	struct table *t = world_table(second, old);
	table_free(old);
	assert_ptr_equal(t->pools[0].slots[1].backend, b);
	assert_int_equal(t->pools[0].slots[1].max, 9);
	assert_int_equal(atomic_load(&b->in_flight), 1);
	assert_int_equal(atomic_load(&b->state), BACKEND_UP);
	assert_int_equal(atomic_load(&t->pools[0].slots[0].backend->state), BACKEND_UNKNOWN);
	backend_release(b);
	table_free(t);
}

static void a_connection_outlives_the_table_of_its_backend(void **state)
{
	struct table *t = world_table(first, NULL);
	struct backend *b = t->pools[0].slots[0].backend;
	assert_true(backend_reserve(b, 8));
	table_free(t);
	assert_int_equal(atomic_load(&b->in_flight), 1);
	backend_release(b); /* a sanitizer would see it */
}

static void a_service_keeps_its_id_and_counters_and_a_gone_one_is_not_found(void **state)
{
	struct table *old = world_table(first, NULL);
	uint32_t db = old->services[0].service->id, web = old->services[1].service->id;
	struct service *kept = old->services[1].service;
	atomic_store(&kept->arrivals, 7);
	struct table *t = world_table(second, old);
	table_free(old);
	assert_ptr_equal(table_service(t, web)->service, kept);
	assert_int_equal(atomic_load(&kept->arrivals), 7);
	assert_null(table_service(t, db));
	assert_null(table_service(t, 1000));
	uint32_t new_id = t->services[1].service->id;
	assert_true(new_id != db && new_id != web);
	table_free(t);
}

static void a_service_that_is_renamed_takes_what_its_listeners_still_accept(void **state)
{
	const char *renamed = POOLS(BACKEND("b", "24101", "8"))
		SERVICES(SERVICE("web.example.com", "24111") SERVICE("later.example.com", "24110"));
	const char *again = POOLS(BACKEND("b", "24101", "8"))
		SERVICES(SERVICE("last.example.com", "24110"));
	struct table *old = world_table(first, NULL);
	uint32_t db = old->services[0].service->id, web = old->services[1].service->id;
	struct table *t = world_table(renamed, old);
	table_free(old);
	assert_string_equal(table_service(t, db)->service->name, "later.example.com");
	assert_string_equal(table_service(t, web)->service->name, "web.example.com");
	struct table *u = world_table(again, t);
	table_free(t);
	assert_string_equal(table_service(u, db)->service->name, "last.example.com");
	assert_null(table_service(u, web));
	table_free(u);
}

static void too_many_zones_are_refused_by_name_and_the_configuration_stays_ours(void **state)
{
	struct buf text = BUF_INIT;
	struct err e = { "" };
	struct table *t = NULL;
	buf_add_str(&text, WORLD_HEAD "pools:\n  many:\n    backends:\n");
	for (int i = 0; i <= POOL_AZ_MAX; i++)
		buf_printf(&text, "      - {az: z%d, address: '127.0.0.1:%d'}\n", i, 20000 + i);
	buf_add_str(&text, "services:\n  a.example.com: {listen: ['127.0.0.1:24110'], protocol: "
			   "tcp, routes: [{pool: many}]}\n");
	struct regiond_config *config = world_config(buf_text(&text));
	assert_int_equal(table_new(&t, config, NULL, &e), ERR_LIMIT);
	assert_non_null(strstr(e.text, "pool many"));
	config_regiond_free(config);
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_says_what_the_configuration_does),
		cmocka_unit_test(a_reload_keeps_what_is_known_of_a_backend),
		cmocka_unit_test(a_connection_outlives_the_table_of_its_backend),
		cmocka_unit_test(a_service_keeps_its_id_and_counters_and_a_gone_one_is_not_found),
		cmocka_unit_test(a_service_that_is_renamed_takes_what_its_listeners_still_accept),
		cmocka_unit_test(
			too_many_zones_are_refused_by_name_and_the_configuration_stays_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
