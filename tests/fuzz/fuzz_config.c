/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config: any text as each program's file: it loads and can be shown, or it is refused with an
 * error that says why. */
#include "schema/config/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_report(enum err_code code, const struct config_report *report)
{
	if ((code != ERR_OK) != (report->n_errors > 0) ||
	    (report->n_errors > 0) != (report->errors.len > 0))
		abort();
}

/* Shown, and compared with itself. */
#define TRY(program)                                                                            \
	do {                                                                                    \
		struct program##_config *config = NULL;                                         \
		struct buf names = BUF_INIT;                                                    \
		enum err_code code = config_##program##_parse("fuzz", (const char *)data, size, \
							      &config, &report);                \
                                                                                                \
		check_report(code, &report);                                                    \
		if (!code && config_##program##_needs_restart(config, config, &names))          \
			abort();                                                                \
		buf_fini(&names);                                                               \
		config_##program##_free(config);                                                \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_report report;

	if (size > 65536)
		return 0;
	config_report_init(&report);
	TRY(dnsd);
	TRY(regiond);
	TRY(proberd);
	config_report_fini(&report);
	return 0;
}
