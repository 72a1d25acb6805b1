/* SPDX-License-Identifier: Apache-2.0 */
/* suggest: the known word that somebody most likely meant. */
#include "ctl/suggest.h"

#include <string.h>

#define WORD_MAX 31

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned suggest_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];

	if (la > WORD_MAX || lb > WORD_MAX)
		return (unsigned)(la > lb ? la : lb);
	for (size_t i = 0; i <= la; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++)
		for (size_t j = 1; j <= lb; j++) {
			unsigned change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			d[i][j] = least(change, least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[la][lb];
}

void suggest_init(struct suggest *s, const char *typed)
{
	*s = (struct suggest){ .typed = typed };
}

void suggest_offer(struct suggest *s, const char *word)
{
	size_t len = strlen(s->typed);
	unsigned distance = suggest_distance(s->typed, word);

	if (len >= 3 && strncmp(s->typed, word, len) == 0)
		distance = 1;
	if (distance > (len + 2) / 3 || (s->best && distance >= s->distance))
		return;
	s->best = word;
	s->distance = distance;
}
