/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/client/mmdb and mmdb_data, held against libmaxminddb where a file is whole. */
#include "dnsd/client/mmdb.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <math.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const files[] = { "flat-v4", "nested-v6", "country-v6", "asn-v4" };
#define N_FILES (sizeof(files) / sizeof(*files))

static const char *path_of(const char *name, char out[512])
{
	const char *dir = getenv("srcdir");

	snprintf(out, 512, "%s/tests/golden/geo/%s.mmdb", dir ? dir : ".", name);
	return out;
}

static struct mmdb open_golden(const char *name)
{
	char path[512];
	struct mmdb m;
	struct err e = { "" };

	if (mmdb_open(path_of(name, path), &m, &e))
		fail_msg("%s", e.text);
	return m;
}

/* A file that only this process has; freed with the last descriptor. */
static const char *memory_file(const void *bytes, size_t len, char path[64])
{
	static int fd = -1;

	if (fd >= 0)
		close(fd);
	fd = memfd_create("mmdb", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return path;
}

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a, NULL), ERR_OK);
	return a;
}

/* An address of the kind that make_mmdb.pl draws its networks from, so that many are found. */
static struct addr random_address(uint8_t family)
{
	static const uint8_t known[][4] = { { 192, 0, 2 }, { 198, 51, 100 }, { 203, 0, 113 } };
	struct addr a = { .family = family };

	for (int i = 0; i < addr_bits(&a) / 8; i++)
		a.bytes[i] = (uint8_t)random();
	if (family == 4 && random() % 2)
		memcpy(a.bytes, known[random() % 3], 3);
	else if (family == 4)
		a.bytes[0] = (uint8_t)(16 + random() % 64);
	else if (random() % 8)
		a.bytes[0] = 0x20 | (a.bytes[0] & 0xf);
	for (int i = 2; family == 6 && i < 16; i++)
		a.bytes[i] = (uint8_t)(i % 2 ? a.bytes[i - 1] : 0x11 * (random() % 4));
	return a;
}

/* ---- libmaxminddb's answer to the same question ---- */

static bool oracle_value(MMDB_entry_s *entry, const char *const *key, MMDB_entry_data_s *out)
{
	return MMDB_aget_value(entry, out, key) == MMDB_SUCCESS && out->has_data;
}

static double oracle_degrees(const MMDB_entry_data_s *d)
{
	return d->type == MMDB_DATA_TYPE_FLOAT ? (double)d->float_value : d->double_value;
}

static enum err_code oracle_find(const MMDB_s *db, const struct addr *a, struct place *out)
{
	static const char *const country[][3] = { { "country_code" }, { "country", "iso_code" } };
	static const char *const latitude[][3] = { { "latitude" }, { "location", "latitude" } };
	static const char *const longitude[][3] = { { "longitude" }, { "location", "longitude" } };
	static const char *const asn[] = { "autonomous_system_number", NULL };
	struct endpoint endpoint = { .addr = *a };
	struct sockaddr_storage sa;
	MMDB_entry_data_s lat, lon, d;
	MMDB_lookup_result_s r;
	int error;

	endpoint_to_sockaddr(&endpoint, &sa);
	r = MMDB_lookup_sockaddr(db, (struct sockaddr *)&sa, &error);
	assert_int_equal(error, MMDB_SUCCESS);
	if (!r.found_entry)
		return ERR_NOT_FOUND;
	memset(out, 0, sizeof(*out));
	for (int i = 0; i < 2; i++) {
		if (oracle_value(&r.entry, country[i], &d) && d.data_size == 2)
			memcpy(out->country, d.utf8_string, 2);
		if (oracle_value(&r.entry, latitude[i], &lat) &&
		    oracle_value(&r.entry, longitude[i], &lon) &&
		    (oracle_degrees(&lat) != 0 || oracle_degrees(&lon) != 0)) {
			out->has_position = true;
			out->lat_e4 = (int32_t)lrint(oracle_degrees(&lat) * 1e4);
			out->lon_e4 = (int32_t)lrint(oracle_degrees(&lon) * 1e4);
		}
	}
	if (oracle_value(&r.entry, asn, &d))
		out->asn = d.uint32;
	return ERR_OK;
}

static void assert_is_place(const struct place *got, const struct place *want)
{
	assert_int_equal(got->has_position, want->has_position);
	assert_int_equal(got->lat_e4, want->lat_e4);
	assert_int_equal(got->lon_e4, want->lon_e4);
	assert_int_equal(strncasecmp(got->country, want->country, 3), 0);
	assert_int_equal(got->asn, want->asn);
}

