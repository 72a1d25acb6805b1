/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/publish/load and copies: one bad file does not stop the next start. */
#include "dnsd/publish/copies.h"
#include "dnsd/publish/copy_paths.h"
#include "dnsd/publish/load.h"
#include "dnsd/zone/copy.h"
#include "tests/unit/dnsd/tiny_mmdb.h"
#include "tests/unit/dnsd/world.h"
#include "tests/unit/fail_alloc.h"

#include <fcntl.h>
#include <sys/stat.h>

#define GOOD "$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\n"
#define YAML                                                                              \
	"  - {name: example.net, file: $DIR/example.net.zone}\n"                          \
	"geo: {databases: [$DIR/a.mmdb]}\n"                                               \
	"regions: {eu: {at: [50, 8], country: DE}}\n"                                     \
	"topology: [{client: {country: FR}, prefer: [eu]}]\n"                             \
	"pools: {p: {method: order, members: [{region: eu, addresses: [192.0.2.10]}]}}\n" \
	"services: {a.example.com: {pool: p}, b.example.net: {pool: p}}\n"

static struct world w;
static char copies[PATH_MAX];
static const struct publish_load_options strict;
static struct publish_load_options lenient = { .is_lenient = true, .copies = copies };

/* world_head() ends with a zone list in brackets: this one has two. */
static struct dnsd_config *parse(void)
{
	struct config_report report;
	struct dnsd_config *config = NULL;
	struct buf text = BUF_INIT;

	buf_printf(&text,
		   "fleet: example\nnode: ns1\n"
		   "listen: {dns: [\"127.0.0.1:53\"], admin: %s/admin.sock}\n"
		   "state: {path: %s/state.db}\n"
		   "zones:\n  - {name: example.com, file: %s/example.com.zone}\n",
		   w.dir, w.dir, w.dir);
	for (const char *at = YAML, *dir; *at; at = dir ? dir + 4 : at + strlen(at)) {
		dir = strstr(at, "$DIR");
		buf_add(&text, at, dir ? (size_t)(dir - at) : strlen(at));
		if (dir)
			buf_add_str(&text, w.dir);
	}
	config_report_init(&report);
	if (config_dnsd_parse("test.yaml", (const char *)text.data, text.len, &config, &report) !=
	    ERR_OK)
		fail_msg("%s", buf_text(&report.errors));
	config_report_fini(&report);
	buf_fini(&text);
	return config;
}

static void write_database(bool is_good)
{
	char path[PATH_MAX];

	tiny_mmdb_write(world_path(&w, "a.mmdb", path), 4, 4);
	if (!is_good)
		assert_int_equal(truncate(path, 40), 0);
}

static int start(void **state)
{
	char path[PATH_MAX];

	world_prepare(&w, GOOD);
	world_write(&w, "example.net.zone", GOOD "www A 192.0.2.80\n");
	write_database(true);
	w.config = parse();
	assert_int_equal(labels_new(&w.labels), ERR_OK);
	assert_int_equal(publish_load(w.config, NULL, &strict, &w.parts, NULL, NULL, &w.e), ERR_OK);
	snprintf(copies, sizeof(copies), "%s", world_path(&w, "copies", path));
	return 0;
}

static int finish(void **state)
{
	DIR *d = opendir(copies);
	struct dirent *entry;

	while (d && (entry = readdir(d)) != NULL)
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(copies);
	world_fini(&w);
	return 0;
}

static enum zone_hit_kind ask(const struct publish_parts *p, const char *name)
{
	struct zone_hit hit;
	struct name n;

	assert_int_equal(name_parse(name, NULL, &n, NULL), ERR_OK);
	zone_set_find(p->zones, n.wire, n.len, DNS_TYPE_A, &hit);
	return hit.kind;
}

static uint32_t class_of(const struct publish_parts *p, const char *text)
{
	struct addr a;
	uint32_t class_index;
	uint8_t len;

	assert_int_equal(addr_parse(text, &a, NULL), ERR_OK);
	client_map_find(p->clients, &a, &class_index, &len);
	return class_index;
}

/* A start: nothing is known but what is on disk. */
static void load(struct publish_parts *out, struct publish_faults *faults)
{
	*faults = (struct publish_faults){ 0 };
	if (publish_load(w.config, NULL, &lenient, out, faults, NULL, &w.e) != ERR_OK)
		fail_msg("%s", w.e.text);
}

static void done(struct publish_parts *parts, struct publish_faults *faults)
{
	publish_parts_unref(parts);
	publish_faults_fini(faults);
}

/* ---- without copies ---- */

