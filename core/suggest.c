/* SPDX-License-Identifier: Apache-2.0 */
/* suggest: the known word that somebody most likely meant. */
#include "core/suggest.h"

#include <string.h>

#define WORD_MAX 64

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned suggest_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned rows[3][WORD_MAX + 1]; /* this line of the table, and the two above it */

	if (la > WORD_MAX || lb > WORD_MAX)
		return (unsigned)(la > lb ? la : lb);
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *now = rows[i % 3], *up = rows[(i + 2) % 3], *upper = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned change = up[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = least(change, least(up[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], upper[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

void suggest_init(struct suggest *s, const char *typed)
{
	*s = (struct suggest){ .typed = typed };
}

void suggest_offer(struct suggest *s, const char *word)
{
	size_t len = strlen(s->typed);
	unsigned distance = suggest_distance(s->typed, word);
	unsigned allowed = len < 3 ? 0 : len < 6 ? 1 : 2;

	if (len >= 3 && strncmp(s->typed, word, len) == 0)
		distance = least(distance, 1);
	if (distance > allowed || (s->best && distance >= s->distance))
		return;
	s->best = word;
	s->distance = distance;
}