static void look_ups_agree_with_libmaxminddb(void **state)
{
	unsigned found = 0;

	for (size_t f = 0; f < N_FILES; f++) {
		struct mmdb m = open_golden(files[f]);
		char path[512];
		MMDB_s db;

		assert_int_equal(MMDB_open(path_of(files[f], path), MMDB_MODE_MMAP, &db), 0);
		for (int i = 0; i < 40000; i++) {
			struct addr a = random_address(m.ip_version == 6 && i % 2 ? 6 : 4);
			struct place got, want;
			enum err_code code = mmdb_find(&m, &a, &got, NULL);

			assert_int_equal(code, oracle_find(&db, &a, &want));
			if (!code)
				assert_is_place(&got, &want);
			found += !code;
		}
		MMDB_close(&db);
		mmdb_close(&m);
	}
	assert_true(found > 10000);
}

/* ---- walks ---- */

struct listing {
	struct place places[4096];
	uint64_t heaviest[4096], told;
	uint32_t n;
};

static uint32_t list_place(void *ctx, const struct place *p)
{
	struct listing *l = ctx;

	assert_true(l->n + 1 < 4096);
	l->places[++l->n] = *p;
	return l->n;
}

static bool list_weight(void *ctx, uint32_t value, uint64_t weight)
{
	struct listing *l = ctx;

	l->heaviest[value] = weight;
	return true;
}

static void list_represented(void *ctx, uint32_t value, const struct place *p)
{
	struct listing *l = ctx;

	assert_memory_equal(&l->places[value], p, sizeof(*p));
	l->told++;
}

static void a_walk_says_of_every_address_what_a_look_up_says(void **state)
{
	for (size_t f = 0; f < N_FILES; f++) {
		for (uint8_t family = 4; family <= 6; family += 2) {
			struct mmdb m = open_golden(files[f]);
			struct listing *l = calloc(1, sizeof(*l));
			const struct mmdb_visitor v = { l, list_place, list_weight,
							list_represented };
			struct sweep s = SWEEP_INIT;

			assert_int_equal(mmdb_walk(&m, family, &v, &s, NULL), ERR_OK);
			assert_int_equal(l->told, l->n);
			for (int i = 0; i < 20000; i++) {
				struct addr a = random_address(family), inner;
				uint32_t value = sweep_find(&s, sweep_key_of(&a));
				struct place p;

				if (addr_embedded_v4(&a, &inner) >= 0)
					continue;
				if (mmdb_find(&m, &a, &p, NULL))
					assert_int_equal(value, 0);
				else
					assert_memory_equal(&l->places[value], &p, sizeof(p));
			}
			sweep_fini(&s);
			free(l);
			mmdb_close(&m);
		}
	}
}

static void a_walk_of_v6_leaves_the_v4_out(void **state)
{
	static const char *const forms[] = { "::192.0.2.1", "::ffff:192.0.2.1", "2002:c000:201::" };
	struct mmdb m = open_golden("nested-v6");
	struct listing *l = calloc(1, sizeof(*l));
	const struct mmdb_visitor v = { .ctx = l, .place = list_place };
	struct sweep s = SWEEP_INIT;

	assert_int_equal(mmdb_walk(&m, 6, &v, &s, NULL), ERR_OK);
	for (int i = 0; i < 3; i++) {
		struct addr a = address(forms[i]);

		assert_int_equal(sweep_find(&s, sweep_key_of(&a)), 0);
	}
	sweep_fini(&s);
	free(l);
	mmdb_close(&m);
}

static void weights_are_addresses(void **state)
{
	struct mmdb m = open_golden("asn-v4");
	struct listing *l = calloc(1, sizeof(*l));
	const struct mmdb_visitor v = { l, list_place, list_weight, list_represented };
	struct sweep s = SWEEP_INIT;
	struct addr a = address("192.0.2.1"), b = address("192.0.2.64");

	assert_int_equal(mmdb_walk(&m, 4, &v, &s, NULL), ERR_OK);
	assert_int_equal(l->heaviest[sweep_find(&s, sweep_key_of(&a))], 192);
	assert_int_equal(l->heaviest[sweep_find(&s, sweep_key_of(&b))], 64);
	sweep_fini(&s);
	free(l);
	mmdb_close(&m);
}

/* ---- places ---- */

static struct place place_in(const char *name, const char *text)
{
	struct mmdb m = open_golden(name);
	struct addr a = address(text);
	struct place p;

	assert_int_equal(mmdb_find(&m, &a, &p, NULL), ERR_OK);
	mmdb_close(&m);
	return p;
}

static void a_country_alone_is_a_place_without_position(void **state)
{
	struct place p = place_in("country-v6", "198.51.100.1");

	assert_string_equal(p.country, "US");
	assert_int_equal(p.continent, PLACE_NA);
	assert_false(p.has_position);
	assert_string_equal(place_in("country-v6", "203.0.113.1").country, "FR");
}