static void a_broken_zone_leaves_the_others_and_is_answered_as_broken(void **state)
{
	struct publish_faults faults;
	struct publish_parts parts;

	world_write(&w, "example.net.zone", "broken\n");
	assert_int_not_equal(publish_load(w.config, NULL, &strict, &parts, NULL, NULL, &w.e),
			     ERR_OK);
	load(&parts, &faults);
	assert_int_equal(faults.n, 1);
	assert_int_equal(faults.list[0].kind, PUBLISH_ZONE);
	assert_int_equal(faults.list[0].stand_in, PUBLISH_NOTHING);
	assert_int_equal(faults.list[0].index, 1);
	assert_non_null(strstr(faults.list[0].why.text, "example.net.zone:1"));
	assert_int_equal(ask(&parts, "ns1.example.com"), ZONE_HIT_ANSWER);
	assert_int_equal(ask(&parts, "a.example.com"), ZONE_HIT_SERVICE);
	assert_int_equal(ask(&parts, "ns1.example.net"), ZONE_HIT_BROKEN);
	assert_int_equal(ask(&parts, "b.example.net"), ZONE_HIT_BROKEN);
	assert_int_equal(ask(&parts, "ns1.example.org"), ZONE_HIT_REFUSED);
	done(&parts, &faults);
}

static void a_broken_database_leaves_the_others(void **state)
{
	struct publish_faults faults;
	struct publish_parts parts;

	write_database(false);
	assert_int_not_equal(publish_load(w.config, NULL, &strict, &parts, NULL, NULL, &w.e),
			     ERR_OK);
	load(&parts, &faults);
	assert_int_equal(faults.n, 1);
	assert_int_equal(faults.list[0].kind, PUBLISH_DATABASE);
	assert_int_equal(faults.list[0].stand_in, PUBLISH_NOTHING);
	assert_int_equal(class_of(&parts, "240.0.0.1"), 0);
	assert_int_equal(parts.clients_signature, 0); /* the next load reads again */
	done(&parts, &faults);
}

static void a_service_without_a_place_is_left_out(void **state)
{
	struct publish_faults faults;
	struct publish_parts parts;

	world_write(&w, "example.net.zone", GOOD "b A 192.0.2.99\n");
	load(&parts, &faults);
	assert_int_equal(faults.n, 1);
	assert_int_equal(faults.list[0].kind, PUBLISH_SERVICE);
	assert_int_equal(faults.list[0].index, 1);
	assert_int_equal(ask(&parts, "b.example.net"), ZONE_HIT_ANSWER);
	assert_int_equal(ask(&parts, "a.example.com"), ZONE_HIT_SERVICE);
	done(&parts, &faults);
}

/* ---- with copies ---- */

static void save(void)
{
	if (copies_save(w.config, &w.parts, copies, &w.e) != ERR_OK)
		fail_msg("%s", w.e.text);
}

static void a_broken_zone_is_served_from_its_last_good_copy(void **state)
{
	struct publish_faults faults;
	struct publish_parts parts;

	save();
	world_write(&w, "example.net.zone", "broken\n");
	load(&parts, &faults);
	assert_int_equal(faults.n, 1);
	assert_int_equal(faults.list[0].stand_in, PUBLISH_COPY);
	assert_int_equal(ask(&parts, "www.example.net"), ZONE_HIT_ANSWER);
	assert_int_equal(ask(&parts, "b.example.net"), ZONE_HIT_SERVICE);
	assert_int_equal(zone_set_zone(parts.zones, 1)->records,
			 zone_set_zone(w.parts.zones, 1)->records);
	assert_int_equal(zone_set_zone(parts.zones, 1)->serial, 7);
	/* It is not taken for the zone file, nor copied over the copy. */
	assert_false(strcmp(zone_path(zone_set_zone(parts.zones, 1)), w.config->zones[1].file) ==
		     0);
	done(&parts, &faults);
}

static void a_cut_database_is_read_from_its_last_good_copy(void **state)
{
	struct publish_faults faults;
	struct publish_parts parts;

	save();
	write_database(false);
	load(&parts, &faults);
	assert_int_equal(faults.n, 1);
	assert_int_equal(faults.list[0].stand_in, PUBLISH_COPY);
	assert_int_not_equal(class_of(&parts, "240.0.0.1"), 0);
	done(&parts, &faults);
	/* A broken database is not copied over the good copy. */
	save();
	load(&parts, &faults);
	assert_int_equal(faults.list[0].stand_in, PUBLISH_COPY);
	done(&parts, &faults);
}

