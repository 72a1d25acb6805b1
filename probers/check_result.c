/* SPDX-License-Identifier: Apache-2.0 */
/* check_result: what became of one check. */
#include "probers/check_result.h"

void check_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}
