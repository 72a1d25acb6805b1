/* SPDX-License-Identifier: Apache-2.0 */
/* test_tls_files: what is told of a certificate, its key and the CA before peers refuse them. */
#include "core/buf.h"
#include "core/tls_files.h"
#include "tests/unit/certs.h"

#include <sys/stat.h>
#include <time.h>

#define DAY_S 86400

static struct certs fleet, other;
static struct buf told;

static void on_finding(void *ctx, enum tls_part part, enum tls_finding finding, const char *text)
{
	static const char *const parts[] = { "certificate", "key", "ca" };
	static const char *const findings[] = { "unusable", "refused", "warning" };
	const char *at;

	buf_printf(&told, "%s %s: ", parts[part], findings[finding]);
	/* The directories are the tests' own: left out. */
	for (; (at = strstr(text, "/tmp/fairlead-test-")) != NULL; text = strchr(at + 6, '/') + 1)
		buf_printf(&told, "%.*s", (int)(at - text), text);
	buf_printf(&told, "%s\n", text);
}

static const char *look(const struct certs *of, const char *name, const char *key,
			const struct certs *ca, int64_t after_s)
{
	char crt[PATH_MAX], key_path[PATH_MAX], ca_path[PATH_MAX], file[64];
	struct tls_files files = { crt, key_path, ca_path };

	snprintf(file, sizeof(file), "%s.crt", name);
	certs_path(of, file, crt);
	snprintf(file, sizeof(file), "%s.key", key);
	certs_path(of, file, key_path);
	certs_path(ca, "ca.crt", ca_path);
	buf_fini(&told);
	buf_init(&told);
	tls_files_check(&files, (int64_t)time(NULL) + after_s, on_finding, NULL);
	return buf_text(&told);
}

static void assert_told(const char *said, const char *begin)
{
	if (strncmp(said, begin, strlen(begin)) != 0)
		fail_msg("said `%s`, expected `%s...`", said, begin);
}

static void a_good_pair_says_only_that_its_end_is_near(void **state)
{
	const char *said = look(&fleet, "ns1", "ns1", &fleet, 0);

	assert_told(said, "certificate warning: ns1.crt: expires on 20");
	assert_non_null(strstr(said, "\nca warning: ca.crt: expires on 20"));
	assert_null(strstr(said, "refused"));
}

static void one_that_has_run_out_is_refused(void **state)
{
	assert_told(look(&fleet, "ns1", "ns1", &fleet, 2 * DAY_S),
		    "certificate refused: ns1.crt: has expired on 20");
	assert_non_null(strstr(look(&fleet, "ns1", "ns1", &fleet, 20 * DAY_S),
			       "ca refused: ca.crt: has expired on 20"));
}

static void one_that_does_not_hold_yet_is_refused(void **state)
{
	assert_non_null(strstr(look(&fleet, "ns1", "ns1", &fleet, -2 * DAY_S),
			       "certificate refused: ns1.crt: is not valid before 20"));
}

static void one_of_another_ca_is_refused(void **state)
{
	assert_non_null(
		strstr(look(&fleet, "ns1", "ns1", &other, 0),
		       "certificate refused: ns1.crt: is not signed by ca.crt (unable to get "
		       "local issuer certificate)\n"));
}

static void a_ca_that_is_none_is_refused(void **state)
{
	char crt[PATH_MAX], key[PATH_MAX];
	struct tls_files files = { certs_path(&fleet, "ns1.crt", crt),
				   certs_path(&fleet, "ns1.key", key), crt };

	buf_fini(&told);
	buf_init(&told);
	tls_files_check(&files, (int64_t)time(NULL), on_finding, NULL);
	assert_non_null(strstr(buf_text(&told),
			       "ca refused: ns1.crt: is no CA: its certificate may "
			       "not sign others\n"));
}

static void a_key_of_another_certificate_cannot_be_used(void **state)
{
	assert_told(look(&fleet, "ns1", "ns2", &fleet, 0),
		    "key unusable: ns2.key: does not belong to the certificate ns1.crt\n");
}

static void what_is_missing_or_no_PEM_cannot_be_used(void **state)
{
	assert_told(look(&fleet, "ns9", "ns1", &fleet, 0),
		    "certificate unusable: ns9.crt: No such file or directory\n");
	assert_told(look(&fleet, "ns1", "ns9", &fleet, 0),
		    "key unusable: ns9.key: No such file or directory\n");
	assert_told(
		look(&fleet, "junk", "junk", &fleet, 0),
		"certificate unusable: junk.crt: no certificate in it, expected one as PEM\n"
		"key unusable: junk.key: no private key in it, expected one as PEM without a pass "
		"phrase\n");
}

static void a_key_that_others_can_read_is_a_warning(void **state)
{
	char path[PATH_MAX];

	chmod(certs_path(&fleet, "ns1.key", path), 0644);
	assert_told(look(&fleet, "ns1", "ns1", &fleet, 0),
		    "key warning: ns1.key: others can read it; chmod o= ns1.key\n");
	chmod(path, 0640);
	assert_null(strstr(look(&fleet, "ns1", "ns1", &fleet, 0), "others can read it"));
}

/* Both CAs in one file: whoever has a certificate of either is let in. */
static void two_cas_may_overlap(void **state)
{
	char from[PATH_MAX], both[PATH_MAX], crt[PATH_MAX], key[PATH_MAX], line[512];
	struct tls_files files = { crt, key, both };
	FILE *out = fopen(certs_path(&fleet, "both.crt", both), "w");

	for (int i = 0; i < 2; i++) {
		FILE *in = fopen(certs_path(i ? &fleet : &other, "ca.crt", from), "r");

		while (fgets(line, sizeof(line), in))
			fputs(line, out);
		fclose(in);
	}
	fclose(out);
	for (int i = 0; i < 2; i++) {
		certs_path(i ? &fleet : &other, "ns1.crt", crt);
		certs_path(i ? &fleet : &other, "ns1.key", key);
		buf_fini(&told);
		buf_init(&told);
		tls_files_check(&files, (int64_t)time(NULL), on_finding, NULL);
		assert_null(strstr(buf_text(&told), "refused"));
	}
}

static void write_junk(const char *name)
{
	char path[PATH_MAX];
	FILE *f = fopen(certs_path(&fleet, name, path), "w");

	fputs("not PEM\n", f);
	fclose(f);
	chmod(path, 0600);
}

static int setup(void **state)
{
	buf_init(&told);
	certs_init(&fleet, "example");
	certs_init(&other, "example");
	certs_issue(&fleet, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&fleet, IDENTITY_DNSD, NULL, "ns2");
	certs_issue(&other, IDENTITY_DNSD, NULL, "ns1");
	write_junk("junk.crt");
	write_junk("junk.key");
	return 0;
}

static int teardown(void **state)
{
	buf_fini(&told);
	certs_fini(&fleet);
	certs_fini(&other);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_pair_says_only_that_its_end_is_near),
		cmocka_unit_test(one_that_has_run_out_is_refused),
		cmocka_unit_test(one_that_does_not_hold_yet_is_refused),
		cmocka_unit_test(one_of_another_ca_is_refused),
		cmocka_unit_test(a_ca_that_is_none_is_refused),
		cmocka_unit_test(a_key_of_another_certificate_cannot_be_used),
		cmocka_unit_test(what_is_missing_or_no_PEM_cannot_be_used),
		cmocka_unit_test(a_key_that_others_can_read_is_a_warning),
		cmocka_unit_test(two_cas_may_overlap),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
