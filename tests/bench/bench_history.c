/* SPDX-License-Identifier: Apache-2.0 */
/* bench_history: what the state costs the control thread when its history is large.
 *
 *   bench_history [DIRECTORY [ROWS]]      1,000,000 rows of each table without ROWS
 *
 * The anchor is an fsync of 4 KiB in the same directory. */
#include "schema/sql/store.h"
#include "schema/sql/store_trim.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BATCH 10000

static struct err e;

static void must(enum err_code code)
{
	if (code == ERR_OK)
		return;
	fprintf(stderr, "%s\n", e.text);
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void tell(const char *what, double since_ms)
{
	printf("%-58s %10.2f ms\n", what, now_ms() - since_ms);
}

static void anchor(const char *directory)
{
	char path[512], page[4096] = "";
	double since;
	int fd;

	snprintf(path, sizeof(path), "%s/anchor", directory);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	since = now_ms();
	if (write(fd, page, sizeof(page)) != sizeof(page) || fsync(fd) != 0)
		exit(1);
	tell("anchor: fsync of 4 KiB", since);
	close(fd);
}

static void fill(struct store *s, int rows)
{
	const struct store_event event = { .kind = "health",
					   .service = "chat.example.com",
					   .region = "eu-west",
					   .from = "up",
					   .to = "down",
					   .cause = "vantages",
					   .by = "fairlead",
					   .reason = "2 of 2 vantages: connection refused" };
	const struct store_actor actor = { "spiffe://example/operator/anna", "192.0.2.1:4711",
					   "maintenance of the switch", "drain",
					   "{\"region\":\"eu-west\",\"expires_s\":3600}" };

	for (int i = 0; i < rows; i += BATCH) {
		enum err_code code = ERR_OK;

		must(store_begin(s, &e));
		for (int j = 0; code == ERR_OK && j < BATCH; j++) {
			code = store_event_add(s, &event, NULL, &e);
			if (code == ERR_OK)
				code = store_audit_add(s, &actor, "done", &e);
		}
		must(store_end(s, code, &e));
	}
}

static void on_the_control_thread(struct store *s, struct store_backup **backup)
{
	struct store_health health[300];
	char names[300][32];
	struct store_trim run = { .keep_ms = 400ULL * 86400 * 1000, .size = 64 << 20 };
	struct store_override o = { .kind = STORE_DRAIN, .region = "eu-west" };
	const struct store_actor actor = { "uid:0", "unix", "", "drain", "{}" };
	double since, worst = 0;
	bool has_more;

	for (int i = 0; i < 300; i++) {
		snprintf(names[i], sizeof(names[i]), "service-%d.example.com", i);
		health[i] = (struct store_health){ names[i], "eu-west", 3, 2, 1, 0 };
	}
	since = now_ms();
	must(store_health_put(s, health, 300, &e));
	tell("health of 300 members, one transaction", since);
	since = now_ms();
	must(store_override_put(s, &o, &actor, NULL, &e));
	tell("a drain with its audit row and event", since);
	since = now_ms();
	must(store_backup_begin(s, backup, &e));
	tell("a backup: the moment pinned", since);
	for (int i = 0; i < 200; i++) {
		since = now_ms();
		must(store_trim_step(s, &run, &has_more, &e));
		worst = now_ms() - since > worst ? now_ms() - since : worst;
	}
	printf("%-58s %10.2f ms\n", "retention: the longest of 200 steps (512 rows each)", worst);
}

static void as_jobs(const char *path, const char *copy, struct store_backup *backup)
{
	const struct store_page page = { .limit = 40, .is_newest = true };
	struct store_verified found;
	struct store_audit *rows;
	struct store *reader;
	double since = now_ms();
	size_t n;

	must(store_reader_open(path, clock_system(), &reader, &e));
	must(store_audit_page(reader, &page, &rows, &n, &e));
	store_audit_free(rows, n);
	tell("job: the newest 40 rows of the audit", since);
	since = now_ms();
	must(store_verify(reader, NULL, &found, &e));
	tell("job: all hashes verified", since);
	store_close(reader);
	since = now_ms();
	must(store_backup_write(backup, copy, NULL, &e));
	store_backup_end(backup);
	tell("job: a backup copied, checked and synced", since);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return remove(path);
}

int main(int argc, char **argv)
{
	char directory[256], path[300], copy[300];
	int rows = argc > 2 ? atoi(argv[2]) : 1000000;
	struct store_backup *backup;
	struct store *s;
	struct stat st;
	double since;

	snprintf(directory, sizeof(directory), "%s/fairlead-history-XXXXXX",
		 argc > 1 ? argv[1] : "/tmp");
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/state.db", directory);
	snprintf(copy, sizeof(copy), "%s/copy.db", directory);
	must(store_open(path, clock_system(), &s, &e));
	fill(s, rows);
	store_close(s);
	stat(path, &st);
	printf("%d rows of each table, %.0f MiB\n", rows, (double)st.st_size / (1 << 20));
	anchor(directory);
	since = now_ms();
	must(store_open(path, clock_system(), &s, &e));
	tell("start: the file opened and checked", since);
	on_the_control_thread(s, &backup);
	as_jobs(path, copy, backup);
	store_close(s);
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}