static void null_island_is_no_place(void **state)
{
	struct place p = place_in("flat-v4", "198.51.100.1");

	assert_false(p.has_position);
	assert_string_equal(p.country, "");
	assert_int_equal(p.continent, PLACE_NOWHERE);
}

static void both_layouts_give_the_same_place(void **state)
{
	struct place flat = place_in("flat-v4", "192.0.2.1");
	struct place nested = place_in("nested-v6", "192.0.2.1");

	assert_memory_equal(&flat, &nested, sizeof(flat));
	assert_string_equal(flat.country, "DE");
	assert_int_equal(flat.continent, PLACE_EU);
	assert_int_equal(flat.lat_e4, 501109);
	assert_int_equal(flat.lon_e4, 86821);
}

/* ---- damaged files ---- */

static uint32_t any_place(void *ctx, const struct place *p)
{
	return 1;
}

static enum err_code read_all(const char *path, struct err *e)
{
	const struct mmdb_visitor v = { .place = any_place };
	struct sweep s = SWEEP_INIT;
	struct mmdb m;
	enum err_code code = mmdb_open(path, &m, e);

	if (code)
		return code;
	code = mmdb_walk(&m, 4, &v, &s, e);
	sweep_fini(&s);
	if (!code)
		code = mmdb_walk(&m, 6, &v, &s, e);
	sweep_fini(&s);
	mmdb_close(&m);
	return code;
}

static size_t read_golden(const char *name, uint8_t **out)
{
	char path[512];
	FILE *f = fopen(path_of(name, path), "rb");
	size_t len;

	assert_non_null(f);
	*out = malloc(1 << 20);
	len = fread(*out, 1, 1 << 20, f);
	fclose(f);
	return len;
}

static void a_file_cut_anywhere_is_an_error_with_its_path(void **state)
{
	uint8_t *bytes;
	size_t len = read_golden("flat-v4", &bytes);
	char path[64];

	for (size_t cut = 1; cut<len; cut += cut> len - 300 ? 1 : 97) {
		struct err e = { "" };
		enum err_code code = read_all(memory_file(bytes, cut, path), &e);

		/* The last field may be one that nobody needs. */
		if (!code)
			assert_true(cut > len - 300);
		else
			assert_int_equal(code, ERR_INPUT);
		assert_true(!code || strstr(e.text, path));
	}
	free(bytes);
}

static void a_flipped_byte_is_an_error_or_harmless(void **state)
{
	unsigned errors = 0;

	for (size_t f = 0; f < N_FILES; f++) {
		uint8_t *bytes;
		size_t len = read_golden(files[f], &bytes);
		char path[64];

		for (size_t at = 0; at < len; at += 1 + len / 700) {
			enum err_code code;

			bytes[at] ^= 0xff;
			code = read_all(memory_file(bytes, len, path), NULL);
			assert_true(!code || code == ERR_INPUT);
			errors += code == ERR_INPUT;
			bytes[at] ^= 0xff;
		}
		free(bytes);
	}
	assert_true(errors > 100);
}

static void what_is_no_database_is_told_apart(void **state)
{
	struct err e = { "" };
	char path[64];

	assert_int_equal(read_all("/nonexistent/x.mmdb", &e), ERR_IO);
	assert_non_null(strstr(e.text, "/nonexistent/x.mmdb"));
	assert_int_equal(read_all("/proc/self", &e), ERR_INPUT);
	assert_int_equal(read_all(memory_file("", 0, path), &e), ERR_INPUT);
	assert_int_equal(read_all(memory_file("a text, not a database", 22, path), &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "not an MMDB file"));
}

/* A database of `nodes` nodes whose two records both are the next node, the last ones of a place.
 */
