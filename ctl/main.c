/* SPDX-License-Identifier: Apache-2.0 */
/* main: fairlead, the admin CLI: its streams, and its exit status. */
#include "core/clock.h"
#include "ctl/dispatch.h"

#include <curl/curl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(unsigned ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static uint64_t now_ms(void)
{
	return clock_mono_us(clock_system()) / 1000;
}

/* Source: no-color.org. */
static bool wants_colours(bool is_terminal)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return is_terminal && !(no_colour && no_colour[0]) && term && strcmp(term, "dumb") != 0;
}

static unsigned terminal_width(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

int main(int argc, char **argv)
{
	bool is_terminal = isatty(STDOUT_FILENO);
	struct cli cli = {
		.out = stdout,
		.err = stderr,
		.in = stdin,
		.style = { .out = stdout,
			   .has_colours = wants_colours(is_terminal),
			   .width = is_terminal ? terminal_width() : 0 },
		.can_ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO),
		.pause_ms = pause_ms,
		.now_ms = now_ms,
		.env = getenv,
	};
	int status;

	setlocale(LC_CTYPE, "");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return OUTCOME_FAILED;
	status = dispatch_run(&cli, argc, argv);
	curl_global_cleanup();
	return status;
}
