/* SPDX-License-Identifier: Apache-2.0 */
/* process: what each daemon tells of itself as a process, for metrics_add(). */
#include "core/process.h"

#include "core/log_sink.h"
#include "core/metrics.h"
#include "core/reserve.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void write_one(struct buf *out, const char *name, const char *type, const char *help,
		      double value)
{
	metrics_family(out, name, type, help);
	metrics_sample(out, name, value, NULL);
}

/* Fields 14, 15, 20, 22 and 24 of /proc/self/stat, counted after the name, which may hold blanks.
 * */
struct stat_fields {
	unsigned long long user, system, threads, started, pages;
};

static bool read_stat(struct stat_fields *f)
{
	char text[1024];
	FILE *file = fopen("/proc/self/stat", "re");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	const char *rest;

	if (file)
		fclose(file);
	text[len] = 0;
	rest = strrchr(text, ')');
	return rest && sscanf(rest,
			      ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d "
			      "%*d %*d %llu %*d %llu %*u %llu",
			      &f->user, &f->system, &f->threads, &f->started, &f->pages) == 5;
}

static double boot_time(void)
{
	char line[256];
	double seconds = 0;
	FILE *file = fopen("/proc/stat", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "btime %lf", &seconds) == 1)
			break;
	if (file)
		fclose(file);
	return seconds;
}

static unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the directory itself */
}

static void write_usage(struct buf *out)
{
	double tick = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
	struct stat_fields f;

	if (!read_stat(&f))
		return;
	write_one(out, "process_cpu_seconds_total", "counter", "Time spent on processors.",
		  (double)(f.user + f.system) / tick);
	write_one(out, "process_resident_memory_bytes", "gauge", "Memory that is resident.",
		  (double)f.pages * page);
	write_one(out, "process_start_time_seconds", "gauge", "When it started, since 1970.",
		  boot_time() + (double)f.started / tick);
	write_one(out, "process_threads", "gauge", "Threads.", (double)f.threads);
}

void process_metrics(void *unused, struct buf *out)
{
	struct rlimit limit;

	metrics_family(out, "fairlead_build_info", "gauge", "1, with the version that runs.");
	metrics_sample(out, "fairlead_build_info", 1, "version", PACKAGE_VERSION, NULL);
	write_usage(out);
	write_one(out, "process_open_fds", "gauge", "Descriptors that are open.", count_fds());
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		write_one(out, "process_max_fds", "gauge", "Descriptors that may be open.",
			  (double)limit.rlim_cur);
	write_one(out, "fairlead_log_lines_dropped_total", "counter",
		  "Lines of the log that could not be written.", (double)log_sink_dropped());
	write_one(out, "fairlead_descriptors_refused_total", "counter",
		  "Connections of clients refused, because the descriptors left are reserved.",
		  (double)reserve_refused());
}