static void a_damaged_copy_is_as_none(void **state)
{
	struct publish_faults faults;
	struct publish_parts parts;
	char path[PATH_MAX];
	FILE *f;

	save();
	f = fopen(copy_paths_zone(copies, "example.net", path), "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 40, SEEK_SET), 0);
	fputc('!', f);
	fclose(f);
	world_write(&w, "example.net.zone", "broken\n");
	load(&parts, &faults);
	assert_int_equal(faults.list[0].stand_in, PUBLISH_NOTHING);
	done(&parts, &faults);
}

static void a_lenient_reload_keeps_what_runs(void **state)
{
	struct publish_faults faults = { 0 };
	struct publish_parts parts;

	world_write(&w, "example.net.zone", "broken\n");
	write_database(false);
	lenient.is_fresh_geo = true;
	assert_int_equal(publish_load(w.config, &w.parts, &lenient, &parts, &faults, NULL, &w.e),
			 ERR_OK);
	lenient.is_fresh_geo = false;
	assert_int_equal(faults.n, 2);
	assert_int_equal(faults.list[0].stand_in, PUBLISH_RUNNING);
	assert_int_equal(faults.list[1].stand_in, PUBLISH_RUNNING);
	assert_int_equal(ask(&parts, "www.example.net"), ZONE_HIT_ANSWER);
	assert_int_not_equal(class_of(&parts, "240.0.0.1"), 0);
	done(&parts, &faults);
}

static ino_t inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void
copies_are_written_when_something_changed_and_removed_when_nobody_wants_them(void **state)
{
	char zone[PATH_MAX], geo[PATH_MAX], other[PATH_MAX];
	ino_t before[2];

	copy_paths_zone(copies, "example.net", zone);
	copy_paths_database(copies, w.config->geo.databases[0], geo);
	copy_paths_zone(copies, "example.org", other);
	save();
	before[0] = inode_of(zone);
	before[1] = inode_of(geo);
	assert_int_equal(close(open(other, O_CREAT | O_WRONLY, 0600)), 0);
	save();
	assert_int_equal(inode_of(zone), before[0]);
	assert_int_equal(inode_of(geo), before[1]);
	assert_int_not_equal(access(other, F_OK), 0);
}

/* ---- changes that hide ---- */

/* As `install -p` or a careful editor does: the same size, the same time of modification. */
static void write_in_place(const char *file, const char *text)
{
	char path[PATH_MAX];
	struct stat st;
	FILE *f;

	assert_int_equal(stat(world_path(&w, file, path), &st), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fflush(f), 0);
	assert_int_equal(futimens(fileno(f), (struct timespec[]){ st.st_atim, st.st_mtim }), 0);
	fclose(f);
}

static void a_zone_written_in_place_with_equal_size_and_time_is_read_again(void **state)
{
	struct publish_parts parts;

	/* The clock of a file system is coarse: the change must be in another tick. */
	for (int i = 0; i < 200; i++) {
		write_in_place("example.net.zone", GOOD "www A 192.0.2.81\n");
		if (!zone_is_current(zone_set_zone(w.parts.zones, 1)))
			break;
	}
	assert_int_equal(publish_load(w.config, &w.parts, &strict, &parts, NULL, NULL, &w.e),
			 ERR_OK);
	assert_ptr_not_equal(zone_set_zone(parts.zones, 1), zone_set_zone(w.parts.zones, 1));
	assert_ptr_equal(zone_set_zone(parts.zones, 0), zone_set_zone(w.parts.zones, 0));
	publish_parts_unref(&parts);
}

static void a_forced_reload_reads_every_zone_again(void **state)
{
	const struct publish_load_options forced = { .is_fresh_zones = true };
	struct publish_parts parts;

	assert_int_equal(publish_load(w.config, &w.parts, &forced, &parts, NULL, NULL, &w.e),
			 ERR_OK);
	assert_ptr_not_equal(zone_set_zone(parts.zones, 0), zone_set_zone(w.parts.zones, 0));
	publish_parts_unref(&parts);
}

static void without_memory_nothing_is_left_behind(void **state)
{
	struct publish_faults faults;
	struct publish_parts parts;

	save();
	world_write(&w, "example.net.zone", "broken\n");
	write_database(false);
	for (unsigned n = 1;; n++) {
		enum err_code rc;

		faults = (struct publish_faults){ 0 };
		fail_alloc_at(n);
		rc = publish_load(w.config, NULL, &lenient, &parts, &faults, NULL, &w.e);
		if (!fail_alloc_end())
			break;
		if (rc == ERR_OK)
			publish_parts_unref(&parts);
		else
			assert_int_equal(rc, ERR_MEMORY);
		publish_faults_fini(&faults);
	}
	done(&parts, &faults);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_broken_zone_leaves_the_others_and_is_answered_as_broken),
		CASE(a_broken_database_leaves_the_others),
		CASE(a_service_without_a_place_is_left_out),
		CASE(a_broken_zone_is_served_from_its_last_good_copy),
		CASE(a_cut_database_is_read_from_its_last_good_copy),
		CASE(a_damaged_copy_is_as_none),
		CASE(a_lenient_reload_keeps_what_runs),
		CASE(copies_are_written_when_something_changed_and_removed_when_nobody_wants_them),
		CASE(a_zone_written_in_place_with_equal_size_and_time_is_read_again),
		CASE(a_forced_reload_reads_every_zone_again),
		CASE(without_memory_nothing_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