static size_t make_ladder(uint8_t *out, unsigned nodes)
{
	static const char tail[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* the separator */
				   "\xe0"			      /* a map of nothing */
				   "\xab\xcd\xefMaxMind.com\xe4"
				   "\x5b"
				   "binary_format_major_version\xa1\x02"
				   "\x4brecord_size\xa1\x18"
				   "\x4aip_version\xa1\x06"
				   "\x4anode_count\xa1";
	size_t len = 0;

	for (unsigned i = 0; i < 2 * nodes; i++) {
		unsigned record = i / 2 + 1 < nodes ? i / 2 + 1 : nodes + 16;

		out[len++] = (uint8_t)(record >> 16);
		out[len++] = (uint8_t)(record >> 8);
		out[len++] = (uint8_t)record;
	}
	memcpy(out + len, tail, sizeof(tail) - 1);
	len += sizeof(tail) - 1;
	out[len++] = (uint8_t)nodes;
	return len;
}

static void branches_that_meet_do_not_hang(void **state)
{
	uint8_t bytes[2048];
	struct err e = { "" };
	char path[64];

	/* 2^100 paths. */
	assert_int_equal(read_all(memory_file(bytes, make_ladder(bytes, 100), path), &e),
			 ERR_INPUT);
	assert_non_null(strstr(e.text, "branches meet again"));
}

static void a_tree_deeper_than_an_address_is_an_error(void **state)
{
	uint8_t bytes[2048];
	struct err e = { "" };
	char path[64];

	assert_int_equal(read_all(memory_file(bytes, make_ladder(bytes, 200), path), &e),
			 ERR_INPUT);
	assert_non_null(strstr(e.text, "too deep"));
}

/* Visits every record; what it says is of no interest here. */
static uint32_t take_any(void *ctx, const struct place *p)
{
	return 1;
}

/* A copy of a golden file that a test may spoil. */
static void copy_golden(const char *name, char path[64])
{
	char from[512], command[1024];

	strcpy(path, "/tmp/test_mmdb.XXXXXX");
	close(mkstemp(path));
	snprintf(command, sizeof(command), "cp %s %s && touch -d @1 %s", path_of(name, from), path,
		 path);
	assert_int_equal(system(command), 0);
}

static void a_file_cut_while_it_is_read_is_refused(void **state)
{
	const struct mmdb_visitor visitor = { NULL, take_any, NULL, NULL };
	struct sweep out = SWEEP_INIT;
	struct addr a = { .family = 4 };
	struct err e = { "" };
	struct place place;
	struct mmdb m, other;
	char path[64];

	copy_golden("nested-v6", path);
	assert_int_equal(mmdb_open(path, &m, &e), ERR_OK);
	other = open_golden("flat-v4"); /* the newer one of this thread: the older is found too */
	assert_int_equal(truncate(path, 1), 0);
	assert_int_equal(mmdb_walk(&m, 6, &visitor, &out, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, path));
	assert_non_null(strstr(e.text, "written while it was read"));
	assert_int_equal(mmdb_find(&m, &a, &place, &e), ERR_INPUT);
	sweep_fini(&out);
	assert_int_equal(mmdb_walk(&other, 4, &visitor, &out, &e), ERR_OK);
	sweep_fini(&out);
	mmdb_close(&m);
	mmdb_close(&other);
	unlink(path);
}

static void a_file_written_in_place_while_it_is_read_is_refused(void **state)
{
	const struct mmdb_visitor visitor = { NULL, take_any, NULL, NULL };
	struct sweep out = SWEEP_INIT;
	struct err e = { "" };
	char path[64];
	struct mmdb m;
	FILE *f;

	copy_golden("nested-v6", path);
	assert_int_equal(mmdb_open(path, &m, &e), ERR_OK);
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fwrite("x", 1, 1, f), 1);
	fclose(f);
	assert_int_equal(mmdb_walk(&m, 6, &visitor, &out, &e), ERR_INPUT);
	sweep_fini(&out);
	mmdb_close(&m);
	unlink(path);
}

static void a_fifo_is_refused_and_not_waited_for(void **state)
{
	char path[] = "/tmp/test_mmdb.XXXXXX";
	struct err e = { "" };
	struct mmdb m;

	close(mkstemp(path));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(mmdb_open(path, &m, &e), ERR_INPUT);
	unlink(path);
}

static void no_memory_leaves_nothing_behind(void **state)
{
	char path[512];

	path_of("nested-v6", path);
	for (unsigned n = 1;; n++) {
		enum err_code code;
		struct err e = { "" };

		fail_alloc_at(n);
		code = read_all(path, &e);
		if (!fail_alloc_end())
			break;
		assert_int_equal(code, ERR_MEMORY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(look_ups_agree_with_libmaxminddb),
		cmocka_unit_test(a_walk_says_of_every_address_what_a_look_up_says),
		cmocka_unit_test(a_walk_of_v6_leaves_the_v4_out),
		cmocka_unit_test(weights_are_addresses),
		cmocka_unit_test(a_country_alone_is_a_place_without_position),
		cmocka_unit_test(null_island_is_no_place),
		cmocka_unit_test(both_layouts_give_the_same_place),
		cmocka_unit_test(a_file_cut_anywhere_is_an_error_with_its_path),
		cmocka_unit_test(a_flipped_byte_is_an_error_or_harmless),
		cmocka_unit_test(what_is_no_database_is_told_apart),
		cmocka_unit_test(branches_that_meet_do_not_hang),
		cmocka_unit_test(a_tree_deeper_than_an_address_is_an_error),
		cmocka_unit_test(a_file_cut_while_it_is_read_is_refused),
		cmocka_unit_test(a_file_written_in_place_while_it_is_read_is_refused),
		cmocka_unit_test(a_fifo_is_refused_and_not_waited_for),
		cmocka_unit_test(no_memory_leaves_nothing_behind),
	};

	srandom(11);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
